"""Firmware apps: found by name, read from their manifests, turned into the files of a board's flash."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hil.config.manifest import CONFIG_FILE, IncludedSection, ManifestSection
from hil.config.rig_file import Role, WifiConfig
from hil.config.yaml_source import Problem, YamlSource
from hil.errors import ConfigError

MANIFEST = "firmware.yaml"
"""The file that makes a folder an app."""


@dataclass(frozen=True)
class App:
    """One firmware app, as its manifest and its sources were when it was loaded. Later edits do not change it."""

    name: str
    description: str
    files: Mapping[Role, Mapping[str, bytes]]
    """Per firmware role: path on the board, and the content of that file."""
    config: Mapping[str, Any]
    """Keys of config.json, without Wi-Fi and role."""
    timing: Mapping[str, float]
    """Constants of the app that tests may read; a name ends in its unit."""
    events: Mapping[str, re.Pattern[str]]
    """Event names, and the regular expressions that find them in serial lines."""

    def image(self, role: Role, wifi: WifiConfig) -> dict[str, bytes]:
        """All files of a board in ``role``, including config.json: path on the board, and content.

        Raises ``ConfigError`` when the app does not have this role.
        """
        config = dict(self.config) | {"ssid": wifi.ssid, "password": wifi.password.get_secret_value(), "role": role}
        if wifi.channel is not None:
            config["channel"] = wifi.channel
        return dict(self._files_of(role)) | {CONFIG_FILE: _json(config)}

    def digest(self, role: Role) -> str:
        """SHA-256, in hex, of the sources and the app's own configuration on a board in ``role``. Secrets do not count.

        Neither do the manifest's events and timing, which stay on this machine. Raises ``ConfigError`` when the app
        does not have this role.
        """
        sources = dict(self._files_of(role)) | {CONFIG_FILE: _json(self.config)}
        digest = hashlib.sha256()
        for path, content in sorted(sources.items()):
            digest.update(f"{path}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def _files_of(self, role: Role) -> Mapping[str, bytes]:
        if role not in self.files:
            known = ", ".join(self.files)
            raise ConfigError(f"app {self.name} has no role '{role}'; known: {known}; add it to its {MANIFEST}")
        return self.files[role]


class FirmwareCatalog:
    """The apps in ``folders``. If two have the same name, the one in the earlier folder is used."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    @property
    def names(self) -> list[str]:
        """The names of all apps, sorted."""
        return sorted({manifest.parent.name for folder in self.folders for manifest in folder.glob(f"*/{MANIFEST}")})

    def load(self, name: str) -> App:
        """Read an app. Raises one ``ConfigError`` that lists every problem of its manifest and of included files."""
        for folder in self.folders:
            manifest = folder / name / MANIFEST
            if manifest.is_file():
                return _load(manifest)
        searched = ", ".join(str(folder) for folder in self.folders) or "no folder"
        known = ", ".join(self.names) or "none"
        raise ConfigError(
            f"no firmware app '{name}'; known: {known}; searched: {searched}. "
            "Add folders with `--hil-firmware DIR` or `hil_firmware_path` in the pytest configuration"
        )


def _load(manifest: Path) -> App:
    source = YamlSource(manifest)
    written = source.validate(ManifestSection)
    folder = manifest.parent
    timing, events, problems, errors = _merged(folder, written)
    if written.app != folder.name:
        text = f"app is '{written.app}', but its folder is '{folder.name}'; name both the same"
        problems.append(Problem(("app",), text))
    files: dict[Role, Mapping[str, bytes]] = {}
    for role, section in written.roles.items():
        contents: dict[str, bytes] = {}
        for board_path, given in section.files.items():
            location = ("roles", role, "files", board_path)
            try:
                found = dict(_read(folder, board_path, given))
            except ConfigError as error:
                problems.append(Problem(location, str(error)))
                continue
            twice = sorted(contents.keys() & found.keys())
            if twice:
                problems.append(Problem(location, f"{twice[0]} is put on the board twice; remove one of the two"))
            contents |= found
        if "main.py" not in section.files:
            text = f"roles.{role} has no main.py, so a board would do nothing; add `main.py: …`"
            problems.append(Problem(("roles", role, "files"), text))
        files[role] = contents
    if problems:
        errors.insert(0, source.error(problems))
    if errors:
        raise ConfigError("\n".join(str(error) for error in errors))
    return App(written.app, written.description, files, written.config, timing, events)


def _merged(
    folder: Path, written: ManifestSection
) -> tuple[dict[str, float], dict[str, re.Pattern[str]], list[Problem], list[ConfigError]]:
    """Timing and events of a manifest over those of the files it includes, of which a later one overrides an earlier.

    Also returns what is wrong: problems of the ``include:`` lines, and an error per included file.
    """
    timing: dict[str, float] = {}
    events: dict[str, re.Pattern[str]] = {}
    problems: list[Problem] = []
    errors: list[ConfigError] = []
    for index, given in enumerate(written.include):
        try:
            path = _included_path(folder, given)
        except ConfigError as error:
            problems.append(Problem(("include", index), str(error)))
            continue
        try:
            shared = _read_included(path)
        except ConfigError as error:
            errors.append(error)
            continue
        timing |= shared.timing
        events |= shared.events
    return timing | dict(written.timing), events | dict(written.events), problems, errors


def _included_path(folder: Path, given: str) -> Path:
    """The file that ``include: given`` names. Raises ``ConfigError``, without file and line."""
    path = (folder / given).resolve()
    _check_readable(folder, given, path)
    if path.name == MANIFEST:
        raise ConfigError(f"{given} is the manifest of an app; include a file that has only `timing:` and `events:`")
    # For errors: with the folder as the user wrote it, and without `..`.
    return folder.parent / path.relative_to(folder.parent.resolve())


def _read_included(path: Path) -> IncludedSection:
    source = YamlSource(path)
    if isinstance(source.data, dict) and "include" in source.data:
        text = f"an included file cannot include another; list both under `include:` in {MANIFEST}"
        raise source.error([Problem(("include",), text)])
    return source.validate(IncludedSection)


def _read(folder: Path, board_path: str, given: str) -> Iterator[tuple[str, bytes]]:
    """Path on the board and content of every file that ``given`` names.

    Raises ``ConfigError``, without file and line.
    """
    start = (folder / given).resolve()
    paths = [start]
    if start.is_dir() and start.is_relative_to(folder.parent.resolve()):
        paths = [path for path in sorted(start.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    for path in paths:
        _check_readable(folder, given, path)
        within = path.relative_to(start).as_posix()
        yield (board_path if path == start else f"{board_path}/{within}"), path.read_bytes()


def _check_readable(folder: Path, given: str, path: Path) -> None:
    """Whether ``path``, named by ``given``, is a file inside the folder of apps. Raises ``ConfigError``."""
    if not path.resolve().is_relative_to(folder.parent.resolve()):
        raise ConfigError(f"{given} is outside {folder.parent}/; copy the files you need into that folder")
    if not path.is_file():
        raise ConfigError(f"{given} is not a file; paths are relative to {folder}/, so create it or correct the path")


def _json(config: Mapping[str, Any]) -> bytes:
    return json.dumps(config, sort_keys=True).encode()
