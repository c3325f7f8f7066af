"""The git revision that a run tests: what a report says must be found again."""

import subprocess
from pathlib import Path

_DEADLINE_S = 20.0


def git_revision(folder: Path) -> str | None:
    """The commit that is checked out in ``folder``, with ``-dirty`` behind it if tracked files differ from it.

    None when ``folder`` is in no repository, or there is no git: that is no reason not to test.
    """
    arguments = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        answer = subprocess.run(arguments, capture_output=True, text=True, timeout=_DEADLINE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
