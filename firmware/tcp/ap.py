"""Access point of the app `tcp`: greets one client after the other on a TCP port."""

import socket
import time

from picolink import config, stream, wifi
from picolink.board import Uptime, say_boot
from picolink.log import say
from picolink.timing import GUEST_LIMIT_MS
from picolink.wire import Malformed

IDLE_S = 60
REOPEN_MS = 500


def greet(guest: stream.LineStream, guest_ip: str, ip: str) -> None:
    """Hear what the client has to say, and answer it."""
    text = guest.read_line()
    say(f'heard peer={guest_ip} text="{text}"')
    reply = f"Hello {guest_ip}, this is the AP @ {ip}"
    guest.write_line(reply)
    say(f'replied peer={guest_ip} text="{reply}"')


def serve_next(listener: socket.socket, uptime: Uptime, ip: str) -> None:
    """Wait for a client and serve it; whatever it does, the next one is served soon."""
    connection, address = listener.accept()
    guest = stream.LineStream(connection, uptime, GUEST_LIMIT_MS)
    try:
        greet(guest, address[0], ip)
    except Malformed as malformed:
        say(f"dropped peer={address[0]} reason={malformed.reason}")
    except OSError as error:
        reason = "too-slow" if error.errno == stream.ETIMEDOUT else "error"
        say(f"dropped peer={address[0]} reason={reason} error={error}")
    finally:
        guest.close()


def serve(port: int, uptime: Uptime, ip: str) -> None:
    """Serve until the listening socket fails."""
    listener = stream.listen(port)
    say(f"listening port={port}")
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
    say_boot("tcp", "ap")
    settings = config.load()
    ip = wifi.open_access_point(settings.ssid, settings.password, settings.channel)
    uptime = Uptime()
    while True:
        try:
            serve(settings.tcp_port, uptime, ip)
        except OSError as error:
            say(f"error what=accept error={error}")
            time.sleep_ms(REOPEN_MS)


main()
