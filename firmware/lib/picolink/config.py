"""Settings of one board: config.json, as the deployer wrote it, over defaults."""

import json

from picolink.log import log


class Config:
    """The settings. A key that is missing in config.json keeps the default below."""

    ssid = "PicoAP"
    password = "pico1234"
    channel: int | None = None
    """Wi-Fi channel of the AP; None keeps the radio's default."""
    ap_ip = "192.168.4.1"
    discovery_port = 5000
    peer_port = 5001
    tcp_port = 1234
    ap_name = "pico-ap"
    hostname = ""
    """Name of a client; if empty, it is made from the board's id."""


KEYS = ("ssid", "password", "channel", "ap_ip", "discovery_port", "peer_port", "tcp_port", "ap_name", "hostname")


def load(path: str = "config.json") -> Config:
    """The settings in `path`, or the defaults if it cannot be read. Unknown keys are ignored."""
    config = Config()
    try:
        with open(path) as file:
            values = json.load(file)
    except (OSError, ValueError) as error:
        log(f"error what=config file={path} error={error}")
        return config
    for key in KEYS:
        if key in values:
            setattr(config, key, values[key])
    return config
