"""What the kernel logs about USB during the other checks: each board enumerates several times in that time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from hil.doctor import Finding, Machine, MachineCheck, Status
from hil.host.kernel_log import KernelLog, open_kernel_log, trouble_in

CHECK = "kernel"
_SHOWN_LINES = 10


def kernel_findings(rig: str, log: KernelLog) -> Iterator[Finding]:
    """The USB problems logged since ``log`` was opened."""
    try:
        lines = trouble_in(log.read())
    except OSError as error:
        yield Finding(CHECK, rig, Status.WARNING, f"the kernel's log can no longer be read: {error}", "see `dmesg`")
        return
    for line in lines[:_SHOWN_LINES]:
        advice = "check the cable, port and supply that it names; `dmesg` shows what came before"
        yield Finding(CHECK, rig, Status.WARNING, str(line), advice)
    if len(lines) > _SHOWN_LINES:
        text = f"and {len(lines) - _SHOWN_LINES} more such lines"
        yield Finding(CHECK, rig, Status.WARNING, text, "`sudo dmesg` shows them")
    if not lines:
        yield Finding(CHECK, rig, Status.OK, "no USB problems during the checks")


class KernelCheck(MachineCheck):
    """Watches the kernel's log while boards are checked."""

    def __init__(self, open_log: Callable[[], KernelLog] = open_kernel_log) -> None:
        self._open_log = open_log
        self._rig = ""
        self._log: KernelLog | None = None
        self._obstacle: tuple[Finding, ...] = ()

    def check(self, machine: Machine) -> Sequence[Finding]:
        self._rig = machine.config.name
        if machine.config.is_virtual:
            self._obstacle = (Finding(CHECK, self._rig, Status.SKIPPED, "a virtual rig has no kernel"),)
            return ()
        try:
            self._log = self._open_log()
        except OSError as error:
            text = f"the kernel's log cannot be read: {error.strerror}"
            fix = "`sudo adduser $USER systemd-journal`, then log in again"
            self._obstacle = (Finding(CHECK, self._rig, Status.WARNING, text, fix),)
        return ()

    def finish(self) -> Iterator[Finding]:
        """What was logged since :meth:`check`. Closes the log."""
        if self._log is None:
            yield from self._obstacle
            return
        with closing(self._log) as log:
            yield from kernel_findings(self._rig, log)
