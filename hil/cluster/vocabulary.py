"""The events of firmware that the framework itself understands, by name, and the fields that it reads from them.

A manifest (firmware.yaml) maps lines to events. It may define any events; those named here also move the picture of a
test, the live status, ``cluster.wait`` and the invariants. All of them are optional, and so are their fields.
Events that the framework records itself, such as power-on, are in :mod:`hil.events`.
"""

import re
from typing import NamedTuple

from hil.events import Event

BOOT = "boot"
"""The firmware begins. Fields: app, id, cause (``machine.reset_cause()``)."""
AP_UP = "ap-up"
"""The board has opened its access point. Fields: ssid, ip."""
AP_DOWN = "ap-down"
"""The board has closed its access point, and no longer keeps an order."""
JOINED = "joined"
"""The board has joined an AP. Field: ip."""
JOIN_FAILED = "join-failed"
"""The board failed to join an AP. Trouble: a mark of that kind in the picture."""
LINK_LOST = "link-lost"
"""The board has lost its AP. Trouble."""
REGISTERED = "registered"
"""The AP has put this client into its order. Field: epoch."""
ROLE = "role"
"""The role that the board holds from now on: see :data:`MASTER`. Fields: role, epoch."""
ORDER = "order"
"""The order of nodes that an AP keeps from now on. Fields: nodes (see :class:`Order`), epoch."""
DROPPED = "dropped"
"""An AP has removed a node from its order. Trouble."""
ERROR = "error"
"""The firmware reports an error. Trouble."""
TRACEBACK = "traceback"
"""The firmware has printed the first line of a traceback. Trouble."""

EVENTS = (
    *(BOOT, AP_UP, AP_DOWN, JOINED, JOIN_FAILED, LINK_LOST),
    *(REGISTERED, ROLE, ORDER, DROPPED, ERROR, TRACEBACK),
)
"""All of them."""

APP_FIELD = "app"
"""Name of the firmware app."""
CAUSE_FIELD = "cause"
"""``machine.reset_cause()`` in decimal."""
EPOCH_FIELD = "epoch"
"""The epoch of an order, in decimal, in any event: it only rises."""
ID_FIELD = "id"
"""The id by which nodes know the board, by default the digits of its serial number."""
IP_FIELD = "ip"
"""An IPv4 address, dotted."""
NODES_FIELD = "nodes"
"""Nodes as :meth:`Node.parse` reads them, separated by commas; may be empty."""
ROLE_FIELD = "role"
"""The role that a board holds."""
SSID_FIELD = "ssid"
"""The name of an access point."""

MASTER = "MASTER"
"""The role of the first node in the order. At no instant do two nodes hold it."""
NO_ROLE = "NONE"
"""The role of a board that holds none."""
_CLUSTER_ROLE = re.compile(r"MASTER|WORKER[1-9]\d*")


def role_at(place: int) -> str:
    """The role of the node at ``place`` in the order, which counts from 0: MASTER, WORKER1, WORKER2 …"""
    return f"WORKER{place}" if place else MASTER


def is_cluster_role(role: str) -> bool:
    """Whether ``role`` belongs to a place in an order. Firmware may name other roles, such as ``ap``."""
    return _CLUSTER_ROLE.fullmatch(role) is not None


class Node(NamedTuple):
    """A node of an order: a board, or a guest such as a probe."""

    id: str
    ip: str = ""
    """Empty if the firmware does not print it."""

    @classmethod
    def parse(cls, text: str) -> "Node":
        """Read ``id@ip``, or ``id`` alone."""
        node_id, _, ip = text.partition("@")
        return cls(node_id, ip)

    @classmethod
    def parse_all(cls, text: str) -> tuple["Node", ...]:
        """Read nodes separated by commas; an empty text has none."""
        return tuple(cls.parse(node) for node in text.split(",") if node)


class Order(NamedTuple):
    """The order that an AP keeps. The place of a node gives its role: see :func:`role_at`."""

    nodes: tuple[Node, ...]
    epoch: int
    """0 if the event has no epoch."""

    @classmethod
    def of(cls, event: Event) -> "Order | None":
        """The order in an event of that name; None if ``event`` is another one, or has no field with nodes."""
        if event.name != ORDER or NODES_FIELD not in event.fields:
            return None
        return cls(Node.parse_all(event.fields[NODES_FIELD]), epoch_of(event) or 0)


def epoch_of(event: Event) -> int | None:
    """The epoch in any event; None if it has none."""
    text = event.fields.get(EPOCH_FIELD, "")
    return int(text) if text.isdecimal() else None
