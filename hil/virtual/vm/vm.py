"""One running MicroPython: a WebAssembly instance on its own fiber, which stops at every import call.

A fiber is not a thread: :meth:`Vm.resume` runs it in the calling thread until it makes an import call, has used up a
slice of CPU time, or ends. A power cut drops the fiber. wasmtime's Python classes do not wrap asynchronous calls, so
this module uses the bindings below them. That is why the version of wasmtime is pinned.
"""

import ctypes
import struct
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import wasmtime
from wasmtime import _bindings as ffi

from hil.virtual.call import TEXT_SIZE
from hil.virtual.vm.vm_image import MEMORY_BYTES, VmImage

FUEL_SLICE = 1_000_000
"""Fuel after which a VM that makes no calls stops: 5 ms of a board's CPU time."""

_FUEL = 10**18
_VALUE_SIZE = ctypes.sizeof(ffi.wasmtime_val_t)
_VALUE_OFFSET = ffi.wasmtime_val_t.of.offset

LocalCall = Callable[..., int | None]
"""Answers an import call from its arguments. Returns None if it cannot."""


class Stop(Enum):
    """Why a VM has stopped."""

    CALL = "it has made an import call and waits for the answer"
    SLICE = "it has used up a slice of CPU time"
    EXIT = "its program has ended"
    TRAP = "it has crashed"


class VmRuntime:
    """What the VMs of one world share: the compiled interpreter, and which VM is running."""

    def __init__(self) -> None:
        self.running: Vm | None = None
        self.image = VmImage(self._on_import)
        # A stopped fiber continues when its continuation returns non-zero. strlen of a two-byte flag does that without
        # entering Python a second time for each call.
        strlen = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p).value or 0
        self._ready_flag = ctypes.create_string_buffer(b"1")
        self._ready = struct.pack("@PPP", strlen, ctypes.addressof(self._ready_flag), 0)
        self.strlen: int = strlen
        # The bindings' own prototypes create a pointer object for each call. These use plain integers.
        bindings: Any = ffi
        self.poll = _with_integers(bindings.dll.wasmtime_call_future_poll, ctypes.c_bool, 1)
        self.get_fuel = _with_integers(bindings.dll.wasmtime_context_get_fuel, ctypes.c_void_p, 2)

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
        """Runs on the fiber's stack: answers local calls, and records the others and lets the fiber wait."""
        vm = self.running
        if vm is None:
            return
        raw_args = ctypes.string_at(args, nargs * _VALUE_SIZE)
        answer = vm.answer_locally(index, raw_args)
        if answer is None:
            vm.note_call(index, raw_args, results if nresults else 0)
            ctypes.memmove(continuation, vm.continuation, 24)
        else:
            ctypes.c_int32.from_address(results + _VALUE_OFFSET).value = answer
            ctypes.memmove(continuation, self._ready, 24)


class Vm:
    """One run of MicroPython, from ``_start`` to its end. A reset creates a new one."""

    def __init__(self, runtime: VmRuntime) -> None:
        self._runtime = runtime
        self._store = wasmtime.Store(runtime.image.engine)
        self._store.set_fuel(_FUEL)
        self._context = self._store._context()
        _check(ffi.wasmtime_context_fuel_async_yield_interval(self._context, FUEL_SLICE))
        self._flag = (ctypes.c_ubyte * 2)()
        self.continuation = struct.pack("@PPP", runtime.strlen, ctypes.addressof(self._flag), 0)
        # Any: the stubs do not declare that a null ctypes pointer is falsy.
        self._trap: Any = ctypes.POINTER(ffi.wasm_trap_t)()
        self._error: Any = ctypes.POINTER(ffi.wasmtime_error_t)()
        self._fuel = ctypes.c_uint64()
        self._fuel_address = ctypes.addressof(self._fuel)
        self._context_address = ctypes.cast(self._context, ctypes.c_void_p).value or 0
        self._local_calls: dict[int, LocalCall] = {self._index_of("host_result_cap"): lambda: TEXT_SIZE}
        self._failure: BaseException | None = None
        self._called = False
        self._index = 0
        self._raw_args = b""
        self._results = 0
        instance = self._instantiate()
        # The future keeps only the address of the function, so the function must stay referenced.
        self._start, self._memory = self._export(instance, b"_start"), self._export(instance, b"memory")
        base = ctypes.cast(
            ffi.wasmtime_memory_data(self._context, ctypes.byref(self._memory.of.memory)), ctypes.c_void_p
        ).value
        self.memory = memoryview((ctypes.c_ubyte * MEMORY_BYTES).from_address(base or 0)).cast("B")
        start, trap, error = (ctypes.byref(target) for target in (self._start.of.func, self._trap, self._error))
        self._future = ffi.wasmtime_func_call_async(self._context, start, None, 0, None, 0, trap, error)
        self._future_address = ctypes.cast(self._future, ctypes.c_void_p).value or 0

    def set_local_calls(self, calls: Mapping[str, LocalCall]) -> None:
        """Imports to answer without a stop: those that only concern this VM.

        A call that returns None stops the VM like any other.
        """
        self._local_calls.update({self._index_of(name): call for name, call in calls.items()})

    def _index_of(self, name: str) -> int:
        return self._runtime.image.imports.index(name)

    def _instantiate(self) -> Any:
        instance = ffi.wasmtime_instance_t()
        future = ffi.wasmtime_linker_instantiate_async(
            self._runtime.image.linker.ptr(),
            self._context,
            self._runtime.image.module.ptr(),
            ctypes.byref(instance),
            ctypes.byref(self._trap),
            ctypes.byref(self._error),
        )
        done = ffi.wasmtime_call_future_poll(future)
        ffi.wasmtime_call_future_delete(future)
        _check(self._error)
        if not done or self._trap:
            raise RuntimeError("the MicroPython interpreter could not be instantiated")
        return instance

    def _export(self, instance: Any, name: bytes) -> Any:
        extern = ffi.wasmtime_extern_t()
        found = ffi.wasmtime_instance_export_get(
            self._context, ctypes.byref(instance), ctypes.create_string_buffer(name), len(name), ctypes.byref(extern)
        )
        if not found:
            raise RuntimeError(f"the MicroPython interpreter exports no {name.decode()!r}")
        return extern

    def answer_locally(self, index: int, raw_args: bytes) -> int | None:
        """The answer of a local call; None for all others. For :class:`VmRuntime` only."""
        local_call = self._local_calls.get(index)
        if local_call is None:
            return None
        try:
            return local_call(*self._runtime.image.argument_layouts[index].unpack(raw_args))
        except BaseException as error:  # noqa: BLE001 - raised by resume
            # An exception must not unwind the native frames of the fiber, so resume raises it.
            self._failure = error
            return None

    def note_call(self, index: int, raw_args: bytes, results: int) -> None:
        """Record an import call. For :class:`VmRuntime` only."""
        self._called = True
        self._index = index
        self._raw_args = raw_args
        self._results = results
        self._flag[0] = 0

    def resume(self) -> Stop:
        """Run until the next stop. After ``CALL``, call :meth:`answer` before the next resume."""
        runtime = self._runtime
        runtime.running = self
        self._called = False
        done = runtime.poll(self._future_address)
        runtime.running = None
        if self._failure is not None:
            raise self._failure
        if not done:
            return Stop.CALL if self._called else Stop.SLICE
        return Stop.TRAP if self._trap or self._error else Stop.EXIT

    @property
    def fuel_used(self) -> int:
        """Fuel used since the start: a deterministic measure of CPU time."""
        self._runtime.get_fuel(self._context_address, self._fuel_address)
        return _FUEL - self._fuel.value

    @property
    def call_name(self) -> str:
        """Name of the import that was called."""
        return self._runtime.image.imports[self._index]

    @property
    def call_args(self) -> tuple[int, ...]:
        """Arguments of the call, as unsigned integers."""
        return self._runtime.image.argument_layouts[self._index].unpack(self._raw_args)

    def answer(self, value: int) -> None:
        """Set the result of the call. The next resume continues after it."""
        if self._results:
            ctypes.c_int32.from_address(self._results + _VALUE_OFFSET).value = value
        self._flag[0] = 1

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the VM's memory."""
        return self.memory[address : address + size].tobytes()

    def write(self, address: int, data: bytes) -> None:
        """Write bytes to the VM's memory."""
        self.memory[address : address + len(data)] = data

    def load(self, layout: str, address: int) -> tuple[int, ...]:
        """Numbers from the VM's memory, in a ``struct`` layout."""
        return struct.unpack_from(layout, self.memory, address)

    def store(self, layout: str, address: int, *numbers: int) -> None:
        """Write numbers to the VM's memory, in a ``struct`` layout."""
        struct.pack_into(layout, self.memory, address, *numbers)

    def trap_message(self) -> str:
        """The cause of the crash, in one line. Only after ``TRAP``."""
        error: Exception
        if self._trap:
            error = wasmtime.Trap._from_ptr(self._trap)
            self._trap = ctypes.POINTER(ffi.wasm_trap_t)()
        else:
            error = wasmtime.WasmtimeError._from_ptr(self._error)
            self._error = ctypes.POINTER(ffi.wasmtime_error_t)()
        return str(error).strip().splitlines()[-1].strip()

    def kill(self) -> None:
        """Drop the fiber and free its memory. It cannot be resumed."""
        ffi.wasmtime_call_future_delete(self._future)
        self.memory = memoryview(b"")
        self._store.close()


def _with_integers(function: Any, result: Any, arguments: int) -> Any:
    address = ctypes.cast(function, ctypes.c_void_p).value or 0
    return ctypes.CFUNCTYPE(result, *[ctypes.c_void_p] * arguments)(address)


def _check(error: Any) -> None:
    if error:
        raise wasmtime.WasmtimeError._from_ptr(error)
