"""Access to the board's mDNS: take a hostname, and resolve those of others."""

import network
import socket

from picolink.log import log

LOCAL = ".local"


def take_hostname(name: str) -> None:
    """Become `<name>.local`. Switches both interfaces off, because the name is read when they are switched on."""
    for interface in (network.STA_IF, network.AP_IF):
        network.WLAN(interface).active(False)
    network.hostname(name)
    log(f"hostname name={name}{LOCAL}")


def resolve(name: str) -> str:
    """The address of `<name>.local`; empty if no board answers. Blocks for up to 7 s."""
    try:
        address: str = socket.getaddrinfo(name + LOCAL, 1)[0][-1][0]
        return address
    except OSError:
        return ""
