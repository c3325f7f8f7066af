"""The AP's part in roles: it keeps the order, and grants MASTER as a lease. Pure: time and sending are passed in.

Why two nodes never hold MASTER at the same time: a node holds it for LEASE_MS from the moment it *sent* a renewal that
was answered. From the moment it *received* that renewal, the AP grants no other node's for LEASE_AT_AP_MS. Sent comes
before received, and LEASE_MS is shorter than LEASE_AT_AP_MS. An AP that has just started does not know what it granted
before, so it grants nothing for COLLECT_MS.
"""

from picolink import wire
from picolink.program import Program
from picolink.roster import Node, Roster
from picolink.timing import COLLECT_MS, HELLO_RETRY_MS, LEASE_AT_AP_MS, ROLES_REPEATS_MS, WORKER_SILENT_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


DEAF_GRACE_MS = HELLO_RETRY_MS + 500
"""No node is dropped for this long after a time in which nothing was read. What they sent waits or is sent again."""
GRANT_COPIES = 2
"""Extra copies of a grant when a node that misses it could not ask for another in time."""


class Authority(Program):
    """Keeps the registered nodes in order, and decides which of them may be MASTER."""

    def __init__(
        self,
        now_ms: int,
        broadcast: tuple[str, int],
        send: "Callable[[str, tuple[str, int]], None]",
        log: "Callable[[str], None]",
    ) -> None:
        """`broadcast` is the broadcast address, and the port on which clients listen."""
        self.roster = Roster()
        self.alone = True
        """Whether no other AP can grant leases now. An AP that is not alone collects HELLOs, and grants nothing."""
        self.granted_ms = now_ms
        """When it granted the last lease."""
        self._broadcast = broadcast
        self._send = send
        self._log = log
        self._collected: list[Node] | None = []
        self._collect_until_ms = now_ms + COLLECT_MS
        self._old_node_heard = False
        self._holder = ""
        self._holder_until_ms = now_ms
        self._granted: tuple[tuple[str, int], int] | None = None
        self._drop_from_ms = now_ms
        self._first = ""
        self._first_until_ms = now_ms
        self._repeats_ms = self._repeats_from(now_ms)

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        """Handle a datagram. Raises Malformed for a message that is not for an AP."""
        if message.word == "HELLO":
            self._hello(now_ms, message, sender)
        elif message.word == "RENEW":
            self._renew(now_ms, message, sender)
        elif message.word == "BYE":
            self._bye(now_ms, message, sender)
        elif message.word == "WHO":
            self._send_order(sender)
        else:
            raise wire.Malformed("unknown")

    def heard_lately(self, now_ms: int) -> int:
        """How many nodes were heard recently. The radio is no measure: it counts stations long after they have gone."""
        nodes = self.roster.nodes if self._collected is None else self._collected
        return len([node for node in nodes if now_ms - node.heard_ms < WORKER_SILENT_MS])

    def was_deaf(self, now_ms: int) -> None:
        """Note that nothing was read for a while, until now: no node counts as silent because of that."""
        self._drop_from_ms = now_ms + DEAF_GRACE_MS

    def repeat_grant(self) -> None:
        """Send the last grant again: the AP is about to stop listening, so a node that missed it cannot ask again."""
        nodes = self.roster.nodes
        if self._granted is not None and nodes and nodes[0].id == self._holder:
            address, seq = self._granted
            for _ in range(GRANT_COPIES):
                self._send_order(address, seq)

    def tick(self, now_ms: int) -> int:
        """Do what is due; returns when to call again."""
        if self._collected is not None:
            if now_ms < self._collect_until_ms or not self.alone:
                return self._request_hellos(now_ms)
            self.roster.rebuild(self._collected)
            self._collected = None
            self._changed(now_ms)
        nodes = self.roster.nodes
        if nodes and now_ms >= max(self._first_until_ms, self._drop_from_ms):
            self._drop(now_ms, nodes[0], "lease")
        for node in nodes[1:]:
            if now_ms >= max(node.heard_ms + WORKER_SILENT_MS, self._drop_from_ms):
                self._drop(now_ms, node, "silent")
        if self._repeats_ms and now_ms >= self._repeats_ms[0]:
            self._repeats_ms.pop(0)
            self.send_order_to_all()
        due_ms = [max(node.heard_ms + WORKER_SILENT_MS, self._drop_from_ms) for node in nodes[1:]]
        due_ms += self._repeats_ms[:1]
        if nodes:
            due_ms.append(max(self._first_until_ms, self._drop_from_ms))
        return min(due_ms) if due_ms else now_ms + WORKER_SILENT_MS

    def _request_hellos(self, now_ms: int) -> int:
        # ROLES 0 tells clients that know a higher epoch that the AP has forgotten the order. Others ignore it.
        if self._repeats_ms and now_ms >= self._repeats_ms[0]:
            self._repeats_ms.pop(0)
            self._send_order(self._broadcast)
        end_ms = self._collect_until_ms if now_ms < self._collect_until_ms else now_ms + COLLECT_MS
        return min(self._repeats_ms[:1] + [end_ms])

    def _hello(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        node_id = message.id or sender[0]
        node = Node(node_id, sender, now_ms, message.epoch, message.rank)
        self._wait_for_old_nodes(now_ms, message)
        nodes = self.roster.nodes if self._collected is None else self._collected
        if any(other.address[0] == sender[0] and other.id != node_id for other in nodes):
            # An AP that has just started knows no DHCP leases, and may give away an address that a node still uses.
            # One of the two will get another and send HELLO from there. Until then they cannot be told apart.
            self._send_order(sender)
            return
        if self._collected is not None:
            self._collect(node)
            self._send_order(sender)
            return
        known = self.roster.find(message.id, sender)
        changed = self.roster.raise_epoch_above(message.epoch, known is None and message.rank is not None)
        if known is None:
            self.roster.add(node)
            changed = True
        else:
            known.heard_ms = now_ms
            changed = self.roster.move(known, sender) or changed
        if changed:
            self._changed(now_ms)
        else:
            self._send_order(sender)

    def _wait_for_old_nodes(self, now_ms: int, message: wire.Message) -> None:
        """Nodes that know an older order come back within seconds of each other: after the first, wait for the rest."""
        if message.epoch and not self.roster.epoch and not self._old_node_heard:
            self._old_node_heard = True
            if self._collected is None:
                self._collected = []
            self._collect_until_ms = now_ms + COLLECT_MS

    def _collect(self, node: Node) -> None:
        collected = self._collected
        assert collected is not None
        for index, other in enumerate(collected):
            if other.id == node.id:
                collected[index] = node
                return
        collected.append(node)

    def _renew(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        # It may come from an old MASTER whose HELLO was lost.
        self._wait_for_old_nodes(now_ms, message)
        if self._collected is not None or message.seq is None:
            self._send_order(sender)
            return
        node = self.roster.find(message.id, sender)
        if self.roster.raise_epoch_above(message.epoch, node is None):
            self._changed(now_ms)
        if node is None:
            self._send_order(sender)
            return
        node.heard_ms = now_ms
        if node is self.roster.nodes[0] and (self._holder == node.id or now_ms >= self._holder_until_ms):
            self._holder = node.id
            self.granted_ms = now_ms
            self._holder_until_ms = self._first_until_ms = now_ms + LEASE_AT_AP_MS
            self._granted = sender, message.seq
            self._send_order(sender, message.seq)
        else:
            self._send_order(sender)

    def _bye(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        if self._collected is not None:
            self._collected = [node for node in self._collected if node.id != (message.id or sender[0])]
            return
        node = self.roster.find(message.id, sender)
        if node is not None:
            # It leaves the order, but its lease still has to expire: this BYE may be a late one from before a reboot.
            self._drop(now_ms, node, "bye")

    def _drop(self, now_ms: int, node: Node, reason: str) -> None:
        self.roster.remove(node)
        self._log(f"dropped id={node.id} reason={reason}")
        self._changed(now_ms)

    def _changed(self, now_ms: int) -> None:
        nodes = self.roster.nodes
        first = nodes[0].id if nodes else ""
        if first != self._first:
            self._first = first
            # It has LEASE_AT_AP_MS to renew, counted from when it can be granted the lease.
            self._first_until_ms = max(now_ms, self._holder_until_ms) + LEASE_AT_AP_MS
        listed = ",".join([node.id + "@" + node.address[0] for node in nodes])
        self._log(f"order epoch={self.roster.epoch} nodes={listed}")
        self._repeats_ms = self._repeats_from(now_ms)
        self.send_order_to_all()

    def _repeats_from(self, now_ms: int) -> list[int]:
        return [now_ms + delay_ms for delay_ms in ROLES_REPEATS_MS]

    def send_order_to_all(self) -> None:
        """Send the order to every node in it."""
        for node in self.roster.nodes:
            self._send_order(node.address)

    def _send_order(self, address: tuple[str, int], seq: int | None = None) -> None:
        self._send(wire.roles(self.roster.epoch, self.roster.addresses(), seq), address)
