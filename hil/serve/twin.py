"""The virtual twin of a rig: the same rig file with virtual boards instead of real ones."""

from typing import TypeVar

from hil.config.hubs import VirtualHubSection
from hil.config.rig import RigConfig, WiredBoard, derived_serial

AnyBoard = TypeVar("AnyBoard", bound=WiredBoard)

_MIN_PORTS = 4
"""Ports of a hub whose section gives no number."""


def virtual_twin(config: RigConfig) -> RigConfig:
    """``config`` with virtual hubs, and boards of the same names, serial numbers and ports. A virtual rig stays as is.

    A probe that cannot hear virtual boards, such as a Wi-Fi card of this machine, is left out.
    """
    if config.is_virtual:
        return config
    hubs = {
        name: VirtualHubSection(driver="virtual", ports=max(_MIN_PORTS, hub.ports or 0, *_ports_used(name, config)))
        for name, hub in config.hubs.items()
    }
    return config.model_copy(
        update={
            "hubs": hubs,
            "boards": {name: _virtual(config, board) for name, board in config.boards.items()},
            "probe": None if config.probe is None or config.probe.obstacle(is_virtual=True) else config.probe,
            "probe_boards": tuple(_virtual(config, board) for board in config.probe_boards),
        }
    )


def _ports_used(hub: str, config: RigConfig) -> tuple[int, ...]:
    return tuple(board.power.port for board in config.wired_boards if board.power.hub == hub)


def _virtual(config: RigConfig, board: AnyBoard) -> AnyBoard:
    serial = board.serial or derived_serial(config.name, board.name, board.type)
    return board.model_copy(update={"serial": serial, "link": None, "usb_port": None})
