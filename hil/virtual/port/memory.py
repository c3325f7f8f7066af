"""The memory of one board, which its cores share."""

import ctypes
from typing import Any

import wasmtime
from wasmtime import _bindings as ffi

from hil.virtual.port.image import ChipImage

_SHARED_MEMORY = 4
"""``WASMTIME_EXTERN_SHAREDMEMORY`` of wasmtime's C API."""


class BoardMemory:
    """Mapped from its :class:`ChipImage` until :meth:`close`."""

    def __init__(self, image: ChipImage) -> None:
        pages = image.size // 65536
        self._shared = wasmtime.SharedMemory(
            image.engine, wasmtime.MemoryType(wasmtime.Limits(pages, pages), shared=True)
        )
        self.base: int = ctypes.cast(self._shared.data_ptr(), ctypes.c_void_p).value or 0
        image.fill(self.base)
        self.view = memoryview((ctypes.c_ubyte * image.size).from_address(self.base)).cast("B")

    def extern(self) -> Any:
        """The memory as an import. wasmtime's own class raises TypeError here (50.0.1)."""
        extern: Any = ffi.wasmtime_extern_t()
        extern.kind = _SHARED_MEMORY
        extern.of.sharedmemory = self._shared.ptr()
        return extern

    def close(self) -> None:
        """Free it. No core may use it any more."""
        self.view = memoryview(b"")
        self._shared.close()
