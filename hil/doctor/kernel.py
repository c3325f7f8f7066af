"""What the kernel logs about USB during the other checks: each board enumerates several times in that time."""

from collections.abc import Callable, Iterator
from contextlib import closing

from hil.doctor import Finding, Status
from hil.host.kernel_log import KernelLog, trouble_in

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


class KernelCheck:
    """Watches the kernel's log from construction on."""

    def __init__(self, rig: str, open_log: Callable[[], KernelLog] | None) -> None:
        """``open_log`` opens the log; None on a virtual rig."""
        self._rig = rig
        self._log: KernelLog | None = None
        self._obstacle = Finding(CHECK, rig, Status.SKIPPED, "a virtual rig has no kernel")
        if open_log is not None:
            try:
                self._log = open_log()
            except OSError as error:
                text = f"the kernel's log cannot be read: {error.strerror}"
                fix = "`sudo adduser $USER systemd-journal`, then log in again"
                self._obstacle = Finding(CHECK, rig, Status.WARNING, text, fix)

    def findings(self) -> Iterator[Finding]:
        """What was logged since. Closes the log."""
        if self._log is None:
            yield self._obstacle
            return
        with closing(self._log) as log:
            yield from kernel_findings(self._rig, log)
