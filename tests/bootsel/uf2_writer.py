"""Small UF2 files, valid and invalid."""

import struct

from hil.bootsel.uf2_block import (
    ABSOLUTE_FAMILY,
    EXTENSION_PRESENT,
    FAMILY_PRESENT,
    IGNORE_BLOCK,
    MAGIC_END,
    MAGIC_START,
    PAYLOAD_BYTES,
)
from hil.config.board_types.pico_w import PICO_W

FLASH_START = PICO_W.flash_start
RP2040, RP2350_ARM_S, RP2350_RISCV = 0xE48BFF56, 0xE48BFF59, 0xE48BFF5A

NEW_VERSION = "v1.28.0 on 2026-10-01"
"""A MicroPython version that differs from the one on virtual boards."""


def block(
    number: int,
    count: int,
    *,
    address: int | None = None,
    payload: bytes = bytes(PAYLOAD_BYTES),
    flags: int = FAMILY_PRESENT,
    family: int = RP2040,
    size: int | None = None,
    extension: int = 0,
) -> bytes:
    """One block of 512 bytes; by default the ``number``-th page of the flash."""
    target = FLASH_START + number * PAYLOAD_BYTES if address is None else address
    header = struct.pack(
        "<8I", *MAGIC_START, flags, target, len(payload) if size is None else size, number, count, family
    )
    data = payload + struct.pack("<I", extension) if extension else payload
    return header + data.ljust(476, b"\0") + struct.pack("<I", MAGIC_END)


def erratum_workaround(extension: int = IGNORE_BLOCK) -> bytes:
    """The block that picotool puts before an image for the RP2350."""
    flags = FAMILY_PRESENT | (EXTENSION_PRESENT if extension else 0)
    payload, last_page = b"\xef" * PAYLOAD_BYTES, 0x10FF_FF00
    return block(0, 2, address=last_page, payload=payload, flags=flags, family=ABSOLUTE_FAMILY, extension=extension)


def uf2(content: bytes, family: int = RP2040) -> bytes:
    """A file that puts ``content`` at the start of the flash."""
    pages = [content[start : start + PAYLOAD_BYTES] for start in range(0, len(content), PAYLOAD_BYTES)]
    return b"".join(
        block(number, len(pages), payload=page.ljust(PAYLOAD_BYTES, b"\0"), family=family)
        for number, page in enumerate(pages)
    )


def micropython(version: str = NEW_VERSION, pages: int = 40, family: int = RP2040) -> bytes:
    """A file with the version string of a MicroPython in it, across the border of two blocks."""
    content = bytearray(pages * PAYLOAD_BYTES)
    text = f"3.4.0; MicroPython {version}\0".encode()
    start = 17 * PAYLOAD_BYTES - 30
    content[start : start + len(text)] = text
    return uf2(bytes(content), family)
