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
    """Writes to the volume of a virtual board, at the speed of a real one. Implements ``BootselDevice``."""

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
        """Does nothing: a virtual board is always found."""

    @property
    def is_present(self) -> bool:
        """Whether the volume is attached."""
        return self._bootrom.is_attached

    def write(self, image: Uf2Image, progress: Progress) -> None:
        """Write the blocks in order, taking the time they take on a real board. Raises ``BootselError``."""
        data = image.in_safe_order
        for offset in range(0, len(data), _BLOCKS_AT_ONCE * BLOCK_BYTES):
            chunk = data[offset : offset + _BLOCKS_AT_ONCE * BLOCK_BYTES]
            self._clock.sleep(len(chunk) // BLOCK_BYTES * BLOCK_US / US_PER_S)
            if not self.is_present:
                raise BootselError(
                    f"{self._board}: its volume disappeared after {offset} of {len(data)} bytes; check its power"
                )
            self._bootrom.write(chunk)
            progress(offset + len(chunk), len(data))
