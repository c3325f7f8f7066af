"""Whether a board's radio answers, and what it hears."""

import network


def scan() -> tuple:
    """The MAC address, the number of networks heard, and the strength of the loudest in dBm (0 if there is none)."""
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    try:
        found = wlan.scan()
        return wlan.config("mac").hex(":"), len(found), max([entry[3] for entry in found]) if found else 0
    finally:
        wlan.active(False)
