"""The Raspberry Pi Pico W: an RP2040 with 2 MB of flash and a CYW43439 radio.

Sources: USB ids from github.com/raspberrypi/usb-pid; the volume and the shared serial number in BOOTSEL mode from
pico-bootrom-rp2040 (virtual_disk.c); UF2 families from github.com/microsoft/uf2 (utils/uf2families.json); the rest
from MicroPython's ports/rp2 (boards/RPI_PICO_W, mpconfigport.h, modmachine.c).
"""

from hil.config.board_type import BoardType, Uf2Family, UsbId

PICO_W = BoardType(
    name="pico-w",
    title="Pico W",
    machine="Raspberry Pi Pico W with RP2040",
    micropython_build="RPI_PICO_W",
    hostname="PicoW",
    application_usb=UsbId(0x2E8A, 0x0005),
    bootsel_usb=UsbId(0x2E8A, 0x0003),
    # The unique id of its flash chip.
    serial_pattern="[0-9a-f]{16}",
    serial_format="16 hex digits",
    serial_prefix="e661",
    bootsel_serial="E0C9125B0D9B",
    volume_label="RPI-RP2",
    volume_board_id="RPI-RP2",
    volume_model="Raspberry Pi RP2",
    volume_bootloader="UF2 Bootloader v3.0",
    uf2_families=(Uf2Family(0xE48BFF56, "rp2040"),),
    flash_start=0x1000_0000,
    flash_bytes=2 * 1024 * 1024,
    file_system_bytes=848 * 1024,
    # Of 264 KB of RAM; as `gc.mem_free() + gc.mem_alloc()` shows it.
    heap_bytes=190 * 1024,
    cpu_hz=125_000_000,
    led_pin="LED",
    power_on_reset_cause=1,
    watchdog_reset_cause=3,
)
