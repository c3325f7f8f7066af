"""How much the radio holds: every size of the simulated Wi-Fi and of lwIP as the rp2 port configures it."""

SSID_MAX = 32
KEY_MAX = 64
"""Longer ones are cut silently. MicroPython cyw43 driver."""

KEY_MIN = 8
"""Shorter keys raise nothing, but joining fails. WPA2; that it is the joining that fails is unsure."""

HOSTNAME_MAX = 32
"""MicroPython modnetwork.c; longer ones are a ValueError."""

STATIONS_MAX = 4
"""Stations per access point as documented for the Pico W. A fifth is refused association; unsure."""

LEASE_FIRST = 16
LEASES = 8
"""Host numbers of the DHCP pool: .16 to .23. MicroPython dhcpserver.h."""

UDP_PCBS = 5
UDP_PCBS_MDNS = 1
"""UDP endpoints in all, and those of the mDNS responder; each active interface takes one more for DHCP. lwipopts.h."""

NAMES_KEPT = 4
"""Addresses that the resolver remembers. lwIP DNS_TABLE_SIZE."""

UDP_QUEUE = 4
"""Datagrams that wait in one socket; the newest is dropped. MicroPython modlwip.c."""

UDP_PAYLOAD_MAX = 1472
"""Largest datagram that leaves in one frame; fragmentation is not simulated, more is EMSGSIZE."""

TCP_PCBS = 5
TCP_LISTEN_PCBS = 8
"""Connections and unconnected sockets, and listening sockets. lwIP MEMP_NUM_TCP_PCB, MEMP_NUM_TCP_PCB_LISTEN."""

TCP_MSS = 800
TCP_WINDOW = 8 * TCP_MSS
TCP_SEND_BUFFER = 8 * TCP_MSS
"""Sizes in bytes. MicroPython lwipopts.h."""

EPHEMERAL_PORT_FIRST = 0xC000
EPHEMERAL_PORTS = 0x4000
"""Ports taken when none is named. lwIP."""
