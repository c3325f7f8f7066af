"""Which firmware a test ran, by the digest against which its deployment was verified."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hil.config.app import App

FIRMWARE_PROPERTY = "firmware"
"""Name of the pytest user property with what the boards of a role held, such as ``roles/ap 3f2a9c81d2ee``."""

MICROPYTHON_PROPERTY = "micropython"
"""Name of the pytest user property with the MicroPython version of a board."""

_SHOWN_DIGITS = 12


def firmware_properties(app: "App") -> list[tuple[str, str]]:
    """The roles of ``app`` with the beginnings of their digests, as pytest user properties."""
    return [(FIRMWARE_PROPERTY, f"{app.name}/{role} {app.digest(role)[:_SHOWN_DIGITS]}") for role in app.files]


def firmware_in(properties: Iterable[tuple[str, Any]]) -> list[str]:
    """The firmware in the user properties of tests, each once, sorted."""
    return sorted({str(value) for name, value in properties if name == FIRMWARE_PROPERTY})
