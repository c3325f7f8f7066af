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
"""Output of a ``state`` command that needs no ``state_on:`` and ``state_off:``. Case does not matter."""
_SHORTEST_SECRET = 3
"""Characters. Redacting shorter values would make errors unreadable without hiding anything."""


class Argument(Section):
    """One argument of a command: as it is run, and as it may be shown."""

    text: str = Field(repr=False)
    shown: str
    """With the names of environment variables instead of their values."""
    secrets: tuple[str, ...] = Field(default=(), repr=False)


def _argument(given: object) -> object:
    if isinstance(given, Scalar):
        return {"text": str(given), "shown": given.written, "secrets": given.expanded}
    return {"text": given, "shown": given} if isinstance(given, str) else given


def _pattern(given: object) -> object:
    try:
        return re.compile(given) if isinstance(given, str) else given
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error}); correct it") from None


Command = Annotated[tuple[Annotated[Argument, BeforeValidator(_argument)], ...], Field(min_length=1)]
"""An argument list, starting with the program. ``{port}`` in an argument is replaced by the port number."""
Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern)]


class CommandHub(HubSection):
    """One or more outlets that are switched by running programs on this machine."""

    driver: Literal["command"]
    on: Command
    off: Command
    state: Command
    """Prints the state of the outlet: ``on`` or ``off``, ``1`` or ``0``, ``true`` or ``false``."""
    state_on: Pattern | None = None
    state_off: Pattern | None = None
    """Regular expressions to search for in the output of ``state``, for a program that prints something else."""
    within_s: float = Field(default=15.0, gt=0, le=120)
    """Seconds of real time for each command."""

    @model_validator(mode="after")
    def _check_patterns(self) -> Self:
        if (self.state_on is None) != (self.state_off is None):
            text = "has only one of `state_on:` and `state_off:`"
            raise ValueError(f"{text}; give both, so that output that matches neither is an error")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple({secret for argument in (*self.on, *self.off, *self.state) for secret in argument.secrets})

    def power_port(self, port: int, clock: Clock) -> PowerPort:  # noqa: ARG002  # its timeouts are in real time
        return CommandPort(self, port)


class CommandPort:
    """One outlet. Implements ``PowerPort``."""

    def __init__(self, hub: CommandHub, port: int) -> None:
        self._hub = hub
        self._port = str(port)
        secrets = (secret for secret in hub.secrets if len(secret) >= _SHORTEST_SECRET)
        # Longest first: a secret that contains another one must be replaced as one.
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
            on, off = self._hub.state_on.pattern, self._hub.state_off.pattern
            wanted = f"match exactly one of `state_on: {on}` and `state_off: {off}`"
        else:
            state = _STATES.get(printed.lower())
            if state is not None:
                return state
            wanted = "be on or off, 1 or 0, true or false; set `state_on:` and `state_off:` to accept other output"
        shown = self._redacted(printed[-200:])
        raise PowerError(f"{self._shown(self._hub.state)} printed {shown!r}; it must {wanted}")

    def _run(self, command: Sequence[Argument]) -> Finished:
        """Run ``command`` and wait for it. Raises ``PowerError`` unless its exit status is 0."""
        arguments = self._filled(argument.text for argument in command)
        shown = self._filled(argument.shown for argument in command)
        with power_errors():
            try:
                done = run_here(arguments, self._hub.within_s, shown)
            except ProgramMissing as error:
                raise PowerSetupError(f"{error}, but the rig file runs {self._shown(command)}; correct it") from None
        if done.status != 0:
            raise PowerError(f"{self._shown(command)} failed with {self._redacted(done.reason())}")
        return done

    def _filled(self, arguments: Iterable[str]) -> list[str]:
        return [argument.replace(_PORT, self._port) for argument in arguments]

    def _shown(self, command: Sequence[Argument]) -> str:
        return f"`{' '.join(self._filled(argument.shown for argument in command))}`"

    def _redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
