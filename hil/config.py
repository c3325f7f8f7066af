"""A rig as its rig.yaml means it: which boards hang on which hub ports, and in which Wi-Fi they meet."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from hil.errors import ConfigError
from hil.rig_file import (
    BoardProbeConfig,
    HostProbeConfig,
    HubConfig,
    PortAddress,
    PowerTiming,
    ProbeConfig,
    RigSection,
    Role,
    VirtualConfig,
    VirtualProbeConfig,
    WifiConfig,
    ap_of,
    inconsistencies,
)
from hil.sections import Section
from hil.yaml_source import YamlSource

__all__ = [
    "BoardConfig",
    "BoardProbeConfig",
    "HostProbeConfig",
    "HubConfig",
    "PortAddress",
    "PowerTiming",
    "ProbeConfig",
    "RigConfig",
    "Role",
    "VirtualConfig",
    "VirtualProbeConfig",
    "WifiConfig",
    "WiredBoard",
    "find_rig",
    "load_rig",
]

RIGS_FOLDER = Path("rigs")
"""Where a rig is looked up by its name."""


class WiredBoard(Section):
    """One Pico W and where it hangs."""

    name: str
    power: PortAddress
    serial: str
    """The USB serial number: 16 lower-case hex digits. On a virtual rig one is derived when none is given."""


class BoardConfig(WiredBoard):
    """One Pico W under test."""

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
    """The boards under test, by name, in the order of the file."""
    probe: ProbeConfig | None
    probe_board: WiredBoard | None
    """The board that is the probe, if one is."""

    @property
    def wired_boards(self) -> tuple[WiredBoard, ...]:
        """Every board of the rig: those under test, and the one that is the probe."""
        return (*self.boards.values(), *([self.probe_board] if self.probe_board else []))

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
    ap = ap_of(written.boards)
    probe = written.probe.board if isinstance(written.probe, BoardProbeConfig) else None
    wired = {
        name: WiredBoard(name=name, power=board.power, serial=board.serial or _derived_serial(written.rig, name))
        for name, board in written.boards.items()
    }
    boards = {
        name: BoardConfig(**dict(board), role="ap" if name == ap else "client")
        for name, board in wired.items()
        if name != probe
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
        probe_board=wired[probe] if probe is not None else None,
    )


def find_rig(name_or_path: str, folder: Path = RIGS_FOLDER) -> Path:
    """The rig file meant by a path, or by a name in ``folder``. Raises ``ConfigError`` that lists the rigs found."""
    for path in (Path(name_or_path), folder / f"{name_or_path}.yaml"):
        if path.is_file():
            return path
    rigs = ", ".join(path.stem for path in sorted(folder.glob("*.yaml"))) or "none"
    raise ConfigError(f"{name_or_path}: no such rig; give the path of a rig file, or a name from {folder}/: {rigs}")


def _derived_serial(rig: str, board: str) -> str:
    return "e661" + hashlib.sha256(f"{rig}/{board}".encode()).hexdigest()[:12]
