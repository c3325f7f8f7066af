"""Builds the firmware of the virtual boards: python -m vm.port.build [--release 1.26.1] [--check] [--source DIR].

Needs make, gcc, patch, node with what vm/package.json pins, and zig from PyPI (vm/requirements.txt). See vm/README.md.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from vm.port.module import with_imported_memory
from vm.port.releases import LIBRARIES, LICENCES, RELEASES, Source
from vm.port.sources import Apt, fetch, unpack

HERE = Path(__file__).resolve().parent
ARTIFACTS = HERE.parents[1] / "hil" / "virtual" / "port" / "wasm"
BINARYEN = HERE.parent / "node_modules" / "binaryen" / "index.js"
FLASH_SIZE = 848 * 1024
"""The file system of a Pico W (ports/rp2/boards/RPI_PICO_W/mpconfigboard.h)."""


def zig() -> Path:
    """The compiler. Ends the program, with what to do, when it is not installed."""
    found = find_spec("ziglang")
    if found is None or found.origin is None:
        sys.exit(f"zig is not installed: run `{sys.executable} -m pip install -r {HERE.parent / 'requirements.txt'}`")
    return Path(found.origin).with_name("zig")


def build(release: str, work: Path, tarballs: Path) -> Path:
    """Build the artifact of a release in ``work``; returns its path. ``tarballs``: where sources are, or go."""
    if not BINARYEN.exists():
        sys.exit(f"{BINARYEN}: not there; run `npm ci --prefix {HERE.parent}`")
    tree = prepare_tree(release, work, tarballs)
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": str(RELEASES[release].released),
        "ZIG_GLOBAL_CACHE_DIR": str(work / "zig"),
        "ZIG_LOCAL_CACHE_DIR": str(work / "zig"),
        "LC_ALL": "C",
    }
    jobs = f"-j{os.cpu_count()}"
    built = work / "build"
    _make(["-C", str(tree / "mpy-cross"), jobs], environment)
    _make(
        ["-C", str(HERE), f"TOP={tree}", f"ZIG={zig()}", f"BUILD={built}", f"PYTHON={sys.executable}", jobs],
        environment,
    )
    spilled = work / "spilled.wasm"
    subprocess.run(["node", "--stack-size=8000", HERE / "spill.mjs", built / "micropython.wasm", spilled], check=True)
    artifact = work / f"micropython-{release}.wasm"
    artifact.write_bytes(with_imported_memory(spilled.read_bytes(), FLASH_SIZE))
    return artifact


def prepare_tree(release: str, work: Path, tarballs: Path) -> Path:
    """MicroPython's sources with its libraries, patched."""
    apt = Apt(work / "apt")
    tree = work / "micropython"
    _unpack(RELEASES[release].micropython, tarballs, apt, tree)
    for name, library in LIBRARIES.items():
        _unpack(library, tarballs, apt, tree / "lib" / name)
    for patch in sorted((HERE / "patches").glob("*.patch")):
        # No fuzz: a patch that does not fit exactly is one to look at.
        subprocess.run(["patch", "-s", "-F0", "-p1", "-i", patch], cwd=tree, check=True)
    return tree


def _unpack(source: Source, tarballs: Path, apt: Apt, into: Path) -> None:
    unpack(fetch(source, tarballs, apt), Path(source.folder), into)


def _make(arguments: list[str], environment: dict[str, str]) -> None:
    """Run make; what it prints is shown when it fails."""
    result = subprocess.run(["make", *arguments], env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"{result.stdout[-4000:]}{result.stderr[-8000:]}")


def licences(tree: Path) -> str:
    """The licences of all that is inside, one below the other."""
    texts = []
    for name, file in LICENCES.items():
        text = (tree / file).read_text(errors="replace")
        if not file[0].isupper() and Path(file).suffix in (".c", ".h"):
            comment = re.search(r"/\*.*?\*/|(?://[^\n]*\n)+", text, re.DOTALL)
            text = comment[0] if comment else ""
        texts.append(f"{name} ({file})\n{'=' * 72}\n{text.strip()}\n")
    return "\n\n".join(texts)


def checksums(release: str, artifact: Path) -> str:
    """What the artifact is made of, and what came of it."""
    sources = (RELEASES[release].micropython, *LIBRARIES.values())
    lines = [f"{source.sha256}  {source.file}\n" for source in sources]
    return "".join(lines) + f"{hashlib.sha256(artifact.read_bytes()).hexdigest()}  {artifact.name}\n"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", choices=RELEASES, action="append", help="which to build; without, all of them")
    parser.add_argument("--check", action="store_true", help="build, compare with the artifacts, and write nothing")
    parser.add_argument(
        "--source", type=Path, metavar="DIR", help="a folder with the source tarballs; without, Debian's archive"
    )
    parser.add_argument("--work", type=Path, metavar="DIR", help="build in this folder and keep it")
    arguments = parser.parse_args()
    differing = []
    for release in arguments.release or RELEASES:
        with tempfile.TemporaryDirectory() as temporary:
            work = (arguments.work / release if arguments.work else Path(temporary)).resolve()
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            artifact = build(release, work, arguments.source.resolve() if arguments.source else work)
            results = {
                artifact.name: artifact.read_bytes(),
                f"{artifact.name}.sha256": checksums(release, artifact).encode(),
                f"{artifact.stem}.LICENCES": licences(work / "micropython").encode(),
            }
        for name, content in results.items():
            path = ARTIFACTS / name
            if arguments.check:
                if not path.exists() or path.read_bytes() != content:
                    differing.append(name)
            else:
                ARTIFACTS.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    if differing:
        sys.exit(f"{', '.join(differing)}: not what `python -m vm.port.build` makes; run it and commit the files")


if __name__ == "__main__":
    main()
