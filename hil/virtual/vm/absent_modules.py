"""Placeholders for modules that are built into a Pico W's MicroPython but not simulated: importing one raises an error.

Without them the import fails with "no module named", which on a Pico W means that a file was not deployed.
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
    """The placeholders by path in ``folder``. A module of that name among the program's own files takes precedence."""
    return {f"{folder}/{name}.py": _source(name) for name in _ABSENT}


def _source(name: str) -> bytes:
    text = f"{name} is not simulated on a virtual board; test firmware that needs it on a real one"
    return f"raise ImportError({text!r})\n".encode()
