"""``probe:`` of a rig file: which class reads the section, and what else must be known of it to check the file."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import PlainValidator

from hil.config.driver_section import read_section
from hil.config.registry import Registry, Requirement
from hil.config.sections import Section


class ProbeConfig(Section):
    """The section of a probe, as far as the rest of the rig file depends on it. ``hil.probes.section`` makes probes."""

    driver: str
    """The name in the rig file that selected this class."""

    @property
    def board_name(self) -> str | None:
        """The board under ``boards:`` that is the probe, and gets no firmware role. None if it is not a board."""
        return None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values from environment variables in this section. They must not appear in any report."""
        return ()

    @property
    def exclusive(self) -> Mapping[str, str]:
        """By key of the section: what two cells cannot share, such as ``{"interface": "Wi-Fi card wlan1"}``."""
        return {}

    def obstacle(self, *, is_virtual: bool) -> str:  # noqa: ARG002  # for drivers
        """Why this probe cannot hear boards that are virtual, or real, and what to do. Empty if it can."""
        return ""


PROBE_DRIVERS = Registry[type[ProbeConfig]](
    kind="probe driver",
    group="pico_hil.probes",
    built_in={
        "board": "hil.probes.drivers.BoardProbeSection",
        "host": "hil.probes.drivers.HostProbeSection",
        "virtual": "hil.probes.drivers.VirtualProbeSection",
    },
    requirement=Requirement(
        "a subclass of hil.abc.ProbeSection", lambda found: isinstance(found, type) and issubclass(found, ProbeConfig)
    ),
)
"""What ``driver:`` of a probe may be: classes of sections, which make the probe."""


def _probe(given: object) -> ProbeConfig:
    return given if isinstance(given, ProbeConfig) else read_section(PROBE_DRIVERS, given)


AnyProbe = Annotated[ProbeConfig, PlainValidator(_probe)]
"""The section of a probe, read by the class that its ``driver:`` names."""
