"""Settings of one board: config.json as the deployer wrote it, over defaults."""

import json

from picolink.log import say


class Config:
    """The settings. A key that config.json does not have keeps the default below."""

    ssid = "PicoAP"
    password = "pico1234"
    channel: int | None = None
    """Wi-Fi channel of the AP; None leaves the radio's own."""
    ap_ip = "192.168.4.1"
    discovery_port = 5000
    peer_port = 5001
    tcp_port = 1234
    ap_name = "pico-ap"
    hostname = ""
    """Name of a client; empty makes one of the board's id."""


KEYS = ("ssid", "password", "channel", "ap_ip", "discovery_port", "peer_port", "tcp_port", "ap_name", "hostname")


def load(path: str = "config.json") -> Config:
    """The settings in `path`, or the defaults alone when it cannot be read. Other keys are left alone."""
    config = Config()
    try:
        with open(path) as file:
            values = json.load(file)
    except (OSError, ValueError) as error:
        say(f"error what=config file={path} error={error}")
        return config
    for key in KEYS:
        if key in values:
            setattr(config, key, values[key])
    return config
