"""The bench: what a rig is built on. Each kind of bench is one class with this protocol; rig.yaml picks it."""

from typing import Protocol

from hil.bench.sniffer import Sniffer
from hil.board.factory import BoardConnections
from hil.faults import BenchFaults
from hil.probes import Probe


class Bench(BoardConnections, Protocol):
    """Provides what a rig needs: connections to the boards of its rig file, and what only this kind of bench has."""

    def probe(self) -> Probe | None:
        """The probe that only this kind of bench has; None if the rig file names none or another kind."""

    def sniffer(self) -> Sniffer | None:
        """A sniffer for the Wi-Fi under test; None where there is none."""

    def faults(self) -> BenchFaults | None:
        """The faults that this bench itself can inject; None if it cannot inject any."""

    def begin_test(self, name: str) -> None:
        """The test ``name`` begins, with all boards off. A bench whose chance has a seed seeds it for this test."""

    def close(self) -> None:
        """Release what the bench holds. Nothing of it may be used afterwards."""
