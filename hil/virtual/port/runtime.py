"""What the boards of one world share: the compiled firmware, and the entry from the firmware into Python.

wasmtime enters Python here for every import that a core calls, on the stack of that core's fiber.
"""

import ctypes
import struct
from typing import Any, Protocol

from wasmtime import _bindings as ffi

from hil.virtual.port.image import ChipImage

_VALUE_SIZE = ctypes.sizeof(ffi.wasmtime_val_t)


class Fiber(Protocol):
    """A core, as the runtime sees it while it runs."""

    continuation: bytes
    """``wasmtime_async_continuation_t``: goes on when the call that the core waits for has its answer."""

    def answer_in_place(self, index: int, raw_args: bytes, results: int) -> bool:
        """Answer a call of an import, or note it; returns whether it is answered."""


class CoreRuntime:
    """The compiled firmware by release, and the core that is running."""

    def __init__(self) -> None:
        self.running: Fiber | None = None
        self._images: dict[str, ChipImage] = {}
        # A stopped fiber goes on when its continuation returns true. strlen of a two-byte flag returns that without
        # entering Python a second time for every call.
        self.strlen: int = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p).value or 0
        self._ready_flag = ctypes.create_string_buffer(b"1")
        self._ready = struct.pack("@PPP", self.strlen, ctypes.addressof(self._ready_flag), 0)
        # The bindings' own prototypes build a pointer object for every call; these take and return plain integers.
        bindings: Any = ffi
        self.poll = _with_integers(bindings.dll.wasmtime_call_future_poll, ctypes.c_bool, 1)
        self.get_fuel = _with_integers(bindings.dll.wasmtime_context_get_fuel, ctypes.c_void_p, 2)

    def image(self, release: str) -> ChipImage:
        """The compiled firmware of a release."""
        if release not in self._images:
            self._images[release] = ChipImage(release, self._on_import)
        return self._images[release]

    def _on_import(
        self,
        index: int,
        _caller: int,
        args: int,
        nargs: int,
        results: int,
        nresults: int,
        _trap: int,
        continuation: int,
    ) -> None:
        """Runs on the fiber's own stack: answers the call at once, or notes it and lets the fiber wait."""
        fiber = self.running
        if fiber is None:
            return
        raw_args = ctypes.string_at(args, nargs * _VALUE_SIZE)
        if fiber.answer_in_place(index, raw_args, results if nresults else 0):
            ctypes.memmove(continuation, self._ready, 24)
        else:
            ctypes.memmove(continuation, fiber.continuation, 24)


def _with_integers(function: Any, result: Any, arguments: int) -> Any:
    address = ctypes.cast(function, ctypes.c_void_p).value or 0
    return ctypes.CFUNCTYPE(result, *[ctypes.c_void_p] * arguments)(address)
