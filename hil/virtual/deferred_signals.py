"""Deferred signal handling: while the world runs, the handlers of Ctrl-C and timeouts run between two events only.

A Python signal handler that raises, as that of Ctrl-C does, raises wherever Python is at that moment. That may be in a
callback of a VM, and an exception must not unwind the native frames below it: the process would abort.
"""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

DEFERRED = (signal.SIGINT, signal.SIGALRM, signal.SIGTERM)
"""Ctrl-C; the signal of pytest-timeout; the termination request of service managers."""


class DeferredSignals:
    """Within the ``with`` block handlers are deferred until :meth:`deliver` or the end of the block."""

    def __init__(self) -> None:
        self.pending: list[int] = []
        """Signals received whose handlers have not run yet."""
        self._handlers: dict[int, Callable[[int, FrameType | None], object]] = {}
        self._depth = 0

    def __enter__(self) -> None:
        self._depth += 1
        # A nested block has nothing to do. Blocks nest when a condition that is waited for waits itself.
        # Python runs signal handlers in the main thread, and only that thread may set them.
        if self._depth > 1 or threading.current_thread() is not threading.main_thread():
            return
        for number in DEFERRED:
            handler = signal.getsignal(number)
            if callable(handler):
                self._handlers[number] = handler
                signal.signal(number, self._defer)

    def __exit__(
        self, _kind: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth:
            return
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        try:
            self.deliver()
        finally:
            self._handlers.clear()

    def deliver(self) -> None:
        """Run the handlers of the pending signals. Raises what they raise."""
        while self.pending:
            number = self.pending.pop(0)
            self._handlers[number](number, sys._getframe())

    def _defer(self, number: int, _frame: FrameType | None) -> None:
        self.pending.append(number)
