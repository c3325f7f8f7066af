"""Names in the Wi-Fi (mDNS), as far as the hardware goes: taking one, and asking for the address behind another."""

import network
import socket

from picolink.log import say

LOCAL = ".local"


def take_hostname(name: str) -> None:
    """Be `<name>.local`. The interfaces are switched off: what is announced is decided when they are switched on."""
    for interface in (network.STA_IF, network.AP_IF):
        network.WLAN(interface).active(False)
    network.hostname(name)
    say(f"hostname name={name}{LOCAL}")


def resolve(name: str) -> str:
    """The address of `<name>.local`; empty when nobody answers. That takes up to 7 s, and nothing else goes on."""
    try:
        address: str = socket.getaddrinfo(name + LOCAL, 1)[0][-1][0]
        return address
    except OSError:
        return ""
