"""The AP's part in roles: it keeps the order, and grants MASTER as a lease. Pure: time and sending are passed in.

Why at no instant two nodes hold MASTER: a node holds it for LEASE_MS from the moment it *sent* a renewal that was
answered. The AP, from the moment it *received* that renewal, answers nobody else's for LEASE_AT_AP_MS. Sent comes
before received, and LEASE_MS is the shorter. An AP that has just started has forgotten what it granted: it grants
nothing for COLLECT_MS.
"""

from picolink import wire
from picolink.program import Program
from picolink.roster import Node, Roster
from picolink.timing import COLLECT_MS, HELLO_RETRY_MS, LEASE_AT_AP_MS, ROLES_REPEATS_MS, WORKER_SILENT_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


DEAF_GRACE_MS = HELLO_RETRY_MS + 500
"""After a time in which nothing was read, so long is given to what waits in the socket, or is repeated, to be heard."""
GRANT_COPIES = 2
"""A grant that cannot be asked for again in time is sent this many times more."""


class Authority(Program):
    """Who is registered, in which order, and who may be MASTER."""

    def __init__(
        self,
        now_ms: int,
        everyone: tuple[str, int],
        send: "Callable[[str, tuple[str, int]], None]",
        say: "Callable[[str], None]",
    ) -> None:
        """`everyone` is the broadcast address and port on which clients listen."""
        self.roster = Roster()
        self.alone = True
        """Whether no other AP can grant leases now. One that is not alone collects, and grants nothing."""
        self.granted_ms = now_ms
        """When it last granted a lease."""
        self._everyone = everyone
        self._send = send
        self._say = say
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
        """A datagram came in. Raises Malformed for what an AP is not told."""
        if message.word == "HELLO":
            self._hello(now_ms, message, sender)
        elif message.word == "RENEW":
            self._renew(now_ms, message, sender)
        elif message.word == "BYE":
            self._bye(now_ms, message, sender)
        elif message.word == "WHO":
            self._tell(sender)
        else:
            raise wire.Malformed("unknown")

    def heard_lately(self, now_ms: int) -> int:
        """How many nodes have said something lately. The radio counts stations long after they have gone."""
        nodes = self.roster.nodes if self._collected is None else self._collected
        return len([node for node in nodes if now_ms - node.heard_ms < WORKER_SILENT_MS])

    def was_deaf(self, now_ms: int) -> None:
        """It has read nothing for a while, until now: nobody counts as silent for what nobody listened to."""
        self._drop_from_ms = now_ms + DEAF_GRACE_MS

    def repeat_grant(self) -> None:
        """Send the last grant again: soon nobody will listen, and who did not get it could not ask for another."""
        nodes = self.roster.nodes
        if self._granted is not None and nodes and nodes[0].id == self._holder:
            address, seq = self._granted
            for _ in range(GRANT_COPIES):
                self._tell(address, seq)

    def tick(self, now_ms: int) -> int:
        """Do what is due; returns when to call again."""
        if self._collected is not None:
            if now_ms < self._collect_until_ms or not self.alone:
                return self._call_for_hello(now_ms)
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
            self.tell_all()
        due_ms = [max(node.heard_ms + WORKER_SILENT_MS, self._drop_from_ms) for node in nodes[1:]]
        due_ms += self._repeats_ms[:1]
        if nodes:
            due_ms.append(max(self._first_until_ms, self._drop_from_ms))
        return min(due_ms) if due_ms else now_ms + WORKER_SILENT_MS

    def _call_for_hello(self, now_ms: int) -> int:
        # ROLES of epoch 0 is news to nobody, but who knows a higher epoch learns that the AP has forgotten it.
        if self._repeats_ms and now_ms >= self._repeats_ms[0]:
            self._repeats_ms.pop(0)
            self._tell(self._everyone)
        end_ms = self._collect_until_ms if now_ms < self._collect_until_ms else now_ms + COLLECT_MS
        return min(self._repeats_ms[:1] + [end_ms])

    def _hello(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        node_id = message.id or sender[0]
        node = Node(node_id, sender, now_ms, message.epoch, message.rank)
        self._wait_for_old_nodes(now_ms, message)
        nodes = self.roster.nodes if self._collected is None else self._collected
        if any(other.address[0] == sender[0] and other.id != node_id for other in nodes):
            # An AP that has started knows no leases, and may give an address away that a node still has. One of the
            # two will get another, and says so: until then they cannot be told apart.
            self._tell(sender)
            return
        if self._collected is not None:
            self._collect(node)
            self._tell(sender)
            return
        known = self.roster.find(message.id, sender)
        changed = self.roster.outgrow(message.epoch, known is None and message.rank is not None)
        if known is None:
            self.roster.add(node)
            changed = True
        else:
            known.heard_ms = now_ms
            changed = self.roster.move(known, sender) or changed
        if changed:
            self._changed(now_ms)
        else:
            self._tell(sender)

    def _wait_for_old_nodes(self, now_ms: int, message: wire.Message) -> None:
        """Those who know an older order come back within seconds of each other: with the first, wait for the others."""
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
        # Of an old MASTER whose HELLO was lost.
        self._wait_for_old_nodes(now_ms, message)
        if self._collected is not None or message.seq is None:
            self._tell(sender)
            return
        node = self.roster.find(message.id, sender)
        if self.roster.outgrow(message.epoch, node is None):
            self._changed(now_ms)
        if node is None:
            self._tell(sender)
            return
        node.heard_ms = now_ms
        if node is self.roster.nodes[0] and (self._holder == node.id or now_ms >= self._holder_until_ms):
            self._holder = node.id
            self.granted_ms = now_ms
            self._holder_until_ms = self._first_until_ms = now_ms + LEASE_AT_AP_MS
            self._granted = sender, message.seq
            self._tell(sender, message.seq)
        else:
            self._tell(sender)

    def _bye(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        if self._collected is not None:
            self._collected = [node for node in self._collected if node.id != (message.id or sender[0])]
            return
        node = self.roster.find(message.id, sender)
        if node is not None:
            # It leaves the order, but its lease runs out by time: this BYE may be an old one, of before a reboot.
            self._drop(now_ms, node, "bye")

    def _drop(self, now_ms: int, node: Node, reason: str) -> None:
        self.roster.remove(node)
        self._say(f"dropped id={node.id} reason={reason}")
        self._changed(now_ms)

    def _changed(self, now_ms: int) -> None:
        nodes = self.roster.nodes
        first = nodes[0].id if nodes else ""
        if first != self._first:
            self._first = first
            # It has one lease's time to renew, from when it may be granted at all.
            self._first_until_ms = max(now_ms, self._holder_until_ms) + LEASE_AT_AP_MS
        listed = ",".join([node.id + "@" + node.address[0] for node in nodes])
        self._say(f"order epoch={self.roster.epoch} nodes={listed}")
        self._repeats_ms = self._repeats_from(now_ms)
        self.tell_all()

    def _repeats_from(self, now_ms: int) -> list[int]:
        return [now_ms + delay_ms for delay_ms in ROLES_REPEATS_MS]

    def tell_all(self) -> None:
        """Tell the order to all who are in it."""
        for node in self.roster.nodes:
            self._tell(node.address)

    def _tell(self, address: tuple[str, int], seq: int | None = None) -> None:
        self._send(wire.roles(self.roster.epoch, self.roster.addresses(), seq), address)
