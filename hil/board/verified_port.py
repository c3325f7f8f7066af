"""A power port that is believed only what it reports, and is told again what it did not do."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from hil.clock import Clock
from hil.errors import PowerError
from hil.events import POWER_RETRY, Event, Timeline
from hil.power import PowerPort, PowerSetupError

TRIES = 3
"""How often a port is told before it counts as broken."""
PAUSE_S = 1.0
"""Seconds of rig time between two tries: enough for a hub that has just come back to USB, and for a slow plug."""

_Result = TypeVar("_Result")

Told = Callable[[float], None]
"""Is told the rig time just before a port is told to switch: at each try, so that the last one is the deed."""


class VerifiedPort:
    """The supply of one board, read back after every switching. Implements ``PowerPort`` around another.

    What fails is tried again where that may help; each such retry is on the timeline as an event ``power-retry`` of the
    board, for a bench that needs many is not sound. Errors name the board and its port.
    """

    def __init__(self, board: str, address: str, port: PowerPort, clock: Clock, timeline: Timeline) -> None:
        self.board = board
        self.address = address
        """The port in the words of the rig file, such as ``main/1``."""
        self._port = port
        self._clock = clock
        self._timeline = timeline

    def on(self, told: Told = lambda _time_s: None) -> None:
        def switch() -> None:
            told(self._clock.now())
            self._port.on()
            self._check(is_on=True)

        self._try("on", switch)

    def off(self, told: Told = lambda _time_s: None) -> None:
        def switch() -> None:
            told(self._clock.now())
            self._port.off()
            self._check(is_on=False)

        self._try("off", switch)

    def is_on(self) -> bool:
        return self._try("state", self._port.is_on)

    def _check(self, *, is_on: bool) -> None:
        if self._port.is_on() != is_on:
            wanted, reported = ("on", "off") if is_on else ("off", "on")
            raise PowerError(f"it was switched {wanted} and reports that it is {reported}; check it with `hil doctor`")

    def _try(self, what: str, deed: Callable[[], _Result]) -> _Result:
        def note(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            self._note(f"{what}: try {state.attempt_number} of {TRIES} failed: {error}")

        tries = Retrying(
            retry=retry_if_exception(_is_worth_a_retry),
            stop=stop_after_attempt(TRIES),
            wait=wait_fixed(PAUSE_S),
            sleep=self._clock.sleep,
            before_sleep=note,
            reraise=True,
        )
        try:
            return tries(deed)
        except PowerError as error:
            number = tries.statistics["attempt_number"]
            often = f" ({number} tries)" if number > 1 else ""
            kind = PowerSetupError if isinstance(error, PowerSetupError) else PowerError
            raise kind(f"{self.board}, power port {self.address}: {error}{often}") from error

    def _note(self, text: str) -> None:
        now_s = self._clock.now()
        # No entry of the kind "power": nothing was switched that could be the cause of what the board does.
        event = Event(now_s, self.board, POWER_RETRY, {}, "")
        self._timeline.add(now_s, self.board, "note", f"power port {self.address}, {text}", [event])


def _is_worth_a_retry(error: BaseException) -> bool:
    return isinstance(error, PowerError) and not isinstance(error, PowerSetupError)
