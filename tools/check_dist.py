"""``make dist``: wheel and sdist are complete, agree with each other, and work where nothing else is installed.

``python -m tools.check_dist version [TAG]`` compares the version, which only pyproject.toml has, with the changelog and
with the tag of a release, if there is one. ``python -m tools.check_dist files FOLDER`` checks a built wheel and sdist.
Exit status 1 and a line per problem if anything is wrong.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
STEP_WITHIN_S = 300
"""Timeout of each step; the longest installs the wheel's dependencies."""
RUN = ("rigs/virtual.yaml", "firmware", "testplans/test_hello.py")
"""The part of the sdist with which an installation is tried on a virtual rig."""


def version_problems(pyproject: str, changelog: str, tag: str) -> Iterator[str]:
    """Problems that prevent a release as ``tag``, which may be empty before there is one."""
    version = tomllib.loads(pyproject)["project"]["version"]
    if tag and tag != f"v{version}":
        yield f"tag {tag} is not version {version} of pyproject.toml; tag v{version}, or change the version first"
    if not re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE):
        yield f"CHANGELOG.md has no line `## [{version}] - YYYY-MM-DD`; begin the version's section with it"
    unreleased = re.search(r"^## \[Unreleased\]\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if tag and unreleased and unreleased[1].strip():
        yield f"CHANGELOG.md has entries under `## [Unreleased]`; move them to the section of {version}"


def file_problems(folder: Path, version: str) -> Iterator[str]:
    """Problems of the wheel and the sdist in ``folder``."""
    names = sorted(path.name for path in folder.iterdir())
    wheel, sdist = f"pico_hil-{version}-py3-none-any.whl", f"pico_hil-{version}.tar.gz"
    if names != [wheel, sdist]:
        yield f"{folder} has {', '.join(names) or 'nothing'}; expected {wheel} and {sdist}"
        return
    with tempfile.TemporaryDirectory() as work:
        yield from _differences(folder / wheel, Path(work))
        yield from _installation_problems(folder / wheel, folder / sdist, Path(work), version)


def _differences(wheel_of_sdist: Path, work: Path) -> Iterator[str]:
    """How the wheel that was built from the sdist differs from the one of the working tree."""
    _run(sys.executable, "-m", "build", "--wheel", "--outdir", str(work / "of-tree"), str(ROOT))
    (wheel_of_tree,) = (work / "of-tree").iterdir()
    of_sdist, of_tree = _digests(wheel_of_sdist), _digests(wheel_of_tree)
    for name in sorted(of_sdist.keys() | of_tree.keys()):
        if of_sdist.get(name) != of_tree.get(name):
            yield f"{name} is not the same in the wheels of sdist and working tree; check [tool.hatch.build.targets]"


def _digests(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def _installation_problems(wheel: Path, sdist: Path, work: Path, version: str) -> Iterator[str]:
    """What does not work with only the wheel and its dependencies installed."""
    venv.create(work / "venv", with_pip=True)
    programs = work / "venv" / "bin"
    _run(str(programs / "pip"), "install", "--quiet", str(wheel))
    shown = _run(str(programs / "hil"), "--version").strip()
    if shown != f"pico-hil {version}":
        yield f"`hil --version` prints {shown!r}; expected 'pico-hil {version}'"
    _run(str(programs / "hil"), "--help")
    with tarfile.open(sdist) as archive:
        archive.extractall(work / "sdist", filter="data")
    (source,) = (work / "sdist").iterdir()
    rig, firmware, plan = (str(source / name) for name in RUN)
    elsewhere = work / "elsewhere"
    elsewhere.mkdir()
    options = ("-c", "/dev/null", "--rootdir", str(elsewhere), "-p", "no:cacheprovider")
    printed = _run(
        *(str(programs / "pytest"), *options, "--rig", rig, "--hil-firmware", firmware, plan), folder=elsewhere
    )
    if not re.search(r"\d+ passed", printed):
        yield f"the test plan on a virtual rig did not pass: {printed}"


def _run(*command: str, folder: Path = ROOT) -> str:
    """Standard output of a program; ends with its output and ``SystemExit`` if it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=STEP_WITHIN_S,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    """Print every problem; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version").add_argument("tag", nargs="?", default="")
    commands.add_parser("files").add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    if options.command == "version":
        changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        problems = list(version_problems(pyproject, changelog, options.tag))
    else:
        problems = list(file_problems(options.folder, tomllib.loads(pyproject)["project"]["version"]))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
