"""A rig as its rig.yaml describes it: its boards, their types and hub ports, and the cells that they form."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import InstanceOf

from hil.config.board_type import BoardType
from hil.config.consistency import ap_of, inconsistencies, is_virtual
from hil.config.hubs import HubConfig, VirtualHubSection
from hil.config.probes import AnyProbe
from hil.config.rig_file import (
    CellSection,
    CellsRigSection,
    PortAddress,
    PowerTiming,
    RecoveryConfig,
    RigSection,
    Role,
    VirtualConfig,
    WifiConfig,
)
from hil.config.sections import Section
from hil.config.yaml_source import Problem, YamlSource
from hil.errors import ConfigError

RIGS_FOLDER = Path("rigs")
"""Where a rig is looked up by its name."""
STAGGER_S = 0.5
"""Seconds between two power-ons on a bench of real boards, unless its file says otherwise."""


class WiredBoard(Section):
    """One board, and what it is plugged into."""

    name: str
    type: InstanceOf[BoardType]
    wifi: WifiConfig
    """Of its cell."""
    power: PortAddress
    serial: str
    """The USB serial number, in lower case. If the file gives none, it is derived on a virtual rig, and empty on a
    bench of real boards."""
    link: str | None = None
    """Where its serial line is, if the rig file gives it: a pyserial URL, or the path of a device node."""
    usb_port: str | None = None
    """The USB port that it is plugged into, as sysfs names it (``1-1.4.2``), if its hub is on the USB of this machine.
    """


class BoardConfig(WiredBoard):
    """One board under test."""

    role: Role


class RigConfig(Section):
    """One cell of a rig, an access point and its clients: consistent, with defaults filled in.

    Most rigs are one cell. For a rig of several, :func:`merged` makes a single configuration, for commands that concern
    boards and not their Wi-Fi.
    """

    name: str
    path: Path
    cell: str | None
    """The name of the cell; None when the rig is one cell, or several that are merged."""
    virtual: VirtualConfig
    power: PowerTiming
    recovery: RecoveryConfig
    """With the path of its image relative to the working directory."""
    hubs: Mapping[str, HubConfig]
    boards: Mapping[str, BoardConfig]
    """The boards under test, by name, in the order of the file."""
    probe: AnyProbe | None
    probe_boards: tuple[WiredBoard, ...]
    """The board that is the probe, if one is; the probes of all cells when several are merged."""

    def __str__(self) -> str:
        """Its name in messages."""
        return f'rig "{self.name}"' if self.cell is None else f'cell {self.cell} of rig "{self.name}"'

    @property
    def wifi(self) -> WifiConfig:
        """The Wi-Fi under test."""
        return self.ap_board.wifi

    @property
    def is_virtual(self) -> bool:
        """Whether the boards are simulated, and not real ones or what looks like them."""
        return is_virtual(self.hubs)

    @property
    def stagger_s(self) -> float:
        """Shortest rig time between two power-ons, in seconds: a board's inrush current can brown out another board."""
        if self.power.stagger_s is not None:
            return self.power.stagger_s
        return 0.0 if self.is_virtual else STAGGER_S

    @property
    def wired_boards(self) -> tuple[WiredBoard, ...]:
        """Every board of the rig: those under test, and the probe if it is a board."""
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
    """Read a rig file as :func:`load_cells` does, with its cells :func:`merged`."""
    return merged(load_cells(path, environ))


def merged(cells: Sequence[RigConfig]) -> RigConfig:
    """All boards of all ``cells`` of a rig, for what concerns boards and not their Wi-Fi. A single cell is unchanged.

    Several merged cells have no probe, because none hears them all. Boards that are probes are kept as boards.
    """
    first = cells[0]
    if len(cells) == 1:
        return first
    boards = {name: board for cell in cells for name, board in cell.boards.items()}
    probe_boards = tuple(board for cell in cells for board in cell.probe_boards)
    return first.model_copy(update={"cell": None, "boards": boards, "probe": None, "probe_boards": probe_boards})


def find_rig(name_or_path: str, folder: Path = RIGS_FOLDER) -> Path:
    """The rig file at a path, or with a name in ``folder``. Raises ``ConfigError`` that lists the rigs found."""
    for path in (Path(name_or_path), folder / f"{name_or_path}.yaml"):
        if path.is_file():
            return path
    rigs = ", ".join(path.stem for path in sorted(folder.glob("*.yaml"))) or "none"
    raise ConfigError(f"{name_or_path}: no such rig; give the path of a rig file, or a name from {folder}/: {rigs}")


def _cell(
    path: Path, rig: RigSection | CellsRigSection, recovery: RecoveryConfig, name: str | None, cell: CellSection
) -> RigConfig:
    ap = ap_of(cell.boards)
    probe = cell.probe.board_name if cell.probe is not None else None
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
        serial, usb_port = board.serial or derived_serial(rig.rig, name, board.type), None
    else:
        serial, usb_port = board.serial or "", hub.usb_path(board.power.port)
    return WiredBoard(
        name=name,
        type=board.type,
        wifi=cell.wifi,
        power=board.power,
        serial=serial,
        link=board.link,
        usb_port=usb_port,
    )


def _recovery(written: RecoveryConfig, rig_file: Path) -> RecoveryConfig:
    if written.uf2 is None:
        return written
    return written.model_copy(update={"uf2": rig_file.parent / written.uf2})


def derived_serial(rig: str, board: str, board_type: BoardType) -> str:
    """The serial number of a virtual board whose rig file gives none. It depends on the names and the type alone."""
    return board_type.serial_prefix + hashlib.sha256(f"{rig}/{board}".encode()).hexdigest()[:12]
