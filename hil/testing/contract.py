"""What all contracts share: their deadline, and the error for a fixture that a subclass has to define."""

import pytest

WAIT_S = 15.0
"""Deadline of each wait, in seconds of rig time: generous, since a driver that works answers within milliseconds."""


def missing_fixture(contract: object, fixture: str, what: str) -> pytest.UsageError:
    """The error of a contract's own ``fixture``, which a subclass has not defined. ``what`` it has to return."""
    return pytest.UsageError(f"{type(contract).__name__}: define the fixture `{fixture}`: {what}")
