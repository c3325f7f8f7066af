"""Power through anything that a program can switch: a smart plug, a relay card, a bench supply."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from hil.clock import Clock
from hil.config.sections import Scalar, Section
from hil.errors import PowerError
from hil.host.program import Finished, ProgramMissing, run_here
from hil.power import HubSection, PowerPort, PowerSetupError, power_errors

_PORT = "{port}"
_STATES: Mapping[str, bool] = {"on": True, "1": True, "true": True, "off": False, "0": False, "false": False}
"""What a ``state`` command may print without further ado, in capitals or not."""
_SHORTEST_SECRET = 3
"""Characters. To take out what is shorter would make an error unreadable, and hide nothing."""


class Word(Section):
    """One word of a command: as it is run, and as it may be shown."""

    text: str = Field(repr=False)
    shown: str
    """With the names of environment variables in place of their values."""
    secrets: tuple[str, ...] = Field(default=(), repr=False)


def _word(given: object) -> object:
    if isinstance(given, Scalar):
        return {"text": str(given), "shown": given.written, "secrets": given.expanded}
    return {"text": given, "shown": given} if isinstance(given, str) else given


def _pattern(given: object) -> object:
    try:
        return re.compile(given) if isinstance(given, str) else given
    except re.error as error:
        raise ValueError(f"is no regular expression ({error}); correct it") from None


Command = Annotated[tuple[Annotated[Word, BeforeValidator(_word)], ...], Field(min_length=1)]
"""An argument list, the program first. ``{port}`` in a word stands for the number of the port."""
Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern)]


class CommandHub(HubSection):
    """One or more outlets that programs of this machine switch."""

    driver: Literal["command"]
    on: Command
    off: Command
    state: Command
    """Prints whether the outlet supplies power: ``on`` or ``off``, ``1`` or ``0``, ``true`` or ``false``."""
    state_on: Pattern | None = None
    state_off: Pattern | None = None
    """Regular expressions to look for in what ``state`` prints, for one that prints something else."""
    within_s: float = Field(default=15.0, gt=0, le=120)
    """Seconds of real time for each command."""

    @model_validator(mode="after")
    def _check_patterns(self) -> Self:
        if (self.state_on is None) != (self.state_off is None):
            raise ValueError("has one of `state_on:` and `state_off:`; give both, for neither on nor off is an error")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple({secret for word in (*self.on, *self.off, *self.state) for secret in word.secrets})

    def power_port(self, port: int, clock: Clock) -> PowerPort:  # noqa: ARG002  # its deadlines are of real time
        return CommandPort(self, port)


class CommandPort:
    """One outlet. Implements ``PowerPort``."""

    def __init__(self, hub: CommandHub, port: int) -> None:
        self._hub = hub
        self._port = str(port)
        secrets = (secret for secret in hub.secrets if len(secret) >= _SHORTEST_SECRET)
        # Longest first: one that contains another must not leave its tail behind.
        self._secrets = sorted(secrets, key=len, reverse=True)

    def on(self) -> None:
        self._run(self._hub.on)

    def off(self) -> None:
        self._run(self._hub.off)

    def is_on(self) -> bool:
        printed = self._run(self._hub.state).output.strip()
        if self._hub.state_on is not None and self._hub.state_off is not None:
            is_on, is_off = self._hub.state_on.search(printed), self._hub.state_off.search(printed)
            if bool(is_on) != bool(is_off):
                return bool(is_on)
            wanted = f"just one of `state_on: {self._hub.state_on.pattern}`, `state_off: {self._hub.state_off.pattern}`"
        else:
            state = _STATES.get(printed.lower())
            if state is not None:
                return state
            wanted = "on or off, 1 or 0, true or false, which `state_on:` and `state_off:` can change"
        said = self._redacted(printed[-200:])
        raise PowerError(f"{self._shown(self._hub.state)} printed {said!r}; it must be {wanted}")

    def _run(self, command: Sequence[Word]) -> Finished:
        """Run ``command`` to its end. Raises ``PowerError`` unless it says that it went well."""
        told, shown = self._filled(word.text for word in command), self._filled(word.shown for word in command)
        with power_errors():
            try:
                done = run_here(told, self._hub.within_s, shown)
            except ProgramMissing as error:
                raise PowerSetupError(f"{error}, but the rig file has {self._shown(command)}; correct it") from None
        if done.status != 0:
            raise PowerError(f"{self._shown(command)} failed with {self._redacted(done.reason())}")
        return done

    def _filled(self, words: Iterable[str]) -> list[str]:
        return [word.replace(_PORT, self._port) for word in words]

    def _shown(self, command: Sequence[Word]) -> str:
        return f"`{' '.join(self._filled(word.shown for word in command))}`"

    def _redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
