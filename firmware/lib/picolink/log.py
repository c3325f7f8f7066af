"""Log lines: a word, then key=value pairs. firmware.yaml translates them to events."""

IGNORED_PERIOD_MS = 1000
"""At most one line about ignored datagrams in this time."""


def say(line: str) -> None:
    """Print one log line."""
    print(line)


class Ignored:
    """Counts datagrams that were ignored, and says so at most once a second."""

    def __init__(self) -> None:
        self.count = 0
        self._said = 0
        self._reason = ""
        self._next_ms = 0

    def add(self, now_ms: int, reason: str) -> None:
        """One more datagram was ignored."""
        self.count += 1
        self._reason = reason
        self.tick(now_ms)

    def tick(self, now_ms: int) -> int | None:
        """Print what is due; returns when to call again, or None. `count` is the total since boot."""
        if self.count == self._said:
            return None
        if now_ms < self._next_ms:
            return self._next_ms
        say(f"ignored count={self.count} reason={self._reason}")
        self._said = self.count
        self._next_ms = now_ms + IGNORED_PERIOD_MS
        return None
