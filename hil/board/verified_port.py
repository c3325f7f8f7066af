"""A power port that is read back after every switching, and switched again when it did not obey."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from hil.clock import Clock
from hil.errors import PowerError
from hil.events import POWER_RETRY, Event, Timeline
from hil.power import PowerPort, PowerSetupError

TRIES = 3
"""How often a port is switched before it counts as broken."""
PAUSE_S = 1.0
"""Seconds of rig time between two tries: enough for a hub that has just come back to USB, and for a slow plug."""

_Result = TypeVar("_Result")

OnSwitch = Callable[[float], None]
"""Called with the rig time just before each try to switch the port; the last call is for the try that worked."""


class VerifiedPort:
    """The supply of one board, read back after every switching. Implements ``PowerPort`` around another one.

    A failure is retried where that may help. Each retry is on the timeline, as an event ``power-retry`` of the board:
    a bench that needs many of them is wearing out. Errors name the board and its port.
    """

    def __init__(self, board: str, address: str, port: PowerPort, clock: Clock, timeline: Timeline) -> None:
        self.board = board
        self.address = address
        """The port as written in the rig file, such as ``main/1``."""
        self._port = port
        self._clock = clock
        self._timeline = timeline

    def on(self, on_switch: OnSwitch = lambda _time_s: None) -> None:
        def switch() -> None:
            on_switch(self._clock.now())
            self._port.on()
            self._check(is_on=True)

        self._try("on", switch)

    def off(self, on_switch: OnSwitch = lambda _time_s: None) -> None:
        def switch() -> None:
            on_switch(self._clock.now())
            self._port.off()
            self._check(is_on=False)

        self._try("off", switch)

    def is_on(self) -> bool:
        return self._try("state", self._port.is_on)

    def _check(self, *, is_on: bool) -> None:
        if self._port.is_on() != is_on:
            wanted, reported = ("on", "off") if is_on else ("off", "on")
            raise PowerError(f"it was switched {wanted} and reports that it is {reported}; check it with `hil doctor`")

    def _try(self, what: str, action: Callable[[], _Result]) -> _Result:
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
            return tries(action)
        except PowerError as error:
            number = tries.statistics["attempt_number"]
            often = f" ({number} tries)" if number > 1 else ""
            kind = PowerSetupError if isinstance(error, PowerSetupError) else PowerError
            raise kind(f"{self.board}, power port {self.address}: {error}{often}") from error

    def _note(self, text: str) -> None:
        now_s = self._clock.now()
        # Not an entry of the kind "power": nothing was switched that could explain what the board does.
        event = Event(now_s, self.board, POWER_RETRY, {}, "")
        self._timeline.add(now_s, self.board, "note", f"power port {self.address}, {text}", [event])


def _is_worth_a_retry(error: BaseException) -> bool:
    return isinstance(error, PowerError) and not isinstance(error, PowerSetupError)
