"""Ctrl-C and time-outs while the world runs: their handlers wait for the event that is happening to be over.

A handler that raises, as that of Ctrl-C does, would do so wherever Python happens to be: in the function by which a VM
calls out, as likely as not. An exception cannot travel through the interpreter's own frames: the process would abort.
"""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

HELD = (signal.SIGINT, signal.SIGALRM, signal.SIGTERM)
"""Ctrl-C; the signal of pytest-timeout; the request of a service manager."""


class HeldSignals:
    """Within its ``with`` block handlers are put off until :meth:`deliver`, or else to the end of the block."""

    def __init__(self) -> None:
        self.arrived: list[int] = []
        """Signals whose handlers are still to be called."""
        self._handlers: dict[int, Callable[[int, FrameType | None], object]] = {}
        self._depth = 0

    def __enter__(self) -> None:
        self._depth += 1
        # Within a block of the same kind there is nothing more to hold: a condition that is waited for may wait itself.
        # Handlers are only ever called, and only to be changed, in the main thread.
        if self._depth > 1 or threading.current_thread() is not threading.main_thread():
            return
        for number in HELD:
            handler = signal.getsignal(number)
            if callable(handler):
                self._handlers[number] = handler
                signal.signal(number, self._put_off)

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
        """Call the handlers of the signals that have arrived. Raises what they raise."""
        while self.arrived:
            number = self.arrived.pop(0)
            self._handlers[number](number, sys._getframe())

    def _put_off(self, number: int, _frame: FrameType | None) -> None:
        self.arrived.append(number)
