"""A rig file for what is plugged in: which hubs and boards there are, and the text that describes them."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, product
from string import ascii_uppercase

from hil.config.board_type import DEFAULT_TYPE, BoardType, types_of
from hil.host.usb_devices import UsbDevice

_WORDS = ("true", "false", "yes", "no", "on", "off", "y", "n", "null")
"""Names that some YAML parsers read as another type."""


@dataclass(frozen=True)
class FoundBoard:
    """A board on a port of a hub."""

    device: UsbDevice
    types: tuple[BoardType, ...]
    """The types that it may be: one in BOOTSEL mode, or after it reported its machine; else all with these USB ids."""
    location: str
    """Its hub as a rig file names it: ``1-1.4``, or the bus for a port of the machine itself."""
    port: int

    @property
    def is_in_bootsel_mode(self) -> bool:
        """Whether it waits for a UF2 file."""
        return self.types[0].mode_of(self.device) == "bootsel"

    @property
    def board_type(self) -> BoardType | None:
        """Its type; None if it is not known."""
        return self.types[0] if len(self.types) == 1 else None

    @property
    def serial(self) -> str | None:
        """The serial number that identifies it; None in BOOTSEL mode, which has another one."""
        serial = self.device.serial or ""
        is_known = not self.is_in_bootsel_mode and any(board_type.is_serial(serial) for board_type in self.types)
        return serial if is_known else None

    def reporting(self, machine: str) -> "FoundBoard":
        """The same board after it has reported ``machine``: its type is known then, if any of its types is that."""
        types = tuple(board_type for board_type in self.types if board_type.runs_as(machine))
        return replace(self, types=types or self.types)


@dataclass(frozen=True)
class Found:
    """What was plugged in."""

    hubs: tuple[UsbDevice, ...]
    """Every hub except the machine's own, by port."""
    boards: tuple[FoundBoard, ...]
    """Boards that run MicroPython or are in BOOTSEL mode, by hub and port."""
    other_devices: tuple[UsbDevice, ...]
    """Other devices of the boards' vendors: boards with another program, or of another type; debug probes."""

    @property
    def locations(self) -> tuple[str, ...]:
        """The hubs with boards."""
        return tuple(dict.fromkeys(board.location for board in self.boards))


def find_boards(devices: Iterable[UsbDevice], types: Sequence[BoardType]) -> Found:
    """The hubs among ``devices``, and the boards of ``types``."""
    vendors = {usb_id.vendor for known in types for usb_id in (known.application_usb, known.bootsel_usb)}
    there = sorted(devices, key=lambda device: _by_place(device.port_path))
    candidates = [device for device in there if device.vendor_id in vendors and "-" in device.port_path]
    typed = [(device, tuple(types_of(device, types))) for device in candidates]
    return Found(
        hubs=tuple(device for device in there if device.is_hub and "-" in device.port_path),
        boards=tuple(FoundBoard(device, found, *_place(device.port_path)) for device, found in typed if found),
        other_devices=tuple(device for device, found in typed if not found),
    )


def board_names(found: Found) -> list[str]:
    """A name for each board, in order: A to Z, AA, AB, …"""
    letters = ("".join(letter) for size in count(1) for letter in product(ascii_uppercase, repeat=size))
    return [name for name, _ in zip(letters, found.boards, strict=False)]


def rig_file(
    name: str, found: Found, names: Sequence[str], drivers: Mapping[str, str], switching: Collection[str]
) -> str:
    """The text of a rig file for what was ``found``, which is at least one board.

    ``names``: of the boards, in their order. ``drivers``: by the hubs' locations. ``switching``: the hubs that report
    that they switch the power of each port separately.
    """
    hubs = {location: "main" if number == 1 else f"hub{number}" for number, location in enumerate(found.locations, 1)}
    lines = [
        "# Written by `hil discover` for the hubs and boards that were plugged in. docs/rig.md explains every key.",
        "#",
        "#   export PICO_AP_PASSWORD=…       # 8 to 63 characters, freely chosen: the boards form a Wi-Fi of their own",
        "#   hil doctor --rig THIS_FILE      # does each hub really cut power? Do all boards work?",
        "#   pytest --rig THIS_FILE testplans",
        f"rig: {name}",
        "",
        "# ${NAME} comes from the environment: no password is in this file.",
        'wifi: {ssid: PicoAP, password: "${PICO_AP_PASSWORD}"}',
        "",
        "power:",
        "  off_time_s: 2.0 # after a shorter time a board may still have charge, and not reset",
        "  stagger_s: 0.5 # between two power-ons: a board's inrush current can brown out another board",
        "",
        "hubs:",
    ]
    for location, hub in hubs.items():
        lines.append(f"  # {_about_hub(location, switching)}")
        lines.append(f"  {hub}: {{driver: {drivers[location]}, location: {_scalar(location)}}}")
    lines += ["", "boards: # the first one is the access point, the others are clients"]
    for board_name, board in zip(names, found.boards, strict=True):
        serial = f", serial: {_scalar(board.serial)}" if board.serial else ""
        # The default one, as long as it may be that.
        board_type = board.types[0].name
        type_ = f"type: {_scalar(board_type)}, " if board_type != DEFAULT_TYPE else ""
        if board.is_in_bootsel_mode:
            uf2 = f"{board.types[0].micropython_build}-….uf2"
            lines.append(f"  # In BOOTSEL mode, without a program: `hil flash {board_name} --uf2 {uf2}`.")
        elif board.board_type is None:
            lines.append(f"  # Its type is not known; if it is not {board_type}, add `type:`. `hil doctor` checks it.")
        lines.append(f"  {_scalar(board_name)}: {{{type_}power: {hubs[board.location]}/{board.port}{serial}}}")
    for device in found.other_devices:
        what = f"{device.vendor_id:04x}:{device.product_id:04x}"
        lines.append(f"  # On USB port {device.port_path} is {what}: not a board with MicroPython, so it is left out.")
    lines += [
        "",
        "# The probe sends and listens from inside the Wi-Fi: a spare board. Without one, the tests that need it",
        "# are skipped.",
        f"# probe: {{driver: board, board: {names[-1]}}}",
    ]
    return "\n".join(lines) + "\n"


def _about_hub(location: str, switching: Collection[str]) -> str:
    if location in switching:
        return "It reports that it switches each port separately; `hil doctor` finds out whether that is true."
    if "-" not in location:
        return "Ports of the machine itself, which can rarely be switched separately: use a hub of docs/rig.md, Power."
    return "It does not report that it can switch its ports: see docs/rig.md, Power, and try `hil doctor`."


def _place(port_path: str) -> tuple[str, int]:
    """Hub and port: ``1-1.4.2`` is port 2 of ``1-1.4``, ``1-3`` port 3 of ``1``."""
    hub, _, port = port_path.rpartition("." if "." in port_path else "-")
    return hub, int(port)


def _by_place(port_path: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", port_path)]


def _scalar(text: str) -> str:
    """``text``, quoted where YAML might read a number, a boolean or null: ``12e4``, ``0123``, ``No``."""
    is_plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*|[0-9]+-[0-9][0-9.]*", text) and text.lower() not in _WORDS
    return text if is_plain else f'"{text}"'
