"""The MicroPython interpreter, compiled once per machine and shared by all boards of a world."""

import ctypes
import hashlib
import struct
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import wasmtime
from platformdirs import user_cache_path
from wasmtime import _bindings as ffi

_NATIVE_STACK_BYTES = 512 * 1024
"""Native stack limit of MicroPython. Its own recursion limit is reached long before."""

_FIBER_STACK_BYTES = 1024 * 1024
"""Address space of one board's stack. Only pages in use take memory."""

MEMORY_BYTES = 4 * 1024 * 1024
"""Address space reserved for one VM's memory, so that it never moves. MicroPython uses 0.7 MB of it, heap included."""

_CALLBACK = ctypes.CFUNCTYPE(
    None,
    ctypes.c_size_t,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_void_p,
    ctypes.c_void_p,
)
"""``wasmtime_func_async_callback_t`` with integers instead of pointers: several times faster to call.

The parameters: env, caller, arguments, their number, results, their number, trap, continuation.
"""

ImportCallback = Callable[[int, int, int, int, int, int, int, int], None]
"""Called with the parameters of :data:`_CALLBACK`; env is the import's index in ``VmImage.imports``."""


class VmImage:
    """The compiled interpreter and its import table. All boards of a world share one.

    ``on_import`` is called for every import, on the calling board's stack, so it should only record the call.
    """

    def __init__(self, on_import: ImportCallback) -> None:
        config = wasmtime.Config()
        config.wasm_exceptions = True
        config.consume_fuel = True
        config.max_wasm_stack = _NATIVE_STACK_BYTES
        # Traps by explicit checks, not by SIGSEGV: other signal handlers in the process replace wasmtime's. pytest, for
        # example, switches faulthandler on and off.
        ffi.wasmtime_config_signals_based_traps_set(config.ptr(), False)
        ffi.wasmtime_config_memory_reservation_set(config.ptr(), MEMORY_BYTES)
        ffi.wasmtime_config_memory_guard_size_set(config.ptr(), 0)
        ffi.wasmtime_config_memory_may_move_set(config.ptr(), False)
        # The Python class has no setter for this option.
        ffi.wasmtime_config_async_stack_size_set(config.ptr(), _FIBER_STACK_BYTES)
        self.engine = wasmtime.Engine(config)
        self.module = _load_module(self.engine)
        self.imports: tuple[str, ...] = tuple(str(item.name) for item in self.module.imports)
        self.argument_layouts = tuple(_argument_layout(item.type) for item in self.module.imports)
        self.linker = wasmtime.Linker(self.engine)
        self._callback = _CALLBACK(on_import)
        for index, item in enumerate(self.module.imports):
            self._define(index, item)

    def _define(self, index: int, item: wasmtime.ImportType) -> None:
        module_name, name = item.module.encode(), (item.name or "").encode()
        error: Any = ffi.wasmtime_linker_define_async_func(
            self.linker.ptr(),
            ctypes.create_string_buffer(module_name),
            len(module_name),
            ctypes.create_string_buffer(name),
            len(name),
            item.type.ptr(),
            ctypes.cast(self._callback, ffi.wasmtime_func_async_callback_t),
            index,
            ctypes.cast(0, ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        )
        if error:
            raise wasmtime.WasmtimeError._from_ptr(error)


def _argument_layout(function_type: object) -> struct.Struct:
    """Memory layout of an import's arguments: an array of ``wasmtime_val_t``."""
    if not isinstance(function_type, wasmtime.FuncType):
        raise TypeError(f"the interpreter imports {function_type}, which is not a function")
    head, size = ffi.wasmtime_val_t.of.offset, ctypes.sizeof(ffi.wasmtime_val_t)
    layouts = {"i32": f"{head}xI{size - head - 4}x", "i64": f"{head}xQ{size - head - 8}x"}
    return struct.Struct("<" + "".join(layouts[str(param)] for param in function_type.params))


def cache_file(wasm: bytes) -> Path:
    """The cache file for the compiled ``wasm``, per user."""
    key = hashlib.sha256(wasm).hexdigest()[:16]
    return user_cache_path("pico-hil") / f"micropython-{key}-wasmtime-{version('wasmtime')}.bin"


def _load_module(engine: wasmtime.Engine) -> wasmtime.Module:
    """Load the compiled interpreter from the user's cache (2 ms), or compile and cache it (1 s)."""
    wasm = (files("hil.virtual") / "wasm" / "micropython.wasm").read_bytes()
    path = cache_file(wasm)
    try:
        return wasmtime.Module.deserialize_file(engine, str(path))
    except wasmtime.WasmtimeError:
        # Not cached yet, compiled for another processor, or truncated: compile again and replace it.
        module = wasmtime.Module(engine, wasm)
    _store(path, bytes(module.serialize()))
    return module


def _store(path: Path, content: bytes) -> None:
    """Write atomically, so that no process reads a partial file. A cache that cannot be written is not an error."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
        temporary.replace(path)
    except OSError:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
