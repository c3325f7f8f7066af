"""``link:`` of a board in a rig file: which class finds and opens its serial line."""

from hil.config.registry import Registry, UnknownName, subclass_of, suggestion
from hil.config.sections import Scalar
from hil.links import Address

DEVICE, USB = "device", "usb"
"""The built-in links that have no URL: a device path, and the board on USB that has no ``link:``."""

LINKS = Registry[type[Address]](
    kind="link",
    group="pico_hil.links",
    built_in={
        DEVICE: "hil.links.device.DeviceAddress",
        "rfc2217": "hil.links.remote.RemoteAddress",
        "socket": "hil.links.remote.RemoteAddress",
        USB: "hil.links.usb.UsbAddress",
    },
    requirement=subclass_of(Address),
)
"""By URL scheme, how a board's serial line is found and opened."""


def address_class(link: str | None) -> type[Address]:
    """The class that ``link`` selects. None is the link of a board without ``link:``.

    Raises ``UnknownName`` for an unknown scheme, ``BrokenEntryPoint`` for one that cannot be imported.
    """
    if not link:
        return LINKS.load(USB)
    return LINKS.load(DEVICE if link.startswith("/") else link.partition("://")[0])


def checked_link(given: object) -> str:
    """``link:`` as written in a rig file. For a pydantic ``BeforeValidator``: raises ``ValueError``."""
    if not isinstance(given, str) or not (given.startswith("/") or "://" in given):
        schemes = ", ".join(f"{scheme}://" for scheme in _schemes())
        text = f"is not a serial link; write a URL ({schemes}), or the path of a device such as /dev/ttyACM0"
        raise ValueError(f"{text}. Without `link:` the board is looked up on USB")
    try:
        address_class(given).check(given)
    except UnknownName:
        # As written: an environment variable may hold a secret.
        scheme = (given.written if isinstance(given, Scalar) else given).partition("://")[0]
        text = f"has an unknown scheme '{scheme}'; {suggestion(scheme, _schemes())}"
        raise ValueError(f"{text}. Correct it, or install the package that adds it") from None
    return str(given)


def _schemes() -> list[str]:
    return [name for name in LINKS.names if name not in (DEVICE, USB)]
