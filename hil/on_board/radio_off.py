"""Switches a board's radio off."""

import network


def radio_off() -> None:
    """Switch off both interfaces, until something switches them on again."""
    for interface in (network.STA_IF, network.AP_IF):
        network.WLAN(interface).active(False)
