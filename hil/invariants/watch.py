"""Invariants over one test: the violations found, and those that the test expected."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from hil.board.board import Board
from hil.clock import Clock
from hil.cluster.cluster_state import ClusterState
from hil.config.registry import suggestion
from hil.errors import HilError, ProbeError
from hil.events import Timeline, TimelineEntry
from hil.invariants.invariant import Invariant, Violation

MAX_SHOWN = 5
"""How many violations a report shows; firmware that prints a traceback a second has thousands."""


class InvariantViolated(HilError, AssertionError):
    """An invariant did not hold, or a violation that the test expected did not occur."""


def find_violations(
    entries: Iterable[TimelineEntry],
    end_s: float,
    nodes: Mapping[str, str],
    invariants: Iterable[type[Invariant]],
) -> list[Violation]:
    """All violations of ``invariants`` in ``entries``, by time; looks at each entry once.

    ``entries`` begin with all boards off and go up to ``end_s``, in rig time. ``nodes``: the board by its node id,
    for firmware whose `boot` events have none. What an invariant raises gets a note that names the invariant.
    """
    watching = [invariant(nodes) for invariant in invariants]
    state = ClusterState(nodes)
    for entry in entries:
        if entry.kind == "serial" and entry.events and not state.board(entry.source).is_heard:
            entry = replace(entry, events=())  # noqa: PLW2901
        before, state = state, state.after(entry)
        for invariant in watching:
            invariant.before, invariant.after = before, state
            try:
                invariant.see(entry)
            except Exception as error:
                error.add_note(f"invariant {invariant.name!r} ({_defined_in(invariant)}) cannot take {entry}")
                raise
    for invariant in watching:
        invariant.before = state
        try:
            invariant.finish(end_s)
        except Exception as error:
            error.add_note(f"invariant {invariant.name!r} ({_defined_in(invariant)}) cannot finish")
            raise
    found = [violation for invariant in watching for violation in invariant.violations]
    return sorted(found, key=lambda violation: violation.time_s)


def _defined_in(invariant: Invariant) -> str:
    return f"{type(invariant).__module__}.{type(invariant).__qualname__}"


@dataclass(frozen=True)
class Expectation:
    """A violation that is to occur in a span of rig time."""

    invariant: str
    board: str | None
    """A board that is involved; None for any."""
    begin_s: float
    end_s: float

    def includes(self, violation: Violation) -> bool:
        """Whether ``violation`` is the one expected."""
        return (
            violation.invariant == self.invariant
            and self.begin_s <= violation.time_s <= self.end_s
            and (self.board is None or self.board in violation.boards)
        )


class Invariants:
    """Checks invariants from construction on, when all boards are off. It reads the timeline when asked."""

    def __init__(
        self,
        boards: Iterable[Board],
        clock: Clock,
        timeline: Timeline,
        invariants: Iterable[type[Invariant]],
        probe_board: Board | None = None,
    ) -> None:
        """``boards`` are those under test; ``probe_board`` is the one that is the probe, if one is."""
        self._nodes = {board.serial: board.name for board in boards}
        self._probe_board = None if probe_board is None else probe_board.name
        self._clock = clock
        self._timeline = timeline
        self._invariants = tuple(invariants)
        self._mark = timeline.mark()
        self._expectations: list[Expectation] = []
        self._not_entered: list[str] = []
        self.was_reported = False
        """Whether :meth:`report` was called: its text need not be shown again."""

    def expect(self, invariant: str, board: Board | None = None) -> AbstractContextManager[None]:
        """``with invariants.expect("traceback", board=client):`` expects a violation of this invariant in the block.

        The violation must begin within the block. The test fails if none does, of that board if one is given.
        Violations of other invariants fail it as ever.
        """
        known = [each.name for each in self._invariants]
        if invariant not in known:
            raise ValueError(f"no invariant is called {invariant!r}; {suggestion(invariant, known)}")
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
        """Raise ``InvariantViolated`` if an invariant was violated up to now, or an expected violation is missing.

        Raises ``ProbeError`` instead if only the board of the probe is involved: the firmware is not to blame.
        """
        for name in self._not_entered:
            call = f'invariants.expect("{name}")'
            raise ValueError(f"{call} has no effect by itself; write `with {call}:`")
        self.was_reported = True
        unexpected, missing = self._wrong()
        if missing or any(violation.boards != {self._probe_board} for violation in unexpected):
            raise InvariantViolated(self.report())
        if unexpected:
            what = f"{self._probe_board}: the board of the probe failed during the test"
            raise ProbeError(f"{what}; check its cable, hub port and supply\n{self.report()}")

    def report(self) -> str:
        """What was wrong up to now, with the lines that prove it; empty if nothing was."""
        self.was_reported = True
        unexpected, missing = self._wrong()
        return "\n".join([*self._shown(unexpected), *map(self._shown_missing, missing)])

    def _wrong(self) -> tuple[list[Violation], list[Expectation]]:
        """The violations up to now that were not expected, and the expected ones that did not occur."""
        found = find_violations(self._timeline.entries(self._mark), self._clock.now(), self._nodes, self._invariants)
        missing = [expected for expected in self._expectations if not any(map(expected.includes, found))]
        unexpected = [one for one in found if not any(expected.includes(one) for expected in self._expectations)]
        return unexpected, missing

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
