"""What a run repeated: tests, commands to power ports, recoveries. Many repeats indicate that a bench wears out."""

from collections.abc import Iterable, Sequence

from hil.report.results import Attempt, TestResult


def attempt_lines(results: Iterable[TestResult]) -> list[str]:
    """For each test that was run more than once: its outcome, then a line for each attempt before the last."""
    lines = []
    for result in results:
        if len(result.attempts) > 1:
            lines.append(f"{result.nodeid}: {result.attempts_text}")
            lines += [
                f"  attempt {number}: {attempt.category or attempt.outcome}"
                + (f": {attempt.reason}" if attempt.reason else "")
                for number, attempt in enumerate(result.attempts[:-1], 1)
            ]
    return lines


def repeats_text(attempts: Sequence[Attempt], results: Sequence[TestResult]) -> str:
    """How much of a run was repeated, in one line. ``attempts`` include those of tests without a result."""
    retries = sum(len(attempt.power_retries) for attempt in attempts)
    recoveries = sum(recovery.helped for attempt in attempts for recovery in attempt.recoveries)
    quarantined = {lost.board for attempt in attempts for lost in attempt.quarantined}
    parts = [_counted(retries, "retry", "retries"), _counted(recoveries, "recovery", "recoveries")]
    parts += [f"{_counted(len(quarantined), 'board', 'boards')} quarantined"] if quarantined else []
    repeated = sum(len(result.attempts) > 1 for result in results)
    parts += [f"{_counted(repeated, 'test', 'tests')} repeated"] if repeated else []
    return ", ".join(parts)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count or 'no'} {one if count == 1 else many}"
