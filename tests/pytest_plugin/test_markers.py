import re

import pytest

from hil.errors import ConfigError
from hil.pytest_plugin.markers import Needs, firmware_of, needs_of


def item_marked(pytester: pytest.Pytester, *markers: str) -> pytest.Item:
    lines = ["import pytest", "", *(f"@pytest.mark.{marker}" for marker in markers), "def test_it(): pass"]
    return pytester.getitem("\n".join(lines), "test_it")


@pytest.mark.parametrize(
    ("marker", "problem"),
    [
        ("needs(client=3)", "unknown keyword 'client'; known: clients=N, probe=True, faults="),
        ("needs(clients='3')", "clients='3' must be a whole number from 1; known: "),
        ("needs(clients=True)", "clients=True must be a whole number from 1; known: "),
        ("needs(clients=0)", "clients=0 must be a whole number from 1; known: "),
        ("needs(probe=1)", "probe=1 must be True or False; known: "),
        ("needs(faults='loss')", "faults='loss' must be a tuple; known: "),
        ("needs(faults=('loss', 'los'))", "unknown fault 'los'; did you mean 'loss'? known: power_cut, brown_out, "),
        ("needs(3)", "takes keywords only; known: "),
        ("firmware()", 'takes the name of one app; write firmware("roles")'),
        ("firmware('a', 'b')", "takes the name of one app; "),
        ("firmware(name='a')", "takes the name of one app; "),
        ("firmware(1)", "takes the name of one app; "),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(pytester: pytest.Pytester, marker: str, problem: str) -> None:
    item = item_marked(pytester, marker)
    with pytest.raises(ConfigError, match=rf"^\S+\.py:3: {re.escape(marker)}: {re.escape(problem)}"):
        (firmware_of if marker.startswith("firmware") else needs_of)(item)


def test_no_marker(pytester: pytest.Pytester) -> None:
    item = item_marked(pytester)
    assert firmware_of(item) is None
    assert needs_of(item) is None


def test_the_closest_marker_counts_keyword_by_keyword(pytester: pytest.Pytester) -> None:
    item = item_marked(
        pytester,
        "needs(clients=2)",
        "needs(clients=4, probe=True, faults=('loss',))",
        "firmware('near')",
        "firmware('far')",
    )
    assert needs_of(item) == Needs(clients=4, probe=True, faults=("loss",))
    assert firmware_of(item) == "far"
