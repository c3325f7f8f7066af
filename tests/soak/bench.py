"""Served boards as a bench for long runs, faster than real time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from hil.clock import Clock
from hil.config.rig import RigConfig, load_rig
from hil.host.locks import LOCK_FOLDERS
from hil.power import HubSection
from hil.serve.client import ask
from tests.serve.served import Served

SPEED = 20

RIG = """\
rig: soak-{pid}
wifi: {{ssid: PicoAP, password: pico1234}}
power: {{off_time_s: 0.01, stagger_s: 0}}
hubs: {{main: {{driver: virtual, ports: {ports}}}}}
boards:
"""
"""Serial numbers derive from the rig's name, so concurrent soaks on one machine have different boards."""


class ControlHub(HubSection):
    """The hub of a served bench, switched without starting a process: a custom driver (docs/rig.md).

    Links, boards and the bench are under test; starting a client process would take most of the time.
    """

    driver: Literal["control"] = "control"
    control: str

    def power_port(self, port: int, clock: Clock) -> "ControlPort":
        return ControlPort(self.control, port)


class ControlPort:
    """One port of the hub."""

    def __init__(self, control: str, port: int) -> None:
        self._control = control
        self._port = port

    def on(self) -> None:
        ask(self._control, f"power main {self._port} on")

    def off(self) -> None:
        ask(self._control, f"power main {self._port} off")

    def is_on(self) -> bool:
        return ask(self._control, f"power main {self._port} state") == "on"


@contextmanager
def served_boards(folder: Path, boards: str) -> Iterator[Served]:
    """Run `hil serve` for ``boards``, one letter each, in ``folder``, :data:`SPEED` times as fast as real time."""
    folder.mkdir(parents=True, exist_ok=True)
    rig = folder / "virtual.yaml"
    lines = [f"  {board}: {{power: main/{port}}}\n" for port, board in enumerate(boards, start=1)]
    rig.write_text(RIG.format(pid=os.getpid(), ports=len(boards)) + "".join(lines))
    served = Served(folder / "served", rig, speed=SPEED)
    try:
        yield served
    finally:
        served.stop()


def rig_of(served: Served) -> RigConfig:
    """The rig file that the server has written, with :class:`ControlHub`."""
    config = load_rig(served.folder / "rig.yaml", {})
    return config.model_copy(update={"hubs": {"main": ControlHub(control=served.control)}})


def locks_of(served: Served) -> list[str]:
    """The lock files of its boards that exist on this machine now."""
    serials = [board.serial for board in rig_of(served).wired_boards]
    return [
        path.name
        for folder in LOCK_FOLDERS
        for path in (folder / "pico-hil").glob("*.lock")
        if any(serial in path.name for serial in serials)
    ]
