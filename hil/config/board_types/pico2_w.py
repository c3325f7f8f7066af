"""The Raspberry Pi Pico 2 W: an RP2350 with 4 MB of flash and the radio of the Pico W.

Sources: the RP2350 datasheet, sections 5.1.5 and 5.9.1 (blocks: what makes flash bootable), 5.5.1 (the volume),
5.5.3, table 455 (UF2 families; github.com/microsoft/uf2 has the same numbers) and 5.7.1 (USB ids and strings);
MicroPython's ports/rp2 (boards/RPI_PICO2_W, mpconfigport.h, modmachine.c, memmap_mp_rp2350.ld). Not tried with a real
board.
"""

from hil.config.board_type import BoardType, Uf2Family, UsbId

PICO2_W = BoardType(
    name="pico2-w",
    title="Pico 2 W",
    machine="Raspberry Pi Pico 2 W with RP2350",
    micropython_build="RPI_PICO2_W",
    hostname="Pico2W",
    # MicroPython has one pair of ids for all its rp2 boards.
    application_usb=UsbId(0x2E8A, 0x0005),
    bootsel_usb=UsbId(0x2E8A, 0x000F),
    # The chip's own id, 64 random bits.
    serial_pattern="[0-9a-f]{16}",
    serial_format="16 hex digits",
    serial_prefix="e661",
    bootsel_serial=None,
    volume_label="RP2350",
    volume_board_id="RP2350",
    volume_model="Raspberry Pi RP2350",
    volume_bootloader="UF2 Bootloader v1.0",
    uf2_families=(
        Uf2Family(0xE48BFF59, "rp2350-arm-s"),
        Uf2Family(0xE48BFF5A, "rp2350-riscv"),
        Uf2Family(0xE48BFF57, "absolute"),
    ),
    flash_start=0x1000_0000,
    flash_bytes=4 * 1024 * 1024,
    # MICROPY_HW_FLASH_STORAGE_BYTES: all but 1.5 MB for the program.
    file_system_bytes=4 * 1024 * 1024 - 1536 * 1024,
    # PICOBIN_BLOCK_MARKER_START, the first word of an IMAGE_DEF.
    boot_marker=bytes.fromhex("d3deffff"),
    # Of 520 KB of RAM, what the linker leaves to the garbage collector; users of MicroPython 1.29 report 436 KB.
    heap_bytes=436 * 1024,
    cpu_hz=150_000_000,
    led_pin="LED",
    power_on_reset_cause=1,
    watchdog_reset_cause=3,
)
