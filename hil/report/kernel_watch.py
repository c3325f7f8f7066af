"""The kernel's log during each test, on a bench of real boards: for problems that are not due to firmware."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # A pytest run without a rig must not pay for it.
    from hil.host.kernel_log import KernelLog

KERNEL_LOG_FILE = "kernel.log"
"""Among the artifacts of a test during which the kernel reported USB trouble."""


class KernelWatch:
    """Reads the kernel's log from test to test."""

    def __init__(self, log: "KernelLog | None", problem: str = "") -> None:
        """``log`` is None where there is none to watch; ``problem`` is why, if there should be one."""
        self._log = log
        self._problem = problem

    def take_problem(self) -> str:
        """Why the log is not watched although it should be: once, then and otherwise empty."""
        problem, self._problem = self._problem, ""
        return problem

    def take_trouble(self) -> str:
        """What the kernel logged about USB trouble since the last call: lines, or nothing."""
        if self._log is None:
            return ""
        from hil.host.kernel_log import trouble_in

        try:
            lines = self._log.read()
        except OSError as error:
            self._log.close()
            self._log, self._problem = None, f"the kernel's log is no longer watched: {error}"
            return ""
        return "".join(f"{line}\n" for line in trouble_in(lines))

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            self._log.close()
