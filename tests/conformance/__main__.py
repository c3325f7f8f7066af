"""MicroPython's own tests on the virtual board: python -m tests.conformance TREE [folder...].

TREE is MicroPython's source tree (``python -m vm.port.build --work DIR`` leaves one). Its run-tests.py is imported as
it is, with its feature checks, its skips and its comparison; only the way to the board is ours: a fresh board a test.
What fails must be in the list of expectations, with a reason, and what is in the list must fail.
"""

import argparse
import importlib.util
import multiprocessing
import os
import sys
import time
import types
from collections import Counter
from pathlib import Path
from typing import Any

from hil.virtual.world import World
from tests.virtual.port.bench import RELEASE, RUNTIME, Board

HERE = Path(__file__).parent
FOLDERS = (
    "basics",
    "extmod",
    "float",
    "import",
    "io",
    "micropython",
    "misc",
    "ports/rp2",
    "stress",
    "thread",
    "unicode",
)
FILES_NEEDED = ("import", "io", "unicode")
"""Folders whose tests read files that stand beside them."""

LIMIT_S = 120
"""Of rig time, for one test."""


def expectations(release: str) -> dict[str, str]:
    """Which tests fail, and why."""
    path = HERE / f"expected-{release}.txt"
    lines = (
        [line for line in path.read_text().splitlines() if line and not line.startswith("#")] if path.exists() else []
    )
    return dict(line.split(None, 1) for line in lines)


class Target:
    """What run-tests.py takes for its connection: every script runs on a board of its own."""

    def __init__(self, runner: Any, tests: Path, release: str) -> None:
        self._runner = runner
        self._tests = tests
        self._release = release
        self._flashes: dict[str, bytes] = {}

    def run_script_on_remote_target(self, args: Any, test_file: str, is_special: bool) -> tuple[bool, bytes]:
        """Run one script; whether it crashed, and what it printed."""
        script = Path(test_file).read_bytes()
        if not is_special:
            script = b"print('START TEST')" + (b"" if script.startswith(b"#") else b"\n") + script
        crashed, prepared = self._runner.prepare_script_for_target(args, script_text=script, force_plain=is_special)
        if crashed:
            return True, bytes(prepared)
        board = self._board(self._flash_for(Path(test_file).resolve().parent))
        try:
            out, error = self._run(board, prepared)
        except AssertionError as problem:
            return True, f"{problem}\nCRASH".encode()
        finally:
            board.chip.halt()
        return self._verdict(out, error, is_special)

    @staticmethod
    def _verdict(out: bytes, error: bytes, is_special: bool) -> tuple[bool, bytes]:
        if error:
            if is_special:
                return True, b"exception\nCRASH"
            if b"MemoryError" in error and out in (b"", b"START TEST\r\n"):
                return True, b"SKIP-TOO-LARGE\n"
            return True, out + error + b"CRASH"
        if not is_special:
            if not out.startswith(b"START TEST\r\n"):
                return True, out
            out = out.removeprefix(b"START TEST\r\n")
        return False, out

    def _board(self, flash: bytes) -> Board:
        board = Board(World(1), release=self._release, flash=flash)
        board.until(b">>> ")
        board.enter_raw_repl()
        return board

    @staticmethod
    def _run(board: Board, script: bytes) -> tuple[bytes, bytes]:
        board.output.clear()
        board.type(script + b"\x04")
        board.until(b"OK", LIMIT_S)
        out = board.until(b"\x04", LIMIT_S)[:-1]
        # No further: behind a SystemExit, which skips a test, there is a soft reset instead of a prompt.
        return out, board.until(b"\x04", LIMIT_S)[:-1]

    def _put(self, board: Board, path: str, content: bytes) -> None:
        self._run(board, b"f = open(%r, 'wb')\nf.write(%r)\nf.close()" % (path, content))

    def _flash_for(self, folder: Path) -> bytes:
        name = str(folder.relative_to(self._tests)) if folder.is_relative_to(self._tests) else ""
        name = name if name in FILES_NEEDED else ""
        if name not in self._flashes:
            board = self._board(b"")
            self._run(board, b"import os\nos.mkdir('/lib')")
            self._put(board, "/lib/unittest.py", (HERE / "on_board" / "unittest.py").read_bytes())
            for path in sorted(folder.rglob("*")) if name else ():
                target = "/" + str(path.relative_to(folder))
                if path.is_dir():
                    self._run(board, f"import os\nos.mkdir({target!r})".encode())
                elif path.suffix != ".exp" and (name == "import" or path.suffix != ".py"):
                    self._put(board, target, path.read_bytes())
            self._flashes[name] = bytes(board.chip.flash)
            board.chip.halt()
        return self._flashes[name]


def work(tests: Path, release: str, names: list[str], results: Any) -> None:
    """Run some of the tests, in a process of its own."""
    RUNTIME.image(release)
    os.chdir(tests)
    spec = importlib.util.spec_from_file_location("run_tests", tests / "run-tests.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{tests}/run-tests.py")
    runner: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runner)
    log = tests / f"results-{os.getpid()}"
    log.mkdir(exist_ok=True)
    sys.stdout = (log / "log.txt").open("w")
    args = types.SimpleNamespace(
        filters=[], emit="bytecode", via_mpy=False, mpy_cross_flags="", heapsize=None, platform=None
    )
    target = Target(runner, tests, release)
    runner.detect_test_platform(target, args)
    found, _ = runner.run_tests(target, names, args, str(log))
    results.put([(name, verdict) for name, verdict, *_ in found])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("folders", nargs="*", default=FOLDERS)
    parser.add_argument("--release", default=RELEASE)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    tests = (arguments.tree / "tests").resolve()
    names = sorted(
        str(path.relative_to(tests)) for folder in arguments.folders for path in (tests / folder).glob("*.py")
    )
    results: Any = multiprocessing.Queue()
    start = time.perf_counter()
    workers = [
        multiprocessing.Process(target=work, args=(tests, arguments.release, names[n :: arguments.jobs], results))
        for n in range(arguments.jobs)
    ]
    for worker in workers:
        worker.start()
    found = dict(result for _ in workers for result in results.get())
    for worker in workers:
        worker.join()
    report(found, expectations(arguments.release), time.perf_counter() - start)


def report(found: dict[str, str], expected: dict[str, str], seconds: float) -> None:
    """Print the table; end with an error when there is a surprise."""
    table: dict[str, Counter[str]] = {}
    for name, verdict in found.items():
        table.setdefault(str(Path(name).parent), Counter())[verdict] += 1
    for folder, counts in sorted(table.items()):
        print(f"{folder:14} {counts['pass']:5} passed {counts['fail']:5} failed {counts['skip']:5} skipped")
    print(f"{len(found)} tests in {seconds:.0f} s")
    failed = {name for name, verdict in found.items() if verdict == "fail"}
    surprises = [f"{name}: fails" for name in sorted(failed - expected.keys())]
    surprises += [f"{name}: does not fail ({found[name]})" for name in sorted(expected.keys() & found.keys() - failed)]
    if surprises:
        sys.exit("\n".join(["not as expected:", *surprises]))


if __name__ == "__main__":
    main()
