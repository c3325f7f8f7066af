"""BOOTSEL mode: the boot ROM of a board, which shows a volume and takes UF2 images. One class per kind of bench."""

from collections.abc import Callable
from typing import Protocol

from hil.bootsel.uf2 import Uf2Image

Progress = Callable[[int, int], None]
"""Told how many bytes of how many have gone to a board. It may be called on another thread."""


class BootselDevice(Protocol):
    """One board as it is found in BOOTSEL mode: by the hub port it hangs on, never by a serial number or volume name.

    All boards have one serial number and one volume name there, so nothing else tells two of them apart.
    """

    def locate(self) -> None:
        """Find out where the board hangs while it still says who it is. To be called before it is sent to BOOTSEL.

        Raises ``BootselError`` when this bench could not follow it there.
        """

    @property
    def is_present(self) -> bool:
        """Whether the board is in BOOTSEL mode, as this machine sees it. Changes are told to the clock."""

    def write(self, image: Uf2Image, progress: Progress) -> None:
        """Give it ``image``. Returns when it has all of it, and restarts by itself. Raises ``BootselError``."""
