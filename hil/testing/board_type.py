"""The contract of board types."""

import pytest

from hil.config.board_type import BOARD_TYPES, BoardType, UsbId
from hil.host.usb_devices import UsbDevice
from hil.testing.contract import missing_fixture

FLASH_BLOCK_BYTES = 4096
"""What a chip erases at once. MicroPython's file system is a number of such blocks."""


class BoardTypeContract:
    """What every :class:`hil.abc.BoardType` has to fulfil, for rig files, `hil flash` and `hil doctor`."""

    @pytest.fixture
    def board_type(self) -> BoardType:
        """The type under test, whose package is installed."""
        raise missing_fixture(self, "board_type", "returns the type, whose package is installed")

    def test_it_is_registered_under_its_name(self, board_type: BoardType) -> None:
        """``type: NAME`` in a rig file selects it."""
        assert BOARD_TYPES.load(board_type.name) is board_type

    def test_its_machine_ends_with_the_chip(self, board_type: BoardType) -> None:
        """`hil flash` and `hil doctor` compare it with what a board reports."""
        assert board_type.chip
        assert board_type.runs_as(board_type.machine)
        assert board_type.has_chip(board_type.machine)

    def test_its_modes_are_told_apart_on_usb(self, board_type: BoardType) -> None:
        """A board in BOOTSEL mode must not be taken for one that runs its program."""
        assert board_type.mode_of(_device(board_type.application_usb)) == "application"
        assert board_type.mode_of(_device(board_type.bootsel_usb)) == "bootsel"

    def test_serial_numbers_of_virtual_boards_fit(self, board_type: BoardType) -> None:
        """A virtual board has a serial number of the type, which is its prefix and twelve hex digits."""
        assert board_type.is_serial(f"{board_type.serial_prefix}{'0' * 12}")

    def test_the_file_system_fits_the_flash(self, board_type: BoardType) -> None:
        """Its end is the end of the flash, and it leaves room for MicroPython."""
        assert 0 < board_type.file_system_bytes < board_type.flash_bytes
        assert board_type.file_system_bytes % FLASH_BLOCK_BYTES == 0

    def test_an_image_can_be_for_it(self, board_type: BoardType) -> None:
        """`hil flash` accepts images of the families of a type, and no others."""
        numbers = [family.number for family in board_type.uf2_families]
        assert numbers
        assert len(set(numbers)) == len(numbers)


def _device(usb: UsbId) -> UsbDevice:
    return UsbDevice("1-1", usb.vendor, usb.product, None, 1, 2)
