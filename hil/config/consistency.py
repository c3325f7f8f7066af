"""What no section of a rig file can check by itself: whether its hubs, boards and cells fit together."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from hil.config.hubs import HubConfig, VirtualHubSection
from hil.config.rig_file import (
    BoardSection,
    CellSection,
    CellsRigSection,
    PortAddress,
    RigSection,
)
from hil.config.section_errors import Location
from hil.config.yaml_source import Problem
from hil.power import HubSection

Key = TypeVar("Key")


def inconsistencies(rig: RigSection | CellsRigSection) -> list[Problem]:
    """Everything that does not fit together, each with its location in the file."""
    cells = {name: (cell_location(name), cell) for name, cell in rig.named_cells.items()}
    problems = list(_hub_problems(rig.hubs))
    placed = [(location, name, board) for location, cell in cells.values() for name, board in cell.boards.items()]
    for location, name, board in placed:
        problems += _board_problems((*location, "boards", name), name, board, rig.hubs)
    problems += _shared_by_boards(placed)
    for location, cell in cells.values():
        problems += _ap_problems(location, cell)
        problems += _probe_problems(location, cell, rig.hubs)
    return problems + list(_shared_by_cells(rig.named_cells))


def cell_location(name: str | None) -> Location:
    """The location of a cell in its file; a cell without a name is the file itself."""
    return () if name is None else ("cells", name)


def is_virtual(hubs: Mapping[str, HubConfig]) -> bool:
    """Whether a rig with ``hubs`` is virtual. Virtual and real hubs cannot be mixed."""
    return all(isinstance(hub, VirtualHubSection) for hub in hubs.values())


def ap_of(boards: Mapping[str, BoardSection]) -> str | None:
    """The board that gets the AP firmware: the one with that role, or else the first without a role."""
    with_role = [name for name, board in boards.items() if board.role == "ap"]
    return next(iter(with_role or [name for name, board in boards.items() if board.role is None]), None)


def _hub_problems(hubs: Mapping[str, HubConfig]) -> Iterator[Problem]:
    virtual = [name for name, hub in hubs.items() if isinstance(hub, VirtualHubSection)]
    real = [name for name in hubs if name not in virtual]
    if virtual and real:
        text = f"hub {virtual[0]} is virtual and hub {real[0]} is not, but a rig is either virtual or real"
        yield Problem(("hubs", virtual[0]), f"{text}; give the virtual boards a rig file of their own")


def _board_problems(
    location: Location, name: str, board: BoardSection, hubs: Mapping[str, HubConfig]
) -> Iterator[Problem]:
    """What prevents one board from being supplied, or found."""
    power, hub = (*location, "power"), hubs.get(board.power.hub)
    if hub is None:
        text = f"board {name} is on hub '{board.power.hub}', which is not under `hubs:`"
        yield Problem(power, f"{text}; known: {', '.join(hubs)}")
    elif board.power.port < 1:
        text = f"board {name} is on port {board.power}, but the ports of a hub are counted from 1"
        yield Problem(power, f"{text}; correct `power: {board.power}`")
    elif hub.ports is not None and board.power.port > hub.ports:
        text = f"board {name} is on port {board.power}, but hub {board.power.hub} has ports 1 to {hub.ports}"
        yield Problem(power, f"{text}; correct `power: {board.power}`, or `ports:` of the hub")
    if board.link is not None:
        if isinstance(hub, VirtualHubSection):
            text = f"board {name} is virtual and has its serial line inside; remove `link:`"
            yield Problem((*location, "link"), text)
    elif isinstance(hub, HubSection) and board.serial is None and hub.usb_location is None:
        text = f"board {name} cannot be found: hub {board.power.hub} is not on the USB of this machine"
        yield Problem(location, f"{text}; add `serial:` (`mpremote connect list` shows it), or `link:`")


def _shared_by_boards(placed: list[tuple[Location, str, BoardSection]]) -> Iterator[Problem]:
    """What two boards of a rig have in common though it must be unique, whatever their cells are."""
    names: dict[str, Location] = {}
    ports: dict[PortAddress, str] = {}
    serials: dict[str, str] = {}
    links: dict[str, str] = {}
    for place, name, board in placed:
        location = (*place, "boards", name)
        if (first_place := names.setdefault(name, place)) != place:
            text = f"cells {first_place[-1]} and {place[-1]} both have a board {name}"
            yield Problem(location, f"{text}; names are unique in a rig, so rename one of them")
            continue
        if (first := ports.setdefault(board.power, name)) != name:
            text = f"boards {first} and {name} are both on port {board.power}; give each board a port of its own"
            yield Problem((*location, "power"), text)
        if board.serial is not None and (first := serials.setdefault(board.serial, name)) != name:
            text = f"boards {first} and {name} have the same serial {board.serial}; correct one of them"
            yield Problem((*location, "serial"), text)
        if board.link is not None and (first := links.setdefault(board.link, name)) != name:
            text = f"boards {first} and {name} have the same link {board.link}; give each board its own"
            yield Problem((*location, "link"), text)


def _ap_problems(location: Location, cell: CellSection) -> Iterator[Problem]:
    where = "rig" if not location else "cell"
    aps = [name for name, board in cell.boards.items() if board.role == "ap"]
    for name in aps[1:]:
        text = f"boards {aps[0]} and {name} both have `role: ap`; a {where} has one AP, so make one a client"
        yield Problem((*location, "boards", name, "role"), text)
    probe = cell.probe.board_name if cell.probe is not None else None
    if all(board.role == "client" for name, board in cell.boards.items() if name != probe):
        yield Problem((*location, "boards"), "no board can be the AP; give one board `role: ap`")


def _probe_problems(location: Location, cell: CellSection, hubs: Mapping[str, HubConfig]) -> Iterator[Problem]:
    if cell.probe is None:
        return
    kinds = {isinstance(hub, VirtualHubSection) for hub in hubs.values()}
    # Virtual and real hubs in one rig are a problem of their own.
    if len(kinds) == 1 and (obstacle := cell.probe.obstacle(is_virtual=kinds.pop())):
        yield Problem((*location, "probe", "driver"), obstacle)
    if cell.probe.board_name is not None:
        yield from _probe_board_problems(location, cell, cell.probe.board_name)


def _probe_board_problems(location: Location, cell: CellSection, name: str) -> Iterator[Problem]:
    named = (*location, "probe", "board")
    board = cell.boards.get(name)
    if board is None:
        known = ", ".join(cell.boards)
        yield Problem(named, f"the probe is board '{name}', which is not under `boards:`; known: {known}")
    elif board.role == "client":
        fix = "remove `role: client`, or name another board as the probe"
        yield Problem(
            (*location, "boards", name, "role"), f"board {name} is the probe, so it cannot be a client; {fix}"
        )
    elif name == ap_of(cell.boards):
        text = f"board {name} is the AP and cannot be the probe as well"
        fix = "name another board here" if board.role else "name another board here, or give another one `role: ap`"
        yield Problem(named, f"{text}; {fix}")


def _shared_by_cells(cells: Mapping[str | None, CellSection]) -> Iterator[Problem]:
    """What would mix the boards of one cell with those of another."""
    ssids: dict[str, str | None] = {}
    exclusive: dict[str, str | None] = {}
    for name, cell in cells.items():
        location = cell_location(name)
        if (first := ssids.setdefault(cell.wifi.ssid, name)) != name:
            text = f"cells {first} and {name} have the same SSID, so boards would join the wrong access point"
            yield Problem((*location, "wifi", "ssid"), f"{text}; give each its own")
        for key, what in cell.probe.exclusive.items() if cell.probe is not None else ():
            if (first := exclusive.setdefault(what, name)) != name:
                text = f"cells {first} and {name} have the same {what} as their probe"
                yield Problem((*location, "probe", key), f"{text}; give each cell its own")
