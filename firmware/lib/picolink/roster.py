"""The order that the AP keeps, and its epoch. Pure: no sockets, no clock.

Within one epoch the order only grows at its end; every other change raises the epoch. So a client can tell which of
two orders is newer: the one with the higher epoch, and within an epoch the longer one.
"""


class Node:
    """One registered client."""

    def __init__(self, node_id: str, address: tuple[str, int], heard_ms: int, epoch: int, rank: int | None) -> None:
        self.id = node_id
        self.address = address
        self.heard_ms = heard_ms
        # From its first HELLO: its place in the order that an AP kept before this one was started.
        self.carried_epoch = epoch
        self.carried_rank = rank


class Roster:
    """Nodes in order. Only the first may hold MASTER."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.epoch = 0

    def find(self, node_id: str, address: tuple[str, int]) -> Node | None:
        """The node with that id; a sender that gave no id is identified by its IP address."""
        for node in self.nodes:
            if node.id == node_id or (not node_id and node.address[0] == address[0]):
                return node
        return None

    def add(self, node: Node) -> None:
        """Register a node as the last, or near its old place if it comes back late after a restart of the AP.

        Never before the first: MASTER is not preempted. An old MASTER that comes back late has lost its place.
        """
        place = len(self.nodes)
        if node.carried_rank:
            for index in range(place - 1, 0, -1):
                other = self.nodes[index]
                if other.carried_epoch == node.carried_epoch and (other.carried_rank or 0) > node.carried_rank:
                    place = index
        if place < len(self.nodes) or not self.epoch:
            self.epoch += 1
        self.nodes.insert(place, node)

    def remove(self, node: Node) -> None:
        """Drop a node; those behind it move up."""
        self.nodes.remove(node)
        self.epoch += 1

    def move(self, node: Node, address: tuple[str, int]) -> bool:
        """Note a node's current address; returns whether the order as clients see it has changed."""
        moved = node.address[0] != address[0]
        node.address = address
        if moved:
            self.epoch += 1
        return moved

    def raise_epoch_above(self, heard: int, claims_place: bool) -> bool:
        """Raise the epoch above one that a client knows; returns whether that was necessary.

        `claims_place`: the client has a place in the order of that epoch, but not in this one. Then there were two
        different orders with the same epoch: an AP that had forgotten everything counted on from too low a number.
        """
        if heard < self.epoch or (heard == self.epoch and not claims_place):
            return False
        self.epoch = heard + 1
        return True

    def rebuild(self, collected: list[Node]) -> None:
        """Take the nodes heard after a start: old ones in their old order, then new ones in order of arrival."""
        places = []
        for arrival, node in enumerate(collected):
            old = node.carried_epoch and node.carried_rank is not None
            # The arrival decides between equals, because MicroPython's sort is not stable.
            places.append((-node.carried_epoch if old else 0, node.carried_rank if old else 0, arrival))
        if collected:
            self.epoch = max([self.epoch] + [node.carried_epoch for node in collected]) + 1
        self.nodes = [collected[arrival] for _, _, arrival in sorted(places)]

    def addresses(self) -> list[str]:
        """The order as ROLES carries it."""
        return [node.address[0] for node in self.nodes]
