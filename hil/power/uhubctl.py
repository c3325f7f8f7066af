"""Power through a USB hub that switches its ports one by one, told by the program uhubctl."""

import re
from typing import Literal

from hil.clock import Clock
from hil.errors import PowerError
from hil.host.program import Finished, ProgramMissing, Run, run_here
from hil.power import HubSection, PowerPort, PowerSetupError, UsbLocation, power_errors
from hil.power.usb_port import DEVICES, NO_RIGHT, UsbPort

_WITHIN_S = 15.0
"""Seconds of real time for one call. It takes 0.2; a device that hangs costs the kernel 5 per question."""
_MAX_PORT = 14
"""uhubctl knows no more ports per hub (its MAX_HUB_PORTS)."""
_NO_SUCH_HUB = "No compatible"
_HUB = re.compile(r"(?:Current|New) status for hub (\S+) \[(.*)\]")
_PORT = re.compile(r"  Port (\d+): ([0-9a-f]{4}) (.*)")


class UhubctlHub(HubSection):
    """A hub on the USB of this machine."""

    driver: Literal["uhubctl"]
    location: UsbLocation
    """Where it hangs, as ``uhubctl`` lists it. Of a USB 3 hub, the half that the boards are on: the USB 2 one."""
    program: str = "uhubctl"

    @property
    def usb_location(self) -> str:
        return self.location

    def power_port(self, port: int, clock: Clock) -> PowerPort:  # noqa: ARG002  # its deadlines are of real time
        return UhubctlPort(UsbPort(self.location, port), run_here, self.program)


class UhubctlPort:
    """One port of a hub, and the same port of its other half if it has one. Implements ``PowerPort``.

    Every call names one location and one port and is meant literally (``--exact``): left to itself, uhubctl picks the
    hub's other half by likeness, and might pick a colleague's hub. Devices are not asked who they are (``--nodesc``):
    one that hangs would take seconds.
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
        # Either half is enough to supply the board.
        return any(self._state(half, self._call(half)) for half in self._find_halves())

    def _switch(self, action: Literal["on", "off"]) -> None:
        for half in self._find_halves():
            done = self._call(half, "--action", action)
            if self._state(half, done) == (action == "on"):
                continue
            if "ermission" in done.errors:
                raise PowerSetupError(f"{half}: uhubctl may not switch it; {NO_RIGHT}")
            raise PowerError(
                f"{half} was switched {action} and says that it is not ({done.reason()}). If it never does, this hub "
                "cannot switch: docs/rig.md lists some that can"
            )

    def _state(self, half: UsbPort, done: Finished) -> bool:
        states = port_states(done.output, half.location)
        if half.port not in states:
            raise PowerSetupError(f"{half}: the hub has no such port; correct `power:` of the board")
        return states[half.port]

    def _call(self, half: UsbPort, *action: str) -> Finished:
        """Have uhubctl do something with one port, and nothing but that port."""
        if half.port > _MAX_PORT:
            raise PowerSetupError(f"{half}: uhubctl knows ports 1 to {_MAX_PORT} only; use `driver: sysfs`")
        done = self._uhubctl("--location", half.location, "--ports", str(half.port), *action)
        if done.status == 0:
            return done
        said = done.errors + done.output
        if "permission problems" in said:
            raise PowerSetupError(f"{half}: uhubctl may not look at it; {NO_RIGHT}")
        if _NO_SUCH_HUB in said:
            raise PowerError(f"{half}: there is no such hub, or it does not switch its ports; {self._hubs_found()}")
        if "option" in said:
            raise PowerSetupError(f"{half}: this uhubctl is too old, it must be 2.5 or later ({done.reason()})")
        raise PowerError(f"{half}: uhubctl failed with {done.reason()}")

    def _uhubctl(self, *arguments: str) -> Finished:
        with power_errors():
            try:
                return self._run([self._program, "--exact", "--nodesc", *arguments], _WITHIN_S)
            except ProgramMissing as error:
                fix = "`apt install uhubctl` there, or say where it is: `program: /path/to/uhubctl` of the hub"
                raise PowerSetupError(f"{self._port}: {error}; {fix}") from None

    def _hubs_found(self) -> str:
        hubs = hubs_in(self._uhubctl().output)
        if not hubs:
            return "uhubctl finds no hub that does. Is it plugged in? docs/rig.md lists some that do"
        listed = ", ".join(f"{location} [{what}]" for location, what in hubs.items())
        return f"uhubctl finds {listed}; correct `location:`, or plug the hub in where it was"

    def _find_halves(self) -> tuple[UsbPort, ...]:
        """The port; and the same port of the hub's other half, if there is one and uhubctl can switch it."""
        if self._halves is None:
            self._call(self._port)  # raises if it is not there: then nothing is known of its halves
            # By a program, not by looking: the hub may be on another machine.
            with power_errors():
                found = self._run(["readlink", "-e", f"{DEVICES}/{self._port.folder}/peer"], _WITHIN_S)
            peer = UsbPort.of_folder(found.output.strip())
            self._halves = (self._port,)
            if peer and _NO_SUCH_HUB not in self._uhubctl("--location", peer.location).errors:
                self._halves = (self._port, peer)
        return self._halves


def hubs_in(output: str) -> dict[str, str]:
    """The hubs that uhubctl lists, since they say that they switch: by location, what they are."""
    return dict(_HUB.findall(output))


def port_states(output: str, location: str) -> dict[int, bool]:
    """What uhubctl says last of each port of the hub at ``location``: whether it supplies power."""
    states: dict[int, bool] = {}
    hub = ""
    for line in output.splitlines():
        if found := _HUB.match(line):
            hub = found[1]
        elif hub == location and (found := _PORT.match(line)):
            states[int(found[1])] = "power" in found[3].split()
    return states
