"""The sections under ``hubs:`` of a rig file, each read by the class that its ``driver:`` names."""

from typing import Annotated, Literal

from pydantic import Field, PlainValidator

from hil.config.driver_section import read_section
from hil.config.registry import Registry, subclass_of
from hil.config.sections import Section
from hil.power import HubSection


class VirtualHubSection(Section):
    """A hub of the virtual bench."""

    driver: Literal["virtual"]
    ports: int = Field(ge=1, le=1024)


POWER_DRIVERS = Registry[type[VirtualHubSection | HubSection]](
    kind="driver",
    group="pico_hil.power",
    built_in={
        "command": "hil.power.command.CommandHub",
        "ssh": "hil.power.ssh.SshHub",
        "sysfs": "hil.power.sysfs.SysfsHub",
        "uhubctl": "hil.power.uhubctl.UhubctlHub",
        "virtual": "hil.config.hubs.VirtualHubSection",
    },
    requirement=subclass_of(HubSection),
)
"""What ``driver:`` of a hub may be: classes of sections, which make the power ports."""


def _hub(given: object) -> VirtualHubSection | HubSection:
    if isinstance(given, (VirtualHubSection, HubSection)):
        return given
    return read_section(POWER_DRIVERS, given)


HubConfig = Annotated[VirtualHubSection | HubSection, PlainValidator(_hub)]
"""One hub: a virtual one, or one that a driver of ``hil/power`` or of another package switches."""
