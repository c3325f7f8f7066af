"""Board types: everything that differs between one kind of board and another, chosen by ``type:`` in a rig file.

One file per type: those of pico-hil are in ``hil/config/board_types``, others come from installed packages with entry
points of the group ``pico_hil.board_types`` (docs/rig.md, Board types). No other module holds a fact about a single
type.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from hil.config.registry import OnBroken, Registry, instance_of
from hil.host.usb_devices import UsbDevice

Mode = Literal["application", "bootsel"]
"""What a board shows on USB: the serial device of its program, or the volume of its boot ROM."""


class UsbId(NamedTuple):
    """Vendor and product id of a USB device."""

    vendor: int
    product: int

    def __str__(self) -> str:
        return f"{self.vendor:04x}:{self.product:04x}"

    def is_of(self, device: UsbDevice) -> bool:
        """Whether ``device`` has these ids."""
        return (device.vendor_id, device.product_id) == self


class Uf2Family(NamedTuple):
    """A kind of chip that a block of a UF2 file is for."""

    number: int
    name: str

    def __str__(self) -> str:
        return f"0x{self.number:08x} ({self.name})"


@dataclass(frozen=True, kw_only=True)
class BoardType:
    """The facts about one kind of board. Sizes are in bytes."""

    name: str
    """What ``type:`` of a board calls it, such as ``pico-w``."""
    title: str
    """What people call it, such as ``Pico W``."""
    machine: str
    """What ``sys.implementation._machine`` begins with, such as ``Raspberry Pi Pico W with RP2040``. It ends with the
    name of the chip."""
    micropython_build: str
    """What MicroPython calls it: the first part of the file name of a download, and ``sys.implementation._build``."""
    hostname: str
    """The host name with which its radio starts (``MICROPY_PY_NETWORK_HOSTNAME_DEFAULT``)."""

    application_usb: UsbId
    """Of MicroPython. Other types may have the same ids."""
    bootsel_usb: UsbId
    """Of the boot ROM. They tell types of different chips apart."""
    serial_pattern: str
    """Regular expression for the complete USB serial number in application mode, in lower case."""
    serial_format: str
    """The same for people, such as ``16 hex digits``."""
    serial_prefix: str
    """How the serial number of a virtual board begins that has none in its rig file."""
    bootsel_serial: str | None
    """The USB serial number in BOOTSEL mode, if all boards share one; None if each has its own."""
    volume_label: str
    """Of the file system that the boot ROM shows."""
    volume_board_id: str
    """``Board-ID`` in ``INFO_UF2.TXT`` on that volume."""
    volume_model: str
    """``Model`` in that file."""
    volume_bootloader: str
    """The first line of that file."""

    uf2_families: tuple[Uf2Family, ...]
    """The families that its boot ROM writes to flash, of those that programs have. Of a file with several of them, the
    first one here is taken."""
    flash_start: int
    """Where the chip sees its flash. A program begins there."""
    flash_bytes: int
    file_system_bytes: int
    """The part of the flash, at its end, that holds MicroPython's files."""
    boot_marker: bytes | None = None
    """Bytes of a program's first 4 KB without which the boot ROM does not start it; None if only its first page counts.
    """

    heap_bytes: int
    """Of MicroPython's heap after start-up."""
    cpu_hz: int
    """The clock with which MicroPython starts."""
    led_pin: str
    """The ``id`` of the LED for ``machine.Pin``."""
    power_on_reset_cause: int
    """``machine.reset_cause()`` after power-on."""
    watchdog_reset_cause: int
    """``machine.reset_cause()`` after a watchdog reset, and after ``machine.reset()``, which uses the watchdog."""

    @property
    def chip(self) -> str:
        """Such as ``RP2040``."""
        return self.machine.rpartition(" with ")[2]

    @property
    def a_title(self) -> str:
        """The title with its article, for messages."""
        return f"{'an' if self.title[0] in 'AEIOUaeiou' else 'a'} {self.title}"

    @property
    def flash_end(self) -> int:
        """The address behind the flash."""
        return self.flash_start + self.flash_bytes

    @property
    def download(self) -> str:
        """What to download to get MicroPython for it."""
        return f"{self.micropython_build}-….uf2 from micropython.org/download/{self.micropython_build}"

    def mode_of(self, device: UsbDevice) -> Mode | None:
        """The mode in which ``device`` may be a board of this type; None for a device that is not one."""
        if self.bootsel_usb.is_of(device):
            return "bootsel"
        return "application" if self.application_usb.is_of(device) else None

    def is_serial(self, text: str) -> bool:
        """Whether ``text`` can be the serial number of a board in application mode."""
        return re.fullmatch(self.serial_pattern, text) is not None

    def runs_as(self, machine: str) -> bool:
        """Whether a board that reports ``machine`` is of this type and runs MicroPython for it.

        A suffix after the chip's name is accepted: a variant of the firmware may add one.
        """
        return machine.casefold().startswith(self.machine.casefold())

    def has_chip(self, machine: str) -> bool:
        """Whether a board that reports ``machine`` has this type's chip, or reports none."""
        board, _, chip = machine.rpartition(" with ")
        return not board or chip.casefold().startswith(self.chip.casefold())


BOARD_TYPES = Registry[BoardType](
    kind="board type",
    group="pico_hil.board_types",
    built_in={
        "pico-w": "hil.config.board_types.pico_w.PICO_W",
        "pico2-w": "hil.config.board_types.pico2_w.PICO2_W",
    },
    requirement=instance_of(BoardType),
    own_name=lambda board_type: board_type.name,
)
"""What ``type:`` of a board may be."""

DEFAULT_TYPE = "pico-w"
"""The type of a board whose section has no ``type:``."""


def load_board_type(name: str) -> BoardType:
    """The type with this name. Raises ``UnknownName`` or ``BrokenEntryPoint``."""
    return BOARD_TYPES.load(name)


def default_board_type() -> BoardType:
    """The :data:`DEFAULT_TYPE`."""
    return load_board_type(DEFAULT_TYPE)


def known_board_types(on_broken: OnBroken | None = None) -> tuple[BoardType, ...]:
    """Every known type, the default first, to find out which one a board is of.

    A type of a broken package is left out, see :meth:`Registry.usable`.
    """
    types = BOARD_TYPES.usable(on_broken).values()
    return tuple(sorted(types, key=lambda board_type: board_type.name != DEFAULT_TYPE))


def types_of(device: UsbDevice, types: Iterable[BoardType]) -> Sequence[BoardType]:
    """The ``types`` that ``device`` may be: one in BOOTSEL mode, often several while MicroPython runs."""
    return tuple(board_type for board_type in types if board_type.mode_of(device) is not None)
