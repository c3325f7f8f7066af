"""BOOTSEL mode of a virtual board."""

from hil.bootsel import Progress
from hil.bootsel.uf2 import Uf2Image
from hil.bootsel.uf2_block import BLOCK_BYTES
from hil.clock import Clock
from hil.config.board_type import BoardType
from hil.errors import BootselError
from hil.virtual.bootrom import BLOCK_US, BootRom
from hil.virtual.world import US_PER_S

_BLOCKS_AT_ONCE = 64


class VirtualBootsel:
    """Writes to the volume of one virtual board, at the speed of a real one. Implements ``BootselDevice``."""

    def __init__(self, board: str, board_type: BoardType, bootrom: BootRom, clock: Clock) -> None:
        self._board = board
        self._board_type = board_type
        self._bootrom = bootrom
        self._clock = clock

    @property
    def board_type(self) -> BoardType:
        """The type of the board."""
        return self._board_type

    def locate(self) -> None:
        """A virtual board is always found."""

    @property
    def is_present(self) -> bool:
        """Whether the volume is there."""
        return self._bootrom.is_attached

    def write(self, image: Uf2Image, progress: Progress) -> None:
        """Write block after block, each in its time."""
        data = image.in_safe_order
        for offset in range(0, len(data), _BLOCKS_AT_ONCE * BLOCK_BYTES):
            piece = data[offset : offset + _BLOCKS_AT_ONCE * BLOCK_BYTES]
            self._clock.sleep(len(piece) // BLOCK_BYTES * BLOCK_US / US_PER_S)
            if not self.is_present:
                raise BootselError(
                    f"{self._board}: its volume went away after {offset} of {len(data)} bytes; was its power cut?"
                )
            self._bootrom.write(piece)
            progress(offset + len(piece), len(data))
