"""The hardware calls behind ``machine.Pin``: levels of pins to which nothing is connected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hil.virtual.call import Handler

_OUT = 1
_PULL_UP, _PULL_DOWN = 1, 2


@dataclass
class _Pad:
    """One pin as the chip keeps it."""

    mode: int = 0
    pull: int = 0
    output: int = 0
    """What the pin drives when it is an output. Remembered while it is an input."""

    @property
    def level(self) -> int:
        """What reading the pin gives: nothing outside drives it, so as an input it follows its pull."""
        return self.output if self.mode == _OUT else int(self.pull == _PULL_UP)


class PinHal:
    """Answers the ``pin.*`` calls of one board. Settings outlive the program, as they do on the chip."""

    def __init__(self) -> None:
        self._pads: dict[str, _Pad] = {}

    def hard_reset(self) -> None:
        """All pins are inputs again."""
        self._pads.clear()

    def handlers(self) -> Mapping[str, Handler]:
        """Handlers by the name of the call."""
        return {
            "pin.mode": self._set_mode,
            "pin.pull": self._set_pull,
            "pin.settings": self._settings,
            "pin.get": lambda words, _payload: self._pad(words).level,
            "pin.set": self._set_output,
            "pin.toggle": self._toggle,
        }

    def _pad(self, words: Sequence[str]) -> _Pad:
        return self._pads.setdefault(words[0], _Pad())

    def _set_mode(self, words: Sequence[str], _payload: bytes) -> None:
        self._pad(words).mode = int(words[1])

    def _set_pull(self, words: Sequence[str], _payload: bytes) -> None:
        self._pad(words).pull = int(words[1]) & (_PULL_UP | _PULL_DOWN)

    def _settings(self, words: Sequence[str], _payload: bytes) -> list[int]:
        pad = self._pad(words)
        return [pad.mode, pad.pull]

    def _set_output(self, words: Sequence[str], _payload: bytes) -> None:
        self._pad(words).output = int(words[1])

    def _toggle(self, words: Sequence[str], _payload: bytes) -> None:
        self._pad(words).output ^= 1
