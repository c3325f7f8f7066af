"""Modules that a Pico W's MicroPython has built in and a virtual board's has not: importing one says so.

Without this a program fails with "no module named", which on a Pico W means that somebody forgot to copy a file.
"""

_ABSENT = (
    "_onewire",
    "_thread",
    "aioble",
    "asyncio",
    "bluetooth",
    "cryptolib",
    "dht",
    "ds18x20",
    "lwip",
    "neopixel",
    "ntptime",
    "onewire",
    "tls",
    "uasyncio",
    "webrepl",
    "websocket",
)


def absent_modules(folder: str) -> dict[str, bytes]:
    """A module in the place of each, by its path in ``folder``. A copy among the program's own files comes first."""
    return {f"{folder}/{name}.py": _source(name) for name in _ABSENT}


def _source(name: str) -> bytes:
    text = f"{name} is not simulated on a virtual board; test firmware that needs it on a real one"
    return f"raise ImportError({text!r})\n".encode()
