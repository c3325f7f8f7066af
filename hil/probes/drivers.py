"""The built-in kinds of probe, as sections of a rig file. A probe's own module is imported when the probe is made."""

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import field_validator

from hil.errors import ProbeError
from hil.probes import Probe
from hil.probes.section import ProbeSection, ProbeSite


class VirtualProbeSection(ProbeSection):
    """A probe that is a station of its own in the virtual air."""

    driver: Literal["virtual"]

    def obstacle(self, *, is_virtual: bool) -> str:
        if is_virtual:
            return ""
        return "probe.driver is 'virtual', but a virtual probe hears no real boards; make it `board` or `host`"

    def probe(self, site: ProbeSite) -> Probe:
        found = site.bench_probe()
        if found is None:
            raise ProbeError("this bench has no virtual probe; choose another `driver:` for the probe")
        return found


class BoardProbeSection(ProbeSection):
    """A probe that is a spare board of the rig."""

    driver: Literal["board"]
    board: str
    """Its name under ``boards:``. It gets no firmware role."""

    @property
    def board_name(self) -> str:
        return self.board

    def probe(self, site: ProbeSite) -> Probe:
        from hil.probes.agent import BoardAgent
        from hil.probes.board import BoardProbe

        if site.board is None:
            raise ProbeError(f"this rig does not have board {self.board}, its probe")
        board, link, supervisor = site.board.board, site.board.link, site.board.supervisor
        agent = BoardAgent(board, link, supervisor, site.clock, ssid=site.ssid, key=site.key)
        return BoardProbe(agent, site.clock, site.ssid)


class HostProbeSection(ProbeSection):
    """A probe that is a Wi-Fi card of the machine that runs the tests."""

    driver: Literal["host"]
    interface: str
    """The card's network interface, as ``ip link`` shows it."""

    @field_validator("interface")
    @classmethod
    def _check_interface(cls, interface: str) -> str:
        if not re.fullmatch(r"[^\s/]{1,15}", interface):
            raise ValueError("is not the name of a network interface; `ip link` shows those of this machine")
        return interface

    @property
    def exclusive(self) -> Mapping[str, str]:
        return {"interface": f"Wi-Fi card {self.interface}"}

    def obstacle(self, *, is_virtual: bool) -> str:
        if not is_virtual:
            return ""
        return "probe.driver is 'host', but no Wi-Fi card hears virtual boards; make it `virtual` or `board`"

    def probe(self, site: ProbeSite) -> Probe:
        from hil.probes.host import HostProbe

        return HostProbe(self.interface, site.clock, site.ssid, site.key)
