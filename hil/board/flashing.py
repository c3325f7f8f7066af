"""Flashes a UF2 image to one board: enters BOOTSEL mode by the mildest means that works, writes, and checks."""

from collections.abc import Callable

from hil.board.machine_name import machine_of
from hil.board.power_switch import PowerSwitch
from hil.board.raw_repl import RawRepl, ReplError
from hil.bootsel import BootselDevice, Progress
from hil.bootsel.uf2 import Uf2Image
from hil.clock import Clock, Deadline
from hil.errors import BootselError, LinkError
from hil.links import TOUCH_BAUD, SerialLink

FLASH_WITHIN_S = 240.0
"""Seconds of rig time for everything: writing takes 10 to 20, and a person who presses a button gets a minute."""

BOOT_WITHIN_S = 15.0
"""Seconds of rig time from power, or from a reset, to an open serial device (or to BOOTSEL mode): 1 to 5 on real hubs,
more for some boards."""
REPL_WITHIN_S = 8.0
"""Seconds of rig time for one attempt to send a board to BOOTSEL mode over its REPL."""
BOOTSEL_WITHIN_S = 5.0
"""Seconds of rig time from the end of the firmware to a device in BOOTSEL mode; 2 are usual."""
PRESS_WITHIN_S = 60.0
"""Seconds of rig time for a person to press the BOOTSEL button of a board."""
RESTART_WITHIN_S = 30.0
"""Seconds of rig time from the last byte to an open serial device. A new board formats its flash at its first boot."""

Note = Callable[[str], None]
"""Records on the timeline what was done."""
Ask = Callable[[str], None]
"""Shows a person what to do."""


class Uf2Flashing:
    """Flashes images to one board."""

    def __init__(
        self,
        board: str,
        *,
        bootsel: BootselDevice,
        power: PowerSwitch,
        link: SerialLink,
        clock: Clock,
        note_restart: Note,
        note: Note,
    ) -> None:
        """``note_restart``: called before each restart of the board, with its reason."""
        self._board = board
        self._bootsel = bootsel
        self._power = power
        self._link = link
        self._clock = clock
        self._note_restart = note_restart
        self._note = note

    def run(self, image: Uf2Image, progress: Progress, ask: Ask | None, within_s: float) -> str | None:
        """Write ``image`` and start it; returns the MicroPython version that the board then reports, if it is one.

        ``ask`` tells a person which button to press if nothing else helps; without it the error does. Raises
        ``BootselError``, ``LinkError``, ``PowerError``. Nothing is written to a board whose type is not the image's, or
        that reports another chip than its type has.
        """
        self._check_image(image)
        deadline = self._clock.deadline(within_s)
        self._enter(ask, deadline)
        self._note_restart(f"new firmware: {image.name} ({image.micropython_version or 'not MicroPython'})")
        self._bootsel.write(image, progress)
        self._await_restart(image, deadline)
        if image.micropython_version is None:
            self._note(f"wrote {image.name}, which is not MicroPython, so its version was not checked")
            return None
        runs = self._ask_version(deadline)
        if runs != image.micropython_version:
            text = f"{self._board}: runs MicroPython {runs} after {image.name} was written, which has"
            raise BootselError(f"{text} {image.micropython_version}; flash it again, and check which board was flashed")
        self._note(f"wrote {image.name}; it runs MicroPython {runs}")
        return runs

    def _check_image(self, image: Uf2Image) -> None:
        board_type = self._bootsel.board_type
        if image.board_type != board_type:
            text = f"{self._board}: {image.name} was read for {image.board_type.a_title}, but the board is"
            raise BootselError(f"{text} {board_type.a_title}; nothing was written. Read it for {board_type.name}")

    # Into BOOTSEL mode.

    def _enter(self, ask: Ask | None, deadline: Deadline) -> None:
        self._power.on()
        self._await_any_device(deadline)
        self._bootsel.locate()
        failures = []
        for way in (self._by_repl, self._by_touch, lambda deadline: self._by_power(ask, deadline)):
            if self._bootsel.is_present:
                return
            try:
                way(deadline)
            except LinkError as error:
                failures.append(str(error).removeprefix(f"{self._board}: "))
        if not self._bootsel.is_present:
            text = f"{self._board}: does not go to BOOTSEL mode ({'; '.join(failures)})"
            raise BootselError(f"{text}. {_how_to_press(self._board)}, then flash it again")

    def _await_any_device(self, deadline: Deadline) -> None:
        self._wait(lambda: self._link.is_connected or self._bootsel.is_present, BOOT_WITHIN_S, deadline)

    def _by_repl(self, deadline: Deadline) -> None:
        self._require_device("machine.bootloader()")
        self._note_restart("to BOOTSEL mode, by machine.bootloader()")
        with self._link.borrow() as port:
            repl = RawRepl(self._board, port, self._clock)
            repl.enter(soft_reset=False, within_s=min(REPL_WITHIN_S, deadline.remaining_s))
            self._check_chip(repl, deadline)
            repl.enter_bootloader(min(REPL_WITHIN_S, deadline.remaining_s))
        self._await_bootsel("machine.bootloader()", BOOTSEL_WITHIN_S, deadline)

    def _check_chip(self, repl: RawRepl, deadline: Deadline) -> None:
        # Only the chip: a wrong MicroPython for the right chip is what flashing repairs.
        board_type = self._bootsel.board_type
        try:
            machine = machine_of(repl, min(REPL_WITHIN_S, deadline.remaining_s))
        except ReplError:
            # Not MicroPython, or not all of it: its boot ROM is still identified by USB.
            return
        if not board_type.has_chip(machine):
            repl.exit()
            text = f"{self._board}: is a {machine}, but its type is {board_type.name} ({board_type.chip})"
            fix = "correct `type:` in the rig file, or plug in the right board"
            raise BootselError(f"{text}; nothing was written; {fix}")

    def _by_touch(self, deadline: Deadline) -> None:
        way = f"a touch at {TOUCH_BAUD} baud"
        self._require_device(way)
        self._note_restart(f"to BOOTSEL mode, by {way}")
        self._link.touch()
        self._await_bootsel(way, BOOTSEL_WITHIN_S, deadline)

    def _by_power(self, ask: Ask | None, deadline: Deadline) -> None:
        """Cycle the power: with its button held the board enters BOOTSEL mode; else it may at least respond again."""
        self._power.off()
        if ask is not None:
            ask(f"{_how_to_press(self._board)}; waiting {PRESS_WITHIN_S:g} s for that")
        self._power.on()
        self._await_any_device(deadline)
        if self._link.is_connected:
            try:
                self._by_repl(deadline)
            except LinkError:
                if ask is None:
                    raise
        self._await_bootsel("a power cycle", PRESS_WITHIN_S if ask is not None else BOOTSEL_WITHIN_S, deadline)

    def _require_device(self, way: str) -> None:
        if not self._link.is_connected:
            raise LinkError(f"it has no serial device for {way}")

    def _await_bootsel(self, way: str, within_s: float, deadline: Deadline) -> None:
        if not self._wait(lambda: self._bootsel.is_present, within_s, deadline):
            raise LinkError(f"{way} had no effect")

    # Back to the application.

    def _await_restart(self, image: Uf2Image, deadline: Deadline) -> None:
        # A program other than MicroPython need not have a serial device.
        needs_device = image.micropython_version is not None

        def is_back() -> bool:
            return not self._bootsel.is_present and (self._link.is_connected or not needs_device)

        if self._wait(is_back, RESTART_WITHIN_S, deadline):
            return
        text = f"{self._board}: {RESTART_WITHIN_S:g} s after {image.name} was written"
        if self._bootsel.is_present:
            raise BootselError(f"{text} it is still in BOOTSEL mode: not all of it arrived; flash it again")
        fix = f"check that this is MicroPython for the {image.board_type.title}"
        raise BootselError(f"{text} it has no serial device; {fix}")

    def _ask_version(self, deadline: Deadline) -> str:
        try:
            with self._link.borrow() as port:
                repl = RawRepl(self._board, port, self._clock)
                repl.enter(soft_reset=False, within_s=min(RESTART_WITHIN_S, deadline.remaining_s))
                output = repl.exec("import sys;print(sys.version)", min(REPL_WITHIN_S, deadline.remaining_s))
                repl.exit()
        except (LinkError, ReplError) as error:
            text = f"{self._board}: the image was written completely and started, but the board does not report which"
            fix = "does its main.py, which is still there, catch Ctrl-C?"
            raise BootselError(f"{text} MicroPython it runs; {fix} ({error})") from error
        return output.partition("MicroPython ")[2].strip()

    def _wait(self, condition: Callable[[], bool], within_s: float, deadline: Deadline) -> bool:
        return self._clock.wait(condition, min(within_s, deadline.remaining_s))


def _how_to_press(board: str) -> str:
    return f"hold the BOOTSEL button of board {board} while you unplug its USB cable and plug it in again"
