"""When TCP sends again what was not acknowledged, and when it gives up: lwIP's back-off."""

from collections.abc import Callable

from hil.virtual.air.timing import TCP_BACKOFF_SHIFTS, TCP_RTO_S, TCP_SYN_RETRIES, TCP_SYN_RTO_S
from hil.virtual.world import US_PER_S, ScheduledEvent, World


class RetransmissionTimer:
    """The timer of one connection. It runs only while something is unacknowledged.

    ``repeat`` is called to send again and has to start the timer again; ``give_up`` after the last try.
    """

    def __init__(self, world: World, repeat: Callable[[], None], give_up: Callable[[], None]) -> None:
        self._world = world
        self._repeat = repeat
        self._give_up = give_up
        self._first_wait_s = TCP_SYN_RTO_S
        self._shifts: tuple[int, ...] = (0,) * (1 + TCP_SYN_RETRIES)
        self._tries = 0
        self._event: ScheduledEvent | None = None

    def start(self) -> None:
        """Wait for an acknowledgement. Does nothing when running."""
        if self._event is None:
            wait_s = self._first_wait_s * (1 << self._shifts[self._tries])
            self._event = self._world.after(round(wait_s * US_PER_S), self._time_out)

    def stop(self) -> None:
        """Nothing is unacknowledged any more. Does nothing when not running."""
        if self._event is not None:
            self._event.cancel()
            self._event = None

    def heard(self) -> None:
        """The peer is alive: waiting starts from the beginning."""
        self._tries = 0

    def handshake_done(self) -> None:
        """From here on data is repeated, not the connection request."""
        self._first_wait_s = TCP_RTO_S
        self._shifts = TCP_BACKOFF_SHIFTS
        self.heard()
        self.stop()

    def _time_out(self) -> None:
        self._event = None
        self._tries += 1
        if self._tries == len(self._shifts):
            self._give_up()
        else:
            self._repeat()
