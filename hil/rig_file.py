"""rig.yaml as it is written: its sections, and what no section can know by itself."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from hil.hub_file import HubConfig, VirtualHub
from hil.power import HubSection
from hil.sections import Section
from hil.yaml_source import Problem

Role = Literal["ap", "client"]
"""The firmware role that a board is given."""


def _name(text: object) -> object:
    if isinstance(text, str) and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", text):
        raise ValueError("is no usable name; use letters, digits, '_', '.' and '-', the first a letter or a digit")
    return text


Name = Annotated[str, BeforeValidator(_name)]
"""Names of rigs, hubs and boards become parts of file names and addresses."""


class WifiConfig(Section):
    """The Wi-Fi under test."""

    ssid: str
    password: SecretStr
    channel: int | None = Field(default=None, ge=1, le=13)
    """None leaves the choice to the firmware."""

    @field_validator("ssid")
    @classmethod
    def _check_ssid(cls, ssid: str) -> str:
        size = len(ssid.encode())
        if not 1 <= size <= 32:
            raise ValueError(f"is {size} bytes long; an SSID has 1 to 32 bytes, so choose another one")
        return ssid

    @field_validator("password")
    @classmethod
    def _check_password(cls, password: SecretStr) -> SecretStr:
        text = password.get_secret_value()
        if not 8 <= len(text) <= 63:
            raise ValueError(f"has {len(text)} characters; WPA2 needs 8 to 63, so choose another one")
        if not (text.isascii() and text.isprintable()):
            raise ValueError("has characters that are not printable ASCII, which WPA2 needs; choose another one")
        return password


class VirtualConfig(Section):
    """The world of a virtual rig."""

    seed: int = Field(default=1, ge=0)
    """Decides every random draw of the virtual bench."""


class PowerTiming(Section):
    """Timings of power cycles."""

    off_time_s: float = Field(default=2.0, gt=0, le=60)
    """How long a board stays without power at least, in seconds of rig time."""
    stagger_s: float | None = Field(default=None, ge=0, le=60)
    """Seconds of rig time between two power-ons; None leaves it to the kind of rig: see ``RigConfig.stagger_s``."""


class RecoveryConfig(Section):
    """How far the recovery of a board may go, beyond what every rig does."""

    uf2: Path | None = None
    """A UF2 image for boards that nothing else brings back, relative to the rig file."""
    erase_all_files: bool = False
    """Whether a board that refuses all else loses every file on its flash, and not only what it runs by itself."""


class VirtualProbeConfig(Section):
    """A probe that is a station of its own in the virtual air."""

    driver: Literal["virtual"]


class BoardProbeConfig(Section):
    """A probe that is a spare board of the rig."""

    driver: Literal["board"]
    board: str
    """Its name under ``boards:``. It gets no firmware role."""


class HostProbeConfig(Section):
    """A probe that is a Wi-Fi card of the machine that runs the tests."""

    driver: Literal["host"]
    interface: str
    """The card's network interface, as ``ip link`` shows it."""

    @field_validator("interface")
    @classmethod
    def _check_interface(cls, interface: str) -> str:
        if not re.fullmatch(r"[^\s/]{1,15}", interface):
            raise ValueError("is no name of a network interface; `ip link` shows those of this machine")
        return interface


ProbeConfig = Annotated[VirtualProbeConfig | BoardProbeConfig | HostProbeConfig, Field(discriminator="driver")]


class PortAddress(Section):
    """One port of one hub."""

    hub: str
    port: int

    def __str__(self) -> str:
        return f"{self.hub}/{self.port}"


def _port_address(given: object) -> object:
    if not isinstance(given, str):
        raise ValueError("must name a hub and a port; write for example `power: main/1`")
    hub, _, port = given.partition("/")
    if not hub or not re.fullmatch(r"[0-9]{1,4}", port):
        raise ValueError("does not name a hub and a port; write for example `power: main/1`")
    return {"hub": hub, "port": int(port)}


def _serial(given: object) -> object:
    if isinstance(given, str):
        if not re.fullmatch(r"[0-9A-Fa-f]{16}", given):
            raise ValueError("is no serial number of a Pico W: 16 hex digits; `mpremote connect list` shows them")
        return given.lower()
    return given


def _link(given: object) -> object:
    if not isinstance(given, str) or not re.fullmatch(r"(rfc2217|socket)://[^/?\s]+:[0-9]{1,5}(/?\?\S*)?|/\S+", given):
        text = "is no serial link; write rfc2217://host:port, socket://host:port, or the path of a device such as"
        raise ValueError(f"{text} /dev/ttyACM0. Without `link:` the board is looked for on USB")
    return str(given)


class BoardSection(Section):
    """One Pico W as written."""

    power: Annotated[PortAddress, BeforeValidator(_port_address)]
    serial: Annotated[str | None, BeforeValidator(_serial)] = None
    link: Annotated[str | None, BeforeValidator(_link)] = None
    """Where its serial line is when not on USB of this machine: a URL of pyserial, or the path of a device node."""
    role: Role | None = None


class RigSection(Section):
    """A whole rig file as written."""

    rig: Name
    wifi: WifiConfig
    virtual: VirtualConfig = VirtualConfig()
    power: PowerTiming = PowerTiming()
    recovery: RecoveryConfig = RecoveryConfig()
    hubs: Mapping[Name, HubConfig] = Field(min_length=1)
    boards: Mapping[Name, BoardSection] = Field(min_length=1)
    probe: ProbeConfig | None = None


def inconsistencies(rig: RigSection) -> list[Problem]:
    """What no section can know by itself."""
    problems = []
    by_port: dict[PortAddress, str] = {}
    by_serial: dict[str, str] = {}
    aps: list[str] = []
    for name, board in rig.boards.items():
        location = ("boards", name)
        power = (*location, "power")
        hub = rig.hubs.get(board.power.hub)
        if hub is None:
            text = f"board {name} is on hub '{board.power.hub}', which is not under `hubs:`"
            problems.append(Problem(power, f"{text}; known: {', '.join(rig.hubs)}"))
        elif board.power.port < 1:
            text = f"board {name} is on port {board.power}, but the ports of a hub are counted from 1"
            problems.append(Problem(power, f"{text}; correct `power: {board.power}`"))
        elif hub.ports is not None and board.power.port > hub.ports:
            text = f"board {name} is on port {board.power}, but hub {board.power.hub} has ports 1 to {hub.ports}"
            problems.append(Problem(power, f"{text}; correct `power: {board.power}`, or `ports:` of the hub"))
        first = by_port.setdefault(board.power, name)
        if first != name:
            text = f"boards {first} and {name} are both on port {board.power}; give each board a port of its own"
            problems.append(Problem(power, text))
        if board.serial is not None:
            first = by_serial.setdefault(board.serial, name)
            if first != name:
                text = f"boards {first} and {name} have the same serial {board.serial}; correct one of them"
                problems.append(Problem((*location, "serial"), text))
        if board.role == "ap":
            aps.append(name)
            if len(aps) > 1:
                text = f"boards {aps[0]} and {name} both have `role: ap`; a rig has one AP, so make one a client"
                problems.append(Problem((*location, "role"), text))
    probe_board = rig.probe.board if isinstance(rig.probe, BoardProbeConfig) else None
    if all(board.role == "client" for name, board in rig.boards.items() if name != probe_board):
        problems.append(Problem(("boards",), "no board can be the AP; give one board `role: ap`"))
    return problems + _link_problems(rig) + _probe_problems(rig)


def is_virtual(hubs: Mapping[str, HubConfig]) -> bool:
    """Whether a rig on ``hubs`` is a virtual one. A rig is virtual or not as a whole."""
    return all(isinstance(hub, VirtualHub) for hub in hubs.values())


def ap_of(boards: Mapping[str, BoardSection]) -> str | None:
    """The board that gets the AP firmware: the one said to, or else the first of which nothing is said."""
    said = [name for name, board in boards.items() if board.role == "ap"]
    return next(iter(said or [name for name, board in boards.items() if board.role is None]), None)


def _link_problems(rig: RigSection) -> list[Problem]:
    """What keeps boards from being found on the kind of bench that the hubs ask for."""
    virtual = [name for name, hub in rig.hubs.items() if isinstance(hub, VirtualHub)]
    real = [name for name in rig.hubs if name not in virtual]
    if virtual and real:
        text = f"hub {virtual[0]} is virtual and hub {real[0]} is not, but a rig is virtual or not as a whole"
        return [Problem(("hubs", virtual[0]), f"{text}; give the virtual boards a rig file of their own")]
    problems = []
    by_link: dict[str, str] = {}
    for name, board in rig.boards.items():
        hub = rig.hubs.get(board.power.hub)
        if board.link is not None:
            first = by_link.setdefault(board.link, name)
            if virtual:
                text = f"board {name} is virtual and has its serial line inside; remove `link:`"
                problems.append(Problem(("boards", name, "link"), text))
            elif first != name:
                text = f"boards {first} and {name} have the same link {board.link}; give each board its own"
                problems.append(Problem(("boards", name, "link"), text))
        elif isinstance(hub, HubSection) and board.serial is None and hub.usb_location is None:
            text = f"board {name} cannot be found: hub {board.power.hub} has no place on the USB of this machine"
            fix = "add `serial:` (`mpremote connect list` shows it), or `link:`"
            problems.append(Problem(("boards", name), f"{text}; {fix}"))
    if real and isinstance(rig.probe, VirtualProbeConfig):
        text = "probe.driver is 'virtual', but a virtual probe hears no real boards; make it `board` or `host`"
        problems.append(Problem(("probe", "driver"), text))
    return problems


def _probe_problems(rig: RigSection) -> list[Problem]:
    if isinstance(rig.probe, HostProbeConfig) and is_virtual(rig.hubs):
        text = "probe.driver is 'host', but no Wi-Fi card hears virtual boards; make it `virtual` or `board`"
        return [Problem(("probe", "driver"), text)]
    if not isinstance(rig.probe, BoardProbeConfig):
        return []
    name, location = rig.probe.board, ("probe", "board")
    board = rig.boards.get(name)
    if board is None:
        known = ", ".join(rig.boards)
        return [Problem(location, f"the probe is board '{name}', which is not under `boards:`; known: {known}")]
    if board.role == "client":
        text = (
            f"board {name} is the probe, so it is no client; remove `role: client`, or name another board as the probe"
        )
        return [Problem(("boards", name, "role"), text)]
    if name == ap_of(rig.boards):
        text = f"board {name} is the AP and cannot be the probe as well"
        fix = "name another board here" if board.role else "name another board here, or give another one `role: ap`"
        return [Problem(location, f"{text}; {fix}")]
    return []
