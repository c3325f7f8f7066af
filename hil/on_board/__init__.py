"""MicroPython that is sent to boards: every other file of this folder is one program. The host imports none of them.

A program defines functions; the host sends its text over the raw REPL and then one line that calls one of them::

    repl.exec(source_of("erase_files") + call("erase_files", ["/main.py"]))

Functions stay defined on the board until its next reset, so later commands can call them without the text. A program
that calls functions of another one imports them by its name: the host must have sent that one before.
``make firmware-check`` compiles each program and checks its types against the stubs of the Pico W.
"""

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TypeAlias

PlainData: TypeAlias = "bool | int | float | str | bytes | Sequence[PlainData] | Mapping[str, PlainData] | None"
"""What can be passed to a program: its ``repr`` is an expression that MicroPython reads too."""

_INDENT = 4
"""Spaces per level in the files; a board gets one."""

_Cut: TypeAlias = tuple[int, int, int, int]
"""First line, first column, last line, and the column behind the last one."""


@cache
def source_of(program: str) -> str:
    """The text of a program as it is sent. ``program`` is the name of its file without ``.py``.

    Each 128 bytes take 2 ms to send, and the board compiles them. So docstrings, comments, annotations, blank lines and
    most of the indentation are left out, and so are imports of other programs of this folder.
    """
    folder = files(__name__)
    programs = {entry.name.removesuffix(".py") for entry in folder.iterdir() if entry.name.endswith(".py")}
    return _shortened(folder.joinpath(f"{program}.py").read_text(encoding="utf-8"), programs)


def call(function: str, *arguments: PlainData) -> str:
    """The expression that calls ``function`` of a program with ``arguments``."""
    return f"{function}({', '.join(map(repr, arguments))})"


def _shortened(text: str, programs: set[str]) -> str:
    # Cut from the text: ast.unparse would write the same program differently from one version of Python to the next.
    lines = ["", *text.splitlines()]
    # Columns are those of UTF-8 bytes, so other characters than ASCII belong into docstrings and comments alone.
    for first, start, last, end in sorted(_cuts(text, programs), reverse=True):
        lines[first : last + 1] = [lines[first][:start] + lines[last][end:], *[""] * (last - first)]
    return "".join(f"{_less_indented(line.rstrip())}\n" for line in lines if line.strip())


def _cuts(text: str, programs: set[str]) -> Iterator[_Cut]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield *token.start, *token.end
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str())) | ast.AnnAssign(value=None):
                yield node.lineno, node.col_offset, *_end(node)
            case ast.ImportFrom(module=str(module)) if module in programs:
                yield node.lineno, node.col_offset, *_end(node)
            case ast.arg(arg=name, annotation=ast.expr() as annotation):
                yield node.lineno, node.col_offset + len(name), *_end(annotation)
            case ast.AnnAssign(target=target, annotation=annotation):
                yield *_end(target), *_end(annotation)
            case ast.FunctionDef(returns=ast.expr() as returns):
                yield returns.lineno, returns.col_offset - len(" -> "), *_end(returns)


def _end(node: ast.stmt | ast.expr) -> tuple[int, int]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset


def _less_indented(line: str) -> str:
    code = line.lstrip(" ")
    return " " * ((len(line) - len(code)) // _INDENT) + code
