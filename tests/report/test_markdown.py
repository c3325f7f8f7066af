import pytest

from hil.report.markdown import escape, table


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("failover", "failover"),
        ("test_it.py::test_x[a|b]", r"test\_it.py::test\_x\[a\|b\]"),
        ("<script> & `code`", r"\<script\> &amp; \`code\`"),
        ("two\n lines", "two lines"),
    ],
)
def test_markup_in_text_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_a_table() -> None:
    assert table(("name", "n"), [("a|b", "1"), ("c", "22")], left=["name"]) == (
        "| name | n |\n| --- | ---: |\n| a\\|b | 1 |\n| c | 22 |\n"
    )
