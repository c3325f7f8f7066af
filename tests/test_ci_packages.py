"""CI installs its programs on a machine that lacks them: .ci/packages, .ci/run and the steps of ci.yml, unchanged.

The machine is a PATH with only the programs listed here, and its apt-get installs stand-ins.
"""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.report.test_browser import BROWSERS
from tests.test_workflows import commands, steps
from tests.usb_sim.conftest import DEBIAN_PYTHON

ROOT = Path(__file__).parent.parent
CI = ROOT / ".ci"

MODULES = {
    "module ensurepip of python3": "python3-venv",
    f"module gi of {DEBIAN_PYTHON}": "python3-gi",
    f"module UMockdev of {DEBIAN_PYTHON}": "gir1.2-umockdev-1.0",
}
COMMANDS = {
    "git": "git",
    "make": "make",
    "gcc": "gcc",
    "python3": "python3",
    "npm": "npm",
    "patch": "patch",
    "ip": "iproute2",
    "uhubctl": "uhubctl",
    "umockdev-wrapper": "umockdev",
    "tshark": "tshark",
    "chromium": "chromium",
}
PACKAGES = [*COMMANDS.values(), *MODULES.values()]

ALWAYS_THERE = {"bash", "dirname", "env", "find", "mktemp", "nproc", "readlink", "rm", "sh", "test", "touch", "xargs"}
"""On every machine of Debian or Ubuntu."""
BROUGHT_ALONG = {"apt-cache", "apt-get", "node"}
"""The first two are part of every Debian, the last comes with npm."""
BUILT_IN = {"cd", "echo", "set", "trap"}

MISSING = 'raise ImportError("not installed")\n'
FILES = {
    "python3-venv": {"ensurepip.py": ""},
    "python3-gi": {
        "gi/__init__.py": "def require_version(name, version): __import__(f'gi.repository.{name}')\n",
        "gi/repository/__init__.py": "",
    },
    "gir1.2-umockdev-1.0": {"gi/repository/UMockdev.py": ""},
}
"""Modules of packages."""

APT_GET = """\
echo "${DEBIAN_FRONTEND-} $*" >>"$machine/apt-get.calls"
[ "$1" = install ] || exit "$(cat "$machine/update.status")"
for word; do
    case $word in install | -*) continue ;; esac
    if ! [ -d "$machine/packages/$word" ]; then echo "E: Unable to locate package $word" >&2; exit 100; fi
done
for word; do
    case $word in install | -*) continue ;; esac
    cp -a "$machine/packages/$word/." "$machine"
done
"""
"""Like apt, it installs nothing if one of the packages is unavailable."""

RECORD_CALL = 'echo "$(basename "$0") $*" >>"$machine/run.calls"\n'
"""Stand-in for any program that CI runs: it only records its arguments."""

pytestmark = pytest.mark.skipif(
    not Path(DEBIAN_PYTHON).exists(), reason=f"needs {DEBIAN_PYTHON}: for Debian and Ubuntu"
)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


class Machine:
    """A machine with everything but ``missing``, whose apt-get can install everything but ``refused``."""

    def __init__(self, folder: Path, missing: Sequence[str], refused: Sequence[str] = ()) -> None:
        self.folder = folder
        self.bin, base = folder / "bin", folder / "base"
        self.bin.mkdir()
        base.mkdir()
        self.path = f"{self.bin}:{base}"
        (folder / "update.status").write_text("0")
        for name in ALWAYS_THERE:
            (base / name).symlink_to(shutil.which(name) or "")
        # As on GitHub's machines: sudo does not use the PATH of earlier steps.
        program(base / "sudo", f'exec env PATH={shlex.quote(str(base))} "$@"\n')
        here = f"machine={shlex.quote(str(folder))}\nPATH={shlex.quote(os.environ['PATH'])}\n"
        program(base / "apt-get", here + APT_GET)
        program(folder / "says", here + RECORD_CALL)
        for modules in FILES.values():
            for path in modules:
                write(folder / "modules" / path, MISSING)
        for command, package in COMMANDS.items():
            real = {"git": shutil.which("git"), "python3": str(Path(sys.executable).resolve())}
            there = folder / "packages" / package / "bin" / command
            there.parent.mkdir(parents=True)
            there.symlink_to(real.get(command) or folder / "says")
        for package, modules in FILES.items():
            for path, text in modules.items():
                write(folder / "packages" / package / "modules" / path, text)
        for package in PACKAGES:
            if package not in missing:
                shutil.copytree(folder / "packages" / package, folder, symlinks=True, dirs_exist_ok=True)
        for package in refused:
            shutil.rmtree(folder / "packages" / package)

    def run(self, *command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": self.path,
            "PYTHONPATH": str(self.folder / "modules"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
        }
        return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=120, check=False)

    def install_packages(self) -> subprocess.CompletedProcess[str]:
        return self.run(CI / "packages")

    @property
    def asked(self) -> list[list[str]]:
        """The packages of each `apt-get install`."""
        return [[word for word in call[1:] if word[0] != "-"] for call in self.calls if call[0] == "install"]

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call of apt-get, which must all have the setting that keeps debconf from asking."""
        calls = [line.split() for line in self.calls_of("apt-get")]
        assert [call[0] for call in calls] == ["noninteractive"] * len(calls)
        return [call[1:] for call in calls]

    def calls_of(self, name: str) -> list[str]:
        path = self.folder / f"{name}.calls"
        return path.read_text().splitlines() if path.exists() else []


def test_where_nothing_is_missing_apt_get_is_not_called(tmp_path: Path) -> None:
    complete = Machine(tmp_path, [])
    done = complete.install_packages()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert complete.calls == []


@pytest.mark.parametrize("package", PACKAGES)
def test_only_missing_programs_are_installed_each_by_its_own_package(package: str, tmp_path: Path) -> None:
    bare = Machine(tmp_path, [package])
    done = bare.install_packages()
    assert done.returncode == 0, done.stderr
    # Whether python3 has ensurepip, or gi has UMockdev, can be checked only once python3, or gi, is installed.
    shown_later = {"python3": ["python3-venv"], "python3-gi": ["gir1.2-umockdev-1.0"]}
    assert bare.asked == [[package, *shown_later.get(package, [])]]
    assert bare.install_packages().stdout == "", "all of it is installed now"


def test_everything_that_is_missing_is_installed_in_one_call(tmp_path: Path) -> None:
    bare = Machine(tmp_path, PACKAGES)
    done = bare.install_packages()
    assert done.returncode == 0, done.stderr
    assert [call[0] for call in bare.calls] == ["update", "install"]
    assert sorted(bare.asked[0]) == sorted(PACKAGES)


def test_apt_get_asks_nothing_and_removes_nothing(tmp_path: Path) -> None:
    bare = Machine(tmp_path, ["tshark"])
    bare.install_packages()
    assert {"--yes", "--no-remove", "--no-install-recommends"} <= set(bare.calls[-1])


@pytest.mark.parametrize("browser", BROWSERS)
def test_any_browser_that_the_test_of_the_report_can_use_is_sufficient(browser: str, tmp_path: Path) -> None:
    with_browser = Machine(tmp_path, ["chromium"])
    (with_browser.bin / browser).symlink_to(tmp_path / "says")
    assert with_browser.install_packages().returncode == 0
    assert with_browser.calls == []


@pytest.mark.parametrize(
    ("what", "package"), [*((f"command {name}", COMMANDS[name]) for name in COMMANDS), *MODULES.items()]
)
def test_an_unavailable_package_is_named_with_its_purpose(what: str, package: str, tmp_path: Path) -> None:
    refusing = Machine(tmp_path, [package], (package,))
    done = refusing.install_packages()
    assert done.returncode == 1
    assert re.search(rf"^error: no {what}\b.* apt-get install {re.escape(package)} ", done.stderr, re.MULTILINE)


def test_an_unavailable_package_does_not_prevent_the_others(tmp_path: Path) -> None:
    refusing = Machine(tmp_path, ["npm", "tshark", "uhubctl"], ("npm",))
    done = refusing.install_packages()
    assert done.returncode == 1
    assert refusing.asked == [["npm", "uhubctl", "tshark"], ["npm"], ["uhubctl"], ["tshark"]]
    assert [line for line in done.stderr.splitlines() if line.startswith("error:")] == [
        "error: no command npm here, and apt-get install npm did not provide it"
    ]
    assert (refusing.bin / "uhubctl").exists()
    assert (refusing.bin / "tshark").exists()


def test_it_continues_when_package_lists_cannot_be_fetched(tmp_path: Path) -> None:
    offline = Machine(tmp_path, ["tshark"])
    (tmp_path / "update.status").write_text("100")
    assert offline.install_packages().returncode == 0
    assert offline.asked == [["tshark"]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with only .ci, copied from this one."""
    folder = tmp_path / "checkout"
    shutil.copytree(CI, folder / ".ci")
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.example")
    for words in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "--message", "as it is"]):
        subprocess.run(["git", "-C", folder, *words], check=True, timeout=60)
    return folder


def test_the_command_of_ci_runs_on_a_machine_with_nothing(checkout: Path, tmp_path: Path) -> None:
    bare = Machine(tmp_path, PACKAGES)
    done = bare.run(checkout / ".ci" / "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [line.split()[:4] for line in bare.calls_of("run")] == [
        ["npm", "ci", "--prefix", "vm"],
        ["npm", "ci", "--prefix", "report"],
        ["make", "test"],
    ]


def test_the_command_of_ci_ends_when_a_program_is_unavailable(checkout: Path, tmp_path: Path) -> None:
    refusing = Machine(tmp_path, ["tshark"], ("tshark",))
    done = refusing.run(checkout / ".ci" / "run", cwd=tmp_path)
    assert done.returncode == 1
    assert "no command tshark" in done.stderr
    assert refusing.calls_of("run") == []


def test_the_workflow_installs_no_package_for_programs_that_earlier_steps_put_into_path(
    checkout: Path, tmp_path: Path
) -> None:
    complete = Machine(tmp_path, [])
    (step,) = [step for step in steps("ci.yml") if ".ci/packages" in step.get("run", "")]
    assert complete.run("bash", "-e", "-c", step["run"], cwd=checkout).returncode == 0
    assert complete.calls == []


def test_the_steps_of_the_workflow_run_on_a_machine_with_nothing(checkout: Path, tmp_path: Path) -> None:
    bare = Machine(tmp_path, PACKAGES)
    for step in steps("ci.yml"):
        if "run" in step:
            # As GitHub runs steps that name no shell.
            done = bare.run("bash", "-e", "-c", step["run"], cwd=checkout)
            assert (done.returncode, done.stderr) == (0, ""), step["name"]
    assert [line.split()[:2] for line in bare.calls_of("run")] == [
        ["npm", "ci"],
        ["npm", "ci"],
        ["make", "demo"],
        ["make", "report"],
        ["make", "test"],
        ["make", "dist"],
    ]


def test_packages_have_one_list() -> None:
    assert "apt" not in re.findall(r"\w+", (CI / "run").read_text() + commands("ci.yml") + commands("nightly.yml"))


def programs_of_shell(text: str) -> Iterator[str]:
    """The first word of each command, and the programs that sudo or env run; no variables of make or the shell."""
    plain = re.sub(r"""^ *#.*|\$\(if .*\)|(["']).*?\1""", "", text, flags=re.MULTILINE)
    for command in re.split(r"\n|&&|\|\|?|;|\$\((?:shell )?", plain):
        for word in command.lstrip(" @").replace(")", " ").split():
            if re.fullmatch(r"[a-z][\w-]*", word):
                yield word
            if not re.match(r"\w+=|-|sudo$|env$", word):
                break


def programs_of_python(path: Path) -> Iterator[str]:
    """Programs that a module searches or runs by a literal name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if name in {"run", "Popen", "check_output"} and isinstance(first, ast.List) and first.elts:
                first = first.elts[0]
            elif name != "which":
                continue
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def test_programs_that_make_and_ci_call_are_in_the_table() -> None:
    recipes = re.findall(r"^\t(.+)|(\$\(shell .+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    lines = [recipe or shell for recipe, shell in recipes]
    called = set(programs_of_shell("\n".join([*lines, (CI / "run").read_text(), commands("ci.yml")])))
    assert {"npm", "make", "git", "xargs", "nproc"} <= called, "found in the files"
    assert called - {"sudo"} - set(COMMANDS) - ALWAYS_THERE - BUILT_IN == set()


def test_programs_that_the_readme_requires_are_in_the_table() -> None:
    text = (ROOT / "README.md").read_text()
    (needed,) = re.findall(r"^Linux, Python [\d.]+ or later, (.+):$", text, re.MULTILINE)
    (optional,) = re.findall(r"with (\w+) it also", text)
    assert set(re.split(", | and ", needed)) == {"make", "gcc"}, "read as it is meant"
    assert {"python3", "make", "gcc", optional} <= set(COMMANDS)


def test_programs_that_tests_search_or_run_are_in_the_table() -> None:
    sources = [
        path for folder in ("tests", "report", "vm", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    own = [path for path in sources if "node_modules" not in path.parts and "sample_firmware" not in path.parts]
    used = {program for path in own for program in programs_of_python(path)}
    assert {"git", "ip", "tshark"} <= used, "found in the files"
    assert used - set(COMMANDS) - ALWAYS_THERE - BROUGHT_ALONG == set()
    in_hints = {
        package
        for path in own
        if "HIL_REQUIRE_" in (text := path.read_text()) and path != Path(__file__)
        for packages in re.findall(r"apt-get install ([a-z0-9.-]+)", text)
        for package in packages.split()
    }
    assert {"tshark", "iproute2", "chromium"} <= in_hints, "found in the files"
    assert in_hints - set(PACKAGES) == set()


def test_the_packages_of_a_bench_are_in_the_table() -> None:
    (packages,) = re.findall(r"^    apt install (.+)$", (ROOT / "docs" / "ci.md").read_text(), re.MULTILINE)
    assert set(packages.split()) - set(PACKAGES) == set()
