"""How long the radio takes: every duration of the simulated Wi-Fi, each with its source.

Sources: *cyw43 field reports* are users' reports on MicroPython boards with the CYW43 chip, none of them measured on a
board of ours; *cyw43 driver*, *lwIP* and *MicroPython* are the sources of those projects. "Unsure" marks a value that
no source settles: change it here once a real board has been measured.
"""

import random
from dataclasses import dataclass

from hil.virtual.world import US_PER_S


@dataclass(frozen=True)
class Span:
    """A duration that differs from one time to the next: uniform between two bounds, in seconds."""

    low_s: float
    high_s: float

    def draw_us(self, rng: random.Random) -> int:
        """One duration, in microseconds."""
        return round(rng.uniform(self.low_s, self.high_s) * US_PER_S)


POWER_UP = Span(0.5, 1.5)
"""Loading the chip's firmware, which blocks the first ``active(True)``. cyw43 field reports; unsure."""

AP_START = Span(0.05, 0.3)
"""``active(True)`` of the access point until its first beacon. Unsure."""

ASSOCIATION = Span(0.9, 3.8)
"""``connect()`` until the link is up or refused. With DHCP a join takes 1 to 4 s. cyw43 field reports; unsure."""

WRONG_KEY_FAIL_FIRST = 0.15
"""Part of the joins with a wrong key that show status -1 before -3. cyw43 field reports say "sometimes"; unsure."""

WRONG_KEY_SECOND_TRY = Span(0.5, 1.5)
"""How long that -1 lasts. Unsure."""

LINK_LOSS = Span(4.5, 5.5)
"""Last beacon of an access point that lost power until its stations notice. cyw43 field reports: about 5 s; unsure."""

SILENT_STATION = Span(55.0, 65.0)
"""An access point counts a station that lost power as connected for this long. Unsure."""

SCAN = Span(1.5, 2.5)
"""One ``scan()``. cyw43 field reports; unsure."""

HOP_MIN_S = 0.001
"""Least latency of one packet over one hop. cyw43 field reports: pings of a few ms."""

HOP_JITTER_S = 0.002
"""Mean of the exponential jitter on top of it. cyw43 field reports."""

HOP_MAX_S = 0.050
"""Most that one hop takes. Power-save delays are not simulated: good firmware switches power save off."""

DHCP_RETRY_S = (2, 4, 8, 16, 32, 60)
"""How long the client waits for an answer, try after try; after the last REQUEST it starts over. lwIP dhcp.c."""

DHCP_REBOOT_TRIES = 2
"""How often a client that still has an address asks for it again before it takes any. lwIP dhcp.c."""

LEASE_S = 24 * 60 * 60
"""Length of a lease. MicroPython dhcpserver.c."""

MDNS_PROBE_S = 0.25
"""Time between mDNS probes; the first one comes within this after the interface is up. lwIP MDNS_PROBE_DELAY_MS."""

MDNS_PROBES = 3
"""How often a name is asked for before it counts as free. lwIP MDNS_PROBE_COUNT."""

MDNS_ANNOUNCEMENTS = 2
MDNS_ANNOUNCEMENT_S = 1.0
"""How often a name is announced, and the time in between. RFC 6762 asks for two or more; lwIP's number is unsure."""

MDNS_DEFER_S = 1.0
"""How long the smaller address waits when two probe for one name at once. RFC 6762; lwIP mdns.c."""

MDNS_MULTICAST_S = 1.0
"""A responder that has just answered everybody ignores further questions of that kind for this long. lwIP mdns.c."""

MDNS_TTL_S = 120
MDNS_UNICAST_TTL_S = 10
"""How long an address may be kept: from an answer to everybody, and from one to a single asker. lwIP mdns_priv.h."""

DNS_TICK_S = 1.0
"""The resolver looks at its questions this often, at moments of its own. lwIP DNS_TMR_INTERVAL."""

DNS_RETRY_TICKS = (1, 1, 2, 3)
"""Ticks from one try of a question to the next; after the last one the name counts as unknown. lwIP dns.c."""

TCP_SYN_RTO_S = 3.0
"""Time between tries of a connection request. lwIP LWIP_TCP_RTO_TIME."""

TCP_SYN_RETRIES = 6
"""Tries after the first before a connection request is given up with errno 103. lwIP TCP_SYNMAXRTX."""

TCP_RTO_S = 1.5
"""First retransmission of data; three ticks of 500 ms are what lwIP's estimate settles on in a fast network."""

TCP_BACKOFF_SHIFTS = (0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7, 7)
"""Each retransmission waits TCP_RTO_S shifted left by this; past the last the connection is given up. lwIP tcp.c."""

TCP_CLOSE_S = 10.0
"""A closed socket whose peer does not close is reset after this. MicroPython modlwip.c."""

TCP_TIME_WAIT_S = 120.0
"""How long the port of a connection closed from this end cannot be bound without SO_REUSEADDR. lwIP 2 * TCP_MSL."""
