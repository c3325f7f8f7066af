"""MicroPython's own variables in the memory of a VM: its scheduler, and the tables of error numbers.

The addresses are those of the one build that is shipped (see vm/README.md), read from its disassembly.
"""

from collections.abc import Mapping

from hil.virtual.rp2_errno import Errno
from hil.virtual.vm.vm import Vm

_STATE = 66772
"""``mp_state_ctx``."""
_PENDING_EXCEPTION = _STATE + 28
"""``thread.mp_pending_exception`` in it."""
_SCHEDULER_QUEUE = _STATE + 404
"""``vm.sched_queue``: entries of a function and its argument."""
_SCHEDULER_STATE = _STATE + 464
"""``vm.sched_state``, 16 bits."""
_SCHEDULER_LENGTH = _STATE + 466
"""``vm.sched_len`` and, behind it, ``vm.sched_idx``, the first entry: a byte each."""
_SCHEDULER_DEPTH = 4

_PENDING, _IDLE = 0, 1
"""Of the scheduler's state. While it is pending, the interpreter looks for an exception and for calls at every jump."""


def raise_exception(vm: Vm, exception_address: int) -> None:
    """Make MicroPython raise the exception object at that address as soon as it looks: at the next jump."""
    vm.store("<I", _PENDING_EXCEPTION, exception_address)
    vm.store("<H", _SCHEDULER_STATE, _PENDING)


def schedule(vm: Vm, function_address: int, argument: int) -> None:
    """Have MicroPython call a function with a small integer soon, as ``micropython.schedule`` does.

    Lost when four calls wait already, as on a real board.
    """
    length, first = vm.load("<BB", _SCHEDULER_LENGTH)
    if length == _SCHEDULER_DEPTH:
        return
    place = (first + length) % _SCHEDULER_DEPTH
    vm.store("<II", _SCHEDULER_QUEUE + 8 * place, function_address, _as_small_int(argument))
    vm.store("<B", _SCHEDULER_LENGTH, length + 1)
    if vm.load("<H", _SCHEDULER_STATE) == (_IDLE,):
        vm.store("<H", _SCHEDULER_STATE, _PENDING)


def renumber_errnos(vm: Vm, codes_address: int, names_address: int, built: Mapping[str, int]) -> None:
    """Give the interpreter's names of errors the numbers of the rp2 port, in place of those in ``built``.

    The addresses are those of the dictionaries ``errno.errorcode``, names by number, and ``errno.__dict__``.
    """
    renumbered = {built[errno.name]: int(errno) for errno in Errno if errno.name in built}
    for address, number_at in ((codes_address, 0), (names_address, 4)):
        _, used_and_flags, _, table = vm.load("<4I", address)
        for entry in range(table, table + 8 * (used_and_flags >> 3), 8):
            (word,) = vm.load("<I", entry + number_at)
            number = renumbered.get(word >> 1) if word & 1 else None
            if number is not None:
                vm.store("<I", entry + number_at, _as_small_int(number))


def _as_small_int(number: int) -> int:
    """A small integer as MicroPython stores it: an object reference whose lowest bit is set."""
    return number << 1 | 1
