"""All invariants over one test: what did not hold, and what the test had expected not to hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from hil.board.board import Board
from hil.clock import Clock
from hil.errors import HilError
from hil.events import FAULT_BEGIN, FAULT_END, Timeline, TimelineEntry
from hil.invariants.consoles import Crash, Traceback
from hil.invariants.epochs import EpochFall
from hil.invariants.invariant import NOT_HEARD, Invariant, Violation
from hil.invariants.masters import TwoMasters
from hil.invariants.order import RoleOrder
from hil.invariants.reboots import Reboot

INVARIANTS: tuple[type[Invariant], ...] = (TwoMasters, RoleOrder, EpochFall, Crash, Traceback, Reboot)
"""All that are watched. Those about roles have nothing to say of firmware that has none."""
MAX_SHOWN = 5
"""How many violations a report shows; firmware that prints a traceback a second has thousands."""


class InvariantViolated(HilError, AssertionError):
    """An invariant did not hold, or one did that the test had expected not to."""


def find_violations(entries: Iterable[TimelineEntry], end_s: float, nodes: Mapping[str, str]) -> list[Violation]:
    """All violations in ``entries``, by time; looks at each entry once.

    ``entries`` begin with all boards off and go up to ``end_s``, in rig time. ``nodes``: the board by its node id,
    where `boot` events do not tell.
    """
    invariants = [invariant(nodes) for invariant in INVARIANTS]
    not_heard: list[tuple[str, str]] = []
    for entry in entries:
        for event in entry.events:
            if event.name in (FAULT_BEGIN, FAULT_END) and (fault := event.fields["fault"]) in NOT_HEARD:
                if event.name == FAULT_BEGIN:
                    not_heard.append((event.board, fault))
                elif (event.board, fault) in not_heard:
                    not_heard.remove((event.board, fault))
        if not_heard and entry.kind == "serial" and any(board == entry.source for board, _ in not_heard):
            entry = replace(entry, events=())  # noqa: PLW2901
        for invariant in invariants:
            invariant.see(entry)
    for invariant in invariants:
        invariant.finish(end_s)
    found = [violation for invariant in invariants for violation in invariant.violations]
    return sorted(found, key=lambda violation: violation.time_s)


@dataclass(frozen=True)
class Expectation:
    """That a violation occurs in a span of rig time."""

    invariant: str
    board: str | None
    """A board that is involved; None for whichever."""
    begin_s: float
    end_s: float

    def includes(self, violation: Violation) -> bool:
        """Whether this is what was expected."""
        return (
            violation.invariant == self.invariant
            and self.begin_s <= violation.time_s <= self.end_s
            and (self.board is None or self.board in violation.boards)
        )


class InvariantWatch:
    """Watches all invariants from construction on, when all boards are off; looks at what happened once it is asked."""

    def __init__(self, boards: Iterable[Board], clock: Clock, timeline: Timeline) -> None:
        self._nodes = {board.serial: board.name for board in boards}
        self._clock = clock
        self._timeline = timeline
        self._mark = timeline.mark()
        self._expectations: list[Expectation] = []
        self._not_entered: list[str] = []
        self.was_told = False
        """Whether somebody has asked: a report need not say it again."""

    def expect(self, invariant: str, board: Board | None = None) -> AbstractContextManager[None]:
        """``with invariants.expect("traceback", board=client):`` says that this invariant will not hold in the block.

        The block must take up the instant at which the violation begins. The test fails if there is none in it, of that
        board if one is given; violations of other invariants fail it as ever.
        """
        known = [invariant.name for invariant in INVARIANTS]
        if invariant not in known:
            raise ValueError(f"no invariant is called {invariant!r}; known: {', '.join(known)}")
        self._not_entered.append(invariant)
        return self._expected(invariant, board)

    @contextmanager
    def _expected(self, invariant: str, board: Board | None) -> Iterator[None]:
        self._not_entered.remove(invariant)
        begin_s = self._clock.now()
        try:
            yield
        finally:
            name = board.name if board is not None else None
            self._expectations.append(Expectation(invariant, name, begin_s, self._clock.now()))

    def check(self) -> None:
        """Raise ``InvariantViolated`` if what happened up to now is not as it must be or was expected."""
        for name in self._not_entered:
            raise ValueError(f'invariants.expect("{name}") expects nothing; write `with invariants.expect("{name}"):`')
        if text := self.tell():
            raise InvariantViolated(text)

    def tell(self) -> str:
        """What was wrong up to now, with the lines that prove it; empty when nothing was."""
        self.was_told = True
        found = find_violations(self._timeline.entries(self._mark), self._clock.now(), self._nodes)
        missing = [expected for expected in self._expectations if not any(map(expected.includes, found))]
        unexpected = [one for one in found if not any(expected.includes(one) for expected in self._expectations)]
        return "\n".join([*self._shown(unexpected), *map(self._shown_missing, missing)])

    def _shown(self, violations: Sequence[Violation]) -> Iterator[str]:
        for violation in violations[:MAX_SHOWN]:
            at = self._timeline.time_text(violation.time_s)
            yield f"{violation.invariant} at {at} s: {violation.text}"
            yield self._timeline.text(violation.proof).rstrip("\n")
        if len(violations) > MAX_SHOWN:
            yield f"and {len(violations) - MAX_SHOWN} violations more"

    def _shown_missing(self, expected: Expectation) -> str:
        begin, end = self._timeline.time_text(expected.begin_s), self._timeline.time_text(expected.end_s)
        of = f" of {expected.board}" if expected.board is not None else ""
        return f"{expected.invariant}{of} was expected between {begin} s and {end} s, and did not occur"
