"""Fixtures that several test plans start from."""

from collections.abc import Callable

import pytest

from hil import Board, Clock, Cluster

SETTLE_WITHIN_S = 6.0
"""A little more than a HELLO period, after which a client has received what it may have missed."""

JOINED_WITHIN_S = 60.0
"""From power-on: USB, radio, and the tries to join that a bad radio needs."""


@pytest.fixture
def agreement(cluster: Cluster, clock: Clock) -> Callable[[], None]:
    """Call it to wait until every client in the AP's order has printed that order, at that epoch."""

    def wait() -> None:
        order = cluster.order
        expected = {"epoch": str(cluster.epoch), "order": ",".join(address(client) for client in order)}
        clock.wait(lambda: all(believed(client) == expected for client in order), SETTLE_WITHIN_S)
        assert {client: believed(client) for client in order} == dict.fromkeys(order, expected)

    return wait


@pytest.fixture
def settled(cluster: Cluster, agreement: Callable[[], None]) -> Callable[[], tuple[Board, ...]]:
    """Call it to boot AP and clients in order; returns the clients once all have their roles and agree."""

    def boot() -> tuple[Board, ...]:
        clients = cluster.boot_in_order()
        roles = {client: f"WORKER{rank}" if rank else "MASTER" for rank, client in enumerate(clients)}
        cluster.wait(order=clients, roles=roles, within=SETTLE_WITHIN_S)
        agreement()
        return clients

    return boot


def address(client: Board) -> str:
    """The address of a client, as it printed it."""
    return client.events("joined")[-1].fields["ip"]


def believed(client: Board) -> dict[str, str]:
    """Epoch and order, as a client last printed them."""
    said = client.events("roles")
    return dict(said[-1].fields) if said else {}


@pytest.fixture
def joined(ap: Board, clients: list[Board]) -> Callable[[], list[str]]:
    """Call it to boot the AP, then client after client; returns the clients' addresses once all have joined."""

    def boot() -> list[str]:
        ap.power.on()
        ap.console.expect("ap-up", within=JOINED_WITHIN_S)
        for client in clients:
            client.power.on()
            client.console.expect("joined", within=JOINED_WITHIN_S)
        return [address(client) for client in clients]

    return boot


@pytest.fixture
def joined_together(ap: Board, clients: list[Board]) -> Callable[[], list[str]]:
    """Call it to boot the AP, then all clients at once; returns the clients' addresses once all have joined."""

    def boot() -> list[str]:
        ap.power.on()
        ap.console.expect("ap-up", within=JOINED_WITHIN_S)
        for client in clients:
            client.power.on()
        for client in clients:
            client.console.expect("joined", within=JOINED_WITHIN_S)
        return [address(client) for client in clients]

    return boot
