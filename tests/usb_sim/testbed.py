"""The testbed: a machine's USB as the served boards would make it look, for programs run under umockdev.

``umockdev-wrapper /usr/bin/python3 -m tests.usb_sim.testbed CONTROL HUB_PORT_PATH HUB`` follows the control socket of a
`hil serve`, prints the folder of the testbed (``UMOCKDEV_DIR``) when it is ready, and then runs until its standard
input ends. Runs in Debian's Python: it may import only those modules of ours that need just the standard library.
"""

import json
import os
import socket
import sys
import threading
from itertools import cycle
from pathlib import Path
from typing import Any

from hil.serve.client import ask
from tests.usb_sim import description
from tests.usb_sim.description import Pieces
from tests.usb_sim.ioctls import Hub, SerialPort, UsbDevice

import gi  # isort: skip

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402  # the version must be set first

PORTS = 4


class PluggedBoard:
    """One board on the simulated USB: the devices that are visible in each mode."""

    def __init__(self, testbed: Any, state: dict[str, Any], port_path: str, index: int) -> None:
        self.mode = "absent"
        self._testbed = testbed
        self._root = Path(testbed.get_root_dir())
        # The node and the number alternate between enumerations, as ttyACM0 may be ttyACM3 after a power cycle.
        applications = [
            description.pico_application(port_path, 10 + index + shift, index + shift, state["serial"])
            for shift in (0, PORTS)
        ]
        bootsel = description.pico_bootsel(port_path, 30 + index, f"sd{chr(ord('a') + index)}", 16 * index)
        self._handlers: list[Any] = []
        for pieces in (*applications, bootsel):
            self._prepare(pieces)
        self._next = {"application": cycle(applications), "bootsel": cycle([bootsel])}
        self._present: Pieces | None = None

    def show(self, state: dict[str, Any]) -> None:
        """Plug in or unplug according to the state of the served board."""
        if state["mode"] == self.mode:
            return
        self.mode = state["mode"]
        if self._present is not None:
            self._unplug(self._present)
            self._present = None
        if self.mode != "absent":
            self._present = next(self._next[self.mode])
            self._plug_in(self._present, state)

    def _plug_in(self, pieces: Pieces, state: dict[str, Any]) -> None:
        if pieces.tty is not None:
            node = self._stashed(pieces.tty, pieces)
            node.unlink()
            node.symlink_to(_pty(state["tty"]))
        for path in ("/sys" + pieces.folder, *pieces.links):
            self._put_back(path, pieces)
        for path in pieces.announced:
            self._testbed.uevent("/sys" + path, "add")

    def _unplug(self, pieces: Pieces) -> None:
        # Programs that get the event must find the device gone, but umockdev sends none for a device without a folder.
        for path in pieces.links:
            self._take_away(path, pieces)
        for path in reversed(pieces.announced):
            self._testbed.uevent("/sys" + path, "remove")
        self._take_away("/sys" + pieces.folder, pieces)

    def _prepare(self, pieces: Pieces) -> None:
        """Add a device, and hide it. umockdev cannot remove a device and add it again, but its files can be moved."""
        self._testbed.add_from_string(pieces.text)
        for path in pieces.links:
            handler = None
            if path == pieces.tty:
                handler = SerialPort()
            elif path.startswith("/dev/bus/usb/"):
                handler = UsbDevice()
            if handler is not None:
                self._handlers.append(handler)
                self._testbed.attach_ioctl(path, handler)
        for path in ("/sys" + pieces.folder, *pieces.links):
            self._take_away(path, pieces)

    def _take_away(self, path: str, pieces: Pieces) -> None:
        (self._root / path.lstrip("/")).rename(self._stashed(path, pieces))

    def _put_back(self, path: str, pieces: Pieces) -> None:
        self._stashed(path, pieces).rename(self._root / path.lstrip("/"))

    def _stashed(self, path: str, pieces: Pieces) -> Path:
        folder = self._root / "stash"
        folder.mkdir(exist_ok=True)
        # The devices of one port have paths in common.
        return folder / (pieces.links[-1] + path).replace("/", "_")


def _pty(link: str) -> Path:
    try:
        return Path(link).readlink()
    except FileNotFoundError:
        # The board is gone again; the next line of the control socket will report it.
        return Path(link)


class Testbed:
    """The hub with all its boards. ``hub`` is its name in the rig file, ``hub_port_path`` its USB path."""

    def __init__(self, control: str, hub_port_path: str, hub: str, states: list[dict[str, Any]]) -> None:
        self._control = control
        self._hub = hub
        self._testbed = UMockdev.Testbed.new()
        self.root = self._testbed.get_root_dir()
        self._handlers: list[Any] = []
        self._add(description.root_hub(), 1, UsbDevice())
        bus, _, ports = hub_port_path.partition("-")
        steps = ports.split(".")
        for count in range(1, len(steps)):
            outer = f"{bus}-{'.'.join(steps[:count])}"
            self._add(description.hub(outer, 1 + count, PORTS), 1 + count, UsbDevice())
        address = 1 + len(steps)
        switched = Hub(PORTS, self._is_on, self._is_connected, self._switch)
        self._add(description.hub(hub_port_path, address, PORTS), address, switched)
        self._boards = {
            state["board"]: PluggedBoard(self._testbed, state, f"{hub_port_path}.{state['port']}", index)
            for index, state in enumerate(states)
        }
        self._ports = {state["port"]: self._boards[state["board"]] for state in states}
        for state in states:
            self.show(state)

    def show(self, state: dict[str, Any]) -> None:
        """Update a board to this state."""
        self._boards[state["board"]].show(state)

    def _add(self, text: str, address: int, handler: UsbDevice) -> None:
        self._testbed.add_from_string(text)
        self._handlers.append(handler)
        self._testbed.attach_ioctl(description.usb_node(address), handler)

    def _is_on(self, port: int) -> bool:
        return ask(self._control, f"power {self._hub} {port} state") == "on"

    def _is_connected(self, port: int) -> bool:
        return port in self._ports and self._ports[port].mode != "absent"

    def _switch(self, port: int, on: bool) -> None:
        ask(self._control, f"power {self._hub} {port} {'on' if on else 'off'}")


def main(control: str, hub_port_path: str, hub: str) -> None:
    """Follow the control socket until it, or standard input, ends."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(control)
        connection.sendall(b"watch\n")
        lines = connection.makefile("r")
        testbed = Testbed(control, hub_port_path, hub, json.loads(lines.readline())["ok"])
        print(testbed.root, flush=True)
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
        for line in lines:
            testbed.show(json.loads(line)["changed"])
    _end()


def _end_with_standard_input() -> None:
    sys.stdin.read()
    _end()


def _end() -> None:
    # Immediately: umockdev's threads would wait for their clients.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
