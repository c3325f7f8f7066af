"""Ports that do not do what they are told at once: told again, a few times, and on the record."""

from collections.abc import Callable, Iterator

import pytest

from hil.board.verified_port import PAUSE_S, VerifiedPort
from hil.errors import PowerError
from hil.power import PowerPort, PowerSetupError
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench


class Moody:
    """A driver like a user's own, whose port needs to be told more than once."""

    def __init__(self, port: PowerPort) -> None:
        self.port = port
        self.ignores = 0
        """So many switchings are taken without a word."""
        self.errors: Iterator[Exception] = iter(())
        """What the next calls fail with."""

    def on(self) -> None:
        self._switch(self.port.on)

    def off(self) -> None:
        self._switch(self.port.off)

    def is_on(self) -> bool:
        return self.port.is_on()

    def _switch(self, deed: Callable[[], None]) -> None:
        for error in self.errors:
            raise error
        if self.ignores:
            self.ignores -= 1
        else:
            deed()


@pytest.fixture
def moody(virtual_bench: VirtualBench) -> Moody:
    return Moody(virtual_bench.power_port("A"))


@pytest.fixture
def port(moody: Moody, virtual_rig: Rig) -> VerifiedPort:
    return VerifiedPort("A", "main/1", moody, virtual_rig.clock, virtual_rig.timeline)


def retries(rig: Rig) -> list[str]:
    return [entry.text for entry in rig.timeline.entries() for event in entry.events if event.name == "power-retry"]


def test_what_works_is_done_once_and_leaves_no_trace(port: VerifiedPort, virtual_rig: Rig) -> None:
    port.on()
    assert port.is_on()
    port.off()
    assert not port.is_on()
    assert virtual_rig.timeline.entries() == []
    assert virtual_rig.clock.now() == 0


def test_a_port_that_does_nothing_at_first_is_told_again(port: VerifiedPort, moody: Moody, virtual_rig: Rig) -> None:
    moody.ignores = 2
    port.on()
    assert port.is_on()
    assert retries(virtual_rig) == [
        f"power port main/1, on: try {number} of 3 failed: it was switched on and reports that it is off; check it "
        "with `hil doctor`"
        for number in (1, 2)
    ]
    assert virtual_rig.clock.now() == 2 * PAUSE_S


def test_one_that_never_does_is_given_up(port: VerifiedPort, moody: Moody) -> None:
    port.on()
    moody.ignores = 1000
    with pytest.raises(PowerError) as caught:
        port.off()
    assert str(caught.value) == (
        "A, power port main/1: it was switched off and reports that it is on; check it with `hil doctor` (3 tries)"
    )
    assert moody.ignores == 997


def test_a_fault_that_passes(port: VerifiedPort, moody: Moody, virtual_rig: Rig) -> None:
    moody.errors = iter([PowerError("the hub has just gone")])
    port.on()
    assert retries(virtual_rig) == ["power port main/1, on: try 1 of 3 failed: the hub has just gone"]


def test_what_takes_a_person_is_not_tried_again(port: VerifiedPort, moody: Moody, virtual_rig: Rig) -> None:
    moody.errors = iter([PowerSetupError("may not be used"), PowerError("never seen")])
    with pytest.raises(PowerSetupError, match=r"^A, power port main/1: may not be used$"):
        port.on()
    assert retries(virtual_rig) == []


def test_a_drivers_own_kind_of_error_keeps_its_words(port: VerifiedPort, moody: Moody) -> None:
    class RelayError(PowerError):
        def __init__(self, relay: int, said: str) -> None:
            super().__init__(f"relay {relay} said {said}")

    moody.errors = iter([RelayError(3, "no") for _ in range(3)])
    with pytest.raises(PowerError, match=r"^A, power port main/1: relay 3 said no \(3 tries\)$"):
        port.on()


def test_an_error_of_another_kind_passes_through(port: VerifiedPort, moody: Moody) -> None:
    moody.errors = iter([ZeroDivisionError()])
    with pytest.raises(ZeroDivisionError):
        port.on()
