"""The address book of app mdns: one query at a time, changes printed once, lost names queried less and less often."""

from itertools import pairwise

import pytest
from picolink.address_book import AddressBook

ASKING_MS = 100


class Names:
    """The names on the network, and a clock that advances with each query."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.known: dict[str, str] = {}
        self.asked: list[str] = []
        self.printed: list[str] = []
        self.book = AddressBook(self.resolve, lambda: self.now_ms, self.printed.append)

    def resolve(self, name: str) -> str:
        self.now_ms += ASKING_MS if name in self.known else 7000
        self.asked.append(name)
        return self.known.get(name, "")

    def run_until(self, end_ms: int) -> None:
        while (due_ms := self.book.due_ms()) is not None and max(due_ms, self.now_ms) < end_ms:
            self.now_ms = max(due_ms, self.now_ms)
            self.book.ask_next()


@pytest.fixture
def names() -> Names:
    return Names()


def test_wanted_names_are_queried_in_turn(names: Names) -> None:
    names.known = {"a": "1.1.1.1", "b": "2.2.2.2"}
    names.book.want(["a", "b"])
    names.run_until(1000)
    assert names.asked == ["a", "b"]
    assert names.printed == ["resolved name=a.local ip=1.1.1.1 ms=100", "resolved name=b.local ip=2.2.2.2 ms=100"]
    assert (names.book.where("a"), names.book.where("b"), names.book.where("c")) == ("1.1.1.1", "2.2.2.2", "")


def test_known_names_are_queried_again_and_only_changes_are_printed(names: Names) -> None:
    names.known = {"a": "1.1.1.1"}
    names.book.want(["a"])
    names.run_until(50_000)
    assert len(names.asked) == 4
    names.known = {"a": "1.1.1.2"}
    names.run_until(80_000)
    assert names.printed == ["resolved name=a.local ip=1.1.1.1 ms=100", "resolved name=a.local ip=1.1.1.2 ms=100"]


def test_a_lost_name_is_reported_once_and_queried_less_and_less_often(names: Names) -> None:
    names.book.want(["a"])
    starts = []
    for _ in range(6):
        names.now_ms = max(names.now_ms, names.book.due_ms() or 0)
        starts.append(names.now_ms)
        names.book.ask_next()
    assert [after - before - 7000 for before, after in pairwise(starts)] == [
        2000,
        4000,
        8000,
        15000,
        15000,
    ]
    assert names.printed == ["unresolved name=a.local ms=7000"]
    names.known = {"a": "1.1.1.1"}
    names.run_until(names.now_ms + 20_000)
    assert names.printed[1:] == ["resolved name=a.local ip=1.1.1.1 ms=100"]


def test_unwanted_names_are_forgotten_and_the_others_kept(names: Names) -> None:
    names.known = {"a": "1.1.1.1", "b": "2.2.2.2"}
    names.book.want(["a", "b"])
    names.run_until(1000)
    names.book.want(["b", "c"])
    assert (names.book.where("a"), names.book.where("b")) == ("", "2.2.2.2")
    names.book.want([])
    assert names.book.due_ms() is None


def test_a_query_because_a_node_was_heard(names: Names) -> None:
    names.known = {"a": "1.1.1.1"}
    names.book.want(["a", "b"])
    names.book.ask("a", "1.1.1.1")
    names.book.ask("a", "1.1.1.1")  # known: not asked for
    names.book.ask("x", "9.9.9.9")  # not wanted
    assert names.asked == ["a"]
    names.book.ask("b", "2.2.2.2")
    names.book.ask("b", "2.2.2.2")  # just asked in vain
    assert names.asked == ["a", "b"]
