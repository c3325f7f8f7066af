"""Power through a USB hub with per-port power switching, controlled by the program uhubctl."""

import re
from typing import Literal

from hil.clock import Clock
from hil.errors import PowerError
from hil.host.program import Finished, ProgramMissing, Run, run_here
from hil.power import HubSection, PowerPort, PowerSetupError, UsbLocation, power_errors
from hil.power.usb_port import DEVICES, NO_RIGHT, UsbPort

_WITHIN_S = 15.0
"""Seconds of real time for one call. It usually takes 0.2; each request to a hung device takes the kernel 5."""
_MAX_PORT = 14
"""uhubctl supports no more ports per hub (its MAX_HUB_PORTS)."""
_NO_SUCH_HUB = "No compatible"
_HUB = re.compile(r"(?:Current|New) status for hub (\S+) \[(.*)\]")
_PORT = re.compile(r"  Port (\d+): ([0-9a-f]{4}) (.*)")


class UhubctlHub(HubSection):
    """A hub on the USB of this machine."""

    driver: Literal["uhubctl"]
    location: UsbLocation
    """Location as ``uhubctl`` lists it. For a USB 3 hub, that of its USB 2 half: the boards are there."""
    program: str = "uhubctl"

    @property
    def usb_location(self) -> str:
        return self.location

    def power_port(self, port: int, clock: Clock) -> PowerPort:  # noqa: ARG002  # its timeouts are in real time
        return UhubctlPort(UsbPort(self.location, port), run_here, self.program)


class UhubctlPort:
    """One port of a hub, together with its peer on the hub's USB 3 half if there is one. Implements ``PowerPort``.

    Every call names one location and one port, with ``--exact``: otherwise uhubctl guesses the hub's other half by
    similarity, and might switch another hub. ``--nodesc`` skips reading device descriptors, which takes seconds if a
    device hangs.
    """

    def __init__(self, port: UsbPort, run: Run, program: str) -> None:
        self._port = port
        self._run = run
        self._program = program
        self._halves: tuple[UsbPort, ...] | None = None

    def on(self) -> None:
        self._switch("on")

    def off(self) -> None:
        self._switch("off")

    def is_on(self) -> bool:
        # Either half supplies the board.
        return any(self._state(half, self._call(half)) for half in self._find_halves())

    def _switch(self, action: Literal["on", "off"]) -> None:
        for half in self._find_halves():
            done = self._call(half, "--action", action)
            if self._state(half, done) == (action == "on"):
                continue
            if "ermission" in done.errors:
                raise PowerSetupError(f"{half}: no permission to switch it with uhubctl; {NO_RIGHT}")
            raise PowerError(
                f"{half} was switched {action} but reports that it is not ({done.reason()}). If this happens every "
                "time, the hub does not support per-port power switching: docs/rig.md lists some that do"
            )

    def _state(self, half: UsbPort, done: Finished) -> bool:
        states = port_states(done.output, half.location)
        if half.port not in states:
            raise PowerSetupError(f"{half}: the hub has no such port; correct `power:` of the board")
        return states[half.port]

    def _call(self, half: UsbPort, *action: str) -> Finished:
        """Run uhubctl on this port only. Raises ``PowerError``."""
        if half.port > _MAX_PORT:
            raise PowerSetupError(f"{half}: uhubctl supports ports 1 to {_MAX_PORT} only; use `driver: sysfs`")
        done = self._uhubctl("--location", half.location, "--ports", str(half.port), *action)
        if done.status == 0:
            return done
        printed = done.errors + done.output
        if "permission problems" in printed:
            raise PowerSetupError(f"{half}: no permission to read its state with uhubctl; {NO_RIGHT}")
        if _NO_SUCH_HUB in printed:
            raise PowerError(f"{half}: no such hub, or it cannot switch its ports; {self._hubs_found()}")
        if "option" in printed:
            raise PowerSetupError(f"{half}: this uhubctl is too old; install 2.5 or later ({done.reason()})")
        raise PowerError(f"{half}: uhubctl failed with {done.reason()}")

    def _uhubctl(self, *arguments: str) -> Finished:
        with power_errors():
            try:
                return self._run([self._program, "--exact", "--nodesc", *arguments], _WITHIN_S)
            except ProgramMissing as error:
                fix = "`apt install uhubctl` on that machine, or set `program: /path/to/uhubctl` of the hub"
                raise PowerSetupError(f"{self._port}: {error}; {fix}") from None

    def _hubs_found(self) -> str:
        hubs = hubs_in(self._uhubctl().output)
        if not hubs:
            return "uhubctl finds no hub that can. Check that it is plugged in; docs/rig.md lists some that can"
        listed = ", ".join(f"{location} [{what}]" for location, what in hubs.items())
        return f"uhubctl finds {listed}; correct `location:`, or plug the hub in where it was"

    def _find_halves(self) -> tuple[UsbPort, ...]:
        """The port, and its peer on the hub's other half if there is one and uhubctl can switch it."""
        if self._halves is None:
            self._call(self._port)  # raises if the hub is absent: its halves are unknown then
            # By running a program instead of reading sysfs: the hub may be on another machine.
            with power_errors():
                found = self._run(["readlink", "-e", f"{DEVICES}/{self._port.folder}/peer"], _WITHIN_S)
            peer = UsbPort.of_folder(found.output.strip())
            self._halves = (self._port,)
            if peer and _NO_SUCH_HUB not in self._uhubctl("--location", peer.location).errors:
                self._halves = (self._port, peer)
        return self._halves


def hubs_in(output: str) -> dict[str, str]:
    """The hubs that uhubctl lists, which are those that claim power switching: location to description."""
    return dict(_HUB.findall(output))


def port_states(output: str, location: str) -> dict[int, bool]:
    """Whether each port of the hub at ``location`` supplies power, by uhubctl's last line about it."""
    states: dict[int, bool] = {}
    hub = ""
    for line in output.splitlines():
        if found := _HUB.match(line):
            hub = found[1]
        elif hub == location and (found := _PORT.match(line)):
            states[int(found[1])] = "power" in found[3].split()
    return states
