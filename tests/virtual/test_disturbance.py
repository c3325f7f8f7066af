"""Effects of the virtual bench's faults on packets and on which radios hear each other. No boards are used."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from hil.config.rig import load_rig
from hil.faults import BenchFault
from hil.faults.packets import Duplication, Latency, Loss, PacketFault, Reordering
from hil.faults.partition import Partition
from hil.virtual.air.addressing import Endpoint
from hil.virtual.air.association import AccessPointSettings
from hil.virtual.air.radio import Radio
from hil.virtual.air.udp import UdpSocket
from hil.virtual.bench.bench import VirtualBench

PORT = 5000
SENT = 1000


class Boards:
    """The radios of four boards of one bench: the access point A, the stations B, C and D. No program runs."""

    def __init__(self, bench: VirtualBench) -> None:
        self.bench = bench
        self.arrived: list[tuple[str, bytes, float]] = []
        self._udp: dict[str, UdpSocket] = {}
        for name in bench.boards:
            self.radio(name).power_up()
        self.run(2)
        self.open_access_point("A")
        for name in "BCD":
            self.join(name)
        self.run(8)
        for name in bench.boards:
            self._udp[name] = self._listen(name)

    def radio(self, name: str) -> Radio:
        return self.bench.boards[name].radio

    def run(self, duration_s: float) -> None:
        self.bench.clock.sleep(duration_s)

    def open_access_point(self, name: str) -> None:
        self.radio(name).access_point.configure(AccessPointSettings(ssid="PicoAP", key="pico1234"))
        self.radio(name).activate(self.radio(name).access_point)

    def join(self, name: str) -> None:
        self.radio(name).activate(self.radio(name).station)
        self.radio(name).station.connect("PicoAP", "pico1234")

    def has_joined(self, name: str) -> bool:
        return self.radio(name).station.is_connected

    def _listen(self, name: str) -> UdpSocket:
        udp = self.radio(name).udp_socket()
        udp.bind(("0.0.0.0", PORT))
        udp.take_over(lambda datagram: self.arrived.append((name, datagram.data, self.bench.clock.now())))
        return udp

    def address(self, name: str) -> Endpoint:
        radio = self.radio(name)
        interface = radio.access_point if radio.access_point.has_link else radio.station
        return interface.addressing.address, PORT

    def send(self, sender: str, receiver: str, data: bytes = b"x") -> None:
        self._udp[sender].send_to(data, self.address(receiver))

    def exchange(self, sender: str, receiver: str) -> bool:
        """Whether a datagram arrives."""
        before = len(self.arrived)
        self.send(sender, receiver)
        self.run(0.5)
        return len(self.arrived) > before

    def send_many(self, fault: PacketFault, every_s: float = 0.05) -> list[int]:
        """Send the numbers 0 to 999 in order under ``fault``. Returns those that reach B, in order of arrival."""
        self.arrived.clear()
        self.begin(fault)
        for number in range(SENT):
            self.send("A", "B", b"%d" % number)
            self.run(every_s)
        self.run(1)
        self.end(fault)
        return [int(data) for _, data, _ in self.arrived]

    def begin(self, fault: BenchFault) -> None:
        self.bench.faults().begin(fault)

    def end(self, fault: BenchFault) -> None:
        self.bench.faults().end(fault)


def groups(*names: str) -> Partition:
    return Partition(*names)


@pytest.fixture
def open_boards(tmp_path: Path) -> Iterator[Callable[[int], Boards]]:
    opened = []

    def build(seed: int = 1) -> Boards:
        rig = tmp_path / "four.yaml"
        rig.write_text(
            f"rig: four\nwifi: {{ssid: PicoAP, password: pico1234}}\nvirtual: {{seed: {seed}}}\n"
            "hubs: {main: {driver: virtual, ports: 4}}\n"
            "boards: {A: {power: main/1}, B: {power: main/2}, C: {power: main/3}, D: {power: main/4}}\n"
            "probe: {driver: virtual}\n"
        )
        opened.append(VirtualBench(load_rig(rig, {})))
        return Boards(opened[-1])

    yield build
    for bench in opened:
        bench.close()


@pytest.fixture
def boards(open_boards: Callable[[int], Boards]) -> Boards:
    return open_boards(1)


# ---- packets


def test_clear_air_loses_nothing(boards: Boards) -> None:
    assert boards.send_many(Loss(0)) == list(range(SENT))


def test_complete_loss_loses_everything(boards: Boards) -> None:
    assert boards.send_many(Loss(1)) == []
    assert boards.exchange("A", "B")


def test_loss_of_a_tenth_loses_about_a_tenth(boards: Boards) -> None:
    arrived = boards.send_many(Loss(0.1))
    assert 70 <= SENT - len(arrived) <= 130
    assert arrived == sorted(set(arrived))


def test_a_packet_between_stations_takes_two_hops(boards: Boards) -> None:
    loss = Loss(0.5)
    boards.begin(loss)
    for _ in range(400):
        boards.send("B", "C")
        boards.run(0.05)
    assert 70 <= len(boards.arrived) <= 130


def test_latency_is_added_and_keeps_the_order(boards: Boards) -> None:
    assert boards.send_many(Latency(0.05), every_s=0.001) == list(range(SENT))
    latency = Latency(0.2)
    boards.begin(latency)
    boards.arrived.clear()
    sent_s = boards.bench.clock.now()
    boards.send("A", "B")
    boards.run(1)
    assert 0.2 < boards.arrived[0][2] - sent_s < 0.26


def test_duplication_duplicates(boards: Boards) -> None:
    assert sorted(boards.send_many(Duplication(1))) == sorted([*range(SENT), *range(SENT)])
    arrived = boards.send_many(Duplication(0.1))
    assert set(arrived) == set(range(SENT))
    assert 70 <= len(arrived) - SENT <= 130


def test_reordering_reorders_and_loses_nothing(boards: Boards) -> None:
    arrived = boards.send_many(Reordering(0.1), every_s=0.01)
    assert sorted(arrived) == list(range(SENT))
    overtaken = sum(later < earlier for earlier, later in pairwise(arrived))
    assert 50 <= overtaken <= 130


def test_faults_add_up_and_end_one_by_one(boards: Boards) -> None:
    latency, duplication, loss = Latency(0.2), Duplication(1), Loss(1)
    for fault in (latency, duplication):
        boards.begin(fault)
    boards.arrived.clear()
    sent_s = boards.bench.clock.now()
    boards.send("A", "B")
    boards.run(1)
    assert [arrived_s - sent_s > 0.2 for _, _, arrived_s in boards.arrived] == [True, True]
    boards.begin(loss)
    assert not boards.exchange("A", "B")
    boards.end(loss)
    boards.end(latency)
    boards.arrived.clear()
    assert boards.exchange("A", "B")
    assert len(boards.arrived) == 2


def test_a_fault_can_spare_the_probe(boards: Boards) -> None:
    probe = boards.bench.probe()
    assert probe is not None
    probe.join()
    loss = Loss(1, spares_probe=True)
    boards.begin(loss)
    with probe.listen(PORT) as listener:
        to_probe = (probe.address, PORT)
        boards._udp["A"].send_to(b"from the AP", to_probe)
        boards._udp["B"].send_to(b"from a station", to_probe)
        assert {listener.receive(1).data for _ in range(2)} == {b"from the AP", b"from a station"}
    probe.send(b"x", boards.address("B"))
    boards.run(0.5)
    assert [name for name, _, _ in boards.arrived] == ["B"]
    assert not boards.exchange("A", "B")
    boards.end(loss)
    boards.begin(Loss(1))
    probe.send(b"x", boards.address("B"))
    boards.run(0.5)
    assert len(boards.arrived) == 1


def test_without_an_active_fault_random_numbers_are_the_same_as_if_there_had_never_been_one(
    open_boards: Callable[[int], Boards],
) -> None:
    plain, disturbed = open_boards(7), open_boards(7)
    for fault in (Loss(0.5), Latency(0.1), Duplication(0.5), Reordering(0.5), groups("B", "C")):
        disturbed.begin(fault)
        disturbed.end(fault)
    for boards in (plain, disturbed):
        for _ in range(20):
            boards.send("A", "B")
            boards.run(0.01)
    assert plain.arrived == disturbed.arrived
    assert plain.bench.world.rng.random() == disturbed.bench.world.rng.random()


def test_the_same_seed_disturbs_the_same_packets(open_boards: Callable[[int], Boards]) -> None:
    first, again, other = (open_boards(seed).send_many(Loss(0.3)) for seed in (3, 3, 4))
    assert first == again != other


# ---- partitions


def test_partition_between_stations_separates_only_them(boards: Boards) -> None:
    partition = groups("B", "C")
    boards.begin(partition)
    assert not boards.exchange("B", "C")
    assert not boards.exchange("C", "B")
    for pair in ("AB", "BA", "AC", "CA", "BD", "DB", "CD", "DC", "AD"):
        assert boards.exchange(*pair), pair
    boards.run(10)
    assert all(boards.has_joined(name) for name in "BCD")
    boards.end(partition)
    assert boards.exchange("B", "C")


def test_a_broadcast_stops_at_the_partition_too(boards: Boards) -> None:
    boards.begin(groups("B", "C"))
    boards._udp["B"].send_to(b"to all", ("192.168.4.255", PORT))
    boards.run(0.5)
    assert sorted(name for name, _, _ in boards.arrived) == ["A", "D"]


def test_station_out_of_reach_of_its_access_point_notices_and_comes_back(boards: Boards) -> None:
    partition = groups("A", "B")
    boards.begin(partition)
    assert not boards.exchange("A", "B")
    boards.run(3)
    assert boards.has_joined("B"), "it cannot know yet"
    boards.run(3)
    assert not boards.has_joined("B")
    assert boards.exchange("C", "D")
    scan = boards.radio("B").station.start_scan()
    boards.run(30)
    assert scan.results == []
    assert not boards.has_joined("B")
    boards.end(partition)
    boards.run(6)
    assert boards.has_joined("B")
    assert boards.exchange("A", "B")
    boards.run(100)
    assert boards.exchange("A", "B"), "the access point has forgotten it"


def test_short_partition_goes_unnoticed(boards: Boards) -> None:
    partition = groups("A", "B")
    boards.begin(partition)
    boards.run(2)
    boards.end(partition)
    assert boards.exchange("A", "B")
    boards.run(100)
    assert boards.has_joined("B")
    assert boards.exchange("B", "A")


def test_access_point_lists_a_station_out_of_reach_for_a_while(boards: Boards) -> None:
    access_point = boards.radio("A").access_point
    boards.begin(groups("A", "BC"))
    boards.run(30)
    assert len(access_point.station_macs) == 3
    boards.run(40)
    assert access_point.station_macs == [boards.radio("D").mac]


def test_power_cut_during_a_partition(boards: Boards) -> None:
    partition = groups("A", "B")
    boards.begin(partition)
    boards.radio("B").power_off()
    boards.run(1)
    boards.end(partition)
    boards.run(70)
    assert boards.radio("B").mac not in boards.radio("A").access_point.station_macs


def test_two_access_points_out_of_reach_of_each_other_have_their_own_stations(boards: Boards) -> None:
    partition = groups("AB", "CD")
    boards.begin(partition)
    boards.run(7)
    assert (boards.has_joined("B"), boards.has_joined("C")) == (True, False)
    boards.radio("C").deactivate(boards.radio("C").station)
    boards.open_access_point("C")
    boards.run(6)
    assert boards.has_joined("D")
    assert boards.exchange("D", "C")
    assert boards.exchange("B", "A")
    boards.end(partition)
    boards.run(10)
    assert boards.radio("D").station.access_point is boards.radio("C").access_point


def test_overlapping_partitions_end_one_by_one(boards: Boards) -> None:
    one, other = groups("B", "C"), groups("B", "CD")
    boards.begin(one)
    boards.begin(other)
    boards.end(one)
    assert not boards.exchange("B", "C")
    boards.end(other)
    assert boards.exchange("B", "C")


# ---- invalid faults


@pytest.mark.parametrize("probability", [-0.1, 1.1, 10])
def test_probability_out_of_range(probability: float) -> None:
    with pytest.raises(ValueError, match=r"must be from 0 to 1, 0\.1 for 10 %"):
        Loss(probability)


@pytest.mark.parametrize("written", [("B",), ("B", ""), ("BC", "CD"), ()])
def test_invalid_partition(written: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="takes two groups of boards or more, and no board in two of them"):
        groups(*written)


def test_negative_latency() -> None:
    with pytest.raises(ValueError, match="cannot arrive before it was sent"):
        Latency(-0.1)
