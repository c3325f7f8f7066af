"""The power switch of a board: safe for hub and board, with every switching on the timeline."""

from hil.board.console import Console
from hil.board.power_sequencer import PowerSequencer
from hil.board.verified_port import VerifiedPort
from hil.clock import Clock
from hil.links import SerialLink


class PowerSwitch:
    """Switches the supply of one board through its port.

    The serial device is closed before power is cut: a cut under an open device can block a hub chip for minutes.
    Power stays off until the board has discharged, and comes on when it is the board's turn. Every switching is on the
    timeline at the instant at which the port was switched: a slow port takes seconds to switch and to report it.
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
        """``min_off_s``: shortest time without power, in seconds of rig time."""
        self._port = port
        self._link = link
        self._console = console
        self._clock = clock
        self._sequencer = sequencer
        self._min_off_s = min_off_s
        self._off_since_s: float | None = None

    @property
    def address(self) -> str:
        """The power port as written in the rig file, such as ``main/1``."""
        return self._port.address

    @property
    def is_on(self) -> bool:
        """Whether the port reports that it supplies the board. Raises ``PowerError``."""
        return self._port.is_on()

    def on(self, *, listen: bool = True) -> None:
        """Supply power. A board that is on stays on. Raises ``PowerError``.

        The console receives from the first byte; without ``listen`` the serial device is left alone.
        """
        if self._port.is_on():
            # It was found on, or could not be switched off.
            if listen:
                self._link.start(self._console)
            return
        self.wait_until_discharged()

        def about_to_switch(time_s: float) -> None:
            # Recorded before the port is switched: when a slow port returns, the board is up already, and that must not
            # look as if the board had started by itself.
            self._console.switched(time_s, is_on=True, port=self._port.address)
            # The link before the port: it opens the serial device as soon as it appears, and so misses the least.
            if listen:
                self._link.start(self._console)

        with self._sequencer.turn():
            self._port.on(about_to_switch)
        self._off_since_s = None

    def off(self) -> None:
        """Cut power at once. Does nothing when it is off already. Raises ``PowerError``."""
        self._link.stop()
        if self._port.is_on():
            switched_s: list[float] = []
            self._port.off(switched_s.append)
            self._off_since_s = self._clock.now()
            # Recorded once it is certain. The board cannot print meanwhile: its serial device is closed.
            self._console.switched(switched_s[-1], is_on=False, port=self._port.address)
        elif self._off_since_s is None:
            # Found off, since an unknown time.
            self._off_since_s = self._clock.now()

    def cycle(self) -> None:
        """Cut power, wait for the minimum off time, supply power. Raises ``PowerError``."""
        self.off()
        self.on()

    def wait_until_discharged(self) -> None:
        """Wait until the board has been off long enough; then :meth:`on` acts at once. Does nothing when it is on."""
        if self._off_since_s is not None:
            self._clock.sleep(max(0.0, self._off_since_s + self._min_off_s - self._clock.now()))
