"""Checks after the body of a test: what fixtures watched meanwhile fails the test, as an assertion of its own would."""

from collections.abc import Callable

import pytest

CHECKS = pytest.StashKey[list[Callable[[], None]]]()
"""In ``item.stash``: the checks that fixtures of this test asked for."""


def check_after(item: pytest.Item, check: Callable[[], None]) -> None:
    """Call ``check`` once the body of ``item`` has ended without an error; what it raises is the test's failure."""
    item.stash.setdefault(CHECKS, []).append(check)


def run_checks(item: pytest.Item) -> None:
    """Run the checks that were asked for, in that order."""
    for check in item.stash.get(CHECKS, []):
        try:
            check()
        except AssertionError as error:
            # Its text alone: no line of the test has raised it, and how it was found out is of no interest there.
            raise pytest.fail.Exception(str(error), pytrace=False) from None
