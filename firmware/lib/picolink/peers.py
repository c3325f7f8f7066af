"""The nodes that are present and their addresses, in order of first message. Pure: time is passed in."""


class Peer:
    """One node that was heard. Its id identifies it; its address may change."""

    def __init__(self, peer_id: str, ip: str, heard_ms: int) -> None:
        self.id = peer_id
        self.ip = ip
        self.heard_ms = heard_ms


class PeerList:
    """Nodes in order. Each is forgotten when it has not been heard for `silent_ms`."""

    def __init__(self, silent_ms: int) -> None:
        self._peers: list[Peer] = []
        self._silent_ms = silent_ms

    def find(self, peer_id: str, ip: str) -> Peer | None:
        """The node with that id; a sender that gave no id is identified by its IP address."""
        for peer in self._peers:
            if peer.id == peer_id or (not peer_id and peer.ip == ip):
                return peer
        return None

    def heard(self, now_ms: int, peer_id: str, ip: str) -> bool:
        """Note that a node was heard from `ip`; returns whether the list changed. A node that moves keeps its place."""
        peer = self.find(peer_id, ip)
        if peer is None:
            peer = Peer(peer_id or ip, "", now_ms)
            self._peers.append(peer)
        peer.heard_ms = now_ms
        if peer.ip == ip:
            return False
        peer.ip = ip
        # Two nodes cannot have one address, so the one that had it before is gone. This also bounds the list.
        self._peers = [other for other in self._peers if other is peer or other.ip != ip]
        return True

    def forget(self, peer_id: str, ip: str) -> Peer | None:
        """Remove a node that leaves; returns it, or None if it was not in the list."""
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
        """When expire() has something to do, unless a node is heard before that."""
        return min([peer.heard_ms for peer in self._peers] + [now_ms]) + self._silent_ms

    def ids(self) -> list[str]:
        """Their ids, in order."""
        return [peer.id for peer in self._peers]

    def ips(self) -> list[str]:
        """Their addresses, in order."""
        return [peer.ip for peer in self._peers]

    def listed(self) -> str:
        """Ids and addresses of all, in order, for a log line."""
        return ",".join([peer.id + "@" + peer.ip for peer in self._peers])
