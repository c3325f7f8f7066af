"""The sections of rig.yaml as written. What no section can check by itself is in ``consistency.py``."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, InstanceOf, SecretStr, ValidationInfo, field_validator

from hil.config.board_type import BoardType, default_board_type, load_board_type
from hil.config.hubs import HubConfig
from hil.config.links import checked_link
from hil.config.probes import AnyProbe
from hil.config.sections import Scalar, Section

Role = Literal["ap", "client"]
"""The firmware role that a board is given."""


def _name(text: object) -> object:
    if isinstance(text, str) and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", text):
        raise ValueError("is not a usable name; use letters, digits, '_', '.' and '-', the first a letter or a digit")
    return text


Name = Annotated[str, BeforeValidator(_name)]
"""Names of rigs, hubs and boards become parts of file names and addresses."""


class WifiConfig(Section):
    """The Wi-Fi under test."""

    ssid: str
    password: SecretStr
    channel: int | None = Field(default=None, ge=1, le=13)
    """None: the firmware chooses."""

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
    """The shortest time that a board stays without power, in seconds of rig time."""
    stagger_s: float | None = Field(default=None, ge=0, le=60)
    """Seconds of rig time between two power-ons; None: ``RigConfig.stagger_s`` decides."""


class RecoveryConfig(Section):
    """What the recovery of a board may do beyond what it does on every rig."""

    uf2: Path | None = None
    """A UF2 file for boards that nothing else recovers, relative to the rig file."""
    erase_all_files: bool = False
    """Whether recovery may delete every file on a board's flash, and not only the programs that it starts by itself."""


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


def _board_type(given: object) -> object:
    # An error may show the name as written, but not the value of an environment variable in it.
    name = given.written if isinstance(given, Scalar) else given
    return load_board_type(name) if isinstance(name, str) else given


def _serial(given: object) -> object:
    return given.lower() if isinstance(given, str) else given


class BoardSection(Section):
    """One board as written."""

    type: Annotated[InstanceOf[BoardType], BeforeValidator(_board_type)] = Field(default_factory=default_board_type)
    """Its kind, which `serial` depends on."""
    power: Annotated[PortAddress, BeforeValidator(_port_address)]
    serial: Annotated[str | None, BeforeValidator(_serial)] = None
    link: Annotated[str | None, BeforeValidator(checked_link)] = None
    """Where its serial line is if not on the USB of this machine: a URL, or the path of a device."""
    role: Role | None = None

    @field_validator("serial")
    @classmethod
    def _check_serial(cls, serial: str | None, info: ValidationInfo) -> str | None:
        board_type = info.data.get("type")  # missing when it is a problem of its own
        if serial is not None and board_type is not None and not board_type.is_serial(serial):
            expected = f"the serial number of {board_type.a_title}: {board_type.serial_format}"
            raise ValueError(f"is not {expected}; `mpremote connect list` shows them")
        return serial


class CellSection(Section):
    """One access point and its clients as written: boards that share a Wi-Fi."""

    wifi: WifiConfig
    boards: Mapping[Name, BoardSection] = Field(min_length=1)
    probe: AnyProbe | None = None


class BenchSection(Section):
    """What all cells of a rig share, as written."""

    rig: Name
    virtual: VirtualConfig = VirtualConfig()
    power: PowerTiming = PowerTiming()
    recovery: RecoveryConfig = RecoveryConfig()
    hubs: Mapping[Name, HubConfig] = Field(min_length=1)


class RigSection(CellSection, BenchSection):
    """A complete rig file of one cell without a name, as written."""

    @property
    def named_cells(self) -> Mapping[str | None, CellSection]:
        """The cell, under the name None."""
        return {None: self}


class CellsRigSection(BenchSection):
    """A complete rig file of several cells, as written."""

    cells: Mapping[Name, CellSection] = Field(min_length=1)

    @property
    def named_cells(self) -> Mapping[str | None, CellSection]:
        """The cells by name."""
        return dict(self.cells.items())
