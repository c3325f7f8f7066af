"""One core of a board: an instance of the firmware on a fiber of its own.

A fiber is not a thread: :meth:`Core.resume` runs it in the calling thread until it stops. Dropping a stopped fiber is
how power is cut. wasmtime's Python classes do not wrap its asynchronous calls, so this module uses the bindings below
them. That is why the version of wasmtime is pinned.
"""

import ctypes
import struct
from collections.abc import Callable
from enum import Enum
from typing import Any

import wasmtime
from wasmtime import _bindings as ffi

from hil.virtual.port.image import ChipImage
from hil.virtual.port.memory import BoardMemory
from hil.virtual.port.runtime import CoreRuntime

FUEL = 10**18
"""Given to a core once: more than it can use."""

_VALUE_OFFSET = ffi.wasmtime_val_t.of.offset
_KIND_I64 = 1
"""``WASMTIME_I64`` of wasmtime's C API."""

AnswerInPlace = Callable[["Core", str, tuple[int, ...]], int | None]
"""Answers an import without a stop of the core; None when it cannot."""


class Stop(Enum):
    """Why a core has stopped."""

    CALL = "it calls an import and waits for the answer"
    SLICE = "it has used up a slice of CPU time"
    END = "its program has ended"
    TRAP = "it has crashed"


class Core:
    """One core, from its first instruction to its end. Used once; a reset makes a new one."""

    def __init__(
        self, runtime: CoreRuntime, image: ChipImage, memory: BoardMemory, number: int, answer: AnswerInPlace
    ) -> None:
        self.number = number
        self._runtime = runtime
        self._image = image
        self._answer_in_place = answer
        self._store = wasmtime.Store(image.engine)
        self._store.set_fuel(FUEL)
        self._context = self._store._context()
        self._flag = ctypes.create_string_buffer(2)
        self.continuation = struct.pack("@PPP", runtime.strlen, ctypes.addressof(self._flag), 0)
        # Any: ctypes pointers are false when null, which their stubs do not know.
        self._trap: Any = ctypes.POINTER(ffi.wasm_trap_t)()
        self._error: Any = ctypes.POINTER(ffi.wasmtime_error_t)()
        self._fuel = ctypes.c_uint64()
        self._fuel_address = ctypes.addressof(self._fuel)
        self._context_address = ctypes.cast(self._context, ctypes.c_void_p).value or 0
        self._slice = 0
        self._failure: BaseException | None = None
        self._called = False
        self._index = 0
        self._raw_args = b""
        self._results = 0
        self._future: Any = None
        extern = memory.extern()
        _check(
            ffi.wasmtime_linker_define(
                image.linker.ptr(),
                self._context,
                ctypes.create_string_buffer(b"env"),
                3,
                ctypes.create_string_buffer(b"memory"),
                6,
                ctypes.byref(extern),
            )
        )
        self._instance = self._instantiate()

    def _instantiate(self) -> Any:
        instance = ffi.wasmtime_instance_t()
        future = ffi.wasmtime_linker_instantiate_async(
            self._image.linker.ptr(),
            self._context,
            self._image.module.ptr(),
            ctypes.byref(instance),
            ctypes.byref(self._trap),
            ctypes.byref(self._error),
        )
        done = ffi.wasmtime_call_future_poll(future)
        ffi.wasmtime_call_future_delete(future)
        _check(self._error)
        if not done or self._trap:
            raise RuntimeError("the firmware could not be instantiated")
        return instance

    def _export(self, name: bytes) -> Any:
        extern = ffi.wasmtime_extern_t()
        found = ffi.wasmtime_instance_export_get(
            self._context,
            ctypes.byref(self._instance),
            ctypes.create_string_buffer(name),
            len(name),
            ctypes.byref(extern),
        )
        if not found:
            raise RuntimeError(f"the firmware does not export {name.decode()!r}")
        return extern

    def start(self, function: str, stack_top: int | None = None) -> None:
        """Enter ``function`` at the next :meth:`resume`."""
        if stack_top is not None:
            value: Any = ffi.wasmtime_val_t()
            value.kind, value.of.i32 = 0, stack_top
            stack_pointer = self._export(b"__stack_pointer")
            _check(ffi.wasmtime_global_set(self._context, ctypes.byref(stack_pointer.of.global_), ctypes.byref(value)))
        # The future keeps only the address of the function that it calls: it must live as long.
        self._function = self._export(function.encode())
        self._future = ffi.wasmtime_func_call_async(
            self._context,
            ctypes.byref(self._function.of.func),
            None,
            0,
            None,
            0,
            ctypes.byref(self._trap),
            ctypes.byref(self._error),
        )
        self._future_address = ctypes.cast(self._future, ctypes.c_void_p).value or 0

    def answer_in_place(self, index: int, raw_args: bytes, results: int) -> bool:
        """Answer an import call, or note it; for :class:`CoreRuntime` only."""
        self._index, self._results = index, results
        image = self._image
        try:
            answer = self._answer_in_place(self, image.imports[index], image.argument_layouts[index].unpack(raw_args))
        except BaseException as error:  # noqa: BLE001 - handed on, by resume
            # It must not travel through the foreign frames of the fiber: resume raises it.
            self._failure = error
            answer = None
        if answer is not None:
            self._put(answer)
            return True
        self._called = True
        self._raw_args = raw_args
        self._flag[0] = b"\0"
        return False

    def set_slice(self, fuel: int) -> None:
        """Let the next :meth:`resume` run for this much fuel at most."""
        if fuel != self._slice:
            self._slice = fuel
            _check(ffi.wasmtime_context_fuel_async_yield_interval(self._context, fuel))

    def resume(self) -> Stop:
        """Run until the next stop. After ``CALL`` the call must be answered before the next resume."""
        runtime = self._runtime
        runtime.running = self
        self._called = False
        done = runtime.poll(self._future_address)
        runtime.running = None
        if self._failure is not None:
            raise self._failure
        if not done:
            return Stop.CALL if self._called else Stop.SLICE
        return Stop.TRAP if self._trap or self._error else Stop.END

    @property
    def fuel_used(self) -> int:
        """Fuel used since the start: a repeatable measure of work done."""
        self._runtime.get_fuel(self._context_address, self._fuel_address)
        return FUEL - self._fuel.value

    @property
    def call_name(self) -> str:
        """The name of the import that was called."""
        return self._image.imports[self._index]

    @property
    def call_args(self) -> tuple[int, ...]:
        """The arguments of the call: unsigned if 32 bits wide, signed if 64."""
        return self._image.argument_layouts[self._index].unpack(self._raw_args)

    def answer(self, value: int) -> None:
        """Give the call its result; the next resume goes on behind it."""
        self._put(value)
        self._flag[0] = b"\1"

    def _put(self, value: int) -> None:
        if not self._results:
            return
        if self._image.returns_i64[self._index]:
            ctypes.c_ubyte.from_address(self._results).value = _KIND_I64
            ctypes.c_int64.from_address(self._results + _VALUE_OFFSET).value = value
        else:
            ctypes.c_int32.from_address(self._results + _VALUE_OFFSET).value = value

    def trap_message(self) -> str:
        """What the crash was, in one line. Only after ``TRAP``."""
        error: Exception
        if self._trap:
            error = wasmtime.Trap._from_ptr(self._trap)
            self._trap = ctypes.POINTER(ffi.wasm_trap_t)()
        else:
            error = wasmtime.WasmtimeError._from_ptr(self._error)
            self._error = ctypes.POINTER(ffi.wasmtime_error_t)()
        return str(error).strip().splitlines()[-1].strip()

    def kill(self) -> None:
        """Drop the fiber wherever it is. Nothing of it runs again."""
        if self._future is not None:
            ffi.wasmtime_call_future_delete(self._future)
            self._future = None
        self._store.close()


def _check(error: Any) -> None:
    if error:
        raise wasmtime.WasmtimeError._from_ptr(error)
