"""The bench: what a rig is built on. Each kind of bench is one class behind this protocol; rig.yaml picks it."""

from typing import Protocol

from hil.bench.sniffer import Sniffer
from hil.bootsel import BootselDevice
from hil.clock import Clock
from hil.faults import BenchFaults
from hil.links import SerialLink
from hil.power import PowerPort
from hil.probes import Probe


class Bench(Protocol):
    """Hands out what a rig needs, for the boards named in its rig file."""

    @property
    def clock(self) -> Clock:
        """Rig time of this bench."""

    def link(self, board: str) -> SerialLink:
        """The serial line to ``board``, not yet started. The same object every time."""

    def bootsel(self, board: str) -> BootselDevice:
        """``board`` as it is found in BOOTSEL mode. The same object every time."""

    def power_port(self, board: str) -> PowerPort:
        """The supply of ``board``. The same object every time."""

    def probe(self) -> Probe | None:
        """The probe that only this kind of bench has, or None if its rig file names none or another kind."""

    def sniffer(self) -> Sniffer | None:
        """What hears all that is sent in the Wi-Fi under test, or None where nothing does."""

    def faults(self) -> BenchFaults | None:
        """What can be made to go wrong beyond the boards' own means, or None."""

    def begin_test(self, name: str) -> None:
        """A test begins, all boards off. What is left to chance is up to ``name`` now, where the bench can say so."""

    def close(self) -> None:
        """Give back what the bench holds. Nothing of it may be used afterwards."""
