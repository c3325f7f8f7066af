"""Boards out of each other's radio range."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from hil.faults import BenchFault

if TYPE_CHECKING:
    from hil.board.board import Board


class Partition(BenchFault):
    """No board hears one of another group, neither directly nor by way of a third board's AP.

    It is as if they were out of each other's radio range: no beacon, no association, no packet. Boards in no group
    hear all others.
    """

    def __init__(self, *groups: "Collection[Board | str]") -> None:
        """``groups``: two or more, of boards or their names. Raises ``ValueError`` if one is empty or two overlap."""
        self.groups = tuple(frozenset(str(member) for member in group) for group in groups)
        """Names of boards."""
        names = [name for group in self.groups for name in group]
        if len(self.groups) < 2 or not all(self.groups) or len(names) != len(set(names)):
            raise ValueError(f"a partition ({self}) takes two groups of boards or more, and no board in two of them")

    def __str__(self) -> str:
        return " | ".join(" ".join(sorted(group)) for group in self.groups)
