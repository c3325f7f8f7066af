"""Firmware apps: the files of a board's flash, shared sections, and the errors of a broken manifest."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from hil.config.app import App, FirmwareCatalog
from hil.config.rig_file import WifiConfig
from hil.errors import ConfigError

MANIFEST = """\
app: blink
description: Blinks.
roles:
  ap:
    files: {main.py: ap.py, lib/net: ../lib/net}
  client:
    files: {main.py: client.py}
config: {port: 5000, names: [a, "7"], deep: {x: 1.5, on: true, none: null}}
timing: {period_s: 5, lease_s: 3.5}
events:
  boot: '^boot id=(?P<id>\\w+)'
  joined: '^joined'
"""
WIFI = WifiConfig(ssid="Net", password=SecretStr("top-secret"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of firmware with one app and one library."""
    files = {
        "blink/firmware.yaml": MANIFEST,
        "blink/ap.py": "print('ap')\n",
        "blink/client.py": "print('client')\n",
        "lib/net/__init__.py": "",
        "lib/net/deep/more.py": "x = 1\n",
        "lib/net/__pycache__/more.pyc": "",
    }
    for name, content in files.items():
        path = tmp_path / "firmware" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path / "firmware"


def load(folder: Path, name: str = "blink") -> App:
    return FirmwareCatalog([folder]).load(name)


def problems(folder: Path, good: str, bad: str) -> list[str]:
    """The lines of the error, without the folder in front."""
    assert MANIFEST.count(good) == 1
    (folder / "blink/firmware.yaml").write_text(MANIFEST.replace(good, bad), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(folder)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_an_image_holds_files_folders_and_the_configuration(folder: Path) -> None:
    image = load(folder).image("ap", WIFI)
    assert sorted(image) == ["config.json", "lib/net/__init__.py", "lib/net/deep/more.py", "main.py"]
    assert image["main.py"] == b"print('ap')\n"
    assert sorted(load(folder).image("client", WIFI)) == ["config.json", "main.py"]


def test_the_configuration_is_typed_and_sorted(folder: Path) -> None:
    text = load(folder).image("client", WIFI)["config.json"].decode()
    config = json.loads(text)
    assert config == {
        "deep": {"none": None, "on": True, "x": 1.5},
        "names": ["a", "7"],
        "password": "top-secret",
        "port": 5000,
        "role": "client",
        "ssid": "Net",
    }
    assert list(config) == sorted(config)
    with_channel = WIFI.model_copy(update={"channel": 11})
    assert json.loads(load(folder).image("ap", with_channel)["config.json"])["channel"] == 11


def test_a_digest_follows_the_sources_of_its_role_only(folder: Path) -> None:
    ap, client = load(folder).digest("ap"), load(folder).digest("client")
    assert ap != client
    (folder / "lib/net/deep/more.py").write_text("x = 2\n")
    assert load(folder).digest("ap") != ap
    assert load(folder).digest("client") == client
    (folder / "blink/firmware.yaml").write_text(MANIFEST.replace("port: 5000", "port: 5001"))
    assert load(folder).digest("client") != client


def test_events_are_compiled_and_timing_is_numbers(folder: Path) -> None:
    app = load(folder)
    match = app.events["boot"].search("boot id=e66")
    assert match is not None
    assert match["id"] == "e66"
    assert app.timing == {"period_s": 5.0, "lease_s": 3.5}


def test_the_first_folder_has_priority_and_all_are_listed(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own" / "blink"
    own.mkdir(parents=True)
    (own / "firmware.yaml").write_text("app: blink\ndescription: Mine.\nroles: {ap: {files: {main.py: a.py}}}\n")
    (own / "a.py").write_text("")
    assert FirmwareCatalog([own.parent, folder]).load("blink").description == "Mine."
    assert FirmwareCatalog([folder, own.parent]).load("blink").description == "Blinks."
    with pytest.raises(ConfigError) as caught:
        FirmwareCatalog([own.parent, folder]).load("blnik")
    assert str(caught.value) == (
        f"no firmware app 'blnik'; known: blink; searched: {own.parent}, {folder}. "
        "Add folders with `--hil-firmware DIR` or `hil_firmware_path` in the pytest configuration"
    )


def test_a_role_that_the_app_does_not_have(folder: Path) -> None:
    (folder / "blink/firmware.yaml").write_text(MANIFEST.replace("  client:\n    files: {main.py: client.py}\n", ""))
    with pytest.raises(ConfigError, match="app blink has no role 'client'; known: ap; add it to its "):
        load(folder).image("client", WIFI)


BROKEN = {
    "unknown key": (
        "timing:",
        "timings:",
        [
            (
                "blink/firmware.yaml:9: unknown key 'timings'; did you mean 'timing'? "
                "known: app, description, include, roles, config, timing, events"
            )
        ],
    ),
    "bad regular expression": (
        "(?P<id>\\w+)",
        "(?P<id>\\w+",
        [
            (
                "blink/firmware.yaml:11: events.boot is not a regular expression: missing ), unterminated subpattern "
                "at character 10 of '^boot id=(?P<id>\\\\w+'; correct it, and quote it with single quotes"
            )
        ],
    ),
    "missing file": (
        "main.py: client.py",
        "main.py: cleint.py",
        [
            (
                "blink/firmware.yaml:7: cleint.py is not a file; "
                "paths are relative to blink/, so create it or correct the path"
            )
        ],
    ),
    "file outside": (
        "../lib/net",
        "../../",
        ["blink/firmware.yaml:5: ../../ is outside {folder}/; copy the files you need into that folder"],
    ),
    "absolute file": (
        "../lib/net",
        "/etc/passwd",
        ["blink/firmware.yaml:5: /etc/passwd is outside {folder}/; copy the files you need into that folder"],
    ),
    "name of another app": (
        "app: blink",
        "app: wink",
        ["blink/firmware.yaml:1: app is 'wink', but its folder is 'blink'; name both the same"],
    ),
    "path that leaves the board": (
        "lib/net:",
        "../net:",
        [
            (
                "blink/firmware.yaml:5: roles.ap.files.../net is not a path on the board; "
                "write it relative to the root, without `.` and `..`, like `lib/picolink`"
            )
        ],
    ),
    "file of the deployer": (
        "main.py: client.py",
        "main.py: client.py, config.json: client.py",
        [
            (
                "blink/firmware.yaml:7: roles.client.files.config.json is written by the deployer; "
                "put its keys under `config:`"
            )
        ],
    ),
    "key of the rig": (
        "port: 5000",
        "ssid: Mine",
        ["blink/firmware.yaml:8: config.ssid comes from the rig; remove it here"],
    ),
    "no main.py": (
        "main.py: client.py",
        "main.pi: client.py",
        ["blink/firmware.yaml:7: roles.client has no main.py, so a board would do nothing; add `main.py: …`"],
    ),
    "two files for one path": (
        "lib/net: ../lib/net",
        "lib/net: ../lib/net, lib/net/__init__.py: ap.py",
        ["blink/firmware.yaml:5: lib/net/__init__.py is put on the board twice; remove one of the two"],
    ),
    "timing that is not a number": (
        "period_s: 5",
        "period_s: soon",
        ["blink/firmware.yaml:9: timing.period_s is 'soon', must be a number; write a number here"],
    ),
    "timing without end": (
        "period_s: 5",
        "period_s: inf",
        ["blink/firmware.yaml:9: timing.period_s is not a finite number; write a number of seconds, bytes or tries"],
    ),
    "unknown role": (
        "  client:",
        "  cleint:",
        ["blink/firmware.yaml:6: roles.cleint is 'cleint'; did you mean 'client'? known: ap, client"],
    ),
}


@pytest.mark.parametrize(("good", "bad", "expected"), BROKEN.values(), ids=BROKEN)
def test_the_errors_of_a_broken_manifest_name_the_cause_and_the_remedy(
    folder: Path, good: str, bad: str, expected: list[str]
) -> None:
    assert problems(folder, good, bad) == [line.replace("{folder}/", "") for line in expected]


def test_a_symlink_to_a_file_outside_is_an_error(folder: Path) -> None:
    (folder / "lib/net/secrets.py").symlink_to("/etc/passwd")
    with pytest.raises(ConfigError, match=r"firmware\.yaml:5: \.\./lib/net is outside .*; copy the files you need"):
        load(folder)


SHARED = """\
timing: {period_s: 7, silent_s: 20}
events:
  boot: '^shared boot'
  error: '^error'
"""
INCLUDING = MANIFEST.replace("roles:", "include: ../lib/shared.yaml\nroles:", 1)


@pytest.fixture
def including(folder: Path) -> Path:
    """The app includes a shared file."""
    (folder / "blink/firmware.yaml").write_text(INCLUDING, encoding="utf-8")
    (folder / "lib/shared.yaml").write_text(SHARED, encoding="utf-8")
    return folder


def include_errors(folder: Path, include: str) -> list[str]:
    (folder / "blink/firmware.yaml").write_text(MANIFEST.replace("roles:", f"include: {include}\nroles:", 1))
    with pytest.raises(ConfigError) as caught:
        load(folder)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_the_apps_own_events_and_timing_override_included_ones(including: Path) -> None:
    app = load(including)
    assert {name: pattern.pattern for name, pattern in app.events.items()} == {
        "boot": r"^boot id=(?P<id>\w+)",
        "error": "^error",
        "joined": "^joined",
    }
    assert app.timing == {"period_s": 5.0, "silent_s": 20.0, "lease_s": 3.5}


def test_a_later_included_file_overrides_an_earlier_one(including: Path) -> None:
    (including / "lib/more.yaml").write_text("events: {error: '^ERROR', boot: '^more'}\n")
    manifest = including / "blink/firmware.yaml"
    manifest.write_text(INCLUDING.replace("../lib/shared.yaml", "[../lib/shared.yaml, ../lib/more.yaml]"))
    assert load(including).events["error"].pattern == "^ERROR"
    assert load(including).events["boot"].pattern == r"^boot id=(?P<id>\w+)"
    manifest.write_text(INCLUDING.replace("../lib/shared.yaml", "[../lib/more.yaml, ../lib/shared.yaml]"))
    assert load(including).events["error"].pattern == "^error"


def test_included_sections_change_neither_digest_nor_image(folder: Path) -> None:
    digests, images = [], []
    for manifest in (MANIFEST, INCLUDING):
        (folder / "blink/firmware.yaml").write_text(manifest)
        (folder / "lib/shared.yaml").write_text(SHARED)
        digests.append([load(folder).digest("ap"), load(folder).digest("client")])
        images.append(load(folder).image("ap", WIFI))
    assert digests[0] == digests[1]
    assert images[0] == images[1]


def test_errors_of_an_included_file_name_that_file_and_are_listed_with_those_of_the_manifest(including: Path) -> None:
    (including / "lib/shared.yaml").write_text("timing: {silent_s: soon}\nevents:\n  error: '^(error'\nroles: {}\n")
    (including / "blink/firmware.yaml").write_text(INCLUDING.replace("app: blink", "app: wink"))
    with pytest.raises(ConfigError) as caught:
        load(including)
    assert str(caught.value).replace(f"{including}/", "").splitlines() == [
        "blink/firmware.yaml:1: app is 'wink', but its folder is 'blink'; name both the same",
        "lib/shared.yaml:1: timing.silent_s is 'soon', must be a number; write a number here",
        (
            "lib/shared.yaml:3: events.error is not a regular expression: missing ), unterminated subpattern "
            "at character 2 of '^(error'; correct it, and quote it with single quotes"
        ),
        "lib/shared.yaml:4: unknown key 'roles'; known: timing, events",
    ]


def test_errors_name_an_included_file_as_the_folder_was_given(including: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (including / "lib/shared.yaml").write_text("")
    monkeypatch.chdir(including.parent)
    with pytest.raises(ConfigError, match=r"^firmware/lib/shared\.yaml:1: the file is empty, must be a mapping"):
        FirmwareCatalog([Path("firmware")]).load("blink")


BAD_INCLUDES = {
    "missing": (
        "[../lib/shared.yaml, ../lib/sahred.yaml]",
        "3: ../lib/sahred.yaml is not a file; paths are relative to blink/, so create it or correct the path",
    ),
    "folder": (
        "../lib",
        "3: ../lib is not a file; paths are relative to blink/, so create it or correct the path",
    ),
    "outside": (
        "../../secret.yaml",
        "3: ../../secret.yaml is outside {folder}/; copy the files you need into that folder",
    ),
    "absolute": ("/etc/passwd", "3: /etc/passwd is outside {folder}/; copy the files you need into that folder"),
    "itself": (
        "firmware.yaml",
        "3: firmware.yaml is the manifest of an app; include a file that has only `timing:` and `events:`",
    ),
    "a mapping": ("{lib: shared.yaml}", "3: include is a mapping, must be a list; write a list here"),
}


@pytest.mark.parametrize(("include", "expected"), BAD_INCLUDES.values(), ids=BAD_INCLUDES)
def test_an_include_that_cannot_be_read_is_an_error_at_its_line(including: Path, include: str, expected: str) -> None:
    (including.parent / "secret.yaml").write_text(SHARED)
    assert include_errors(including, include) == [f"blink/firmware.yaml:{expected.replace('{folder}/', '')}"]


def test_an_included_file_cannot_include_another(including: Path) -> None:
    (including / "lib/shared.yaml").write_text(SHARED + "include: shared.yaml\n")
    assert include_errors(including, "../lib/shared.yaml") == [
        "lib/shared.yaml:5: an included file cannot include another; list both under `include:` in firmware.yaml"
    ]
