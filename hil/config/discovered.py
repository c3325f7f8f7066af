"""A rig file from what is plugged in: which hubs and Picos there are, and how that is written down."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, product
from string import ascii_uppercase

from hil.host.usb_devices import RASPBERRY_PI, UsbDevice

_SERIAL = re.compile(r"[0-9a-f]{16}")
_WORDS = ("true", "false", "yes", "no", "on", "off", "y", "n", "null")
"""What some readers of YAML take for something else than a name."""


@dataclass(frozen=True)
class FoundBoard:
    """A Pico on a port of a hub."""

    device: UsbDevice
    location: str
    """Its hub, as the rig file calls it: ``1-1.4``, or the bus for a port of the machine itself."""
    port: int

    @property
    def serial(self) -> str | None:
        """Its serial number, if it has one to be known by: not in BOOTSEL mode."""
        serial = self.device.serial or ""
        return serial if self.device.mode == "application" and _SERIAL.fullmatch(serial) else None


@dataclass(frozen=True)
class Found:
    """What was plugged in."""

    hubs: tuple[UsbDevice, ...]
    """Every hub but the machine's own ports, by place."""
    boards: tuple[FoundBoard, ...]
    """Picos that run MicroPython or wait for it, by hub and port."""
    strangers: tuple[UsbDevice, ...]
    """Devices of Raspberry Pi's that are neither: another program, another chip, a debug probe."""

    @property
    def locations(self) -> tuple[str, ...]:
        """The hubs that have boards."""
        return tuple(dict.fromkeys(board.location for board in self.boards))


def find_boards(devices: Iterable[UsbDevice]) -> Found:
    """Sort out what is there."""
    there = sorted(devices, key=lambda device: _by_place(device.port_path))
    picos = [device for device in there if device.vendor_id == RASPBERRY_PI and "-" in device.port_path]
    return Found(
        hubs=tuple(device for device in there if device.is_hub and "-" in device.port_path),
        boards=tuple(FoundBoard(device, *_place(device.port_path)) for device in picos if device.mode != "other"),
        strangers=tuple(device for device in picos if device.mode == "other"),
    )


def board_names(found: Found) -> list[str]:
    """A name for each board, in order: A to Z, AA, AB, …"""
    letters = ("".join(letter) for size in count(1) for letter in product(ascii_uppercase, repeat=size))
    return [name for name, _ in zip(letters, found.boards, strict=False)]


def rig_file(
    name: str, found: Found, names: Sequence[str], drivers: Mapping[str, str], switching: Collection[str]
) -> str:
    """The text of a rig file for what was ``found``; at least one board.

    ``names``: of the boards, in their order. ``drivers``: by location of the hub. ``switching``: the hubs that say that
    they switch the power of their ports one by one.
    """
    hubs = {location: "main" if number == 1 else f"hub{number}" for number, location in enumerate(found.locations, 1)}
    lines = [
        "# Written by `hil discover`, of what was plugged in then. docs/rig.md explains every key.",
        "#",
        "#   export PICO_AP_PASSWORD=…       # 8 to 63 characters, any you like: the boards make a Wi-Fi of their own",
        "#   hil doctor --rig THIS_FILE      # does each hub really cut power? Is every board well?",
        "#   pytest --rig THIS_FILE testplans",
        f"rig: {name}",
        "",
        "# ${NAME} is taken from the environment: no key stands in a file.",
        'wifi: {ssid: PicoAP, password: "${PICO_AP_PASSWORD}"}',
        "",
        "power:",
        "  off_time_s: 2.0 # a board that is off for a shorter time may keep its charge, and not reset",
        "  stagger_s: 0.5 # between two power-ons: a board's inrush can brown out its neighbour",
        "",
        "hubs:",
    ]
    for location, hub in hubs.items():
        lines.append(f"  # {_about_hub(location, switching)}")
        lines.append(f"  {hub}: {{driver: {drivers[location]}, location: {_scalar(location)}}}")
    lines += ["", "boards: # the first one is the access point, the others are clients"]
    for board_name, board in zip(names, found.boards, strict=True):
        serial = f", serial: {_scalar(board.serial)}" if board.serial else ""
        if board.device.mode == "bootsel":
            lines.append(f"  # In BOOTSEL mode, without a program: `hil flash {board_name} --uf2 RPI_PICO_W-….uf2`.")
        lines.append(f"  {_scalar(board_name)}: {{power: {hubs[board.location]}/{board.port}{serial}}}")
    for device in found.strangers:
        what = f"{device.vendor_id:04x}:{device.product_id:04x}"
        lines.append(f"  # On USB port {device.port_path} is {what}: no Pico with MicroPython, so it is left out.")
    lines += [
        "",
        "# The station that asks and listens from inside the Wi-Fi: a spare board. Without one, the tests that need it",
        "# are skipped.",
        f"# probe: {{driver: board, board: {names[-1]}}}",
    ]
    return "\n".join(lines) + "\n"


def _about_hub(location: str, switching: Collection[str]) -> str:
    if location in switching:
        return "It says that it switches its ports one by one; `hil doctor` finds out whether that is true."
    if "-" not in location:
        return "Ports of the machine itself, which can hardly be switched one by one: use a hub of docs/rig.md, Power."
    return "It does not say that it can switch its ports: see docs/rig.md, Power, and try `hil doctor`."


def _place(port_path: str) -> tuple[str, int]:
    """Hub and port: ``1-1.4.2`` is port 2 of ``1-1.4``, ``1-3`` port 3 of ``1``."""
    hub, _, port = port_path.rpartition("." if "." in port_path else "-")
    return hub, int(port)


def _by_place(port_path: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", port_path)]


def _scalar(text: str) -> str:
    """Quoted where YAML might read a number, a truth value or nothing: ``12e4``, ``0123``, ``No``."""
    is_plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*|[0-9]+-[0-9][0-9.]*", text) and text.lower() not in _WORDS
    return text if is_plain else f'"{text}"'
