"""Log lines: a word, then key=value pairs. The patterns in firmware.yaml turn them into events."""

IGNORED_PERIOD_MS = 1000
"""At most one line about ignored datagrams per period."""


def log(line: str) -> None:
    """Print one log line."""
    print(line)


class Ignored:
    """Counts ignored datagrams, and logs the count at most once a second."""

    def __init__(self) -> None:
        self.count = 0
        self._logged = 0
        self._reason = ""
        self._next_ms = 0

    def add(self, now_ms: int, reason: str) -> None:
        """Count one more ignored datagram."""
        self.count += 1
        self._reason = reason
        self.tick(now_ms)

    def tick(self, now_ms: int) -> int | None:
        """Print the count if it has changed and a line is due; returns when to call again, or None."""
        if self.count == self._logged:
            return None
        if now_ms < self._next_ms:
            return self._next_ms
        log(f"ignored count={self.count} reason={self._reason}")
        self._logged = self.count
        self._next_ms = now_ms + IGNORED_PERIOD_MS
        return None
