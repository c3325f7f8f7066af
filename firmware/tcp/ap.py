"""Access point of the app `tcp`: greets one client after the other on a TCP port."""

import socket
import time

from picolink import config, stream, wifi
from picolink.board import Uptime, log_boot
from picolink.log import log
from picolink.timing import GUEST_LIMIT_MS
from picolink.wire import Malformed

IDLE_S = 60
REOPEN_MS = 500


def greet(client: stream.LineStream, client_ip: str, ip: str) -> None:
    """Read the client's line, and answer it."""
    text = client.read_line()
    log(f'heard peer={client_ip} text="{text}"')
    reply = f"Hello {client_ip}, this is the AP @ {ip}"
    client.write_line(reply)
    log(f'replied peer={client_ip} text="{reply}"')


def serve_next(listener: socket.socket, uptime: Uptime, ip: str) -> None:
    """Wait for a client and serve it. Whatever it does, the next one does not wait long."""
    connection, address = listener.accept()
    client = stream.LineStream(connection, uptime, GUEST_LIMIT_MS)
    try:
        greet(client, address[0], ip)
    except Malformed as malformed:
        log(f"dropped peer={address[0]} reason={malformed.reason}")
    except OSError as error:
        reason = "too-slow" if error.errno == stream.ETIMEDOUT else "error"
        log(f"dropped peer={address[0]} reason={reason} error={error}")
    finally:
        client.close()


def serve(port: int, uptime: Uptime, ip: str) -> None:
    """Serve until the listening socket fails."""
    listener = stream.listen(port)
    log(f"listening port={port}")
    try:
        while True:
            listener.settimeout(IDLE_S)
            try:
                serve_next(listener, uptime, ip)
            except OSError as error:
                if error.errno != stream.ETIMEDOUT:
                    raise
    finally:
        listener.close()


def main() -> None:
    log_boot("tcp", "ap")
    settings = config.load()
    ip = wifi.open_access_point(settings.ssid, settings.password, settings.channel)
    uptime = Uptime()
    while True:
        try:
            serve(settings.tcp_port, uptime, ip)
        except OSError as error:
            log(f"error what=accept error={error}")
            time.sleep_ms(REOPEN_MS)


main()
