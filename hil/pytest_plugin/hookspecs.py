"""The hooks of pico-hil, for pytest plugins and conftest.py files: see docs/extending.md.

They are called in the processes that run tests: with pytest-xdist in the workers, and not in their controller. None is
called without a rig.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    # A pytest run without a rig must not pay for them.
    from hil.board.board import Board
    from hil.board.recovery import RecoveryAttempt
    from hil.rig import Rig


def pytest_hil_rig_ready(rig: "Rig") -> None:
    """The rig is open, and all its boards are off: called once per process, before its first test with a rig.

    An exception is an error of every test with a rig in this process.
    """


def pytest_hil_board_recovered(board: "Board", attempt: "RecoveryAttempt") -> None:
    """The recovery ladder brought ``board`` back; ``attempt`` is the rung that helped.

    Called for a board that failed while the rig was opened, after :func:`pytest_hil_rig_ready`; for one that failed
    while the boards of a test were prepared, once all are; for one that failed later, after the test. An exception is
    an error of setup or teardown of that test.
    """


def pytest_hil_test_artifacts(item: pytest.Item, folder: Path) -> None:
    """The artifacts of one attempt of ``item`` are in ``folder``: add others, or change them.

    Called after each test with a rig, with ``--hil-artifacts`` only, also when its preparation failed. Files are left
    as they are: secrets are not masked in them. An exception is an error of the teardown of the test.
    """
