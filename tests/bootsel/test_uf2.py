"""What is accepted as firmware for a type of board, and the errors for everything else."""

from pathlib import Path

import pytest

from hil.bootsel.uf2 import Uf2Error, load_uf2, read_uf2
from hil.bootsel.uf2_block import BLOCK_BYTES, NOT_MAIN_FLASH, micropython_version
from hil.config.board_types.pico2_w import PICO2_W
from hil.config.board_types.pico_w import PICO_W
from tests.bootsel.uf2_writer import (
    FLASH_START,
    NEW_VERSION,
    RP2350_ARM_S,
    RP2350_RISCV,
    block,
    erratum_workaround,
    micropython,
    uf2,
)

PAGES = bytes(range(256)) * 3


def blocks(data: bytes) -> list[bytes]:
    return [data[start : start + BLOCK_BYTES] for start in range(0, len(data), BLOCK_BYTES)]


def test_a_good_file_gives_its_blocks_by_number() -> None:
    image = read_uf2(uf2(PAGES), "good.uf2", PICO_W)
    assert [block.number for block in image.blocks] == [0, 1, 2]
    assert [block.address - FLASH_START for block in image.blocks] == [0, 256, 512]
    assert b"".join(block.payload for block in image.blocks) == PAGES
    assert image.size == 3 * 512


def test_blocks_may_come_in_any_order_and_comments_in_between() -> None:
    first, second, third = blocks(uf2(PAGES))
    comment = block(0, 1, flags=NOT_MAIN_FLASH, family=0x12345678)
    assert read_uf2(third + comment + first + second, "mixed.uf2", PICO_W) == read_uf2(uf2(PAGES), "mixed.uf2", PICO_W)


def test_the_second_stage_is_written_last_and_nothing_is_lost() -> None:
    image = read_uf2(uf2(PAGES), "good.uf2", PICO_W)
    first, second, third = blocks(uf2(PAGES))
    assert image.in_safe_order == second + third + first


@pytest.mark.parametrize(
    "version", [NEW_VERSION, "v1.26.0-preview.53.g1a2b3c4d5-dirty on 2025-05-05", "v1.19 on 2022-06-18"]
)
def test_micropython_is_named_as_sys_version_names_it(version: str) -> None:
    assert read_uf2(micropython(version), "mp.uf2", PICO_W).micropython_version == version


@pytest.mark.parametrize("content", [PAGES, b"MicroPython is great on weekends".ljust(256)])
def test_other_programs_have_no_version(content: bytes) -> None:
    assert read_uf2(uf2(content), "other.uf2", PICO_W).micropython_version is None


def test_the_version_is_found_in_the_order_of_addresses() -> None:
    image = read_uf2(micropython(), "mp.uf2", PICO_W)
    assert micropython_version(image.blocks[::-1]) == NEW_VERSION


FIRST, SECOND, THIRD = blocks(uf2(PAGES))
LAST_PAGE = PICO_W.flash_end - 256


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "is empty"),
        (
            b"import machine\n" * 50,
            r"is not a UF2 file; a Pico W needs a UF2 of family 0xe48bff56 \(rp2040\): download RPI_PICO_W-",
        ),
        (b"\x7fELF" + bytes(1000), "is not a UF2 file, but an ELF file"),
        (b"PK\x03\x04" + bytes(1000), "is not a UF2 file, but a ZIP archive"),
        (b"<!DOCTYPE html>".ljust(600), "is not a UF2 file, but a web page"),
        (FIRST[:300], "is not a UF2 file"),
        (FIRST + SECOND + THIRD[:300], "ends in the middle of a block, at byte 1324: it was cut short"),
        (FIRST + SECOND, "has 2 of 3 blocks, block 2 is the first that is missing: it was cut short"),
        (FIRST + THIRD, "has 2 of 3 blocks, block 1 is the first"),
        (FIRST + bytes(512) + THIRD, "is damaged at byte 512"),
        (FIRST + SECOND[:-4] + bytes(4) + THIRD, "is damaged at byte 512"),
        (FIRST + b"X" + SECOND[1:] + THIRD, "is damaged at byte 512"),
        (uf2(PAGES, 0xE48BFF59), r"is of family 0xe48bff59 \(RP2350\); a Pico W needs"),
        (uf2(PAGES, 0xE48BFF5A), r"is of family 0xe48bff5a \(RP2350, RISC-V cores\)"),
        (uf2(PAGES, 0x68ED2B88), r"is of family 0x68ed2b88 \(SAMD21\)"),
        (uf2(PAGES, 0x01020304), r"is of family 0x01020304 \(an unknown chip\)"),
        (FIRST + uf2(PAGES, 0xE48BFF59)[512:], "has 1 of 3 blocks, block 1 is the first that is missing"),
        (
            uf2(PAGES, 0x68ED2B88) + uf2(PAGES, 0xE48BFF59),
            r"is of family 0x68ed2b88 \(SAMD21\), 0xe48bff59 \(RP2350\);",
        ),
        (erratum_workaround(), "nothing in it is for the flash"),
        (block(0, 1, flags=0), "block 0 does not name its chip"),
        (block(0, 1, flags=NOT_MAIN_FLASH), "nothing in it is for the flash"),
        (block(0, 1, payload=bytes(128)), "block 0 carries 128 bytes, but the boot ROM takes 256 only"),
        (block(0, 1, payload=bytes(476)), "block 0 carries 476 bytes"),
        (block(0, 1, size=477), "is not a UF2 file"),
        (block(0, 1, address=0x20000000), "is for address 0x20000000, outside the flash of a Pico W"),
        (FIRST + block(1, 3, address=LAST_PAGE + 256) + THIRD, "block 1 is for address 0x10200000, outside the flash"),
        (FIRST + block(1, 3, address=FLASH_START - 256) + THIRD, "block 1 is for address 0x0fffff00, outside"),
        (
            FIRST + block(1, 3, address=FLASH_START + 300) + THIRD,
            "block 1 is for address 0x1000012c, which is not a multiple of 256",
        ),
        (FIRST + SECOND + block(3, 3), "block 3 is numbered beyond the 3"),
        (FIRST + SECOND + block(2, 4), "block 2 belongs to another image"),
        (FIRST + SECOND + THIRD + block(1, 3, payload=bytes(255) + b"x"), "block 1 is there twice, with different"),
        (FIRST + SECOND + block(2, 3, address=FLASH_START), "blocks 0 and 2 are both for address 0x10000000"),
        (block(0, 1, address=FLASH_START + 4096), "has no block for address 0x10000000, where the RP2040 starts"),
    ],
)
def test_errors_of_files_that_do_not_fit(data: bytes, error: str) -> None:
    with pytest.raises(Uf2Error, match=rf"^bad\.uf2: (.* )?{error}"):
        read_uf2(data, "bad.uf2", PICO_W)


def test_the_last_page_of_the_flash_and_repeated_blocks_are_accepted() -> None:
    image = read_uf2(block(0, 2) + block(1, 2, address=LAST_PAGE) + block(0, 2), "edge.uf2", PICO_W)
    assert [block.address for block in image.blocks] == [FLASH_START, LAST_PAGE]
    assert image.size == 1024


def test_a_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "firmware.uf2"
    path.write_bytes(uf2(PAGES))
    assert load_uf2(path, PICO_W).name == str(path)


def test_a_file_that_cannot_be_read_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(Uf2Error, match=r"missing\.uf2: No such file or directory; give the path of a UF2 file"):
        load_uf2(tmp_path / "missing.uf2", PICO_W)
    with pytest.raises(Uf2Error, match="Is a directory"):
        load_uf2(tmp_path, PICO_W)


UNIVERSAL = micropython("v1.28.0 on 2026-10-01") + micropython("v1.29.0 on 2027-01-01", family=RP2350_ARM_S)


def test_each_type_gets_the_blocks_of_its_family_from_a_universal_file() -> None:
    for data in (UNIVERSAL, erratum_workaround() + UNIVERSAL):
        for_pico_w = read_uf2(data, "universal.uf2", PICO_W)
        assert (for_pico_w.family.name, for_pico_w.micropython_version) == ("rp2040", "v1.28.0 on 2026-10-01")
        assert for_pico_w == read_uf2(micropython("v1.28.0 on 2026-10-01"), "universal.uf2", PICO_W)
        for_pico2_w = read_uf2(data, "universal.uf2", PICO2_W)
        assert (for_pico2_w.family.name, for_pico2_w.micropython_version) == ("rp2350-arm-s", "v1.29.0 on 2027-01-01")
        assert len(for_pico2_w.blocks) == 40


@pytest.mark.parametrize(
    ("families", "chosen"),
    [
        ((RP2350_ARM_S,), "rp2350-arm-s"),
        ((RP2350_RISCV,), "rp2350-riscv"),
        ((RP2350_RISCV, RP2350_ARM_S), "rp2350-arm-s"),
        ((0xE48BFF57,), "absolute"),
    ],
)
def test_families_of_a_pico_2_w(families: tuple[int, ...], chosen: str) -> None:
    data = b"".join(uf2(PAGES, family) for family in families)
    image = read_uf2(data, "pico2.uf2", PICO2_W)
    assert image.family.name == chosen
    assert {block.family for block in image.blocks} == {image.family.number}


def test_an_image_for_the_wrong_chip_names_both() -> None:
    with pytest.raises(
        Uf2Error,
        match=r"is of family 0xe48bff56 \(RP2040\); a Pico 2 W needs a UF2 of family 0xe48bff59 \(rp2350-arm-s\) or "
        r".*: download RPI_PICO2_W-….uf2 from micropython.org/download/RPI_PICO2_W$",
    ):
        read_uf2(uf2(PAGES), "pico.uf2", PICO2_W)


def test_the_flash_of_a_pico_2_w_is_larger() -> None:
    data = block(0, 2, family=RP2350_ARM_S) + block(1, 2, family=RP2350_ARM_S, address=PICO2_W.flash_end - 256)
    assert len(read_uf2(data, "edge.uf2", PICO2_W).blocks) == 2
    beyond = block(0, 2, family=RP2350_ARM_S) + block(1, 2, family=RP2350_ARM_S, address=PICO2_W.flash_end)
    with pytest.raises(Uf2Error, match="block 1 is for address 0x10400000, outside the flash of a Pico 2 W"):
        read_uf2(beyond, "edge.uf2", PICO2_W)


@pytest.mark.parametrize("workaround", [erratum_workaround(), erratum_workaround(extension=0)])
def test_the_workaround_for_an_erratum_of_the_rp2350_is_written_first(workaround: bytes) -> None:
    marked = bytearray(PAGES)
    marked[300:304] = PICO2_W.boot_marker or b""
    first, second, third = blocks(uf2(bytes(marked), RP2350_ARM_S))
    image = read_uf2(workaround + first + second + third, "pico2.uf2", PICO2_W)
    assert [block.number for block in image.blocks] == [0, 1, 2]
    # The pages that make it bootable are last: the first one, and that with an IMAGE_DEF.
    assert image.in_safe_order == workaround + third + first + second
    assert image.size == len(image.in_safe_order)


def test_a_block_that_only_resembles_the_workaround_is_a_block() -> None:
    tagged_otherwise = erratum_workaround(extension=0x12345678)
    with pytest.raises(Uf2Error, match="has 1 of 2 blocks"):
        read_uf2(tagged_otherwise.replace(b"\x00\xff\xff\x10", b"\x00\x00\x00\x10"), "other.uf2", PICO2_W)
