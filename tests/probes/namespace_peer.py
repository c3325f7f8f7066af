"""The other side of the host probe's cable, run in a network namespace of its own: echoes, serves, has a name.

Prints a line when it is ready, then does what it is told on standard input until that ends.
"""

import socket
import sys
import threading

from zeroconf import IPVersion, ServiceInfo, Zeroconf

UDP_PORT, TCP_PORT, SILENT_PORT = 5000, 1234, 1235


def echo(udp: socket.socket) -> None:
    """Answer every datagram with its text in capitals, but say nothing to ``quiet``."""
    while True:
        data, sender = udp.recvfrom(2000)
        if data != b"quiet":
            udp.sendto(data.upper(), sender)


def serve(listener: socket.socket) -> None:
    """Answer what comes over a connection with its text in capitals, and close it."""
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(connection.recv(2000).upper())


def main(address: str) -> None:
    """Serve at ``address``."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    udp.bind(("", UDP_PORT))
    listener = socket.create_server((address, TCP_PORT))
    # Its backlog is never emptied: who connects and sends is not read.
    silent = socket.create_server((address, SILENT_PORT))
    zeroconf = Zeroconf(interfaces=[address], ip_version=IPVersion.V4Only)
    kind = "_pico._udp.local."
    name = f"peer.{kind}"
    zeroconf.register_service(
        ServiceInfo(kind, name, port=UDP_PORT, server="peer.local.", addresses=[socket.inet_aton(address)])
    )
    for target, argument in ((echo, udp), (serve, listener)):
        threading.Thread(target=target, args=(argument,), daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        text, host, port = line.split()
        udp.sendto(text.encode(), (host, int(port)))
    silent.close()


if __name__ == "__main__":
    main(sys.argv[1])
