"""A board's power switch as tests hold it: safe for the hub and the board, and on the record."""

from hil.board.console import Console
from hil.board.power_sequencer import PowerSequencer
from hil.board.verified_port import VerifiedPort
from hil.clock import Clock
from hil.links import SerialLink


class PowerSwitch:
    """Switches one board's supply through its port, and keeps what every kind of port needs kept.

    The serial device is closed before power is cut, for a cut under an open one can block a hub chip for minutes.
    Power stays off long enough for the board to lose its charge, and comes when it is the board's turn. Every switching
    is on the timeline, at the instant at which the port was told: a slow one takes seconds to do it and to say so.
    """

    def __init__(
        self,
        port: VerifiedPort,
        link: SerialLink,
        console: Console,
        clock: Clock,
        sequencer: PowerSequencer,
        min_off_s: float,
    ) -> None:
        """``min_off_s``: how long the board stays without power at least, in seconds of rig time."""
        self._port = port
        self._link = link
        self._console = console
        self._clock = clock
        self._sequencer = sequencer
        self._min_off_s = min_off_s
        self._off_since_s: float | None = None

    @property
    def is_on(self) -> bool:
        """Whether the board is supplied, as its port reports it."""
        return self._port.is_on()

    def on(self) -> None:
        """Supply power, and listen from the first byte. A board that is on stays so. Raises ``PowerError``."""
        if self._port.is_on():
            # It was found so, or could not be switched off.
            self._link.start(self._console)
            return
        self.wait_until_discharged()
        with self._sequencer.turn():
            self._port.on(self._about_to_be_on)
        self._off_since_s = None

    def _about_to_be_on(self, time_s: float) -> None:
        # Before the deed: a slow port returns when the board is up already, which must not look as if it had come up
        # by itself.
        self._console.switched(time_s, is_on=True, port=self._port.address)
        # The link before the port: it opens the serial device the moment that it appears, and so misses the least.
        self._link.start(self._console)

    def off(self) -> None:
        """Cut power at this instant. Does nothing when it is off already. Raises ``PowerError``."""
        self._link.stop()
        if self._port.is_on():
            told_s: list[float] = []
            self._port.off(told_s.append)
            self._off_since_s = self._clock.now()
            # Not before it is certain. Nothing is heard of this board meanwhile: its serial device is closed.
            self._console.switched(told_s[-1], is_on=False, port=self._port.address)
        elif self._off_since_s is None:
            # Found off: by whom and since when nobody knows.
            self._off_since_s = self._clock.now()

    def cycle(self) -> None:
        """Cut power, wait for the minimum off time, supply power."""
        self.off()
        self.on()

    def wait_until_discharged(self) -> None:
        """Wait until the board has been off long enough; then :meth:`on` acts at once. Does nothing when it is on."""
        if self._off_since_s is not None:
            self._clock.sleep(max(0.0, self._off_since_s + self._min_off_s - self._clock.now()))
