"""UF2 images: read from a file, and checked for a board type before a byte of them goes to a board.

The format is Microsoft's (github.com/microsoft/uf2): blocks of 512 bytes, each with its address, its number and the
family of chips that it is for. A boot ROM silently ignores the blocks that it does not accept (virtual_disk.c in
pico-bootrom-rp2040; RP2350 datasheet, 5.5.3). So its rules are checked here, and what breaks one is an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hil.bootsel.uf2_block import BLOCK_BYTES, PAYLOAD_BYTES, Uf2Block, micropython_version
from hil.config.board_type import BoardType, Uf2Family
from hil.errors import HilError

_OTHER_FAMILIES = {
    0xE48BFF56: "RP2040",
    0xE48BFF57: "RP2350, at absolute addresses",
    0xE48BFF58: "RP2040 or RP2350, data",
    0xE48BFF59: "RP2350",
    0xE48BFF5A: "RP2350, RISC-V cores",
    0xE48BFF5B: "RP2350, non-secure",
    0x68ED2B88: "SAMD21",
    0x55114460: "SAMD51",
    0x1C5F21B0: "ESP32",
    0xBFDD4EEE: "ESP32-S2",
    0xC47E5767: "ESP32-S3",
    0xADA52840: "nRF52840",
}
"""Families whose chip an error can name: those of utils/uf2families.json in microsoft/uf2 that are often downloaded
beside the right one."""
_BOOT_BYTES = 4096
"""A boot ROM looks for what makes a program bootable in this much of it (RP2350 datasheet, 5.1.5)."""


class Uf2Error(HilError):
    """A file is not a UF2 image for the type of a board. The text says what it is and what is needed."""


@dataclass(frozen=True)
class Uf2Image:
    """A complete, checked image for the flash of one type of board."""

    name: str
    """Its name in messages: that of the file."""
    board_type: BoardType
    family: Uf2Family
    blocks: tuple[Uf2Block, ...]
    """The blocks of that family for the flash, by number."""
    sectors: tuple[bytes, ...]
    """The same blocks as the file has them."""
    preface: tuple[bytes, ...] = ()
    """Sectors to be written before them: the file's workaround for an erratum of the RP2350."""

    @property
    def size(self) -> int:
        """Bytes that go to a board."""
        return (len(self.preface) + len(self.sectors)) * BLOCK_BYTES

    @cached_property
    def micropython_version(self) -> str | None:
        """The MicroPython in it as the end of ``sys.version`` shows it (``v1.27.0 on 2025-12-09``); None for other
        programs.
        """
        return micropython_version(self.blocks)

    @cached_property
    def in_safe_order(self) -> bytes:
        """The image to be written, last the pages without which the boot ROM does not start it.

        A boot ROM takes blocks in any order, and erases a sector of the old program with the first block for it. A
        board that loses power on the way then has no bootable program, and comes back in BOOTSEL mode. With those
        pages first it would start half a program, and hang without USB.
        """
        last = [self._makes_bootable(block) for block in self.blocks]
        early = [sector for sector, is_last in zip(self.sectors, last, strict=True) if not is_last]
        late = [sector for sector, is_last in zip(self.sectors, last, strict=True) if is_last]
        return b"".join([*self.preface, *early, *late])

    def _makes_bootable(self, block: Uf2Block) -> bool:
        offset, marker = block.address - self.board_type.flash_start, self.board_type.boot_marker
        return offset == 0 or (marker is not None and offset < _BOOT_BYTES and marker in block.payload)


def load_uf2(path: Path, board_type: BoardType) -> Uf2Image:
    """The image for ``board_type`` in a file. Raises ``Uf2Error``."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Uf2Error(f"{path}: {error.strerror}; give the path of a UF2 file") from error
    return read_uf2(data, str(path), board_type)


def read_uf2(data: bytes, name: str, board_type: BoardType) -> Uf2Image:
    """The image for ``board_type`` in ``data``, the content of file ``name``. Raises ``Uf2Error``.

    A file may hold images of several families, as a universal one does. Only the blocks of one family count: of the
    first family of the type that the file has.
    """
    file = _parse(data, name, board_type)
    family = _choose_family(name, [block for block, _ in file], board_type)
    blocks: dict[int, Uf2Block] = {}
    sectors: dict[int, bytes] = {}
    for block, sector in file:
        if block.is_erratum_workaround or block.family != family.number:
            continue
        place = f"{name}: block {block.number}"
        _check(block, place, board_type)
        first = blocks.setdefault(block.number, block)
        sectors.setdefault(block.number, sector)
        if first != block:
            raise Uf2Error(f"{place} is there twice, with different contents; download the file again")
        if block.count != next(iter(blocks.values())).count:
            raise Uf2Error(f"{place} belongs to another image than those before it; two files were joined, use one")
    _check_complete(name, blocks, board_type)
    preface = [sector for block, sector in file if block.is_erratum_workaround and _is_for(block, board_type)]
    numbers = sorted(blocks)
    return Uf2Image(
        name,
        board_type,
        family,
        tuple(blocks[number] for number in numbers),
        tuple(sectors[number] for number in numbers),
        tuple(preface),
    )


def _needed(board_type: BoardType) -> str:
    families = " or ".join(str(family) for family in board_type.uf2_families)
    return f"{board_type.a_title} needs a UF2 of family {families}: download {board_type.download}"


def _parse(data: bytes, name: str, board_type: BoardType) -> list[tuple[Uf2Block, bytes]]:
    """Every block that is for a flash, with its 512 bytes. Raises ``Uf2Error`` for a file that is damaged."""
    if not data:
        raise Uf2Error(f"{name}: is empty; {_needed(board_type)}")
    file = []
    for offset in range(0, len(data), BLOCK_BYTES):
        sector = data[offset : offset + BLOCK_BYTES]
        block = Uf2Block.parse(sector)
        if block is None:
            raise Uf2Error(f"{name}: {_not_a_block(data, offset, board_type)}")
        if not block.is_for_flash:  # a comment of the tool that made the file, for example
            continue
        if not block.names_family:
            text = f"{name}: block {block.number} does not name its chip, so the boot ROM would ignore it"
            raise Uf2Error(f"{text}; {_needed(board_type)}")
        file.append((block, sector))
    if not file:
        raise Uf2Error(f"{name}: nothing in it is for the flash; {_needed(board_type)}")
    return file


def _not_a_block(data: bytes, offset: int, board_type: BoardType) -> str:
    if offset == 0:
        what = {b"\x7fELF": "an ELF file", b"PK\x03\x04": "a ZIP archive", b"<!DO": "a web page"}.get(data[:4])
        return f"is not a UF2 file{f', but {what}' if what else ''}; {_needed(board_type)}"
    if len(data) - offset < BLOCK_BYTES:
        return f"ends in the middle of a block, at byte {len(data)}: it was cut short; download it again"
    return f"is damaged at byte {offset}: no UF2 block is there; download it again"


def _choose_family(name: str, blocks: Sequence[Uf2Block], board_type: BoardType) -> Uf2Family:
    """The first family of the type that the file has. Raises ``Uf2Error`` when it has none of them."""
    images = [block for block in blocks if not block.is_erratum_workaround]
    there = dict.fromkeys(block.family for block in images)
    for family in board_type.uf2_families:
        if family.number in there:
            return family
    if not there:
        raise Uf2Error(f"{name}: nothing in it is for the flash; {_needed(board_type)}")
    found = ", ".join(f"0x{number:08x} ({_OTHER_FAMILIES.get(number, 'an unknown chip')})" for number in there)
    raise Uf2Error(f"{name}: is of family {found}; {_needed(board_type)}")


def _is_for(block: Uf2Block, board_type: BoardType) -> bool:
    return any(family.number == block.family for family in board_type.uf2_families)


def _check(block: Uf2Block, place: str, board_type: BoardType) -> None:
    if len(block.payload) != PAYLOAD_BYTES:
        text = f"{place} carries {len(block.payload)} bytes, but the boot ROM takes {PAYLOAD_BYTES} only"
        raise Uf2Error(f"{text}; build the file with elf2uf2 or picotool")
    start, end = board_type.flash_start, board_type.flash_end
    if not start <= block.address <= end - PAYLOAD_BYTES:
        text = f"{place} is for address 0x{block.address:08x}, outside the flash of {board_type.a_title}"
        fix = "images that run from RAM, or need a larger flash, cannot be flashed to it"
        raise Uf2Error(f"{text} (0x{start:08x} to 0x{end:08x}); {fix}")
    if block.address % PAYLOAD_BYTES:
        text = f"{place} is for address 0x{block.address:08x}, which is not a multiple of {PAYLOAD_BYTES}"
        raise Uf2Error(f"{text}; build the file again")
    if not block.number < block.count:
        raise Uf2Error(f"{place} is numbered beyond the {block.count} that there are; download the file again")


def _check_complete(name: str, blocks: dict[int, Uf2Block], board_type: BoardType) -> None:
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
            raise Uf2Error(f"{text}; build the file again")
    if board_type.flash_start not in by_address:
        text = f"{name}: has no block for address 0x{board_type.flash_start:08x}, where the {board_type.chip} starts"
        raise Uf2Error(f"{text}, so it is not firmware; {_needed(board_type)}")
