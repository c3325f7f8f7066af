"""The supervisor: runs tasks on boards, recovers a board that fails, and quarantines one that cannot be recovered."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from hil.board.board import Board
from hil.board.quarantine import Quarantine
from hil.board.recovery import RecoveryAttempt, RecoveryLadder, Task
from hil.clock import Clock
from hil.errors import BenchError, RecoveryFailed
from hil.events import Timeline


class BoardSupervisor:
    """Runs every task on the boards of one rig that a bench error must not end: deploying, switching off, probing."""

    def __init__(self, ladders: Mapping[str, RecoveryLadder], clock: Clock, timeline: Timeline) -> None:
        """``ladders``: the recovery ladder of each board, by its name."""
        self.quarantine = Quarantine()
        self.recoveries: list[RecoveryAttempt] = []
        """Every rung that was climbed, for any board, oldest first."""
        self._ladders = ladders
        self._clock = clock
        self._timeline = timeline

    def require(self, board: Board) -> None:
        """Raise ``RecoveryFailed`` if ``board`` is in quarantine."""
        if board.name in self.quarantine:
            raise RecoveryFailed(board.name, self.quarantine.reasons[board.name])

    def run(self, board: Board, task: Task) -> None:
        """Run ``task`` on ``board``; if it fails, recover the board and run it again.

        Raises ``RecoveryFailed`` when nothing helps, and when the board is in quarantine already. The board is in
        quarantine and off then. Raises ``FlashFull`` when the board is well but its flash has no room.
        """
        self.require(board)
        try:
            task(False)
        except BenchError as failure:
            self.recover(board, failure, task)

    def recover(self, board: Board, failure: BenchError, task: Task) -> None:
        """Bring ``board``, which has failed with ``failure``, back until ``task`` succeeds. Raises as :meth:`run`."""
        self.require(board)
        board.distrust()
        try:
            self._ladders[board.name].recover(failure, task, self.recoveries.append)
        except RecoveryFailed as given_up:
            self.quarantine.add(board.name, given_up.reason)
            self._try_to_switch_off(board)
            raise

    def silence(self, board: Board, off: Callable[[], None] | None = None) -> None:
        """Cut the power of ``board``, by ``off`` if given. One that cannot be switched off is quarantined.

        Raises nothing for such a board: whatever needs it next finds it in quarantine.
        """
        if board.name in self.quarantine:
            self._try_to_switch_off(board)
            return
        with suppress(RecoveryFailed):
            self.run(board, lambda _is_fresh: (off or board.power.off)())

    def switch_off(self, board: Board) -> None:
        """Cut the power of ``board`` without recovery. Raises ``PowerError``, unless the board is in quarantine."""
        if board.name in self.quarantine:
            self._try_to_switch_off(board)
        else:
            board.power.off()

    def _try_to_switch_off(self, board: Board) -> None:
        try:
            board.power.off()
        except BenchError as error:
            text = f"is quarantined, and could not be switched off: {error}"
            self._timeline.add(self._clock.now(), board.name, "recovery", text)
