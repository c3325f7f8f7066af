"""Power-ons of one rig, one after the other."""

import threading
from pathlib import Path

import pytest

from hil.board.power_sequencer import PowerSequencer
from hil.clock import MonotonicClock
from hil.config.rig import load_rig
from hil.errors import ProbeError
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench

RIG = """\
rig: three
wifi: {ssid: PicoAP, password: pico1234}
power: {stagger_s: 0.5}
hubs:
  main: {driver: virtual, ports: 4}
boards:
  A: {power: main/1}
  B: {power: main/2}
  C: {power: main/3}
  P: {power: main/4}
probe: {driver: board, board: P}
"""


@pytest.fixture
def bench(tmp_path: Path) -> VirtualBench:
    (tmp_path / "rig.yaml").write_text(RIG)
    return VirtualBench(load_rig(tmp_path / "rig.yaml", {}))


@pytest.fixture
def rig(tmp_path: Path, bench: VirtualBench) -> Rig:
    return Rig(load_rig(tmp_path / "rig.yaml", {}), bench)


def times_on(rig: Rig) -> list[tuple[str, float]]:
    return [(event.board, event.time_s) for event in rig.timeline.events() if event.name == "power-on"]


def test_boards_are_switched_on_one_after_the_other(rig: Rig) -> None:
    for board in rig.boards.values():
        board.power.on()
    assert times_on(rig) == [("A", 0.0), ("B", 0.5), ("C", 1.0)]
    rig.close()


def test_boards_that_are_prepared_side_by_side_take_turns(rig: Rig) -> None:
    rig.clock.run_concurrently([board.power.on for board in rig.boards.values()])
    assert times_on(rig) == [("A", 0.0), ("B", 0.5), ("C", 1.0)]
    rig.close()


def test_one_that_fails_in_its_turn_gives_it_back(rig: Rig) -> None:
    sequencer = PowerSequencer(rig.clock, 0.5)
    with pytest.raises(ProbeError), sequencer.turn():
        raise ProbeError
    with sequencer.turn():
        assert rig.clock.now() == 0.5
    rig.close()


def test_nobody_waits_once_the_time_has_passed_and_nobody_to_switch_off(rig: Rig) -> None:
    rig.boards["A"].power.on()
    rig.boards["A"].power.off()
    assert rig.clock.now() == 0
    rig.clock.sleep(3)
    rig.boards["B"].power.on()
    assert times_on(rig) == [("A", 0.0), ("B", 3.0)]
    rig.close()


def test_a_board_that_is_the_probe_waits_for_its_turn_too(rig: Rig, bench: VirtualBench) -> None:
    rig.boards["A"].power.on()
    assert rig.probe is not None
    seen: list[bool] = []
    for time_us in (499_000, 501_000):
        bench.world.at(time_us, lambda: seen.append(bench.power_port("P").is_on()))
    with pytest.raises(ProbeError):  # there is no access point to join
        rig.probe.join(1)
    assert seen == [False, True]
    rig.close()


def test_a_virtual_rig_does_not_wait_unless_told_to(virtual_rig: Rig) -> None:
    for board in virtual_rig.boards.values():
        board.power.on()
    assert virtual_rig.clock.now() == 0


def test_threads_take_turns() -> None:
    clock = MonotonicClock()
    sequencer = PowerSequencer(clock, 0.05)
    begun, ended = [], []

    def switch_on() -> None:
        with sequencer.turn():
            begun.append(clock.now())
            ended.append(clock.now())

    threads = [threading.Thread(target=switch_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(ended) == 4
    assert all(begin - end >= 0.05 for end, begin in zip(sorted(ended), sorted(begun)[1:], strict=False))
