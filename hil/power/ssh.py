"""Power through a USB hub of another machine: uhubctl there, told over ssh."""

import shlex
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from hil.clock import Clock
from hil.errors import PowerError
from hil.host.program import Finished, ProgramMissing, run_here
from hil.power import HubSection, PowerPort, PowerSetupError, UsbLocation
from hil.power.uhubctl import UhubctlPort
from hil.power.usb_port import UsbPort

_CONNECT_WITHIN_S = 10
"""Seconds until ssh gives up on a machine that does not answer."""
_REMOTE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Programs are looked for here: a login without a terminal has no folder of Debian's uhubctl on its path."""
_SSH_FAILED = 255
_NOT_FOUND = 127
"""Exit statuses of ssh, and of a remote shell or ``env``."""


def _host(given: object) -> object:
    # A name with a dash in front would be an option.
    if isinstance(given, str) and (not given or given.startswith("-") or any(letter.isspace() for letter in given)):
        raise ValueError("is no host for ssh; write a name of ~/.ssh/config, or user@host")
    return given


class SshHub(HubSection):
    """A hub on the USB of another machine. Its boards' serial lines come from there too: ``link:`` of each board."""

    driver: Literal["ssh"]
    host: Annotated[str, BeforeValidator(_host)]
    """Whatever ssh knows as a host: ``user@host``, or a name of ~/.ssh/config. Logging in must ask nothing."""
    location: UsbLocation
    """Where the hub hangs there."""
    program: str = "uhubctl"
    """uhubctl on that machine."""
    ssh_port: int | None = Field(default=None, ge=1, le=65535)

    def power_port(self, port: int, clock: Clock) -> PowerPort:  # noqa: ARG002  # its deadlines are of real time
        return UhubctlPort(UsbPort(self.location, port), RemoteRun(self.host, self.ssh_port), self.program)


class RemoteRun:
    """Runs programs on another machine, as ``Run`` asks. Every error names the machine."""

    def __init__(self, host: str, ssh_port: int | None = None) -> None:
        self._host = host
        self._port = ("-p", str(ssh_port)) if ssh_port else ()

    def __call__(self, command: Sequence[str], within_s: float) -> Finished:
        """Run ``command`` there.

        Raises ``PowerError`` when the machine cannot be reached, ``ProgramError`` when it takes too long,
        ``ProgramMissing`` when there is no such program.
        """
        # What ssh is given as a command a shell there takes apart again: every word is quoted for it.
        told = shlex.join(["env", f"PATH={_REMOTE_PATH}", "LC_ALL=C", *command])
        settings = ("BatchMode=yes", "StrictHostKeyChecking=yes", f"ConnectTimeout={_CONNECT_WITHIN_S}")
        options = [word for setting in settings for word in ("-o", setting)]
        ssh = ["ssh", "-T", *options, *self._port, "--", self._host, told]
        try:
            done = run_here(ssh, within_s + _CONNECT_WITHIN_S)
        except ProgramMissing as error:
            raise PowerSetupError(f"{error}; `apt install openssh-client`") from None
        if done.status == _SSH_FAILED:
            raise self._not_reached(done)
        if done.status == _NOT_FOUND:
            raise ProgramMissing(f"there is no program {command[0]} on {self._host} (looked in {_REMOTE_PATH})")
        return done

    def _not_reached(self, done: Finished) -> PowerError:
        reason = f"ssh could not log in to {self._host}: {done.reason()}"
        if "Host key verification failed" in done.errors:
            fix = f"run `ssh {self._host}` once by hand and compare the key that it shows with that of the machine"
        elif "ermission denied" in done.errors:
            fix = f"run `ssh-copy-id {self._host}`: there is nobody to type a password"
        else:
            return PowerError(f"{reason}; is it switched on, and its name right?")
        return PowerSetupError(f"{reason}; {fix}")
