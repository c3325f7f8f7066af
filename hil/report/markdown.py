"""Markdown, as GitHub shows it in the summary of a job."""

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~#]")


def escape(text: str) -> str:
    """``text`` in one line, so that it is shown as it is, in a table too."""
    return _SPECIAL.sub(r"\\\g<0>", " ".join(text.replace("&", "&amp;").split()))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], left: Iterable[str] = ()) -> str:
    """A table, its cells escaped. Numbers read best from the right: the columns ``left`` are those of text."""
    aligned_left = set(left)
    rule = ["---" if heading in aligned_left else "---:" for heading in headings]
    lines = [[escape(cell) for cell in headings], rule, *([escape(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
