from picolink.peers import PeerList

A, B, C = "192.168.4.16", "192.168.4.17", "192.168.4.18"


def peers(*heard: tuple[str, str]) -> PeerList:
    """A list that forgets after 100 ms, with these nodes heard at time 0."""
    found = PeerList(100)
    for peer_id, ip in heard:
        assert found.heard(0, peer_id, ip)
    return found


def test_order_is_that_of_first_being_heard() -> None:
    found = peers(("c", C), ("a", A), ("b", B))
    assert not found.heard(1, "a", A)
    assert found.ips() == [C, A, B]
    assert found.listed() == f"c@{C},a@{A},b@{B}"


def test_a_node_that_leaves_and_comes_back_is_last() -> None:
    found = peers(("a", A), ("b", B))
    left = found.forget("a", A)
    assert left is not None
    assert (left.id, left.ip) == ("a", A)
    assert found.heard(1, "a", A)
    assert found.ips() == [B, A]


def test_an_unknown_node_cannot_leave() -> None:
    assert peers(("a", A)).forget("b", B) is None


def test_a_node_that_moves_keeps_its_place() -> None:
    found = peers(("a", A), ("b", B))
    assert found.heard(1, "a", C)
    assert found.ips() == [C, B]


def test_an_address_belongs_to_one_node() -> None:
    found = peers(("a", A), ("b", B))
    assert found.heard(1, "c", A)
    assert found.listed() == f"b@{B},c@{A}"
    assert found.heard(2, "b", A)
    assert found.listed() == f"b@{A}"


def test_a_sender_without_id_is_known_by_its_address() -> None:
    found = peers(("", A), ("b", B))
    assert not found.heard(1, "", A)
    assert not found.heard(1, "", B)
    assert found.listed() == f"{A}@{A},b@{B}"
    assert found.forget("", A) is not None
    assert found.ips() == [B]


def test_silent_nodes_are_forgotten_and_no_others() -> None:
    found = peers(("a", A), ("b", B))
    found.heard(60, "b", B)
    assert found.expire(99) == []
    assert found.due_ms(99) == 100
    assert [peer.id for peer in found.expire(100)] == ["a"]
    assert found.due_ms(100) == 160
    assert found.ips() == [B]


def test_an_empty_list_has_nothing_to_do() -> None:
    assert PeerList(100).expire(5) == []
    assert PeerList(100).due_ms(5) == 105
