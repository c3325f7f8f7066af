"""A rig as its rig.yaml means it: which boards hang on which hub ports, and in which cell and Wi-Fi they meet."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from hil.config.consistency import ap_of, inconsistencies, is_virtual
from hil.config.hubs import HubConfig, VirtualHubSection
from hil.config.rig_file import (
    BoardProbeConfig,
    CellSection,
    CellsRigSection,
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
)
from hil.config.sections import Section
from hil.config.yaml_source import Problem, YamlSource
from hil.errors import ConfigError

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
    "load_cells",
    "load_rig",
    "whole",
]

RIGS_FOLDER = Path("rigs")
"""Where a rig is looked up by its name."""
STAGGER_S = 0.5
"""Seconds between two power-ons on a bench of real boards, unless its file says otherwise."""


class WiredBoard(Section):
    """One Pico W and where it hangs."""

    name: str
    wifi: WifiConfig
    """Of its cell."""
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
    """One cell of a rig as its file means it, an access point and its clients: defaults filled in, all consistent.

    Most rigs are one cell. Of one with several, :func:`whole` makes a single configuration, for what concerns boards
    and not their Wi-Fi.
    """

    name: str
    path: Path
    cell: str | None
    """The name of the cell; None when the rig is one cell, or the whole of several."""
    virtual: VirtualConfig
    power: PowerTiming
    recovery: RecoveryConfig
    """The path of its image as it can be opened."""
    hubs: Mapping[str, HubConfig]
    boards: Mapping[str, BoardConfig]
    """The boards under test, by name, in the order of the file."""
    probe: ProbeConfig | None
    probe_boards: tuple[WiredBoard, ...]
    """The board that is the probe, if one is; of the whole of several cells all that are."""

    def __str__(self) -> str:
        """As messages call it."""
        return f'rig "{self.name}"' if self.cell is None else f'cell {self.cell} of rig "{self.name}"'

    @property
    def wifi(self) -> WifiConfig:
        """The Wi-Fi under test."""
        return self.ap_board.wifi

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
        return (*self.boards.values(), *self.probe_boards)

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


def load_cells(path: Path, environ: Mapping[str, str]) -> tuple[RigConfig, ...]:
    """Read a rig file, cell by cell; ``${NAME}`` in it is taken from ``environ``.

    Raises one ``ConfigError`` that lists every problem as ``file:line: what is wrong; what to do``.
    """
    source = YamlSource(path, environ)
    has_cells = isinstance(source.data, Mapping) and "cells" in source.data
    written = source.validate(CellsRigSection) if has_cells else source.validate(RigSection)
    recovery = _recovery(written.recovery, path)
    problems = inconsistencies(written)
    if recovery.uf2 is not None and not recovery.uf2.is_file():
        text = f"recovery.uf2 is {written.recovery.uf2}, but there is no file {recovery.uf2}"
        problems.append(Problem(("recovery", "uf2"), f"{text}; the path is relative to the rig file"))
    if problems:
        raise source.error(problems)
    return tuple(_cell(path, written, recovery, name, cell) for name, cell in written.named_cells.items())


def load_rig(path: Path, environ: Mapping[str, str]) -> RigConfig:
    """Read a rig file as :func:`load_cells` does: the :func:`whole` rig."""
    return whole(load_cells(path, environ))


def whole(cells: Sequence[RigConfig]) -> RigConfig:
    """All boards of all ``cells`` of a rig: for what concerns boards and not their Wi-Fi. A single cell is as it was.

    Of several cells no probe is left, as none hears them all; boards that are probes are there as boards.
    """
    first = cells[0]
    if len(cells) == 1:
        return first
    boards = {name: board for cell in cells for name, board in cell.boards.items()}
    probe_boards = tuple(board for cell in cells for board in cell.probe_boards)
    return first.model_copy(update={"cell": None, "boards": boards, "probe": None, "probe_boards": probe_boards})


def find_rig(name_or_path: str, folder: Path = RIGS_FOLDER) -> Path:
    """The rig file meant by a path, or by a name in ``folder``. Raises ``ConfigError`` that lists the rigs found."""
    for path in (Path(name_or_path), folder / f"{name_or_path}.yaml"):
        if path.is_file():
            return path
    rigs = ", ".join(path.stem for path in sorted(folder.glob("*.yaml"))) or "none"
    raise ConfigError(f"{name_or_path}: no such rig; give the path of a rig file, or a name from {folder}/: {rigs}")


def _cell(
    path: Path, rig: RigSection | CellsRigSection, recovery: RecoveryConfig, name: str | None, cell: CellSection
) -> RigConfig:
    ap = ap_of(cell.boards)
    probe = cell.probe.board if isinstance(cell.probe, BoardProbeConfig) else None
    wired = {board: _wired(rig, cell, board) for board in cell.boards}
    boards = {
        board: BoardConfig(**dict(wired[board]), role="ap" if board == ap else "client")
        for board in wired
        if board != probe
    }
    return RigConfig(
        name=rig.rig,
        path=path,
        cell=name,
        virtual=rig.virtual,
        power=rig.power,
        recovery=recovery,
        hubs=rig.hubs,
        boards=boards,
        probe=cell.probe,
        probe_boards=() if probe is None else (wired[probe],),
    )


def _wired(rig: RigSection | CellsRigSection, cell: CellSection, name: str) -> WiredBoard:
    board = cell.boards[name]
    hub = rig.hubs[board.power.hub]
    if isinstance(hub, VirtualHubSection):
        serial, usb_port = board.serial or derived_serial(rig.rig, name), None
    else:
        serial, usb_port = board.serial or "", hub.usb_path(board.power.port)
    return WiredBoard(name=name, wifi=cell.wifi, power=board.power, serial=serial, link=board.link, usb_port=usb_port)


def _recovery(written: RecoveryConfig, rig_file: Path) -> RecoveryConfig:
    if written.uf2 is None:
        return written
    return written.model_copy(update={"uf2": rig_file.parent / written.uf2})


def derived_serial(rig: str, board: str) -> str:
    """The serial number of a virtual board whose file names none: always the same one."""
    return "e661" + hashlib.sha256(f"{rig}/{board}".encode()).hexdigest()[:12]
