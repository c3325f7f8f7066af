"""The example faults of docs/faults.md, installed as a separate distribution."""

from pathlib import Path

import pytest

from tests.installed import example, install_example

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: pico1234}
hubs:
  main: {driver: virtual, ports: 2}
boards:
  A: {power: main/1}
  B: {power: main/2}
"""


@pytest.fixture
def rig(pytester: pytest.Pytester) -> Path:
    return pytester.makefile(".yaml", rig=RIG)


@pytest.fixture
def installed(pytester: pytest.Pytester) -> Path:
    """A folder with the example faults in it, as pip would install them."""
    folder = pytester.mkdir("installed")
    install_example(folder, "faults.md", "acme_faults.py", "pico_hil.faults")
    pytester.syspathinsert(folder)
    return folder


def documented_test() -> str:
    return example("faults.md", "test_acme.py")


def test_the_documented_test_passes(pytester: pytest.Pytester, rig: Path, installed: Path) -> None:
    pytester.makepyfile(test_acme=documented_test())
    pytester.runpytest("--rig", rig, "--hil-artifacts", "out").assert_outcomes(passed=1)
    [timeline] = (pytester.path / "out").glob("*/timeline.txt")
    faults = [line.split(maxsplit=3)[1:] for line in timeline.read_text().splitlines() if line.split()[2] == "fault"]
    assert faults == [
        ["air", "fault", "jitter up to 20 ms begins"],
        ["B", "fault", "hang begins"],
        ["B", "fault", "hang ends"],
        ["air", "fault", "jitter up to 20 ms ends"],
    ]


def test_the_documented_faults_work(pytester: pytest.Pytester, rig: Path, installed: Path) -> None:
    pytester.makepyfile(
        """
        import pytest
        from acme_faults import Jitter
        from hil.faults.packets import Copy

        @pytest.mark.needs(faults=("hang",))
        def test_hang(ap, clock, faults):
            with ap.repl() as repl:
                program = "import time\\nwhile True:\\n print(1)\\n time.sleep_ms(100)\\n"
                repl.exec(f"with open('main.py', 'w') as file: file.write({program!r})")
            ap.reset()
            clock.sleep(1)
            with faults.inject("hang", ap):
                clock.sleep(1)
                mark = ap.console.mark()
                clock.sleep(5)
                assert ap.console.mark().lines == mark.lines
            clock.sleep(1)
            assert ap.console.mark().lines > mark.lines

        def test_jitter(rig):
            class Half:
                def random(self): return 0.5
                def randint(self, a, b): return a
            assert Jitter(0.02).copies(Copy(), Half()) == [Copy(10_000)]
            assert "jitter" in rig.faults.offered
        """
    )
    pytester.runpytest("--rig", rig).assert_outcomes(passed=2)


FAILS = """
from hil.errors import LinkError
from hil.faults import BoardFault

class Hang(BoardFault):
    begins_when_done = {begins_when_done}

    def begin(self, context):
        raise LinkError("no answer")

Jitter = Hang
"""


@pytest.mark.parametrize(("begins_when_done", "recorded"), [(True, []), (False, ["hang begins", "hang ends"])])
def test_a_fault_that_does_not_begin_is_not_active(
    pytester: pytest.Pytester, rig: Path, installed: Path, begins_when_done: bool, recorded: list[str]
) -> None:
    (installed / "acme_faults.py").write_text(FAILS.format(begins_when_done=begins_when_done))
    pytester.makepyfile(
        f"""
        import pytest
        from hil.errors import LinkError

        def test_it(rig, faults):
            with pytest.raises(LinkError, match="no answer"):
                faults.hang(rig.boards["B"])
            assert faults.active == ()
            assert [entry.text for entry in rig.timeline.entries() if entry.kind == "fault"] == {recorded}
        """
    )
    pytester.runpytest("--rig", rig).assert_outcomes(passed=1)


def test_a_packet_fault_can_be_a_condition(pytester: pytest.Pytester, rig: Path, installed: Path) -> None:
    pytester.makepyfile(
        """
        def test_condition(rig):
            assert [fault.name for fault in rig.faults.active] == ["jitter"]
        """
    )
    pytester.runpytest("--rig", rig, "--hil-condition", "jitter=0.02").assert_outcomes(passed=1)
    result = pytester.runpytest("--rig", rig, "--hil-condition", "hang=1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--hil-condition: 'hang=1' is not a condition; known: loss=0.1, *, jitter=0.02 (seconds)"]
    )


def test_they_are_listed_among_the_known_ones(pytester: pytest.Pytester, rig: Path, installed: Path) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs(faults=("jiter",))
        def test_it(): pass
        """
    )
    result = pytester.runpytest("--rig", rig)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unknown fault 'jiter'; did you mean 'jitter'? known: power_cut, *, hang, jitter; *"])


REAL_RIG = """\
rig: bench
wifi: {ssid: PicoAP, password: pico1234}
hubs:
  main: {driver: command, on: ["true", "{port}"], off: ["true", "{port}"], state: [echo, "off"]}
boards:
  A: {power: main/1, link: "socket://127.0.0.1:1"}
  B: {power: main/2, link: "socket://127.0.0.1:2"}
"""


def test_a_test_is_skipped_on_a_rig_whose_bench_cannot_do_the_fault(pytester: pytest.Pytester, installed: Path) -> None:
    pytester.makepyfile(test_acme=documented_test())
    result = pytester.runpytest("--rig", pytester.makefile(".yaml", real=REAL_RIG), "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ['SKIPPED*needs faults that rig "bench" cannot inject: jitter; it can inject: power_cut, *, hang']
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import nonesuch", "which cannot be imported (ModuleNotFoundError: No module named 'nonesuch')"),
        ("class Hang: pass\nJitter = Hang", "which is not a subclass of hil.faults.FaultDriver"),
    ],
)
def test_the_error_of_a_broken_fault_names_its_package(
    pytester: pytest.Pytester, rig: Path, installed: Path, source: str, expected: str
) -> None:
    (installed / "acme_faults.py").write_text(source)
    pytester.makepyfile(test_acme=documented_test())
    result = pytester.runpytest("--rig", rig)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"fault 'hang' is acme_faults:Hang of package acme-faults, {expected}" in result.stderr.str()


def test_one_that_is_broken_does_not_stop_tests_that_do_not_name_it(
    pytester: pytest.Pytester, rig: Path, installed: Path
) -> None:
    (installed / "acme_faults.py").write_text("import nonesuch")
    pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.needs(faults=("loss",))
        def test_it(rig):
            assert "loss" in rig.faults.offered
            assert "hang" not in rig.faults.offered
        """
    )
    pytester.runpytest("--rig", rig).assert_outcomes(passed=1)
    done = pytester.runpytest("--rig", rig, "--hil-condition", "lost=1")
    done.stderr.fnmatch_lines(["*--hil-condition: 'lost=1' is not a condition; known: loss=*"])
