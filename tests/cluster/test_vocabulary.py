"""How the framework reads the fields of the events that it understands."""

import pytest

from hil.cluster.vocabulary import Node, Order, epoch_of, is_cluster_role, role_at
from hil.events import Event


def order(**fields: str) -> Event:
    return Event(0.0, "A", "order", fields, "")


def test_a_node_is_an_id_with_an_address() -> None:
    assert Node.parse("e661@192.168.4.16") == Node("e661", "192.168.4.16")
    assert Node.parse("e661") == Node("e661", "")


def test_nodes_are_separated_by_commas() -> None:
    assert Node.parse_all("b@192.168.4.16,c@192.168.4.17") == (Node("b", "192.168.4.16"), Node("c", "192.168.4.17"))
    assert Node.parse_all("") == ()


def test_an_order_has_nodes_and_an_epoch() -> None:
    assert Order.of(order(nodes="b@192.168.4.16", epoch="3")) == Order((Node("b", "192.168.4.16"),), 3)
    assert Order.of(order(nodes="")) == Order((), 0)


def test_another_event_or_one_without_nodes_is_not_an_order() -> None:
    assert Order.of(order(epoch="3")) is None
    assert Order.of(Event(0.0, "A", "listed", {"nodes": "b"}, "")) is None


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x"])
def test_an_epoch_that_is_not_a_number_is_none(text: str) -> None:
    assert epoch_of(order(epoch=text)) is None
    assert epoch_of(order(epoch="12")) == 12


def test_the_place_in_the_order_gives_the_role() -> None:
    assert [role_at(place) for place in range(3)] == ["MASTER", "WORKER1", "WORKER2"]
    assert all(is_cluster_role(role_at(place)) for place in range(12))
    assert not any(map(is_cluster_role, ("NONE", "ap", "WORKER0", "WORKER", "MASTERS")))
