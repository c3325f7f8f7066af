"""One Pico W of a rig: what tests hold in their hands."""

from collections.abc import Iterator
from contextlib import contextmanager

from hil.board.console import Console, Mark
from hil.board.deploy import Deployment, Outcome, image_digest
from hil.board.flashing import FLASH_WITHIN_S, Ask, Uf2Flashing
from hil.board.power_switch import PowerSwitch
from hil.board.raw_repl import RawRepl
from hil.bootsel import BootselDevice, Progress
from hil.bootsel.uf2 import Uf2Image
from hil.clock import Clock
from hil.config.app import App
from hil.config.rig_file import Role, WifiConfig
from hil.errors import LinkError
from hil.events import STOPPED, EntryKind, Event, EventPatterns, Timeline
from hil.links import SerialLink

BOOT_WITHIN_S = 15.0
"""Seconds of rig time from power to an open serial device: 1 to 5 on real hubs, some boards need more."""


class Board:
    """One board: its power, what it says, and what is on its flash."""

    def __init__(
        self,
        name: str,
        *,
        serial: str,
        wifi: WifiConfig,
        power: PowerSwitch,
        link: SerialLink,
        bootsel: BootselDevice,
        console: Console,
        clock: Clock,
        timeline: Timeline,
    ) -> None:
        """``serial`` is the board's USB serial number; empty when only the board knows it."""
        self.name = name
        self.serial = serial
        """The USB serial number, which is ``machine.unique_id()`` in hex. If the rig file does not say it, it is empty
        until the first :meth:`deploy`."""
        self.micropython: str | None = None
        """The MicroPython on it, as it says itself (``v1.27.0 on 2026-06-02``); None until the first :meth:`deploy`."""
        self.power = power
        self.console = console
        self._wifi = wifi
        self._link = link
        self._bootsel = bootsel
        self._clock = clock
        self._timeline = timeline
        self._deployed: str | None = None
        self.transfer: tuple[int, int] | None = None
        """Bytes that went to the flash, of how many, while a :meth:`deploy` or :meth:`flash_uf2` writes there."""

    def __repr__(self) -> str:
        return self.name

    def events(self, name: str, since: Mark | None = None) -> list[Event]:
        """Every event ``name`` of this board since the test began (or ``since``), oldest first."""
        return self.console.events(name, since)

    def boot(self, within_s: float = BOOT_WITHIN_S) -> None:
        """Switch on, and wait until the serial device is open. Raises ``LinkError``."""
        self.power.on()
        if not self._clock.wait_for(f"{self.name}: its serial device", lambda: self._link.is_connected, within_s):
            hint = "check its cable and hub port, and that it runs MicroPython"
            raise LinkError(
                f"{self.name}: no serial device {within_s:g} s after power-on (serial number "
                f"{self.serial or 'not known'}); {self._link.obstacle or hint}. A boot.py that never ends keeps the "
                "device away too"
            )

    @contextmanager
    def repl(self, *, soft_reset: bool = False) -> Iterator[RawRepl]:
        """The raw REPL, for running code on the board; boots it if need be.

        The firmware is interrupted and stays so until the next :meth:`reset` or power-on. With ``soft_reset`` its
        state is cleared away first. The console hears nothing meanwhile.
        """
        # Whatever runs there may write to the flash.
        self._deployed = None
        self.boot()
        self._note_stop("repl", "its program is stopped" + (", by a soft reset" if soft_reset else ""))
        with self._link.borrow() as port:
            repl = RawRepl(self.name, port, self._clock)
            repl.enter(soft_reset=soft_reset)
            try:
                yield repl
            except LinkError:
                # The board is gone or stuck: it takes no good-bye.
                raise
            except BaseException as error:
                try:
                    repl.exit()
                except LinkError as lost:
                    error.add_note(f"and then the board did not leave its raw REPL: {lost}")
                raise
            repl.exit()

    def distrust(self) -> None:
        """What is on the flash has to be looked at again before the next test: something went wrong here."""
        self._deployed = None

    def deploy(self, app: App, role: Role, *, soft_reset: bool = True) -> Outcome | None:
        """Make the flash hold ``role`` of ``app``, to run from the next reset or power-on; returns what that took.

        Costs nothing, and returns None, when it was the last to write there: that the firmware itself changes its files
        is not noticed.
        ``soft_reset`` clears away what the firmware has begun; without it the board should just have been started.
        Raises ``DeployError``, ``LinkError``, ``ConfigError``.
        """
        image = app.image(role, self._wifi)
        digest = image_digest(image)
        outcome = None
        if digest != self._deployed:
            with self.repl() as repl, self._transferring() as progress:
                outcome = Deployment(repl, image, self._clock, progress).run(soft_reset=soft_reset)
                if self.micropython is None:
                    said = repl.exec("import sys;print(sys.version)").strip()
                    self.micropython = said.partition("MicroPython ")[2] or said
            self._timeline.add(self._clock.now(), self.name, "deploy", f"{app.name}/{role}: {outcome}")
            self._deployed = digest
        self.console.use(EventPatterns(app.events))
        return outcome

    def flash_uf2(
        self,
        image: Uf2Image,
        progress: Progress = lambda _done, _total: None,
        ask: Ask | None = None,
        within_s: float = FLASH_WITHIN_S,
    ) -> str | None:
        """Replace the board's MicroPython; its files stay. Returns the version that it then says it runs.

        The program is stopped and stays so until the next :meth:`reset` or power-on. ``ask`` tells a person which
        button to press, if that is needed. Raises ``BootselError``, ``LinkError``, ``PowerError``.
        """
        self._deployed = self.micropython = None
        flashing = Uf2Flashing(
            self.name,
            bootsel=self._bootsel,
            power=self.power,
            link=self._link,
            clock=self._clock,
            note_restart=lambda text: self._note_stop("reset", text),
            note=lambda text: self._timeline.add(self._clock.now(), self.name, "deploy", text),
        )
        with self._transferring(progress) as both:
            return flashing.run(image, both, ask, within_s)

    def reset(self, within_s: float = BOOT_WITHIN_S) -> None:
        """Reset the hard way, as ``machine.reset()`` does, and wait until it is back. Raises ``LinkError``."""
        self.boot()
        self._note_stop("reset", "the hard way, over the REPL")
        with self._link.borrow() as port:
            repl = RawRepl(self.name, port, self._clock)
            repl.enter(soft_reset=False)
            repl.reset()
        if not self._clock.wait_for(f"{self.name}: its serial device", lambda: self._link.is_connected, within_s):
            raise LinkError(f"{self.name}: no serial device {within_s:g} s after a reset; cycle its power")

    @contextmanager
    def _transferring(self, progress: Progress = lambda _done, _total: None) -> Iterator[Progress]:
        def note(done: int, total: int) -> None:
            self.transfer = done, total
            progress(done, total)

        try:
            yield note
        finally:
            self.transfer = None

    def _note_stop(self, kind: EntryKind, text: str) -> None:
        now_s = self._clock.now()
        self._timeline.add(now_s, self.name, kind, text, [Event(now_s, self.name, STOPPED, {}, "")])
