"""What is accepted as firmware for a Pico W, and what is said of everything else."""

from pathlib import Path

import pytest

from hil.bootsel.uf2 import (
    BLOCK_BYTES,
    FLASH_BYTES,
    FLASH_START,
    NOT_MAIN_FLASH,
    Uf2Error,
    load_uf2,
    micropython_version,
    read_uf2,
)
from tests.bootsel.uf2_writer import NEW_VERSION, block, micropython, uf2

PAGES = bytes(range(256)) * 3


def blocks(data: bytes) -> list[bytes]:
    return [data[start : start + BLOCK_BYTES] for start in range(0, len(data), BLOCK_BYTES)]


def test_a_good_file_gives_its_blocks_by_number() -> None:
    image = read_uf2(uf2(PAGES), "good.uf2")
    assert [block.number for block in image.blocks] == [0, 1, 2]
    assert [block.address - FLASH_START for block in image.blocks] == [0, 256, 512]
    assert b"".join(block.payload for block in image.blocks) == PAGES
    assert image.size == 3 * 512


def test_blocks_may_come_in_any_order_and_comments_in_between() -> None:
    first, second, third = blocks(uf2(PAGES))
    comment = block(0, 1, flags=NOT_MAIN_FLASH, family=0x12345678)
    assert read_uf2(third + comment + first + second, "mixed.uf2") == read_uf2(uf2(PAGES), "mixed.uf2")


def test_the_second_stage_is_written_last_and_nothing_is_lost() -> None:
    image = read_uf2(uf2(PAGES), "good.uf2")
    first, second, third = blocks(uf2(PAGES))
    assert image.in_safe_order == second + third + first


@pytest.mark.parametrize(
    "version", [NEW_VERSION, "v1.26.0-preview.53.g1a2b3c4d5-dirty on 2025-05-05", "v1.19 on 2022-06-18"]
)
def test_micropython_is_named_as_sys_version_names_it(version: str) -> None:
    assert read_uf2(micropython(version), "mp.uf2").micropython_version == version


@pytest.mark.parametrize("content", [PAGES, b"MicroPython is great on weekends".ljust(256)])
def test_no_micropython_no_version(content: bytes) -> None:
    assert read_uf2(uf2(content), "other.uf2").micropython_version is None


def test_the_version_is_found_in_the_order_of_addresses() -> None:
    image = read_uf2(micropython(), "mp.uf2")
    assert micropython_version(image.blocks[::-1]) == NEW_VERSION


FIRST, SECOND, THIRD = blocks(uf2(PAGES))
LAST_PAGE = FLASH_START + FLASH_BYTES - 256


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "is empty"),
        (b"import machine\n" * 50, "is no UF2 file; a Pico W needs a UF2 of family 0xe48bff56"),
        (b"\x7fELF" + bytes(1000), "is no UF2 file, but an ELF file"),
        (b"PK\x03\x04" + bytes(1000), "is no UF2 file, but a ZIP archive"),
        (b"<!DOCTYPE html>".ljust(600), "is no UF2 file, but a web page"),
        (FIRST[:300], "is no UF2 file"),
        (FIRST + SECOND + THIRD[:300], "ends in the middle of a block, at byte 1324: it was cut short"),
        (FIRST + SECOND, "has 2 of 3 blocks, block 2 is the first that is missing: it was cut short"),
        (FIRST + THIRD, "has 2 of 3 blocks, block 1 is the first"),
        (FIRST + bytes(512) + THIRD, "is damaged at byte 512"),
        (FIRST + SECOND[:-4] + bytes(4) + THIRD, "is damaged at byte 512"),
        (FIRST + b"X" + SECOND[1:] + THIRD, "is damaged at byte 512"),
        (uf2(PAGES, 0xE48BFF59), r"block 0 is of family 0xe48bff59, for RP2350 \(Pico 2, Pico 2 W\); a Pico W needs"),
        (uf2(PAGES, 0xE48BFF5A), "for RP2350 in RISC-V mode"),
        (uf2(PAGES, 0x68ED2B88), "for SAMD21"),
        (uf2(PAGES, 0x01020304), "0x01020304, for a chip that is not known here"),
        (FIRST + uf2(PAGES, 0xE48BFF59)[512:], "block 1 is of family 0xe48bff59"),
        (block(0, 1, flags=0), "block 0 does not say for which chip it is"),
        (block(0, 1, flags=NOT_MAIN_FLASH), "nothing in it is for the flash"),
        (block(0, 1, payload=bytes(128)), "block 0 carries 128 bytes, but the boot ROM takes 256 only"),
        (block(0, 1, payload=bytes(476)), "block 0 carries 476 bytes"),
        (block(0, 1, size=477), "is no UF2 file"),
        (block(0, 1, address=0x20000000), "is for address 0x20000000, outside the flash of a Pico W"),
        (FIRST + block(1, 3, address=LAST_PAGE + 256) + THIRD, "block 1 is for address 0x10200000, outside the flash"),
        (FIRST + block(1, 3, address=FLASH_START - 256) + THIRD, "block 1 is for address 0x0fffff00, outside"),
        (
            FIRST + block(1, 3, address=FLASH_START + 300) + THIRD,
            "block 1 is for address 0x1000012c, no multiple of 256",
        ),
        (FIRST + SECOND + block(3, 3), "block 3 is numbered beyond the 3"),
        (FIRST + SECOND + block(2, 4), "block 2 belongs to another image"),
        (FIRST + SECOND + THIRD + block(1, 3, payload=bytes(255) + b"x"), "block 1 is there twice, with different"),
        (FIRST + SECOND + block(2, 3, address=FLASH_START), "blocks 0 and 2 are both for address 0x10000000"),
        (block(0, 1, address=FLASH_START + 4096), "has no block for address 0x10000000, where an RP2040 starts"),
    ],
)
def test_whatever_no_pico_w_can_be_given_is_named(data: bytes, error: str) -> None:
    with pytest.raises(Uf2Error, match=rf"^bad\.uf2: (.* )?{error}"):
        read_uf2(data, "bad.uf2")


def test_the_last_page_of_the_flash_is_accepted_and_a_block_said_twice_too() -> None:
    image = read_uf2(block(0, 2) + block(1, 2, address=LAST_PAGE) + block(0, 2), "edge.uf2")
    assert [block.address for block in image.blocks] == [FLASH_START, LAST_PAGE]
    assert image.size == 1024


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "firmware.uf2"
    path.write_bytes(uf2(PAGES))
    assert load_uf2(path).name == str(path)


def test_a_file_that_cannot_be_read_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(Uf2Error, match=r"missing\.uf2: No such file or directory; give the path of a UF2 file"):
        load_uf2(tmp_path / "missing.uf2")
    with pytest.raises(Uf2Error, match="Is a directory"):
        load_uf2(tmp_path)
