"""Which node is the access point where none is fixed: when it opens the AP, when it may rule, when it closes the AP.

Pure: time, random numbers and the results of looks are passed in. A look is one scan for access points of the SSID.
Raise a flag, then look: an AP begins to look only once it is on the air itself. Of two APs, at least the one that
appeared later looks while the other is on the air. So two APs never both find themselves alone. See docs/firmware.md.
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
"""This many looks in a row must show no AP before a node concludes that there is none. One look can miss it."""

RULE = 2
CLIENTS = 5
"""Steps that an AP waits longer if it rules or has clients, when two APs meet. The lower BSSID adds one."""

WAIT = "wait"
JOIN = "join"
OPEN = "open"
"""What a node without an AP does after a look."""


class Seeker:
    """A node without an AP: when it looks for one, and what it does next."""

    def __init__(self, now_ms: int, random_below: "Callable[[int], int]") -> None:
        self.look_ms = now_ms
        """When to look next."""
        self._random_below = random_below
        self._empty_looks = 0

    def lost(self, now_ms: int, ahead: int | None) -> None:
        """Note that it was a client and its AP is gone. `ahead` other nodes come before it; None if it had no place."""
        turn_ms = TURN_MS + self._random_below(TURN_MS) if ahead is None else ahead * TURN_MS
        self.look_ms = now_ms + LOST_WAIT_MS + turn_ms
        self._empty_looks = 1  # losing its own AP counts as a look

    def looked(self, now_ms: int, heard: list[bytes] | None) -> str:
        """What to do after a look: WAIT, JOIN or OPEN. `heard` is None if the radio could not look."""
        self.look_ms = now_ms + self._random_below(LOOK_GAP_MS)
        if heard is None:
            return WAIT
        if heard:
            self._empty_looks = 0
            return JOIN
        self._empty_looks += 1
        return OPEN if self._empty_looks >= LOOKS else WAIT


class Reign:
    """An AP that may not be the only one: it rules once it is alone, and yields if it stays among others."""

    def __init__(self, now_ms: int, bssid: bytes, random_below: "Callable[[int], int]") -> None:
        """The AP must be on the air by `now_ms`."""
        self.look_ms = now_ms + SETTLE_MS
        """When to look next."""
        self.rules = False
        """Whether it may register nodes and grant leases."""
        self.must_yield = False
        self._bssid = _without_local_bit(bssid)
        self._random_below = random_below
        self._looks_alone = 0
        self._rules_from_ms: int | None = None
        self._rival_since_ms: int | None = None

    def tick(self, now_ms: int) -> int:
        """Begin to rule when it is time; returns when to call again."""
        if self.rules or self._rules_from_ms is None:
            return self.look_ms
        if now_ms < self._rules_from_ms:
            return min(self._rules_from_ms, self.look_ms)
        self.rules = True
        return self.look_ms

    def looked(self, now_ms: int, heard: list[bytes] | None, has_clients: bool) -> None:
        """Evaluate a look that has just ended: the BSSIDs it showed; None if the radio could not look."""
        self.look_ms = now_ms + SETTLE_MS
        if heard is None:
            return
        rivals = [bssid for bssid in map(_without_local_bit, heard) if bssid != self._bssid]
        if rivals:
            self._meet_rivals(now_ms, rivals, has_clients)
            return
        self._looks_alone += 1
        if self._looks_alone < LOOKS:
            return
        self._rival_since_ms = None
        # An AP without clients looks often: it disturbs no client, and is the one that must find the other in time.
        period_ms = LOOK_PERIOD_MS if has_clients else LOOK_SOON_MS
        self.look_ms = now_ms + period_ms - self._random_below(period_ms // 4)
        if self._rules_from_ms is None:
            # An AP that has just gone may have granted a lease at the last moment: let that expire.
            self._rules_from_ms = now_ms + LEASE_AT_AP_MS

    def _meet_rivals(self, now_ms: int, rivals: list[bytes], has_clients: bool) -> None:
        self._looks_alone = 0
        if self._rival_since_ms is None:
            self._rival_since_ms = now_ms
        if not self.rules:
            self._rules_from_ms = None
        elif has_clients:
            self.look_ms = now_ms + LOOK_SOON_MS
        # Each knows only the other's BSSID. So the more an AP has, the longer it waits: the one with less closes
        # first, and the other finds itself alone.
        steps = (CLIENTS if has_clients else RULE if self.rules else 0) + (self._bssid < min(rivals))
        self.must_yield = steps <= CLIENTS and now_ms - self._rival_since_ms >= steps * RIVAL_STEP_MS


def _without_local_bit(bssid: bytes) -> bytes:
    # The "locally administered" bit is ignored: it is uncertain whether it differs between an AP's BSSID and its MAC.
    return bytes([bssid[0] & 0xFD]) + bssid[1:]
