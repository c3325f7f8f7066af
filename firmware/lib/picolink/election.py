"""Who is the access point where none is fixed: when a node opens one, when it may rule, when it closes it again.

Pure: time, chance, and what a look at the air showed are passed in. A look is one scan for access points of the SSID.
Raise a flag, then look: an AP begins to look only once it is on the air itself. Of two APs at least the later one to
appear looks while the other is on the air; so no two find themselves alone. See docs/firmware.md.
"""

from picolink.timing import (
    LEASE_AT_AP_MS,
    LOOK_GAP_MS,
    LOOK_PERIOD_MS,
    LOOK_SOON_MS,
    LOST_WAIT_MS,
    RIVAL_STEP_MS,
    SETTLE_MS,
    TURN_MS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LOOKS = 2
"""So many looks in a row must show no AP before there is none: one can miss it."""

RULE = 2
CLIENTS = 5
"""Steps of patience that ruling and having clients are worth when two APs meet. The lower BSSID is worth one."""

WAIT = "wait"
JOIN = "join"
OPEN = "open"
"""What a node without AP does after a look."""


class Seeker:
    """A node without AP: when it looks for one, and what it does then."""

    def __init__(self, now_ms: int, random_below: "Callable[[int], int]") -> None:
        self.look_ms = now_ms
        """When to look next."""
        self._random_below = random_below
        self._in_vain = 0

    def lost(self, now_ms: int, ahead: int | None) -> None:
        """It was a client, and its AP is gone; `ahead` other nodes come before it, None if it had no place."""
        turn_ms = TURN_MS + self._random_below(TURN_MS) if ahead is None else ahead * TURN_MS
        self.look_ms = now_ms + LOST_WAIT_MS + turn_ms
        self._in_vain = 1  # to hear its own AP no more was as good as a look

    def looked(self, now_ms: int, heard: list[bytes] | None) -> str:
        """What to do after a look: WAIT, JOIN or OPEN. `heard` is None when the radio could not look."""
        self.look_ms = now_ms + self._random_below(LOOK_GAP_MS)
        if heard is None:
            return WAIT
        if heard:
            self._in_vain = 0
            return JOIN
        self._in_vain += 1
        return OPEN if self._in_vain >= LOOKS else WAIT


class Reign:
    """An AP among others that may be there: it rules once it is alone, and yields if it does not get to be."""

    def __init__(self, now_ms: int, bssid: bytes, random_below: "Callable[[int], int]") -> None:
        """It has been on the air since `now_ms` at the latest."""
        self.look_ms = now_ms + SETTLE_MS
        """When to look next."""
        self.rules = False
        """Whether it may register nodes and grant leases."""
        self.must_yield = False
        self._bssid = _universal(bssid)
        self._random_below = random_below
        self._alone = 0
        self._rules_from_ms: int | None = None
        self._rival_since_ms: int | None = None

    def tick(self, now_ms: int) -> int:
        """Begin to rule if it is time; returns when to call again."""
        if self.rules or self._rules_from_ms is None:
            return self.look_ms
        if now_ms < self._rules_from_ms:
            return min(self._rules_from_ms, self.look_ms)
        self.rules = True
        return self.look_ms

    def looked(self, now_ms: int, heard: list[bytes] | None, has_clients: bool) -> None:
        """A look that ended just now showed these BSSIDs; None when the radio could not look."""
        self.look_ms = now_ms + SETTLE_MS
        if heard is None:
            return
        rivals = [bssid for bssid in map(_universal, heard) if bssid != self._bssid]
        if rivals:
            self._meet(now_ms, rivals, has_clients)
            return
        self._alone += 1
        if self._alone < LOOKS:
            return
        self._rival_since_ms = None
        # Nobody is disturbed by the looks of an AP without clients; it is the one that has to find the other in time.
        period_ms = LOOK_PERIOD_MS if has_clients else LOOK_SOON_MS
        self.look_ms = now_ms + period_ms - self._random_below(period_ms // 4)
        if self._rules_from_ms is None:
            # Who was AP until just now may have granted a lease at its last moment: let that run out.
            self._rules_from_ms = now_ms + LEASE_AT_AP_MS

    def _meet(self, now_ms: int, rivals: list[bytes], has_clients: bool) -> None:
        self._alone = 0
        if self._rival_since_ms is None:
            self._rival_since_ms = now_ms
        if not self.rules:
            self._rules_from_ms = None
        elif has_clients:
            self.look_ms = now_ms + LOOK_SOON_MS
        # Neither knows of the other more than its BSSID. So each waits the longer, the more it has: who has less
        # closes first, and the other finds itself alone.
        steps = (CLIENTS if has_clients else RULE if self.rules else 0) + (self._bssid < min(rivals))
        self.must_yield = steps <= CLIENTS and now_ms - self._rival_since_ms >= steps * RIVAL_STEP_MS


def _universal(bssid: bytes) -> bytes:
    # Whether an AP's BSSID is its board's MAC with the bit "locally administered" set is unsure.
    return bytes([bssid[0] & 0xFD]) + bssid[1:]
