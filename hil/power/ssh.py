"""Power through a USB hub of another machine, by running uhubctl there over ssh."""

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
"""Seconds after which ssh gives up on a machine that does not answer."""
_REMOTE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Search path on the other machine. The default path of a non-interactive login lacks Debian's uhubctl folder."""
_SSH_FAILED = 255
_NOT_FOUND = 127
"""Exit statuses of ssh, and of a remote shell or ``env``."""


def _host(given: object) -> object:
    # ssh would take a name with a leading dash as an option.
    if isinstance(given, str) and (not given or given.startswith("-") or any(letter.isspace() for letter in given)):
        raise ValueError("is not a host for ssh; write a name of ~/.ssh/config, or user@host")
    return given


class SshHub(HubSection):
    """A hub on the USB of another machine. Its boards need a ``link:`` to a serial server there."""

    driver: Literal["ssh"]
    host: Annotated[str, BeforeValidator(_host)]
    """Any host ssh accepts: ``user@host``, or a name from ~/.ssh/config. Logging in must not need a prompt."""
    location: UsbLocation
    """Location of the hub on that machine's USB."""
    program: str = "uhubctl"
    """Path or name of uhubctl on that machine."""
    ssh_port: int | None = Field(default=None, ge=1, le=65535)

    def power_port(self, port: int, clock: Clock) -> PowerPort:  # noqa: ARG002  # its timeouts are in real time
        return UhubctlPort(UsbPort(self.location, port), RemoteRun(self.host, self.ssh_port), self.program)


class RemoteRun:
    """Runs programs on another machine. Implements ``Run``. Every error names the machine."""

    def __init__(self, host: str, ssh_port: int | None = None) -> None:
        self._host = host
        self._port = ("-p", str(ssh_port)) if ssh_port else ()

    def __call__(self, command: Sequence[str], within_s: float) -> Finished:
        """Run ``command`` on that machine.

        Raises ``PowerError`` when the machine cannot be reached, ``ProgramError`` when the command takes too long,
        ``ProgramMissing`` when the program does not exist.
        """
        # ssh passes the command to a shell on the other machine, so every argument is quoted.
        remote_command = shlex.join(["env", f"PATH={_REMOTE_PATH}", "LC_ALL=C", *command])
        settings = ("BatchMode=yes", "StrictHostKeyChecking=yes", f"ConnectTimeout={_CONNECT_WITHIN_S}")
        options = [argument for setting in settings for argument in ("-o", setting)]
        ssh = ["ssh", "-T", *options, *self._port, "--", self._host, remote_command]
        try:
            done = run_here(ssh, within_s + _CONNECT_WITHIN_S)
        except ProgramMissing as error:
            raise PowerSetupError(f"{error}; `apt install openssh-client`") from None
        if done.status == _SSH_FAILED:
            raise self._connection_error(done)
        if done.status == _NOT_FOUND:
            raise ProgramMissing(f"there is no program {command[0]} on {self._host} (searched {_REMOTE_PATH})")
        return done

    def _connection_error(self, done: Finished) -> PowerError:
        reason = f"ssh could not log in to {self._host}: {done.reason()}"
        if "Host key verification failed" in done.errors:
            fix = f"run `ssh {self._host}` once by hand and compare the key it shows with the machine's own"
        elif "ermission denied" in done.errors:
            fix = f"run `ssh-copy-id {self._host}`: logging in must work without a password"
        else:
            return PowerError(f"{reason}; check that the machine is on and its name correct")
        return PowerSetupError(f"{reason}; {fix}")
