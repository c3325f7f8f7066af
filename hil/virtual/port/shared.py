"""The structure in a board's memory that the chip and its simulation share: vm/port/chip/host.h has the same."""

import ctypes
from enum import IntEnum, IntFlag

USB_FIFO_SIZE = 256
RADIO_SLOTS = 8
RADIO_SLOT_SIZE = 1520
RADIO_MESSAGE_SIZE = RADIO_SLOT_SIZE - 4
"""Longest frame or event that the radio hands on."""

CORES = 2
PINS = 30
PWM_SLICES = 8
PIN_EVENT_WORDS = 4


class Attend(IntFlag):
    """Why a core is to look up from its work."""

    EVENTS = 1
    OTHER_CORE = 2


class Peripheral(IntEnum):
    """What a register belongs to."""

    PIN = 0
    PWM = 1
    ADC = 2
    RADIO_PIN = 3


class ResetKind(IntEnum):
    """How a program restarts its board."""

    WATCHDOG = 0
    BOOTLOADER = 1


class PwmSlice(ctypes.Structure):
    """The registers of one PWM slice."""

    _fields_ = [(name, ctypes.c_uint32) for name in ("csr", "div", "ctr", "cc", "top")]

    csr: int
    div: int
    ctr: int
    cc: int
    top: int


class RadioSlot(ctypes.Structure):
    """One event or frame for the radio driver."""

    _fields_ = [
        ("kind", ctypes.c_uint16),
        ("size", ctypes.c_uint16),
        ("data", ctypes.c_uint8 * RADIO_MESSAGE_SIZE),
    ]

    kind: int
    size: int
    data: "ctypes.Array[ctypes.c_uint8]"


class Shared(ctypes.Structure):
    """``struct shared``."""

    _fields_ = [
        ("attend", ctypes.c_uint32 * CORES),
        ("event", ctypes.c_uint32 * CORES),
        ("entropy", ctypes.c_uint64),
        ("unique_id", ctypes.c_uint8 * 8),
        ("mac", ctypes.c_uint8 * 6),
        ("caused_by_watchdog", ctypes.c_uint8),
        ("bootsel_held", ctypes.c_uint8),
        ("usb_connected", ctypes.c_uint32),
        ("usb_room", ctypes.c_uint32),
        ("usb_baud", ctypes.c_uint32),
        ("usb_line_changes", ctypes.c_uint32),
        ("usb_head", ctypes.c_uint32),
        ("radio_head", ctypes.c_uint32),
        ("usb_tail", ctypes.c_uint32),
        ("radio_tail", ctypes.c_uint32),
        ("alarm_us", ctypes.c_int64),
        ("pin_pull", ctypes.c_uint32 * PINS),
        ("pin_output", ctypes.c_uint32),
        ("pin_output_enabled", ctypes.c_uint32),
        ("pwm", PwmSlice * PWM_SLICES),
        ("pin_function", ctypes.c_uint32 * PINS),
        ("pin_events", ctypes.c_uint32 * PIN_EVENT_WORDS),
        ("pin_events_enabled", ctypes.c_uint32 * PIN_EVENT_WORDS),
        ("usb_data", ctypes.c_uint8 * USB_FIFO_SIZE),
        ("radio", RadioSlot * RADIO_SLOTS),
    ]

    attend: "ctypes.Array[ctypes.c_uint32]"
    event: "ctypes.Array[ctypes.c_uint32]"
    entropy: int
    unique_id: "ctypes.Array[ctypes.c_uint8]"
    mac: "ctypes.Array[ctypes.c_uint8]"
    caused_by_watchdog: int
    bootsel_held: int
    usb_connected: int
    usb_room: int
    usb_baud: int
    usb_line_changes: int
    usb_head: int
    radio_head: int
    usb_tail: int
    radio_tail: int
    alarm_us: int
    pin_function: "ctypes.Array[ctypes.c_uint32]"
    pin_pull: "ctypes.Array[ctypes.c_uint32]"
    pin_output: int
    pin_output_enabled: int
    pwm: "ctypes.Array[PwmSlice]"
    pin_events: "ctypes.Array[ctypes.c_uint32]"
    pin_events_enabled: "ctypes.Array[ctypes.c_uint32]"
    usb_data: "ctypes.Array[ctypes.c_uint8]"
    radio: "ctypes.Array[RadioSlot]"

    def post_radio(self, kind: int, data: bytes) -> bool:
        """Put an event or a frame where the radio driver looks; False when there is no room."""
        head = self.radio_head
        if (head - self.radio_tail) & 0xFFFFFFFF >= RADIO_SLOTS:
            return False
        slot = self.radio[head % RADIO_SLOTS]
        slot.kind, slot.size = kind, len(data)
        ctypes.memmove(slot.data, data, len(data))
        self.radio_head = (head + 1) & 0xFFFFFFFF
        return True

    @property
    def usb_input_room(self) -> int:
        """Bytes that :meth:`post_usb` would take."""
        return USB_FIFO_SIZE - ((self.usb_head - self.usb_tail) & 0xFFFFFFFF)

    def post_usb(self, data: bytes) -> int:
        """Put bytes from the USB host where the board reads them; returns how many found room."""
        taken = data[: self.usb_input_room]
        head = self.usb_head
        for offset, byte in enumerate(taken):
            self.usb_data[(head + offset) % USB_FIFO_SIZE] = byte
        self.usb_head = (head + len(taken)) & 0xFFFFFFFF
        return len(taken)


SHARED_SIZE = 12_936
if ctypes.sizeof(Shared) != SHARED_SIZE:
    raise ImportError("struct shared is laid out differently here than in vm/port/chip/host.h")
