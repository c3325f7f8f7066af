"""Explanations of why a probe cannot join or send, by the numbers of MicroPython's modules and of Linux."""

from collections.abc import Mapping

IDLE = 0
JOINING = 1
BAD_AUTH = -3
"""Values of ``WLAN.status()``; below ``IDLE`` are failures."""

_JOIN_FAILURES: Mapping[int, str] = {
    BAD_AUTH: "the access point refused the key; compare the rig's wifi password with the firmware's",
    -2: "no access point of that name is on the air; power on the board that makes it",
    -1: "the access point refused the probe; it may have all the stations it can take",
    2: "the access point has given it no address; its DHCP pool may be used up",
}

_SOCKET_FAILURES: Mapping[int, str] = {
    12: "all sockets of the probe are in use; leave a `listen` or `connect` block first",
    90: "the datagram is longer than 1472 bytes",
    98: "the probe listens on that port already",
    103: "the peer does not answer any more",
    104: "refused, or reset by the peer",
    111: "refused",
    **dict.fromkeys((19, 100, 101, 113), "the probe has lost the Wi-Fi"),
}


def why_not_joined(status: int) -> str:
    """Why a station with this ``WLAN.status()`` has not joined."""
    return _JOIN_FAILURES.get(status, "that was not enough time; joining takes up to 5 s")


def why_not_sent(errno: int) -> str:
    """Why a socket raised ``errno``."""
    return _SOCKET_FAILURES.get(errno, f"errno {errno}")
