"""UF2 images: read, and checked for an RP2040, before a byte of them goes to a board.

The format is Microsoft's (github.com/microsoft/uf2): blocks of 512 bytes, each with its address, its number and the
family of chips that it is for. The rules for what is accepted are those of the RP2040's boot ROM (virtual_disk.c in
pico-bootrom-rp2040), which ignores in silence what it does not like; so they are checked here, with words.
"""

import re
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hil.errors import HilError

BLOCK_BYTES = 512
"""Size of a block in the file: one sector of the volume."""
PAYLOAD_BYTES = 256
"""What a block carries: one page of the flash. The boot ROM ignores blocks of any other size."""
MAGIC_START = (0x0A324655, 0x9E5D5157)
MAGIC_END = 0x0AB16F30
NOT_MAIN_FLASH = 0x00000001
"""Flag of a block that is not for the flash, such as a comment."""
FAMILY_PRESENT = 0x00002000
"""Flag of a block that says its family."""
RP2040_FAMILY = 0xE48BFF56
FLASH_START = 0x1000_0000
"""Where an RP2040 sees its flash. The first page is the second stage of the boot, without which nothing starts."""
FLASH_BYTES = 2 * 1024 * 1024
"""The flash of a Pico W."""

_HEADER = struct.Struct("<8I")
_TRAILER = struct.Struct("<I")
_FAMILIES = {
    RP2040_FAMILY: "RP2040 (Pico, Pico W)",
    0xE48BFF57: "RP2350, or data at absolute addresses",
    0xE48BFF58: "RP2350 (data)",
    0xE48BFF59: "RP2350 (Pico 2, Pico 2 W)",
    0xE48BFF5A: "RP2350 in RISC-V mode (Pico 2, Pico 2 W)",
    0xE48BFF5B: "RP2350, non-secure (Pico 2, Pico 2 W)",
    0x68ED2B88: "SAMD21",
    0x55114460: "SAMD51",
    0x1C5F21B0: "ESP32",
    0xBFDD4EEE: "ESP32-S2",
    0xC47E5767: "ESP32-S3",
    0xADA52840: "nRF52840",
}
"""Families of microsoft/uf2's utils/uf2families.json that end up in a Pico's folder of downloads."""
_NEEDED = "a Pico W needs a UF2 of family 0xe48bff56 (RP2040): download RPI_PICO_W-….uf2 from micropython.org/download"
_VERSION = re.compile(rb"MicroPython (v?[0-9][\w.+-]* on [0-9]{4}-[0-9]{2}-[0-9]{2})")
"""What MicroPython's banner and ``sys.version`` are made of."""


class Uf2Error(HilError):
    """A file is no UF2 image that a Pico W can be given. The text says what it is and what is needed."""


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
    """The chip it is for; without ``FAMILY_PRESENT`` some other number."""
    payload: bytes

    @classmethod
    def parse(cls, sector: bytes) -> "Uf2Block | None":
        """The block that 512 bytes are, or None when they are none."""
        if len(sector) != BLOCK_BYTES:
            return None
        start, start_2, flags, address, size, number, count, family = _HEADER.unpack_from(sector)
        (end,) = _TRAILER.unpack_from(sector, BLOCK_BYTES - _TRAILER.size)
        if (start, start_2) != MAGIC_START or end != MAGIC_END or size > BLOCK_BYTES - _HEADER.size - _TRAILER.size:
            return None
        return cls(flags, address, number, count, family, sector[_HEADER.size : _HEADER.size + size])

    @property
    def names_family(self) -> bool:
        """Whether it says for which chip it is."""
        return bool(self.flags & FAMILY_PRESENT)

    @property
    def is_for_flash(self) -> bool:
        """Whether it is for the flash at all."""
        return not self.flags & NOT_MAIN_FLASH


@dataclass(frozen=True)
class Uf2Image:
    """A whole, checked image for the flash of a Pico W."""

    name: str
    """What it is called in messages: its file name."""
    blocks: tuple[Uf2Block, ...]
    """The blocks that are for the flash, by number."""
    sectors: tuple[bytes, ...]
    """The same, as the file has them."""

    @property
    def size(self) -> int:
        """Bytes that go to a board."""
        return len(self.sectors) * BLOCK_BYTES

    @cached_property
    def micropython_version(self) -> str | None:
        """The MicroPython in it, as the end of ``sys.version`` shows it (``v1.27.0 on 2025-12-09``), if it is one."""
        return micropython_version(self.blocks)

    @cached_property
    def in_safe_order(self) -> bytes:
        """The image to be written, the second stage of the boot last.

        The boot ROM takes blocks in any order, and erases the old second stage with the first block of its sector. A
        board that loses power on the way then has none, and comes back in BOOTSEL; with the second stage first it would
        start half a program, and hang where no USB reaches it.
        """
        stage = [index for index, block in enumerate(self.blocks) if block.address == FLASH_START]
        rest = [sector for index, sector in enumerate(self.sectors) if index not in stage]
        return b"".join([*rest, *(self.sectors[index] for index in stage)])


def load_uf2(path: Path) -> Uf2Image:
    """Read and check a file. Raises ``Uf2Error``."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Uf2Error(f"{path}: {error.strerror}; give the path of a UF2 file") from error
    return read_uf2(data, str(path))


def read_uf2(data: bytes, name: str) -> Uf2Image:
    """Check ``data``, the content of file ``name``, and return the image in it. Raises ``Uf2Error``."""
    blocks: dict[int, Uf2Block] = {}
    sectors: dict[int, bytes] = {}
    if not data:
        raise Uf2Error(f"{name}: is empty; {_NEEDED}")
    for offset in range(0, len(data), BLOCK_BYTES):
        sector = data[offset : offset + BLOCK_BYTES]
        block = Uf2Block.parse(sector)
        if block is None:
            raise Uf2Error(f"{name}: {_no_block(data, offset)}")
        if not block.is_for_flash:  # a comment, say, of the tool that made the file
            continue
        place = f"{name}: block {block.number}"
        _check(block, place)
        first = blocks.setdefault(block.number, block)
        sectors.setdefault(block.number, sector)
        if first != block:
            raise Uf2Error(f"{place} is there twice, with different contents; download the file again")
        if block.count != next(iter(blocks.values())).count:
            raise Uf2Error(f"{place} belongs to another image than those before it; two files were joined, use one")
    _check_whole(name, blocks)
    numbers = sorted(blocks)
    return Uf2Image(name, tuple(blocks[number] for number in numbers), tuple(sectors[number] for number in numbers))


def micropython_version(blocks: tuple[Uf2Block, ...]) -> str | None:
    """The version string inside, which may lie across two blocks; None when no MicroPython is in it."""
    memory = b"".join(block.payload for block in sorted(blocks, key=lambda block: block.address))
    found = _VERSION.search(memory)
    return found[1].decode() if found else None


def _no_block(data: bytes, offset: int) -> str:
    if offset == 0:
        what = {b"\x7fELF": "an ELF file", b"PK\x03\x04": "a ZIP archive", b"<!DO": "a web page"}.get(data[:4])
        return f"is no UF2 file{f', but {what}' if what else ''}; {_NEEDED}"
    if len(data) - offset < BLOCK_BYTES:
        return f"ends in the middle of a block, at byte {len(data)}: it was cut short; download it again"
    return f"is damaged at byte {offset}: no UF2 block is there; download it again"


def _check(block: Uf2Block, place: str) -> None:
    if not block.names_family:
        raise Uf2Error(f"{place} does not say for which chip it is, so the boot ROM would ignore it; {_NEEDED}")
    if block.family != RP2040_FAMILY:
        family = _FAMILIES.get(block.family, "a chip that is not known here")
        raise Uf2Error(f"{place} is of family 0x{block.family:08x}, for {family}; {_NEEDED}")
    if len(block.payload) != PAYLOAD_BYTES:
        text = f"{place} carries {len(block.payload)} bytes, but the boot ROM takes {PAYLOAD_BYTES} only"
        raise Uf2Error(f"{text}; build the file with elf2uf2 or picotool")
    end = FLASH_START + FLASH_BYTES
    if not FLASH_START <= block.address <= end - PAYLOAD_BYTES:
        text = f"{place} is for address 0x{block.address:08x}, outside the flash of a Pico W (0x{FLASH_START:08x} to"
        raise Uf2Error(f"{text} 0x{end:08x}); images that run from RAM or need a larger flash cannot be kept by it")
    if block.address % PAYLOAD_BYTES:
        raise Uf2Error(f"{place} is for address 0x{block.address:08x}, no multiple of {PAYLOAD_BYTES}; build it anew")
    if not block.number < block.count:
        raise Uf2Error(f"{place} is numbered beyond the {block.count} that there are; download the file again")


def _check_whole(name: str, blocks: dict[int, Uf2Block]) -> None:
    if not blocks:
        raise Uf2Error(f"{name}: nothing in it is for the flash; {_NEEDED}")
    count = next(iter(blocks.values())).count
    missing = next((number for number in range(count) if number not in blocks), None)
    if missing is not None:
        text = f"{name}: has {len(blocks)} of {count} blocks, block {missing} is the first that is missing"
        raise Uf2Error(f"{text}: it was cut short; download it again")
    by_address: dict[int, int] = {}
    for number, block in blocks.items():
        first = by_address.setdefault(block.address, number)
        if first != number:
            text = f"{name}: blocks {first} and {number} are both for address 0x{block.address:08x}"
            raise Uf2Error(f"{text}; build the file anew")
    if FLASH_START not in by_address:
        text = f"{name}: has no block for address 0x{FLASH_START:08x}, where an RP2040 starts"
        raise Uf2Error(f"{text}, so it is no firmware; {_NEEDED}")
