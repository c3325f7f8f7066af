"""The operating system that MicroPython sees on a virtual board: WASI calls on the board's own flash, serial and clock.

Nothing of the host is behind it: no file, no clock, no thread, no random numbers but the world's. Error numbers are
those of MicroPython's rp2 port, not WASI's, because the interpreter hands them on to firmware as they are.
"""

from collections.abc import Callable, Mapping
from functools import partial

from hil.virtual.call import PENDING, Block
from hil.virtual.flash import FlashError
from hil.virtual.rp2_errno import Errno
from hil.virtual.vm.board_files import BoardFiles
from hil.virtual.vm.vm import Vm
from hil.virtual.vm.wasi_files import Stdio, WasiCall, WasiFiles

_CLOCK_REALTIME = 0


class Wasi:
    """WASI for one VM: all its imports but ``proc_exit``, which is the board's business."""

    def __init__(
        self,
        vm: Vm,
        files: BoardFiles,
        stdio: Stdio,
        argv: list[str],
        environ: Mapping[str, str],
        now_us: Callable[[], int],
        epoch_us: Callable[[], int],
    ) -> None:
        self._vm = vm
        self._argv = [arg.encode() + b"\0" for arg in argv]
        self._environ = [f"{key}={value}".encode() + b"\0" for key, value in environ.items()]
        self._now_us = now_us
        self._epoch_us = epoch_us
        descriptors = WasiFiles(vm, files, stdio)
        # A compiler reading source asks for 255 bytes at a time: stops would triple the cost of booting.
        self._local_calls: dict[str, WasiCall] = {
            "args_get": partial(self._strings, self._argv),
            "args_sizes_get": partial(self._sizes, self._argv),
            "environ_get": partial(self._strings, self._environ),
            "environ_sizes_get": partial(self._sizes, self._environ),
            **descriptors.looking_calls(),
        }
        self._calls: dict[str, WasiCall] = {
            **self._local_calls,
            **descriptors.calls(),
            "clock_time_get": self._clock_time_get,
            "poll_oneoff": self._poll_oneoff,
            "sched_yield": lambda: 0,
        }

    def local_calls(self) -> Mapping[str, Callable[..., int | None]]:
        """The calls that read this board's own files, which nobody else changes while it runs."""
        return {name: partial(self._call_locally, name) for name in self._local_calls}

    def _call_locally(self, name: str, *args: int) -> int | None:
        answer = self.call(name, args)
        return answer if isinstance(answer, int) else None

    def call(self, name: str, args: tuple[int, ...]) -> int | Block:
        """Answer the import ``name``: an error number, or a ``Block`` whose answer is one."""
        try:
            return self._calls[name](*args)
        except FlashError as error:
            return error.errno

    def _sizes(self, strings: list[bytes], count: int, size: int) -> int:
        self._vm.store("<I", count, len(strings))
        self._vm.store("<I", size, sum(map(len, strings)))
        return 0

    def _strings(self, strings: list[bytes], pointers: int, buffer: int) -> int:
        for index, text in enumerate(strings):
            self._vm.store("<I", pointers + 4 * index, buffer)
            self._vm.write(buffer, text)
            buffer += len(text)
        return 0

    def _clock_time_get(self, clock: int, _precision: int, result: int) -> int:
        time_us = self._epoch_us() if clock == _CLOCK_REALTIME else self._now_us()
        self._vm.store("<Q", result, time_us * 1000)
        return 0

    def _poll_oneoff(self, subscriptions: int, events: int, count: int, stored: int) -> int | Block:
        """Only sleeping comes here: the interpreter asks for nothing else."""
        user_data, tag, timeout_ns = self._vm.load("<QB15xQ", subscriptions)
        if count != 1 or tag != 0:
            return Errno.ENOSYS

        def done() -> int:
            self._vm.store("<QHB21x", events, user_data, 0, 0)
            self._vm.store("<I", stored, 1)
            return 0

        return Block(lambda: PENDING, timeout_ns // 1000, done)
