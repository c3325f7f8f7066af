"""The election under random trouble: boards boot, die, restart and lose packets in a small radio world.

As long as all boards are in each other's reach, there are never two masters or two APs that rule: an AP that is on the
air during two consecutive looks is heard in one of them. Once the trouble ends there is one AP, and all boards agree.
"""

import heapq
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from hypothesis import example, given, settings
from hypothesis import strategies as st
from picolink import wire
from picolink.election import Reign, Seeker
from picolink.member import Member
from picolink.succession import Follower, Leader

AP = ("192.168.4.1", 5000)
PEER_PORT = 5001
BOARDS = 4
TROUBLE_MS = 120_000
QUIET_MS = 150_000
QUEUE = 4
LATE_WAKE_MS = 400


@dataclass
class Radio:
    """Stands in for picolink.wifi: the station of a board, and its AP while that is open."""

    model: "Model"
    board: "Board"
    ip: str = ""
    trying: bool = False
    ap: "Board | None" = None
    on_air_since_ms: int | None = None

    def join(self, now_ms: int) -> None:
        if self.ip:
            return
        self.trying = True
        self.model.after(self.board, (900, 4000), self._joined)

    def _joined(self) -> None:
        heard = [each for each in self.model.on_air() if self.model.reaches(each, self.board)]
        self.trying = False
        if heard and not self.ip and self.board.phase == "follow":
            self.ap = self.model.rng.choice(heard)
            self.ip = f"192.168.4.{16 + self.board.number}"

    def ap_gone(self, noticed_ms: tuple[int, int]) -> None:
        self.ap = None
        self.model.after(self.board, noticed_ms, self.link_lost)

    def link_lost(self) -> None:
        if self.ip and self.ap is None:
            self.ip = ""
            self._rejoin_by_itself()

    def rejoin(self, now_ms: int) -> None:
        self.ip, self.ap = "", None

    def _rejoin_by_itself(self) -> None:
        if self.ip or self.trying or self.board.phase != "follow":
            return
        if any(self.model.reaches(each, self.board) for each in self.model.on_air()):
            self.model.after(self.board, (900, 4000), self._joined)
        else:
            self.model.after(self.board, (300, 300), self._rejoin_by_itself)

    def is_up(self) -> bool:
        return self.on_air_since_ms is not None


@dataclass
class Board:
    """A board that behaves like firmware/first_boot/node.py."""

    model: "Model"
    number: int
    phase: str = "off"
    life: int = 0
    is_cut_off: bool = False
    is_looking: bool = False
    waiting: list[tuple[str, tuple[str, int]]] = field(default_factory=list)
    linked: str = ""

    def __post_init__(self) -> None:
        self.bssid = bytes((0x28, 0xCD, 0xC1, 0, 0, self.number * 37 % 11))
        self._forget()

    def _forget(self) -> None:
        self.radio = Radio(self.model, self)
        self.member = Member(f"n{self.number}", AP, self._to_ap, lambda _: None, self.model.rng.randrange)
        self.reign: Reign | None = None
        self.program: Follower | Leader | None = None
        self.waiting.clear()
        self.is_looking = False
        self.linked = ""
        self.epoch = 0

    def power_on(self) -> None:
        if self.phase == "off":
            self.life += 1
            self.phase = "boot"
            self.model.after(self, (800, 2000), self._follow)

    def power_off(self) -> None:
        self.model.off_air(self, (4500, 5500))
        self.phase = "off"
        self.life += 1
        self._forget()

    def stop(self) -> None:
        self.member.leave()
        self.model.off_air(self, (0, 5))
        self.power_off()

    def _follow(self) -> None:
        self.phase = "follow"
        self.radio = Radio(self.model, self)
        self.linked = ""
        self.member.use(self._to_ap)
        seeker = Seeker(self.model.now_ms, self.model.rng.randrange)
        self.program = Follower(self.member, seeker, self.radio, self._look, lambda _: None)
        self.wake()

    def _open(self) -> None:
        self.phase = "open"
        self.program = None
        self.radio.ap = None
        self.radio.ip = ""
        self.model.after(self, (50, 300), self._lead)

    def _lead(self) -> None:
        now_ms = self.model.now_ms
        self.phase = "lead"
        self.radio.on_air_since_ms = now_ms
        self.reign = Reign(now_ms, self.bssid, self.model.rng.randrange)
        self.program = Leader(
            now_ms,
            self.member,
            self.reign,
            self.radio,
            AP,
            PEER_PORT,
            self._look,
            lambda text, to: self.model.carry(self, text, AP, to),
            lambda _: None,
        )
        self.wake()

    def _to_ap(self, text: str, to: tuple[str, int]) -> None:
        self.model.carry(self, text, (self.radio.ip, PEER_PORT), to)

    def _look(self, looked: Callable[[int, list[bytes] | None], None]) -> None:
        begun_ms = self.model.now_ms
        self.is_looking = True

        def end() -> None:
            self.is_looking = False
            looked(self.model.now_ms, self.model.heard(self, begun_ms))
            self.serve()
            while self.waiting and not self.is_looking:
                self.receive(*self.waiting.pop(0))

        self.model.after(self, (1500, 2500), end)

    def receive(self, text: str, sender: tuple[str, int]) -> None:
        if self.is_looking:
            if len(self.waiting) < QUEUE:
                self.waiting.append((text, sender))
            return
        if self.program is None:
            return
        with suppress(wire.Malformed):
            self.program.received(self.model.now_ms, wire.parse(text.encode()), sender)
        self.serve()

    def wake(self) -> None:
        self.serve()
        self.model.after(self, (1, LATE_WAKE_MS), self.wake, key="wake")

    def serve(self) -> None:
        """One iteration of picolink.node.serve()."""
        if self.program is None or self.is_looking:
            return
        now_ms = self.model.now_ms
        if self.phase == "follow":
            if self.radio.ip != self.linked:
                self.linked = self.radio.ip
                self.program.link(now_ms, self.linked)
            elif self.linked and self.program.is_deaf(now_ms):
                self.radio.rejoin(now_ms)
        self.program.tick(now_ms)
        if not self.program.done:
            return
        if self.phase == "follow":
            self._open()
        else:
            self.program = self.reign = None
            self.model.off_air(self, (0, 5))
            self._follow()


class Model:
    """The air, and the boards in it."""

    def __init__(self, seed: int, loss: float, delay_ms: int, miss: float) -> None:
        self.rng = random.Random(seed)
        self.loss, self.delay_ms, self.miss = loss, delay_ms, miss
        self.now_ms = 0
        self.queue: list[tuple[int, int, Callable[[], None]]] = []
        self.numbers = count()
        self.missed: set[tuple[int, int]] = set()
        self.walls: dict[int, int] = {}
        self.woken: dict[int, int] = {}
        self.boards: list[Board] = []
        self.boards = [Board(self, number) for number in range(BOARDS)]

    # ---- time

    def at(self, time_ms: int, action: Callable[[], None]) -> None:
        heapq.heappush(self.queue, (time_ms, next(self.numbers), action))

    def after(self, board: Board, span_ms: tuple[int, int], action: Callable[[], None], key: str = "") -> None:
        """Schedule ``action``, unless the board loses power before; of those with the same ``key`` only the latest."""
        life, number = board.life, next(self.numbers)
        if key:
            self.woken[board.number] = number

        def act() -> None:
            if board.life == life and not (key and self.woken[board.number] != number):
                action()

        self.at(self.now_ms + self.rng.randint(*span_ms), act)

    def run_to(self, end_ms: int, check: Callable[[], None]) -> None:
        while self.queue and self.queue[0][0] <= end_ms:
            self.now_ms, _, action = heapq.heappop(self.queue)
            action()
            check()
        self.now_ms = end_ms

    # ---- the air

    def reaches(self, one: Board, other: Board) -> bool:
        return one is not other and self.walls.get(one.number) == self.walls.get(other.number)

    def on_air(self) -> list[Board]:
        return [board for board in self.boards if board.radio.is_up()]

    def off_air(self, board: Board, noticed_ms: tuple[int, int]) -> None:
        if board.radio.is_up():
            board.radio.on_air_since_ms = None
            for other in self.boards:
                if other.radio.ap is board:
                    other.radio.ap_gone(noticed_ms)

    def heard(self, board: Board, begun_ms: int) -> list[bytes]:
        """The result of a look. An AP can be missed, but not twice in a row; one that opens meanwhile may be heard."""
        found = []
        for ap in self.on_air():
            pair = board.number, ap.number
            was_there = (ap.radio.on_air_since_ms or 0) <= begun_ms
            if not self.reaches(ap, board):
                continue
            if was_there and pair not in self.missed and self.rng.random() < self.miss:
                self.missed.add(pair)
            elif was_there or self.rng.random() < 0.5:
                self.missed.discard(pair)
                found.append(ap.bssid)
        return found

    def carry(self, sender: Board, text: str, source: tuple[str, int], to: tuple[str, int]) -> None:
        if sender.radio.is_up():
            stations = [board for board in self.boards if board.radio.ap is sender]
            receivers = [board for board in stations if to[0] in (board.radio.ip, "192.168.4.255")]
        else:
            receivers = [sender.radio.ap] if sender.radio.ap is not None else []
        for receiver in receivers:
            lost = sender.is_cut_off or receiver.is_cut_off or self.rng.random() < self.loss
            for _ in range(0 if lost else 2 if self.rng.random() < self.loss / 4 else 1):
                delay = 1, self.delay_ms
                life = sender.life
                self.after(receiver, delay, lambda r=receiver, life=life: self._arrive(sender, life, r, text, source))  # type: ignore[misc]

    def _arrive(self, sender: Board, life: int, receiver: Board, text: str, source: tuple[str, int]) -> None:
        # Only while one of the two is the AP of the other.
        if receiver.radio.ap is sender or sender.radio.ap is receiver:
            receiver.receive(text, source)

    # ---- what must hold

    def check(self) -> None:
        masters = [board.number for board in self.boards if board.member.role == "MASTER"]
        assert len(masters) <= 1, f"two masters at {self.now_ms} ms: {masters}"
        rulers = [board.number for board in self.boards if board.reign is not None and board.reign.rules]
        assert len(rulers) <= 1, f"two APs rule at {self.now_ms} ms: {rulers}"
        for board in self.boards:
            assert board.member.epoch >= board.epoch, f"the epoch of {board.number} fell at {self.now_ms} ms"
            board.epoch = board.member.epoch

    def check_converged(self) -> None:
        alive = [board for board in self.boards if board.phase != "off"]
        assert [board.phase for board in alive].count("lead") == 1, [board.phase for board in self.boards]
        by_ip = {AP[0] if board.phase == "lead" else board.radio.ip: board for board in alive}
        believed = {(board.member.epoch, tuple(board.member.order)) for board in alive}
        assert len(believed) == 1, believed
        [(_, order)] = believed
        assert sorted(order) == sorted(by_ip)
        roles = [by_ip[ip].member.role for ip in order]
        assert roles == ["MASTER", *(f"WORKER{place}" for place in range(1, len(alive)))]


TROUBLES = st.tuples(
    st.integers(0, TROUBLE_MS),
    st.sampled_from(["off", "off", "on", "restart", "restart", "stop", "cut-off", "back", "ap-off", "ap-restart"]),
    st.integers(0, BOARDS - 1),
)


def trouble(model: Model, kind: str, number: int) -> None:
    board = model.boards[number]
    if kind.startswith("ap-"):
        board = next(iter(model.on_air()), board)
        kind = kind[3:]
    if kind in ("off", "restart") and board.phase != "off":
        board.power_off()
    if kind in ("on", "restart"):
        board.power_on()
    if kind == "stop" and board.phase in ("follow", "lead"):
        board.stop()
    if kind in ("cut-off", "back"):
        board.is_cut_off = kind == "cut-off"


@settings(deadline=None, max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.05, 0.3]),
    delay_ms=st.sampled_from([5, 300, 2000]),
    miss=st.sampled_from([0.0, 0.1, 0.5]),
    boots_ms=st.lists(st.sampled_from([0, 0, 500, 2000, 5000, 20_000]), min_size=BOARDS, max_size=BOARDS),
    troubles=st.lists(TROUBLES, max_size=8),
)
@example(seed=0, loss=0.0, delay_ms=5, miss=0.0, boots_ms=[0, 0, 0, 0], troubles=[])
def test_one_access_point_in_the_end_and_never_two_masters(
    seed: int,
    loss: float,
    delay_ms: int,
    miss: float,
    boots_ms: list[int],
    troubles: list[tuple[int, str, int]],
) -> None:
    model = Model(seed, loss, delay_ms, miss)
    plan = [(time_ms, "on", number) for number, time_ms in enumerate(boots_ms)] + troubles
    for time_ms, kind, number in sorted(plan):
        model.run_to(time_ms, model.check)
        trouble(model, kind, number)
    model.run_to(TROUBLE_MS, model.check)

    model.loss, model.delay_ms, model.miss = 0.0, 5, 0.0
    for board in model.boards:
        board.is_cut_off = False
        board.power_on()
    model.run_to(TROUBLE_MS + QUIET_MS, model.check)
    model.check_converged()


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    miss=st.sampled_from([0.0, 0.3]),
    walls=st.lists(st.sampled_from([0, 1]), min_size=BOARDS, max_size=BOARDS),
    boots_ms=st.lists(st.sampled_from([0, 3000, 30_000]), min_size=BOARDS, max_size=BOARDS),
)
def test_access_points_that_meet_end_as_one(seed: int, miss: float, walls: list[int], boots_ms: list[int]) -> None:
    model = Model(seed, 0.05, 50, miss)
    model.walls = dict(enumerate(walls))
    for number, time_ms in sorted(enumerate(boots_ms), key=lambda pair: pair[1]):
        model.run_to(time_ms, lambda: None)
        model.boards[number].power_on()
    model.run_to(TROUBLE_MS, lambda: None)
    assert len(model.on_air()) == len(set(walls))

    model.walls, model.loss, model.delay_ms, model.miss = {}, 0.0, 5, 0.0
    model.run_to(TROUBLE_MS + QUIET_MS, lambda: None)
    model.check_converged()
