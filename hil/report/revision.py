"""The git revision that a run tests, so that what a report shows can be found again."""

from pathlib import Path

from hil.host.program import ProgramError, run_here

_WITHIN_S = 20.0


def git_revision(folder: Path) -> str | None:
    """The commit that is checked out in ``folder``, with ``-dirty`` appended if tracked files differ from it.

    None when ``folder`` is not in a repository, or git is not installed or does not answer: tests run without it.
    """
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        finished = run_here(command, _WITHIN_S)
    except ProgramError:
        return None
    return finished.output.strip() if finished.status == 0 else None
