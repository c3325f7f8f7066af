"""Who is there: nodes and where they are, in the order in which they were first heard. Pure: time is passed in."""


class Peer:
    """One node that was heard. It is its id; the address is only where it is now."""

    def __init__(self, peer_id: str, ip: str, heard_ms: int) -> None:
        self.id = peer_id
        self.ip = ip
        self.heard_ms = heard_ms


class PeerList:
    """Nodes in order, each forgotten when it was not heard for `silent_ms`."""

    def __init__(self, silent_ms: int) -> None:
        self._peers: list[Peer] = []
        self._silent_ms = silent_ms

    def find(self, peer_id: str, ip: str) -> Peer | None:
        """The node of that id; a sender that gave no id is known by its IP address."""
        for peer in self._peers:
            if peer.id == peer_id or (not peer_id and peer.ip == ip):
                return peer
        return None

    def heard(self, now_ms: int, peer_id: str, ip: str) -> bool:
        """A node was heard from `ip`; returns whether the list has changed. A node that moved keeps its place."""
        peer = self.find(peer_id, ip)
        if peer is None:
            peer = Peer(peer_id or ip, "", now_ms)
            self._peers.append(peer)
        peer.heard_ms = now_ms
        if peer.ip == ip:
            return False
        peer.ip = ip
        # An address is where one node is: who had it before has gone. That bounds the list, too.
        self._peers = [other for other in self._peers if other is peer or other.ip != ip]
        return True

    def forget(self, peer_id: str, ip: str) -> Peer | None:
        """A node leaves; returns it, or None for one that is not in the list."""
        peer = self.find(peer_id, ip)
        if peer is not None:
            self._peers.remove(peer)
        return peer

    def expire(self, now_ms: int) -> list[Peer]:
        """Forget the nodes that have been silent for too long, and return them."""
        expired = [peer for peer in self._peers if now_ms - peer.heard_ms >= self._silent_ms]
        for peer in expired:
            self._peers.remove(peer)
        return expired

    def due_ms(self, now_ms: int) -> int:
        """When expire() has something to do, if nobody is heard until then."""
        return min([peer.heard_ms for peer in self._peers] + [now_ms]) + self._silent_ms

    def ids(self) -> list[str]:
        """Their ids, in order."""
        return [peer.id for peer in self._peers]

    def ips(self) -> list[str]:
        """Their addresses, in order."""
        return [peer.ip for peer in self._peers]

    def listed(self) -> str:
        """Id and address of all, in order, for a log line."""
        return ",".join([peer.id + "@" + peer.ip for peer in self._peers])
