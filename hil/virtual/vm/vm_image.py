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
"""Most native stack that MicroPython may use; its own recursion limit strikes long before."""

_FIBER_STACK_BYTES = 1024 * 1024
"""Address space of one board's stack. Only touched pages cost memory."""

MEMORY_BYTES = 4 * 1024 * 1024
"""Address space of one VM's memory, which therefore never moves; with its heap MicroPython uses 0.7 MB of it."""

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
"""``wasmtime_func_async_callback_t`` with plain integers for pointers: several times faster to enter.

env, caller, arguments, their number, results, their number, trap, continuation.
"""

ImportCallback = Callable[[int, int, int, int, int, int, int, int], None]
"""Python side of an import: gets what :data:`_CALLBACK` lists; env is the import's index in ``VmImage.imports``."""


class VmImage:
    """The compiled interpreter and its import table. All of a world's boards share one.

    ``on_import`` is called on the calling board's own stack for every import, so it must only take notes.
    """

    def __init__(self, on_import: ImportCallback) -> None:
        config = wasmtime.Config()
        config.wasm_exceptions = True
        config.consume_fuel = True
        config.max_wasm_stack = _NATIVE_STACK_BYTES
        # Traps by explicit checks, not by SIGSEGV: whatever else in the process handles signals (faulthandler does, and
        # pytest switches it on and off) would take wasmtime its handler away.
        ffi.wasmtime_config_signals_based_traps_set(config.ptr(), False)
        ffi.wasmtime_config_memory_reservation_set(config.ptr(), MEMORY_BYTES)
        ffi.wasmtime_config_memory_guard_size_set(config.ptr(), 0)
        ffi.wasmtime_config_memory_may_move_set(config.ptr(), False)
        # The Python class wraps no setter for this one.
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
    """How the arguments of an import lie in memory: an array of ``wasmtime_val_t``."""
    if not isinstance(function_type, wasmtime.FuncType):
        raise TypeError(f"the interpreter imports {function_type}, which is not a function")
    head, size = ffi.wasmtime_val_t.of.offset, ctypes.sizeof(ffi.wasmtime_val_t)
    layouts = {"i32": f"{head}xI{size - head - 4}x", "i64": f"{head}xQ{size - head - 8}x"}
    return struct.Struct("<" + "".join(layouts[str(param)] for param in function_type.params))


def cache_file(wasm: bytes) -> Path:
    """Where what ``wasm`` compiles to is kept for this user."""
    key = hashlib.sha256(wasm).hexdigest()[:16]
    return user_cache_path("pico-hil") / f"micropython-{key}-wasmtime-{version('wasmtime')}.bin"


def _load_module(engine: wasmtime.Engine) -> wasmtime.Module:
    """Deserialize the compiled interpreter from the user's cache (2 ms), or compile it (1 s) and put it there."""
    wasm = (files("hil.virtual") / "wasm" / "micropython.wasm").read_bytes()
    path = cache_file(wasm)
    try:
        return wasmtime.Module.deserialize_file(engine, str(path))
    except wasmtime.WasmtimeError:
        # Not there, compiled for another processor, or cut short: what is compiled now takes its place.
        module = wasmtime.Module(engine, wasm)
    _store(path, bytes(module.serialize()))
    return module


def _store(path: Path, content: bytes) -> None:
    """Write atomically, so that another process never reads half a file. A cache that cannot be written is no error."""
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
