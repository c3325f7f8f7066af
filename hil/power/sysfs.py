"""Power through a USB hub with per-port power switching, controlled by sysfs files. Linux 6.0 or later."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from hil.clock import Clock
from hil.errors import PowerError
from hil.host.usb_devices import UsbDevice
from hil.power import HubSection, PowerPort, PowerSetupError, UsbLocation
from hil.power.usb_port import DEVICES, NO_RIGHT, UsbPort

_WITHIN_S = 15.0
"""Seconds of real time for the kernel to switch: it waits for drivers to release the device."""


class SysfsHub(HubSection):
    """A hub on the USB of this machine. Needs no external program."""

    driver: Literal["sysfs"]
    location: UsbLocation
    """Location as in ``lsusb -t`` and sysfs. For a USB 3 hub, that of its USB 2 half: the boards are there."""

    @property
    def usb_location(self) -> str:
        return self.location

    def files_to_switch(self, hub: UsbDevice, ports: Sequence[int]) -> Sequence[Path]:  # noqa: ARG002  # by location
        return [Path(DEVICES) / UsbPort(self.location, port).folder / "disable" for port in ports]

    def power_port(self, port: int, clock: Clock) -> PowerPort:  # noqa: ARG002  # its timeouts are in real time
        return SysfsPort(UsbPort(self.location, port))


class SysfsPort:
    """One port of a hub, together with its peer on the hub's USB 3 half if there is one. Implements ``PowerPort``.

    The kernel has a file ``disable`` for each port. While it is 1, the port's power is off and the kernel does not
    switch it on again.
    """

    def __init__(self, port: UsbPort, devices: Path = Path(DEVICES)) -> None:
        """``devices``: the folder in which the kernel lists USB devices."""
        self._port = port
        self._devices = devices

    def on(self) -> None:
        self._switch("0")

    def off(self) -> None:
        self._switch("1")

    def is_on(self) -> bool:
        # Either half supplies the board.
        return any(self._read(half) == "0" for half in self._halves())

    def _switch(self, disable: Literal["0", "1"]) -> None:
        for half in self._halves():
            self._write(half, disable)
            if self._read(half) != disable:
                state = "off" if disable == "1" else "on"
                text = f"{half} was switched {state} but reports that it is not"
                raise PowerError(f"{text}; check whether this hub supports per-port power switching")

    def _halves(self) -> tuple[UsbPort, ...]:
        # Looked up every time: the other half appears and disappears with the hub.
        folder = self._devices / self._port.folder
        if not folder.is_dir():
            raise PowerError(f"{self._port}: {self._why_missing()}")
        peer = UsbPort.of_folder(str((folder / "peer").resolve())) if (folder / "peer").exists() else None
        return (self._port, peer) if peer else (self._port,)

    def _why_missing(self) -> str:
        hub = (self._devices / self._port.folder).parent
        if hub.is_dir():
            return f"the hub has {len(list(hub.glob('*-port*')))} ports; correct `power:` of the board"
        found = sorted(port.parent.name.removesuffix(":1.0") for port in self._devices.glob("*:1.0/*-port1"))
        listed = ", ".join(name.removesuffix("-0") for name in found) or "none"
        return f"no such hub; hubs found: {listed}. Correct `location:`, or plug the hub in where it was"

    def _read(self, half: UsbPort) -> str:
        try:
            return self._file(half).read_text().strip()
        except OSError as error:
            raise self._refused(half, error) from error

    def _write(self, half: UsbPort, text: str) -> None:
        """Write in a thread: a write that blocks in the kernel cannot be interrupted otherwise."""
        refusals: list[OSError] = []

        def write() -> None:
            try:
                # Without O_CREAT: if the kernel does not provide the file, it must not be created.
                descriptor = os.open(self._file(half), os.O_WRONLY)
                try:
                    os.write(descriptor, text.encode())
                finally:
                    os.close(descriptor)
            except OSError as error:
                refusals.append(error)

        writing = threading.Thread(target=write, name=f"switch {half}", daemon=True)
        writing.start()
        writing.join(_WITHIN_S)
        if writing.is_alive():
            raise PowerError(
                f"{half}: the kernel did not switch it within {_WITHIN_S:g} s; check that no program has the board's "
                "serial device open, and look at `dmesg`"
            )
        if refusals:
            raise self._refused(half, refusals[0]) from refusals[0]

    def _refused(self, half: UsbPort, error: OSError) -> PowerError:
        match error:
            case PermissionError():
                return PowerSetupError(f"{half}: no permission for {self._file(half)}; {NO_RIGHT}")
            case FileNotFoundError() if self._file(half).parent.is_dir():
                return PowerSetupError(
                    f"{half}: there is no {self._file(half)}; it needs Linux 6.0 or later, and this is "
                    f"{os.uname().release}. Use `driver: uhubctl`"
                )
            case FileNotFoundError():
                return PowerError(f"{half}: the hub has just disconnected; check its cable and its supply")
            case _:
                return PowerError(f"{half}: the kernel could not switch it ({error.strerror}); look at `dmesg`")

    def _file(self, half: UsbPort) -> Path:
        return self._devices / half.folder / "disable"
