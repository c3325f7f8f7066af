"""The fixtures on a virtual rig: boards with the user's own firmware, logs, artifacts, the probe."""

import json
from pathlib import Path

import pytest

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
hubs:
  main: {driver: virtual, ports: 4}
boards:
  A: {power: main/1}
  B: {power: main/2}
  C: {power: main/3}
"""

MANIFEST = """\
app: talk
description: prints its role, and after a while a secret
roles:
  ap: {files: {main.py: main.py}}
  client: {files: {main.py: main.py}}
events:
  hello: '^hello role=(?P<role>\\S+)'
  key: '^key (?P<key>\\S+)'
"""

FIRMWARE = """\
import json, os, time

config = json.load(open("config.json"))
time.sleep(2)
print("hello role=" + config["role"])
time.sleep(0.05 + os.urandom(1)[0] / 1000)
print("key " + config["password"])
while True:
    time.sleep(10)
"""


@pytest.fixture
def rig(pytester: pytest.Pytester) -> Path:
    """A rig file, and the app `talk` beside pytest's root folder."""
    folder = pytester.mkdir("firmware") / "talk"
    folder.mkdir()
    (folder / "firmware.yaml").write_text(MANIFEST)
    (folder / "main.py").write_text(FIRMWARE)
    return pytester.makefile(".yaml", rig=RIG)


def test_boards_hold_the_app_and_are_off(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.firmware("talk")

        @pytest.mark.parametrize("time", [1, 2])
        def test_roles(boards, ap, clients, time):
            assert list(boards) == ["A", "B", "C"]
            assert [ap, *clients] == list(boards.values())
            assert not any(board.power.is_on for board in boards.values())
            ap.power.on()
            clients[1].power.on()
            assert ap.console.expect("hello", within=5).fields == {"role": "ap"}
            assert clients[1].console.expect("hello", within=5).fields == {"role": "client"}

        @pytest.mark.needs(clients=1)
        def test_fewer_clients(boards, clients, cluster):
            assert list(boards) == ["A", "B"]
            assert clients == [boards["B"]]
            assert cluster.clients == (boards["B"],)

        def test_marker_is_enough(rig, clock):
            assert rig.boards["A"].console.lines == []
            rig.boards["A"].power.on()
            before_s = clock.now()
            rig.boards["A"].console.expect("hello", within=5)
            assert clock.now() > before_s

        @pytest.mark.firmware("talk")
        def test_afterwards_all_are_off(rig):
            assert not any(board.power.is_on for board in rig.boards.values())
        """
    )
    pytester.runpytest("--rig", rig).assert_outcomes(passed=5)


def test_a_failure_shows_what_all_boards_printed_in_this_test(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.firmware("talk")

        def test_good(clients):
            clients[1].power.on()
            clients[1].console.expect("hello", within=5)

        def test_wrong(ap, clients):
            ap.power.on()
            ap.console.expect("hello", within=5)
            clients[0].power.on()
            clients[0].console.expect("hello", within=5, role="master")
        """
    )
    result = pytester.runpytest("--rig", rig)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *WaitTimeout: B: no event 'hello' role=master (a line matching *) within 5 s*",
            "-* serial log (all boards, merged by rig time) -*",
            "     0.000 A power  on",
            "     * A serial hello role=ap",
            "     * B power  on",
            "     * A serial key ***",
            "     * B serial hello role=client",
            "     * B serial key ***",
        ]
    )
    result.stdout.no_fnmatch_line("* C power *")
    result.stdout.no_fnmatch_line("*deploy*")
    assert "hush-hush" not in result.stdout.str()


MEASURES = """
    import pytest

    pytestmark = pytest.mark.firmware("talk")

    @pytest.mark.parametrize("number", [1, 2])
    def test_talk(ap, clients, measure, number):
        with measure("boot", limit=5, unit="s"):
            ap.power.on()
            ap.console.expect("key", within=5)
        measure("lines", value=len(ap.console.lines), limit=1, unit="lines")
"""


ARTIFACTS = (
    *("A.log", "B.log", "C.log", "air.pcap", "measurements.csv", "measurements.json", "timeline.svg", "timeline.txt"),
)
"""The artifacts of each test."""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_artifacts_are_the_same_for_the_same_seed(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makepyfile(test_it=MEASURES)
    for folder, seed in (("first", "1"), ("second", "1"), ("other", "2")):
        result = pytester.runpytest("--rig", rig, "--hil-artifacts", f"out/{folder}", "--hil-seed", seed)
        result.assert_outcomes(failed=2)
    first, second, other = (contents(pytester.path / "out" / folder) for folder in ("first", "second", "other"))
    assert sorted(first) == [f"test_it.test_talk[{number}]/{name}" for number in (1, 2) for name in ARTIFACTS]
    assert first == second
    assert first != other

    link, hello, key, gone = first["test_it.test_talk[1]/A.log"].decode().splitlines()
    assert link.split(maxsplit=1)[1] == "--- connected ---"
    assert gone.endswith("--- disconnected ---")
    assert hello.split() == [hello.split()[0], "hello", "role=ap"]
    assert key.split()[1:] == ["key", "***"]
    assert first["test_it.test_talk[1]/B.log"] == b""
    boot, lines = json.loads(first["test_it.test_talk[1]/measurements.json"])
    assert boot == {"name": "boot", "value": pytest.approx(float(key.split()[0]), abs=0.001), "limit": 5, "unit": "s"}
    assert lines == {"name": "lines", "value": 2, "limit": 1, "unit": "lines"}
    for content in first.values():
        assert b"hush-hush" not in content
        assert str(pytester.path).encode() not in content


def test_the_summary_counts_rig_time_of_all_workers(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makepyfile(test_it=MEASURES)
    result = pytester.runpytest("--rig", rig, "-n", "2", "--hil-artifacts", "out")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*= rig small, seed 1 =*",
            "test_it.py       -        -        -       2            -",
            "boot         2 * s * s      5 s  met",
            "lines        2  2 lines  2 lines  1 lines  exceeded",
            "* s of rig time in * s",
        ]
    )
    assert "\n0 s of rig time" not in result.stdout.str()
    assert len(contents(pytester.path / "out")) == 2 * len(ARTIFACTS)


def test_firmware_folders_are_searched_in_order(pytester: pytest.Pytester, rig: Path) -> None:
    for name in ("given", "from_ini"):
        app = pytester.mkdir(name) / "talk"
        app.mkdir()
        (app / "firmware.yaml").write_text(MANIFEST)
        (app / "main.py").write_text(f"print('hello role={name}')")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.firmware("talk")
        def test_talk(ap):
            ap.power.on()
            pytest.fail(ap.console.expect("hello", within=5).fields["role"])
        """
    )
    pytester.runpytest("--rig", rig).stdout.fnmatch_lines(["E *Failed: ap"])
    pytester.makeini("[pytest]\nhil_firmware_path = from_ini\n")
    pytester.runpytest("--rig", rig).stdout.fnmatch_lines(["E *Failed: from_ini"])
    result = pytester.runpytest("--rig", rig, "--hil-firmware", "given")
    result.stdout.fnmatch_lines(["E *Failed: given"])


def test_firmware_that_cannot_be_deployed_is_a_bench_error(pytester: pytest.Pytester, rig: Path) -> None:
    (pytester.path / "firmware" / "talk" / "big.py").write_bytes(b"#" * 900_000)
    manifest = pytester.path / "firmware" / "talk" / "firmware.yaml"
    manifest.write_text(MANIFEST.replace("{main.py: main.py}", "{main.py: main.py, big.py: big.py}"))
    pytester.makepyfile("import pytest\n\n@pytest.mark.firmware('talk')\ndef test_it(ap): pass\n")
    result = pytester.runpytest("--rig", rig, "--hil-artifacts", "out")
    result.stdout.fnmatch_lines(["*= BENCH ERRORS =*", "*_ setup of *", "E *FlashFull: A: *", "*1 bench-error*"])


def test_without_a_probe_its_fixture_skips(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makepyfile("def test_it(probe): pass")
    result = pytester.runpytest("--rig", rig, "-rs")
    result.stdout.fnmatch_lines(['SKIPPED * needs a probe, rig "small" has none'])


def test_a_forgotten_with_fails_the_test(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makepyfile("def test_it(measure): measure('boot', limit=5, unit='s')")
    result = pytester.runpytest("--rig", rig)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(['E *measure("boot", …) measured nothing; write `with measure("boot", …):`'])


def test_timing_is_that_of_the_app(pytester: pytest.Pytester, rig: Path) -> None:
    manifest = pytester.path / "firmware" / "talk" / "firmware.yaml"
    manifest.write_text(MANIFEST + "timing: {hello_s: 2.5}\n")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.firmware("talk")
        def test_with(timing):
            assert timing == {"hello_s": 2.5}

        def test_without(timing):
            pass
        """
    )
    result = pytester.runpytest("--rig", rig)
    result.stdout.fnmatch_lines(
        ["*ConfigError: *_app.py:7: `timing` belongs to an app; mark the test with firmware(…)"]
    )
    result.assert_outcomes(passed=1, errors=1)
