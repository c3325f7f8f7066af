"""The compiled chip: the module, and the memory with which every board starts."""

import ctypes
import hashlib
import json
import mmap
import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import wasmtime
from platformdirs import user_cache_path
from wasmtime import _bindings as ffi

NATIVE_STACK_BYTES = 512 * 1024
"""Most native stack that a core may use; MicroPython's own recursion limit strikes long before."""

FIBER_STACK_BYTES = 1024 * 1024
"""Address space of one core's stack. Only touched pages cost memory."""

WASM_PAGE = 65536
LAYOUT_SECTION = b"pico.layout"
MEMORY_SECTION = b"pico.memory"
_MAP_PRIVATE, _MAP_FIXED = mmap.MAP_PRIVATE, 0x10

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
"""Python side of an import: gets what :data:`_CALLBACK` lists; env is the import's index in ``ChipImage.imports``."""


class ChipImage:
    """One version of the firmware, compiled. All of a world's boards that run it share it.

    ``on_import`` is called on the calling core's own stack for every import.
    """

    def __init__(self, release: str, on_import: ImportCallback) -> None:
        wasm = artifact(release)
        layout = json.loads(_custom_section(wasm, LAYOUT_SECTION))
        self.release = release
        self.size: int = layout["size"]
        self.shared_address: int = layout["shared"]
        self.flash_address: int = layout["flash"]
        self.flash_size: int = layout["flash_size"]
        self.engine = _engine(self.size)
        self.module = _load_module(self.engine, wasm)
        functions = [(item, item.type) for item in self.module.imports if isinstance(item.type, wasmtime.FuncType)]
        self.imports: tuple[str, ...] = tuple(str(item.name) for item, _ in functions)
        self.argument_layouts = tuple(_argument_layout(function_type) for _, function_type in functions)
        self.returns_i64 = tuple(_returns_i64(function_type) for _, function_type in functions)
        self.linker = wasmtime.Linker(self.engine)
        self.linker.allow_shadowing = True
        self._callback = _CALLBACK(on_import)
        for index, (item, _) in enumerate(functions):
            self._define(index, item)
        self._memory_file = self._write_memory_file(_custom_section(wasm, MEMORY_SECTION))

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

    def _write_memory_file(self, pages: bytes) -> int:
        """A file in memory with what a board's memory holds at its first instruction, its flash erased."""
        file = os.memfd_create("pico-hil-board")
        os.ftruncate(file, self.size)
        for address, content in _pages(pages):
            os.pwrite(file, content, address)
        os.pwrite(file, b"\xff" * self.flash_size, self.flash_address)
        return file

    def fill(self, address: int) -> None:
        """Give the memory at ``address`` its first content: pages that all boards share until one writes to them."""
        result = _mmap(
            address, self.size, mmap.PROT_READ | mmap.PROT_WRITE, _MAP_PRIVATE | _MAP_FIXED, self._memory_file, 0
        )
        if result != address:
            raise OSError(ctypes.get_errno(), "a board's memory could not be mapped")


def artifact(release: str) -> bytes:
    """The compiled firmware, as vm/port/build.py made it."""
    return (files("hil.virtual.port") / "wasm" / f"micropython-{release}.wasm").read_bytes()


def _mmap(address: int, size: int, protection: int, flags: int, file: int, offset: int) -> int:
    function = ctypes.CDLL(None, use_errno=True).mmap
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    return int(function(address, size, protection, flags, file, offset) or 0)


def _engine(memory_size: int) -> wasmtime.Engine:
    config = wasmtime.Config()
    config.wasm_exceptions = True
    config.wasm_threads = True
    config.shared_memory = True
    config.consume_fuel = True
    config.max_wasm_stack = NATIVE_STACK_BYTES
    # Traps by explicit checks, not by SIGSEGV: whatever else in the process handles signals (faulthandler does, and
    # pytest switches it on and off) would take wasmtime its handler away.
    ffi.wasmtime_config_signals_based_traps_set(config.ptr(), False)
    ffi.wasmtime_config_memory_reservation_set(config.ptr(), memory_size)
    ffi.wasmtime_config_memory_guard_size_set(config.ptr(), 0)
    ffi.wasmtime_config_memory_may_move_set(config.ptr(), False)
    # The Python class wraps no setter for this one.
    ffi.wasmtime_config_async_stack_size_set(config.ptr(), FIBER_STACK_BYTES)
    return wasmtime.Engine(config)


def _custom_section(wasm: bytes, name: bytes) -> bytes:
    """The content of a custom section, which stands behind all others."""
    header = bytes((len(name),)) + name
    position = 8
    while position < len(wasm):
        kind = wasm[position]
        size, position = _read_leb128(wasm, position + 1)
        if kind == 0 and wasm[position : position + len(header)] == header:
            return wasm[position + len(header) : position + size]
        position += size
    raise ValueError(f"the firmware has no section {name.decode()}")


def _read_leb128(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[position]
        number |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return number, position


def _pages(section: bytes) -> Iterator[tuple[int, bytes]]:
    """Address and content of each stretch of memory that is not zero."""
    position = 0
    while position < len(section):
        address, size = struct.unpack_from("<II", section, position)
        yield address, section[position + 8 : position + 8 + size]
        position += 8 + size


def _argument_layout(function_type: wasmtime.FuncType) -> struct.Struct:
    """How the arguments of an import lie in memory: an array of ``wasmtime_val_t``."""
    head, size = ffi.wasmtime_val_t.of.offset, ctypes.sizeof(ffi.wasmtime_val_t)
    layouts = {"i32": f"{head}xI{size - head - 4}x", "i64": f"{head}xq{size - head - 8}x"}
    return struct.Struct("<" + "".join(layouts[str(param)] for param in function_type.params))


def _returns_i64(function_type: wasmtime.FuncType) -> bool:
    return [str(result) for result in function_type.results] == ["i64"]


def cache_file(wasm: bytes) -> Path:
    """Where what ``wasm`` compiles to is kept for this user."""
    key = hashlib.sha256(wasm).hexdigest()[:16]
    return user_cache_path("pico-hil") / f"port-{key}-wasmtime-{version('wasmtime')}.bin"


def _load_module(engine: wasmtime.Engine, wasm: bytes) -> wasmtime.Module:
    """Deserialize the compiled firmware from the user's cache, or compile it and put it there."""
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
