"""A rig as its rig.yaml means it: which boards hang on which hub ports, and in which Wi-Fi they meet."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from hil.errors import ConfigError
from hil.rig_file import (
    BoardSection,
    HubConfig,
    PortAddress,
    PowerTiming,
    ProbeConfig,
    RigSection,
    Role,
    VirtualConfig,
    WifiConfig,
    inconsistencies,
)
from hil.sections import Section
from hil.yaml_source import YamlSource

__all__ = [
    "BoardConfig",
    "HubConfig",
    "PortAddress",
    "PowerTiming",
    "ProbeConfig",
    "RigConfig",
    "Role",
    "VirtualConfig",
    "WifiConfig",
    "find_rig",
    "load_rig",
]

RIGS_FOLDER = Path("rigs")
"""Where a rig is looked up by its name."""


class BoardConfig(Section):
    """One Pico W of the rig."""

    name: str
    power: PortAddress
    serial: str
    """The USB serial number: 16 lower-case hex digits. On a virtual rig one is derived when none is given."""
    role: Role


class RigConfig(Section):
    """A rig as its file means it: defaults filled in, everything consistent."""

    name: str
    path: Path
    wifi: WifiConfig
    virtual: VirtualConfig
    power: PowerTiming
    hubs: Mapping[str, HubConfig]
    boards: Mapping[str, BoardConfig]
    """By name, in the order of the file."""
    probe: ProbeConfig | None

    @property
    def ap_board(self) -> BoardConfig:
        """The board that gets the AP firmware."""
        return next(board for board in self.boards.values() if board.role == "ap")

    @property
    def client_boards(self) -> tuple[BoardConfig, ...]:
        """The boards that get client firmware, in the order of the file."""
        return tuple(board for board in self.boards.values() if board.role == "client")

    def with_seed(self, seed: int) -> "RigConfig":
        """The same rig in another virtual world."""
        return self.model_copy(update={"virtual": VirtualConfig(seed=seed)})


def load_rig(path: Path, environ: Mapping[str, str]) -> RigConfig:
    """Read a rig file; ``${NAME}`` in it is taken from ``environ``.

    Raises one ``ConfigError`` that lists every problem as ``file:line: what is wrong; what to do``.
    """
    source = YamlSource(path, environ)
    written = source.validate(RigSection)
    problems = inconsistencies(written)
    if problems:
        raise source.error(problems)
    ap = _ap_of(written.boards)
    boards = {
        name: BoardConfig(
            name=name,
            power=board.power,
            serial=board.serial or _derived_serial(written.rig, name),
            role="ap" if name == ap else "client",
        )
        for name, board in written.boards.items()
    }
    return RigConfig(
        name=written.rig,
        path=path,
        wifi=written.wifi,
        virtual=written.virtual,
        power=written.power,
        hubs=written.hubs,
        boards=boards,
        probe=written.probe,
    )


def find_rig(name_or_path: str, folder: Path = RIGS_FOLDER) -> Path:
    """The rig file meant by a path, or by a name in ``folder``. Raises ``ConfigError`` that lists the rigs found."""
    for path in (Path(name_or_path), folder / f"{name_or_path}.yaml"):
        if path.is_file():
            return path
    rigs = ", ".join(path.stem for path in sorted(folder.glob("*.yaml"))) or "none"
    raise ConfigError(f"{name_or_path}: no such rig; give the path of a rig file, or a name from {folder}/: {rigs}")


def _ap_of(boards: Mapping[str, BoardSection]) -> str:
    said = [name for name, board in boards.items() if board.role == "ap"]
    return (said or [name for name, board in boards.items() if board.role is None])[0]


def _derived_serial(rig: str, board: str) -> str:
    return "e661" + hashlib.sha256(f"{rig}/{board}".encode()).hexdigest()[:12]
