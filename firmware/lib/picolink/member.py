"""A client's part in roles: it sends HELLO, renews its lease when it is first in order, and keeps its own role.

Pure: time, sending and random numbers are passed in. For who may be MASTER, and why never two, see ap_roles.py.
"""

from picolink import wire
from picolink.program import Program
from picolink.timing import (
    AP_SILENT_MS,
    HELLO_PERIOD_MS,
    HELLO_RETRY_MS,
    LEASE_MS,
    RENEW_PERIOD_MS,
    RENEW_RETRY_MS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

NO_ROLE = "NONE"
MASTER = "MASTER"
UNANSWERED_KEPT = 8
"""How many renewals may still be answered. Older ones have expired anyway."""


class Member(Program):
    """One client. `role` is the role in which it may act now: MASTER, WORKER1, WORKER2 … or NONE."""

    def __init__(
        self,
        node_id: str,
        ap: tuple[str, int],
        send: "Callable[[str, tuple[str, int]], None]",
        log: "Callable[[str], None]",
        random_below: "Callable[[int], int]",
    ) -> None:
        self.role = NO_ROLE
        self.epoch = 0
        self.order: list[str] = []
        self._id = node_id
        self._ap = ap
        self._send = send
        self._log = log
        self._random_below = random_below
        self._ip = ""
        self._rank: int | None = None
        self._heard_ms = 0
        self._hello_ms = 0
        self._hello_due_ms = 0
        self._hello_early_ms = 0
        self._renew_due_ms = 0
        self._retry_ms = RENEW_RETRY_MS
        # Random, so that a late answer to a renewal from before a reboot is not accepted.
        self._seq = random_below(1 << 24)
        self._unanswered: list[tuple[int, int]] = []
        self._lease_until_ms: int | None = None

    def link(self, now_ms: int, ip: str) -> None:
        """Note that the Wi-Fi was joined with this address, or lost (empty)."""
        self._ip = ip
        self._heard_ms = self._hello_due_ms = self._renew_due_ms = now_ms

    def use(self, send: "Callable[[str, tuple[str, int]], None]") -> None:
        """Send with this function from now on."""
        self._send = send

    @property
    def ahead(self) -> int | None:
        """How many nodes come before this one in the order, not counting the AP's own; None if it is not listed."""
        if self._rank is None:
            return None
        return len([ip for ip in self.order[: self._rank] if ip != self._ap[0]])

    def is_deaf(self, now_ms: int) -> bool:
        """Whether the AP has been silent for so long that the link must be dead, whatever the radio reports."""
        return now_ms - self._heard_ms >= AP_SILENT_MS

    def tick(self, now_ms: int) -> int:
        """Do what is due; returns when to call again."""
        if self._lease_until_ms is not None and now_ms >= self._lease_until_ms:
            self._lease_until_ms = None
            self._take_role(NO_ROLE, "lease-expired")
        due_ms = self._lease_until_ms or now_ms + HELLO_PERIOD_MS
        if not self._ip:
            return due_ms
        if now_ms >= self._hello_due_ms:
            self._hello(now_ms)
        if self._rank != 0:
            return min(due_ms, self._hello_due_ms)
        if now_ms >= self._renew_due_ms:
            self._renew(now_ms)
        return min(due_ms, self._hello_due_ms, self._renew_due_ms)

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        """Handle a datagram. Raises Malformed for a message that is not for a client, or not from the AP."""
        if sender != self._ap:
            raise wire.Malformed("foreign")
        if message.word != "ROLES":
            raise wire.Malformed("unknown")
        if not self._ip:
            return  # it was still in the socket when the link was lost, and without an address there is no own place
        self._heard_ms = now_ms
        if message.epoch < self.epoch:
            # The AP has forgotten the order: HELLO carries the epoch and this node's place.
            self._hello_due_ms = min(self._hello_due_ms, self._hello_ms + HELLO_RETRY_MS)
            return
        if message.epoch == self.epoch and len(message.order) < len(self.order):
            return  # it was overtaken: within an epoch the order only grows
        self._take_order(now_ms, message)
        if self._rank is not None:
            # It answers the last HELLO, which is at most HELLO_RETRY_MS old, or repeats such an answer.
            answered_ms = self._hello_ms + HELLO_PERIOD_MS - self._hello_early_ms
            self._hello_due_ms = max(self._hello_due_ms, answered_ms)
        if message.seq is not None and self._rank == 0:
            self._take_lease(now_ms, message.seq)
        self._update_role()

    def resign(self, reason: str) -> None:
        """Give up the role, the lease, and every renewal that is still unanswered."""
        self._lease_until_ms = None
        self._unanswered = []
        self._take_role(NO_ROLE, reason)

    def leave(self) -> None:
        """Give up the role, then send BYE."""
        self.resign("bye")
        if self._ip:
            for _ in range(wire.BYES):
                self._send(wire.bye(self._id), self._ap)

    def _take_order(self, now_ms: int, message: wire.Message) -> None:
        if (message.epoch, message.order) != (self.epoch, self.order):
            self.epoch = message.epoch
            self.order = message.order
            listed = ",".join(self.order)
            self._log(f"roles epoch={self.epoch} order={listed}")
        rank = self.order.index(self._ip) if self._ip in self.order else None
        if rank == self._rank:
            return
        if rank is None:
            self._hello_due_ms = min(self._hello_due_ms, self._hello_ms + HELLO_RETRY_MS)
        elif self._rank is None:
            self._log(f"registered epoch={self.epoch} rank={rank}")
        self._rank = rank
        self._lease_until_ms = None
        self._unanswered = []
        self._renew_due_ms = now_ms
        self._retry_ms = RENEW_RETRY_MS

    def _take_lease(self, now_ms: int, seq: int) -> None:
        for index, (sent_seq, sent_ms) in enumerate(self._unanswered):
            if sent_seq == seq:
                self._unanswered = self._unanswered[index + 1 :]
                if now_ms < sent_ms + LEASE_MS:
                    self._lease_until_ms = sent_ms + LEASE_MS
                    self._renew_due_ms = sent_ms + RENEW_PERIOD_MS
                    self._retry_ms = RENEW_RETRY_MS
                return

    def _update_role(self) -> None:
        if self._rank is None:
            self._take_role(NO_ROLE, "not-listed")
        elif self._rank > 0:
            self._take_role(f"WORKER{self._rank}", "")
        elif self._lease_until_ms is not None:
            self._take_role(MASTER, "")
        else:
            self._take_role(NO_ROLE, "no-lease-yet")

    def _take_role(self, role: str, reason: str) -> None:
        if role == self.role:
            return
        self.role = role
        line = f"role role={role} epoch={self.epoch}"
        self._log(line + " reason=" + reason if reason else line)

    def _hello(self, now_ms: int) -> None:
        # Early by a random amount, so that clients that were powered on together do not keep sending together.
        self._hello_early_ms = self._random_below(HELLO_PERIOD_MS // 10)
        self._hello_ms = now_ms
        self._hello_due_ms = now_ms + HELLO_RETRY_MS - self._hello_early_ms // (HELLO_PERIOD_MS // HELLO_RETRY_MS)
        # Last, because on the AP itself the answer comes before this returns.
        self._send(wire.hello(self._id, self.epoch, self._rank), self._ap)

    def renew_late(self, now_ms: int) -> None:
        """Renew a lease that may have expired unnoticed. Only on the AP itself, which granted no other meanwhile."""
        if self._lease_until_ms is not None:
            self._renew(now_ms)

    def _renew(self, now_ms: int) -> None:
        self._seq += 1
        self._unanswered = self._unanswered[1 - UNANSWERED_KEPT :] + [(self._seq, now_ms)]
        self._renew_due_ms = now_ms + self._retry_ms
        # While it holds the lease it repeats every RENEW_RETRY_MS, so that a lossy radio does not end the lease.
        if self._lease_until_ms is None:
            self._retry_ms = min(2 * self._retry_ms, RENEW_PERIOD_MS)
        # Last, because on the AP itself the answer comes before this returns.
        self._send(wire.renew(self._id, self.epoch, self._seq), self._ap)
