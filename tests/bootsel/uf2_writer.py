"""Small UF2 files, right ones and wrong ones."""

import struct

from hil.bootsel.uf2 import FAMILY_PRESENT, FLASH_START, MAGIC_END, MAGIC_START, PAYLOAD_BYTES, RP2040_FAMILY

NEW_VERSION = "v1.28.0 on 2026-10-01"
"""Another MicroPython than the virtual boards have by themselves."""


def block(
    number: int,
    count: int,
    *,
    address: int | None = None,
    payload: bytes = bytes(PAYLOAD_BYTES),
    flags: int = FAMILY_PRESENT,
    family: int = RP2040_FAMILY,
    size: int | None = None,
) -> bytes:
    """One block of 512 bytes; by default the ``number``-th page of the flash."""
    target = FLASH_START + number * PAYLOAD_BYTES if address is None else address
    header = struct.pack(
        "<8I", *MAGIC_START, flags, target, len(payload) if size is None else size, number, count, family
    )
    return header + payload.ljust(476, b"\0") + struct.pack("<I", MAGIC_END)


def uf2(content: bytes, family: int = RP2040_FAMILY) -> bytes:
    """A file that puts ``content`` at the start of the flash."""
    pages = [content[start : start + PAYLOAD_BYTES] for start in range(0, len(content), PAYLOAD_BYTES)]
    return b"".join(
        block(number, len(pages), payload=page.ljust(PAYLOAD_BYTES, b"\0"), family=family)
        for number, page in enumerate(pages)
    )


def micropython(version: str = NEW_VERSION, pages: int = 40) -> bytes:
    """A file with the version string of a MicroPython in it, across the border of two blocks."""
    content = bytearray(pages * PAYLOAD_BYTES)
    text = f"3.4.0; MicroPython {version}\0".encode()
    start = 17 * PAYLOAD_BYTES - 30
    content[start : start + len(text)] = text
    return uf2(bytes(content))
