"""The contract of faults."""

from collections.abc import Callable

import pytest

from hil.events import FAULT_BEGIN, FAULT_END
from hil.faults.fault import Fault
from hil.rig import Rig
from hil.testing.contract import missing_fixture


class FaultContract:
    """What every :class:`hil.abc.FaultDriver` that lasts for a while has to do, on a rig that offers it."""

    @pytest.fixture
    def rig(self) -> Rig:
        """A rig, virtual or of real boards, in a state in which the fault can begin."""
        raise missing_fixture(self, "rig", "returns a rig whose boards are ready for the fault")

    @pytest.fixture
    def begin(self) -> Callable[[], Fault]:
        """Begins the fault under test through ``rig.faults``, and returns its handle."""
        raise missing_fixture(self, "begin", "returns a function that begins the fault, such as `rig.faults.loss(0.1)`")

    def test_begin_and_end_are_on_the_timeline(self, rig: Rig, begin: Callable[[], Fault]) -> None:
        """Once each, in that order, under the fault's name: reports and invariants rely on it."""
        with begin() as fault:
            assert fault in rig.faults.active
            assert _recorded(rig, fault) == [FAULT_BEGIN]
        assert fault not in rig.faults.active
        assert _recorded(rig, fault) == [FAULT_BEGIN, FAULT_END]

    def test_it_ends_when_the_test_fails(self, rig: Rig, begin: Callable[[], Fault]) -> None:
        """The error of the block is the one that is raised."""
        failure = AssertionError("the test fails")
        with pytest.raises(AssertionError) as caught, begin():
            raise failure
        assert caught.value is failure
        assert rig.faults.active == ()

    def test_ending_twice_does_nothing(self, rig: Rig, begin: Callable[[], Fault]) -> None:
        """``end()`` within the block is allowed."""
        with begin() as fault:
            fault.end()
        assert _recorded(rig, fault) == [FAULT_BEGIN, FAULT_END]

    def test_it_can_begin_again(self, rig: Rig, begin: Callable[[], Fault]) -> None:
        """A fault leaves nothing behind that keeps it from beginning again."""
        for _ in range(2):
            with begin():
                pass
        assert rig.faults.active == ()

    def test_nothing_is_left_after_the_test(self, rig: Rig, begin: Callable[[], Fault]) -> None:
        """A test may leave the end of a fault to the rig."""
        begin()
        rig.faults.end_after_test()
        rig.switch_all_off()
        assert rig.faults.active == ()


def _recorded(rig: Rig, fault: Fault) -> list[str]:
    """The events of begin and end of ``fault``, in order."""
    return [
        event.name
        for event in rig.timeline.events()
        if event.name in (FAULT_BEGIN, FAULT_END) and event.fields["fault"] == fault.name
    ]
