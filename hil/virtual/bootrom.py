"""A board's boot ROM as the bench sees it: BOOTSEL mode with its volume, and what becomes of UF2 blocks on it.

It behaves as virtual_disk.c of pico-bootrom-rp2040: it silently ignores the blocks that it does not accept, takes them
in any order, and restarts the board when as many different blocks have come as each of them counts. The boot ROM of
other types behaves the same here.
"""

import re
from collections.abc import Callable, Mapping

from hil.bootsel.uf2_block import BLOCK_BYTES, PAYLOAD_BYTES, Uf2Block, micropython_version
from hil.config.board_type import BoardType
from hil.virtual.world import ScheduledEvent, World

ENUMERATION_US = (600_000, 1_500_000)
"""From entering BOOTSEL mode to a disk on the host. On real hubs it takes up to 2 s."""
BLOCK_US = 3_000
"""Time to write one block, including erasing (unsure): MicroPython, about 3,300 blocks, reportedly takes 8 to 15 s."""
RESTART_US = 1_000_000
"""From the last block to the restart (``safe_reboot`` in the boot ROM)."""
MICROPYTHON = "v1.27.0 on 2026-06-02"
"""Version of the interpreter that virtual boards run. Firmware images without a version report this one."""

_SECTOR_BYTES = 4096
"""What the flash erases at once."""


def volume_files(board_type: BoardType) -> Mapping[str, bytes]:
    """What is on the volume, whatever was written to it."""
    lines = (
        board_type.volume_bootloader,
        f"Model: {board_type.volume_model}",
        f"Board-ID: {board_type.volume_board_id}",
    )
    device = board_type.volume_model.rpartition(" ")[2]
    index = (
        f'<html><head><meta http-equiv="refresh" content="0;URL=\'https://raspberrypi.com/device/{device}?version='
        f"{board_type.bootsel_serial or ''}'\"/></head><body>Redirecting to raspberrypi.com</body></html>"
    )
    info = "".join(f"{line}\r\n" for line in lines)
    return {"INFO_UF2.TXT": info.encode(), "INDEX.HTM": index.encode()}


class Firmware:
    """The firmware in a board's flash, which persists across power cuts."""

    def __init__(self) -> None:
        self.version = MICROPYTHON
        """The version in MicroPython's banner."""
        self.has_second_stage = True
        """Without a second-stage bootloader the boot ROM stays in BOOTSEL mode."""
        self.is_complete = True
        """Incomplete firmware hangs before it initializes USB."""

    @property
    def version_info(self) -> tuple[int | str, ...]:
        """``sys.implementation.version``: three numbers, and ``preview`` if it is not a release."""
        tag = self.version.partition(" ")[0]
        numbers = [int(number) for number in re.findall(r"[0-9]+", tag.partition("-")[0])][:3]
        return (*numbers, *[0] * (3 - len(numbers)), "preview" if "-" in tag else "")


class BootRom:
    """BOOTSEL mode of one board: a USB device with a volume, from :meth:`enter` to :meth:`leave`.

    ``on_flashed`` is called when the board restarts with new firmware, with whether the file system was overwritten.
    """

    def __init__(
        self, world: World, firmware: Firmware, on_flashed: Callable[[bool], None], board_type: BoardType
    ) -> None:
        self.board_type = board_type
        self._world = world
        self._firmware = firmware
        self._on_flashed = on_flashed
        self._plug_watchers: list[Callable[[bool], None]] = []
        self._event: ScheduledEvent | None = None
        self._is_enumerated = False
        self._is_plugged_in = True
        self._blocks: dict[int, Uf2Block] = {}
        self._count = 0
        self._erased: set[int] = set()

    @property
    def is_attached(self) -> bool:
        """Whether the device is enumerated and plugged in, so that the host has the volume."""
        return self._is_enumerated and self._is_plugged_in

    def watch_plug(self, watcher: Callable[[bool], None]) -> None:
        """Call ``watcher(is_attached)`` whenever the volume appears or disappears."""
        self._plug_watchers.append(watcher)

    def enter(self) -> None:
        """Enter BOOTSEL mode: the device connects to USB."""
        self._reset_transfer()
        self._event = self._world.after(self._world.rng.randint(*ENUMERATION_US), self._enumerate)

    def leave(self) -> None:
        """Leave BOOTSEL mode by a reset or power cut. Does nothing outside BOOTSEL mode."""
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._change(self._is_plugged_in, is_enumerated=False)

    def set_plugged_in(self, is_plugged_in: bool) -> None:
        """Connect or disconnect the data lines of the cable."""
        self._change(is_plugged_in, is_enumerated=self._is_enumerated)

    def write(self, data: bytes) -> None:
        """Write sectors of the volume, immediately. The caller has to wait the time that this takes."""
        for offset in range(0, len(data), BLOCK_BYTES):
            block = Uf2Block.parse(data[offset : offset + BLOCK_BYTES])
            if self.is_attached and block is not None and self._is_accepted(block):
                self._write(block)

    def _enumerate(self) -> None:
        self._event = None
        self._change(self._is_plugged_in, is_enumerated=True)

    def _change(self, is_plugged_in: bool, *, is_enumerated: bool) -> None:
        was_attached = self.is_attached
        self._is_plugged_in, self._is_enumerated = is_plugged_in, is_enumerated
        if self.is_attached != was_attached:
            self._world.notify()
            for watcher in list(self._plug_watchers):
                watcher(self.is_attached)

    def _reset_transfer(self) -> None:
        self._blocks, self._count, self._erased = {}, 0, set()

    def _write(self, block: Uf2Block) -> None:
        if self._event is not None:  # already restarting
            return
        if block.count != self._count:
            self._reset_transfer()
            self._count = block.count
        self._firmware.is_complete = False
        # The boot ROM erases by block number, not address, so number and address must advance together.
        sector = block.number * PAYLOAD_BYTES // _SECTOR_BYTES
        if sector not in self._erased:
            self._erased.add(sector)
            if block.address // _SECTOR_BYTES == self.board_type.flash_start // _SECTOR_BYTES:
                self._firmware.has_second_stage = False
        if block.address == self.board_type.flash_start:
            self._firmware.has_second_stage = True
        self._blocks[block.number] = block
        if len(self._blocks) == self._count:
            self._firmware.is_complete = True
            self._event = self._world.after(RESTART_US, self._restart)

    def _restart(self) -> None:
        self._event = None
        blocks = tuple(self._blocks.values())
        self._firmware.version = micropython_version(blocks) or MICROPYTHON
        file_system_start = self.board_type.flash_end - self.board_type.file_system_bytes
        self._on_flashed(any(block.address >= file_system_start for block in blocks))

    def _is_accepted(self, block: Uf2Block) -> bool:
        of = self.board_type
        return (
            block.is_for_flash
            and block.names_family
            and any(block.family == family.number for family in of.uf2_families)
            and len(block.payload) == PAYLOAD_BYTES
            and of.flash_start <= block.address <= of.flash_end - PAYLOAD_BYTES
            and block.address % PAYLOAD_BYTES == 0
            and block.number < block.count
        )
