"""Simulated answers of kernel drivers to ioctls: control transfers of the hub, and modem lines of a serial port.

Runs in Debian's Python, together with umockdev.
"""

import struct
import sys
import termios
import traceback
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402  # the version must be set first

_CAPABILITIES, _SUBMIT, _DISCARD, _REAP, _REAP_NOW = 0x8004551A, 0x8038550A, 0x550B, 0x4008550C, 0x4008550D
_WITHOUT_EFFECT = {0x8004550F, 0x80045510, 0x80045515, 0x5514, 0x80045503}
"""Claim and release of an interface, and resets."""
_EAGAIN, _EINVAL, _ENOTTY, _EPIPE = 11, 22, 25, 32

_POWER, _CONNECTED_ENABLED = 0x0100, 0x0003
"""Bits of a port's status (USB 2.0, table 11-21)."""
_PORT_POWER = 8
"""The feature that is set and cleared to switch a port (table 11-17)."""
_SET_FEATURE, _CLEAR_FEATURE = 3, 1
_LINES_RAISED = termios.TIOCM_DTR | termios.TIOCM_RTS | termios.TIOCM_CTS | termios.TIOCM_DSR | termios.TIOCM_CAR


class _Ioctls(UMockdev.IoctlBase):  # type: ignore[misc]  # has no types
    """Makes errors in handlers visible: the calling program gets EINVAL, and the testbed prints the traceback."""

    def do_handle_ioctl(self, client: Any) -> bool:
        try:
            self.handle(client)
        except Exception:  # noqa: BLE001  # it would be lost in the C code below
            traceback.print_exc(file=sys.stderr)
            client.complete(-1, _EINVAL)
        return True

    def handle(self, client: Any) -> None:
        raise NotImplementedError


class UsbDevice(_Ioctls):
    """A USB device that answers every control transfer with a stall."""

    def __init__(self) -> None:
        super().__init__()
        # A list for each program: an answer to another program's request would corrupt its memory.
        self._pending: defaultdict[int, list[Any]] = defaultdict(list)

    def control(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes | None:
        """The answer to a control transfer, None for a stall."""
        return None

    def handle(self, client: Any) -> None:
        request, argument = client.get_request(), client.get_arg()
        if request == _CAPABILITIES:
            argument.resolve(0, 4).update(0, struct.pack("I", 0x2D))
            client.complete(0, 0)
        elif request in _WITHOUT_EFFECT:
            client.complete(0, 0)
        elif request == _SUBMIT:
            self._submit(argument)
            self._pending[hash(client)].append(argument.resolve(0, 56))
            client.complete(0, 0)
        elif request in (_REAP, _REAP_NOW):
            if self._pending[hash(client)]:
                argument.resolve(0, 8).set_ptr(0, self._pending[hash(client)].pop(0))
                client.complete(0, 0)
            else:
                client.complete(-1, _EAGAIN)
        else:
            client.complete(-1, _EINVAL if request == _DISCARD else _ENOTTY)

    def _submit(self, argument: Any) -> None:
        urb = argument.resolve(0, 56)
        (size,) = struct.unpack_from("i", bytes(urb.retrieve()), 24)
        buffer = urb.resolve(16, size)
        request_type, request, value, index, length = struct.unpack_from("<BBHHH", bytes(buffer.retrieve()))
        answer = self.control(request_type, request, value, index, length)
        if answer:
            buffer.update(8, answer)
        urb.update(4, struct.pack("i", -_EPIPE if answer is None else 0))
        moved = len(answer or b"") if request_type & 0x80 else length
        urb.update(28, struct.pack("i", moved))


class Hub(UsbDevice):
    """A hub that switches each of its ports (USB 2.0 chapter 11.24)."""

    def __init__(
        self,
        ports: int,
        is_on: Callable[[int], bool],
        is_connected: Callable[[int], bool],
        switch: Callable[[int, bool], None],
    ) -> None:
        super().__init__()
        self._ports = ports
        self._is_on = is_on
        self._is_connected = is_connected
        self._switch = switch

    def control(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes | None:
        if (request_type, request, value >> 8) == (0xA0, 6, 0x29):  # hub descriptor: each port is switched separately
            return bytes([9, 0x29, self._ports, 0x09, 0x00, 50, 100, 0, 0xFF])[:length]
        if (request_type, request) == (0xA3, 0):  # port status
            status = (_POWER if self._is_on(index) else 0) | (_CONNECTED_ENABLED if self._is_connected(index) else 0)
            return struct.pack("<HH", status, 0)
        if request_type == 0x23 and value == _PORT_POWER and request in (_SET_FEATURE, _CLEAR_FEATURE):
            self._switch(index, request == _SET_FEATURE)
            return b""
        return None


class SerialPort(_Ioctls):
    """A ttyACM: a pty, and the modem lines that a pty lacks."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = _LINES_RAISED

    def handle(self, client: Any) -> None:
        request = client.get_request()
        if request not in (termios.TIOCMGET, termios.TIOCMBIS, termios.TIOCMBIC, termios.TIOCMSET):
            client.complete(*client.execute())
            return
        data = client.get_arg().resolve(0, 4)
        (lines,) = struct.unpack("I", bytes(data.retrieve()))
        if request == termios.TIOCMGET:
            data.update(0, struct.pack("I", self._lines))
        elif request == termios.TIOCMBIS:
            self._lines |= lines
        elif request == termios.TIOCMBIC:
            self._lines &= ~lines
        else:
            self._lines = lines
        client.complete(0, 0)
