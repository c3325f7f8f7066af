"""The base class of ``probe:`` sections, which make the probe, and what a rig offers them for that."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hil.clock import Clock
from hil.config.probes import ProbeConfig
from hil.links import SerialLink
from hil.probes import Probe

if TYPE_CHECKING:
    # Whoever only reads a rig file must not pay for them.
    from hil.board.board import Board
    from hil.board.supervisor import BoardSupervisor


@dataclass(frozen=True)
class ProbeBoard:
    """The board of the rig that is the probe."""

    board: "Board"
    link: SerialLink
    """Its serial line."""
    supervisor: "BoardSupervisor"
    """Recovers it."""


@dataclass(frozen=True)
class ProbeSite:
    """What a rig offers to its probe."""

    clock: Clock
    ssid: str
    """The Wi-Fi under test."""
    key: str
    """Its WPA2 key: a secret."""
    board: ProbeBoard | None
    """The board that ``board_name`` of the section names."""
    bench_probe: Callable[[], Probe | None]
    """The probe that only this kind of bench has, such as a radio in the simulated air; None if it has none."""


class ProbeSection(ProbeConfig, ABC):
    """The section ``probe:`` of a rig file. Its ``driver:`` key selects the subclass.

    The fields of a subclass are the keys of its section. Subclasses are registered as entry points of the group
    ``pico_hil.probes``: see docs/rig.md.
    """

    @abstractmethod
    def probe(self, site: ProbeSite) -> Probe:
        """The probe, not yet started. Cheap and without side effects: only its use may fail, with a ``ProbeError``."""
