"""One Pico W of a rig, as tests use it."""

from collections.abc import Iterator
from contextlib import contextmanager

from hil.board.console import Console, Mark
from hil.board.deploy import Deployment, Outcome, image_digest
from hil.board.flashing import BOOT_WITHIN_S, FLASH_WITHIN_S, Ask, Uf2Flashing
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


class Board:
    """One board: its power, its console, and the files and MicroPython on its flash."""

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
        """``serial``: the board's USB serial number; empty when the rig file does not give it."""
        self.name = name
        self.serial = serial
        """The USB serial number, which is ``machine.unique_id()`` in hex; empty when the rig file does not give it."""
        self.micropython: str | None = None
        """Its MicroPython, as the board reports it (``v1.27.0 on 2026-06-02``); None until the first :meth:`deploy`."""
        self.power = power
        self.console = console
        self._wifi = wifi
        self._link = link
        self._bootsel = bootsel
        self._clock = clock
        self._timeline = timeline
        self._deployed: str | None = None
        self.transfer: tuple[int, int] | None = None
        """Bytes written and in total, while :meth:`deploy` or :meth:`flash_uf2` writes to the flash; else None."""

    def __repr__(self) -> str:
        return self.name

    def events(self, name: str, since: Mark | None = None) -> list[Event]:
        """Every event ``name`` of this board since the test began (or since ``since``), oldest first."""
        return self.console.events(name, since)

    def boot(self, within_s: float = BOOT_WITHIN_S) -> None:
        """Switch on, and wait until the serial device is open. Raises ``LinkError``, ``PowerError``."""
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
        """The raw REPL, to run code on the board; boots the board if it is off.

        The firmware is interrupted, and does not run again before the next :meth:`reset` or power-on. With
        ``soft_reset`` its state is cleared first. The console receives nothing meanwhile. Raises ``LinkError``.
        """
        # Code run there may write to the flash.
        self.distrust()
        self.boot()
        self.note_stop("repl", "its program is stopped" + (", by a soft reset" if soft_reset else ""))
        with self._link.borrow() as port:
            repl = RawRepl(self.name, port, self._clock)
            repl.enter(soft_reset=soft_reset)
            try:
                yield repl
            except LinkError:
                # The board is gone or stuck, and cannot leave its REPL.
                raise
            except BaseException as error:
                try:
                    repl.exit()
                except LinkError as lost:
                    error.add_note(f"and then the board did not leave its raw REPL: {lost}")
                raise
            repl.exit()

    @contextmanager
    def program(self, title: str, source: str, call: str, ready: bytes) -> Iterator[None]:
        """Start a program from RAM and leave it running: ``source`` defines it, ``call`` runs it for ever.

        The block begins when the program has printed the line ``ready``; the console receives what it prints once the
        block ends. The flash is left alone. ``title`` names the program on the timeline and in errors, which do not
        quote ``call``: it may contain a secret. Boots the board if it is off. Raises ``LinkError``, ``PowerError``, and
        ``ReplError`` when ``source`` raises on the board.
        """
        self.boot()
        with self._link.borrow() as port:
            repl = RawRepl(self.name, port, self._clock)
            repl.enter(soft_reset=True)
            repl.exec(source)
            repl.start(call, ready, title=title)
            # The rest of what an earlier program printed.
            self.console.cut_line(self._clock.now())
            # Not an entry of the kind "repl", a cause of restarts: while this program runs, nothing explains one.
            self._timeline.add(self._clock.now(), self.name, "deploy", f"runs {title} from RAM")
            yield

    def distrust(self) -> None:
        """Something went wrong: the next :meth:`deploy` compares the files on the flash again."""
        self._deployed = None

    def deploy(self, app: App, role: Role, *, soft_reset: bool = True) -> Outcome | None:
        """Make the flash hold ``role`` of ``app``, to run from the next reset or power-on; returns what was changed.

        Returns None at once when these files were deployed last and nothing has happened to the flash since. Changes
        that the firmware itself makes to its files are not noticed.
        ``soft_reset`` clears the state of the running firmware; without it the board should just have been started.
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
        """Replace the board's MicroPython; its files stay. Returns the version that the board reports afterwards.

        The firmware does not run again before the next :meth:`reset` or power-on. ``ask`` asks a person to press a
        button, if nothing else helps. Raises ``BootselError``, ``LinkError``, ``PowerError``.
        """
        self._deployed = self.micropython = None
        flashing = Uf2Flashing(
            self.name,
            bootsel=self._bootsel,
            power=self.power,
            link=self._link,
            clock=self._clock,
            note_restart=lambda text: self.note_stop("reset", text),
            note=lambda text: self._timeline.add(self._clock.now(), self.name, "deploy", text),
        )
        with self._transferring(progress) as both:
            return flashing.run(image, both, ask, within_s)

    def reset(self, within_s: float = BOOT_WITHIN_S) -> None:
        """Reset the chip, as ``machine.reset()`` does, and wait until the board is back. Raises ``LinkError``."""
        self.boot()
        self.note_stop("reset", "the hard way, over the REPL")
        with self._link.borrow() as port:
            repl = RawRepl(self.name, port, self._clock)
            repl.enter(soft_reset=False)
            repl.reset()
        if not self._clock.wait_for(f"{self.name}: its serial device", lambda: self._link.is_connected, within_s):
            raise LinkError(f"{self.name}: no serial device {within_s:g} s after a reset; cycle its power")

    def note_stop(self, kind: EntryKind, text: str) -> None:
        """Record that the framework is about to stop what runs on the board: the cause comes before its effect."""
        now_s = self._clock.now()
        self._timeline.add(now_s, self.name, kind, text, [Event(now_s, self.name, STOPPED, {}, "")])

    @contextmanager
    def _transferring(self, progress: Progress = lambda _done, _total: None) -> Iterator[Progress]:
        def note(done: int, total: int) -> None:
            self.transfer = done, total
            progress(done, total)

        try:
            yield note
        finally:
            self.transfer = None
