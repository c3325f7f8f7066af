"""BOOTSEL mode: the boot ROM of a board, which shows a volume and takes UF2 images. One class per kind of bench."""

from collections.abc import Callable
from typing import Protocol

from hil.bootsel.uf2 import Uf2Image
from hil.config.board_type import BoardType

Progress = Callable[[int, int], None]
"""Called with the bytes that have gone to a board, and their total. It may be called on another thread."""


class BootselDevice(Protocol):
    """One board in BOOTSEL mode, found by the hub port that it is plugged into.

    Boards of one type may all have the same serial number and volume label in that mode, so neither tells them apart.
    """

    @property
    def board_type(self) -> BoardType:
        """The type that the rig file gives the board."""

    def locate(self) -> None:
        """Find the board's port while the board can still be identified. Call it before the board enters BOOTSEL mode.

        Raises ``BootselError`` when this bench could not find the board in BOOTSEL mode.
        """

    @property
    def is_present(self) -> bool:
        """Whether this machine sees the board in BOOTSEL mode. The clock is notified of changes."""

    def write(self, image: Uf2Image, progress: Progress) -> None:
        """Write ``image``. Returns when the board has all of it and restarts by itself. Raises ``BootselError``."""
