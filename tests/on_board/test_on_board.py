"""Programs for boards as they are sent. What each does is tested through its user: deploy, recovery, doctor, faults."""

import ast
from pathlib import Path

import pytest

import hil.on_board
from hil.on_board import PlainData, call, source_of
from hil.rig import Rig

FOLDER = Path(hil.on_board.__file__).parent
PROGRAMS = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


class Stripped(ast.NodeTransformer):
    """Removes everything from a program that a board does not need."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        return None if node.module in PROGRAMS else node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.Assign | None:
        return None if node.value is None else ast.Assign([node.target], node.value)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_bytes_sent_are_the_same_program_minified(program: str) -> None:
    written = (FOLDER / f"{program}.py").read_text()
    sent = source_of(program)
    assert ast.dump(ast.parse(sent)) == ast.dump(Stripped().visit(ast.parse(written)))
    assert "#" not in sent
    assert "\n\n" not in sent
    assert len(sent) < len(written)
    assert sent.endswith("\n")


def test_a_program_can_use_functions_that_were_sent_before(virtual_rig: Rig) -> None:
    board = virtual_rig.boards["B"]
    board.boot()
    with board.repl() as repl:
        repl.exec(source_of("deploy_survey"))
        repl.exec(source_of("deploy_write") + call("start", "/lib/new.txt.new"))
        repl.exec("file.write(b'content')")
        assert repl.eval(call("finish", "/lib/new.txt", ".new", "another digest")) == repl.eval(
            call("digest", "/lib/new.txt.new")
        )
        assert repl.eval(call("size", "/lib/new.txt")) is None


@pytest.mark.parametrize(
    "value", [None, True, -1, 0.5, "quotes ' \" and \u00fc\n", b"\x00\xff", ["a", ["b"]], {"key": [1, None]}]
)
def test_arguments_arrive_as_they_are(virtual_rig: Rig, value: PlainData) -> None:
    board = virtual_rig.boards["B"]
    board.boot()
    with board.repl() as repl:
        repl.exec("def same(value): return value")
        assert repl.eval(call("same", value)) == value
