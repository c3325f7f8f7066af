"""One block of a UF2 file: 512 bytes with a page of the flash in them.

The layout is that of github.com/microsoft/uf2; the extension of Raspberry Pi's is in the pico-sdk (boot/uf2.h).
"""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

BLOCK_BYTES = 512
"""Size of a block in the file: one sector of the volume."""
PAYLOAD_BYTES = 256
"""What a block carries: one page of the flash. The boot ROMs ignore blocks of any other size."""
MAGIC_START = (0x0A324655, 0x9E5D5157)
MAGIC_END = 0x0AB16F30
NOT_MAIN_FLASH = 0x00000001
"""Flag of a block that is not for the flash, such as a comment."""
FAMILY_PRESENT = 0x00002000
"""Flag of a block that names its family."""
EXTENSION_PRESENT = 0x00008000
"""Flag of a block with extension tags behind its payload."""
ABSOLUTE_FAMILY = 0xE48BFF57
IGNORE_BLOCK = 0x9957E304
"""Extension tag of a block that the boot ROM is not to write."""

_HEADER = struct.Struct("<8I")
_WORD = struct.Struct("<I")
_WORKAROUND = (0, 2, ABSOLUTE_FAMILY, b"\xef" * PAYLOAD_BYTES)
"""Number, count, family and payload of the block against erratum RP2350-E10 (``gen_abs_block`` in picotool)."""
_VERSION = re.compile(rb"MicroPython (v?[0-9][\w.+-]* on [0-9]{4}-[0-9]{2}-[0-9]{2})")
"""What MicroPython's banner and ``sys.version`` are made of."""


@dataclass(frozen=True)
class Uf2Block:
    """One block of a UF2 file."""

    flags: int
    address: int
    """Where its payload goes."""
    number: int
    """Its place among ``count`` blocks, from 0."""
    count: int
    family: int
    """The chip that it is for; without ``FAMILY_PRESENT`` some other number."""
    payload: bytes
    extension: int = 0
    """The word behind the payload; an extension tag with ``EXTENSION_PRESENT``."""

    @classmethod
    def parse(cls, sector: bytes) -> "Uf2Block | None":
        """The block in 512 bytes, or None if they are not one."""
        if len(sector) != BLOCK_BYTES:
            return None
        start, start_2, flags, address, size, number, count, family = _HEADER.unpack_from(sector)
        (end,) = _WORD.unpack_from(sector, BLOCK_BYTES - _WORD.size)
        if (start, start_2) != MAGIC_START or end != MAGIC_END or size > BLOCK_BYTES - _HEADER.size - _WORD.size:
            return None
        payload = sector[_HEADER.size : _HEADER.size + size]
        extension = 0
        if flags & EXTENSION_PRESENT and size <= PAYLOAD_BYTES:
            (extension,) = _WORD.unpack_from(sector, _HEADER.size + size)
        return cls(flags, address, number, count, family, payload, extension)

    @property
    def names_family(self) -> bool:
        """Whether it names the chip that it is for."""
        return bool(self.flags & FAMILY_PRESENT)

    @property
    def is_for_flash(self) -> bool:
        """Whether it is for the flash at all."""
        return not self.flags & NOT_MAIN_FLASH

    @property
    def is_erratum_workaround(self) -> bool:
        """Whether it is the block that tools put at the start of a file for erratum RP2350-E10.

        It holds nothing to be written, but without it an RP2350 may stay in BOOTSEL mode. Older tools mark it by its
        content alone, newer ones with a tag too (``check_abs_block`` in picotool).
        """
        is_tagged = not self.flags & EXTENSION_PRESENT or self.extension == IGNORE_BLOCK
        return is_tagged and (self.number, self.count, self.family, self.payload) == _WORKAROUND


def micropython_version(blocks: Iterable[Uf2Block]) -> str | None:
    """The version string in ``blocks``, which may lie across two of them; None when no MicroPython is in them."""
    memory = b"".join(block.payload for block in sorted(blocks, key=lambda block: block.address))
    found = _VERSION.search(memory)
    return found[1].decode() if found else None
