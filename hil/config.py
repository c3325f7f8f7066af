"""A rig as its rig.yaml means it: which boards hang on which hub ports, and in which Wi-Fi they meet."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from hil.errors import ConfigError
from hil.hub_file import HubConfig, VirtualHub
from hil.rig_file import (
    BoardProbeConfig,
    HostProbeConfig,
    PortAddress,
    PowerTiming,
    ProbeConfig,
    RecoveryConfig,
    RigSection,
    Role,
    VirtualConfig,
    VirtualProbeConfig,
    WifiConfig,
    ap_of,
    inconsistencies,
    is_virtual,
)
from hil.sections import Section
from hil.yaml_source import Problem, YamlSource

__all__ = [
    "BoardConfig",
    "BoardProbeConfig",
    "HostProbeConfig",
    "HubConfig",
    "PortAddress",
    "PowerTiming",
    "ProbeConfig",
    "RecoveryConfig",
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
STAGGER_S = 0.5
"""Seconds between two power-ons on a bench of real boards, unless its file says otherwise."""


class WiredBoard(Section):
    """One Pico W and where it hangs."""

    name: str
    power: PortAddress
    serial: str
    """The USB serial number: 16 lower-case hex digits. Where the file says none, one is derived on a virtual rig; on
    a bench of real boards it is empty then."""
    link: str | None = None
    """Where its serial line is, if the rig file says so: a URL of pyserial, or the path of a device node."""
    usb_port: str | None = None
    """The USB port it hangs on, as sysfs names it (``1-1.4.2``), when its hub is on the USB of this machine."""


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
    recovery: RecoveryConfig
    """The path of its image as it can be opened."""
    hubs: Mapping[str, HubConfig]
    boards: Mapping[str, BoardConfig]
    """The boards under test, by name, in the order of the file."""
    probe: ProbeConfig | None
    probe_board: WiredBoard | None
    """The board that is the probe, if one is."""

    @property
    def is_virtual(self) -> bool:
        """Whether the boards are simulated. The others are a bench of real boards, as far as anyone can tell."""
        return is_virtual(self.hubs)

    @property
    def stagger_s(self) -> float:
        """Seconds of rig time that lie between two power-ons at least: a board's inrush can brown out another one."""
        if self.power.stagger_s is not None:
            return self.power.stagger_s
        return 0.0 if self.is_virtual else STAGGER_S

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
    recovery = _recovery(written.recovery, path)
    problems = inconsistencies(written)
    if recovery.uf2 is not None and not recovery.uf2.is_file():
        text = f"recovery.uf2 is {written.recovery.uf2}, but there is no file {recovery.uf2}"
        problems.append(Problem(("recovery", "uf2"), f"{text}; the path is relative to the rig file"))
    if problems:
        raise source.error(problems)
    ap = ap_of(written.boards)
    probe = written.probe.board if isinstance(written.probe, BoardProbeConfig) else None
    wired = {name: _wired(written, name) for name in written.boards}
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
        recovery=recovery,
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


def _wired(rig: RigSection, name: str) -> WiredBoard:
    board = rig.boards[name]
    hub = rig.hubs[board.power.hub]
    if isinstance(hub, VirtualHub):
        serial, usb_port = board.serial or derived_serial(rig.rig, name), None
    else:
        serial, usb_port = board.serial or "", hub.usb_path(board.power.port)
    return WiredBoard(name=name, power=board.power, serial=serial, link=board.link, usb_port=usb_port)


def _recovery(written: RecoveryConfig, rig_file: Path) -> RecoveryConfig:
    if written.uf2 is None:
        return written
    return written.model_copy(update={"uf2": rig_file.parent / written.uf2})


def derived_serial(rig: str, board: str) -> str:
    """The serial number of a virtual board whose file names none: always the same one."""
    return "e661" + hashlib.sha256(f"{rig}/{board}".encode()).hexdigest()[:12]
