"""Measurements as data, the history and the job summary, in complete pytest runs with a rig that no test opens."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hil.history.store import History
from tests.history.runs import night, record

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
hubs: {main: {driver: virtual, ports: 4}}
boards: {A: {power: main/1}, B: {power: main/2}}
"""

TESTS = """
    import os
    import pytest
    from hil.errors import PowerError
    from hil.report.firmware import FIRMWARE_PROPERTY
    from hil.report.measurements import Measurement

    FACTOR = float(os.environ.get("HIL_TEST_FACTOR", "1"))

    @pytest.mark.parametrize("value", [4.5, 5, 6.25])
    def test_failover(value, record_property):
        measurement = Measurement(name="failover", value=FACTOR * value, limit=80, unit="s")
        record_property(FIRMWARE_PROPERTY, "roles/ap 3f2a9c81d2ee")
        record_property(*measurement.to_property())

    def test_join(record_property):
        measurement = Measurement(name="join hush-hush", value=16, limit=15, unit="s")
        record_property(*measurement.to_property())
        measurement.check()

    def test_cable(record_property):
        record_property(*Measurement(name="boot", value=900, limit=15, unit="s").to_property())
        raise PowerError("hub main, port 2: no answer; check the cable | of the hub")
"""


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Path:
    pytester.makefile(".yaml", rig=RIG)
    pytester.makepyfile(test_it=TESTS)
    return pytester.path


def history_of_nights(file: Path, nights: int, *values: float) -> History:
    """A history of the rig `small` in which the three failovers took ``values``."""
    history = History(file, create=True)
    for number in range(nights):
        history.add(
            night(number, rig="small"),
            [
                record(value, limit=80.0, test=f"test_it.py::test_failover[{name}]")
                for name, value in zip(("4.5", "5", "6.25"), values, strict=True)
            ],
        )
    return history


@pytest.mark.parametrize("workers", ["0", "2"])
def test_every_measurement_is_a_line_of_json(pytester: pytest.Pytester, folder: Path, workers: str) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "measured.jsonl").write_text("of an earlier run\n")
    options = ("--rig", "rig.yaml", "--hil-seed", "7", "-n", workers, "--hil-measurements", "out/measured.jsonl")
    pytester.runpytest(*options, "--hil-history", "history.sqlite")
    text = (folder / "out" / "measured.jsonl").read_text()
    assert "hush" not in text
    lines = sorted((json.loads(line) for line in text.splitlines()), key=lambda line: (line["name"], line["value"]))
    assert [(line["name"], line["value"], line["verdict"], line["outcome"]) for line in lines] == [
        ("boot", 900, "exceeded", "bench-error"),
        ("failover", 4.5, "met", "passed"),
        ("failover", 5, "met", "passed"),
        ("failover", 6.25, "met", "passed"),
        ("join ***", 16, "exceeded", "failed"),
    ]
    assert len({line["run"] for line in lines}) == 1
    run, began = lines[1].pop("run"), lines[1].pop("began")
    assert run.startswith(began)
    assert lines[1] == {
        "name": "failover",
        "value": 4.5,
        "unit": "s",
        "limit": 80,
        "test": "test_it.py::test_failover[4.5]",
        "outcome": "passed",
        "firmware": ["roles/ap 3f2a9c81d2ee"],
        "verdict": "met",
        "rig": "small",
        "condition": "",
        "seed": 7,
        "revision": None,
    }
    told = {
        line.key.name: [point.values.values for point in line.points]
        for line in History(folder / "history.sqlite").lines()
    }
    assert {name: [sorted(values) for values in points] for name, points in told.items()} == {
        "failover": [[4.5, 5, 6.25]],
        "join ***": [[16]],
    }


def test_junit_has_measurements_in_readable_form(pytester: pytest.Pytester, folder: Path) -> None:
    pytester.runpytest("--rig", "rig.yaml", "-k", "failover", "--junitxml=junit.xml", "-o", "junit_family=xunit1")
    found = [element.attrib for element in ET.parse(folder / "junit.xml").iter("property")]
    assert {"name": "measurement:failover", "value": "6.25 s (limit 80 s)"} in found


def test_a_value_that_is_not_a_number_fails_and_leaves_log_and_history_valid(
    pytester: pytest.Pytester, folder: Path
) -> None:
    pytester.makepyfile(
        test_it="""
        import pytest
        from hil.report.measurements import Measurement

        @pytest.mark.parametrize("value", [4, float("nan"), float("inf")])
        def test_failover(value, record_property):
            measurement = Measurement(name="failover", value=value, limit=8, unit="s")
            record_property(*measurement.to_property())
            measurement.check()
        """
    )
    options = ("--hil-history", "history.sqlite", "--hil-measurements", "measured.jsonl", "--hil-summary", "summary.md")
    pytester.runpytest("--rig", "rig.yaml", *options).assert_outcomes(passed=1, failed=2)
    lines = [json.loads(line) for line in (folder / "measured.jsonl").read_text().splitlines()]
    assert [(line["value"], line["verdict"]) for line in lines] == [(4, "met"), (None, "exceeded"), (None, "exceeded")]
    (line,) = History(folder / "history.sqlite").lines()
    assert line.points[0].values.values == [4]
    assert "| exceeded |" in (folder / "summary.md").read_text()


@pytest.mark.parametrize("fails", [True, False])
def test_a_regression_is_shown_and_fails_the_run_on_request(
    pytester: pytest.Pytester, folder: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    history_of_nights(folder / "history.sqlite", 8, 4.5, 5, 6.25)
    monkeypatch.setenv("HIL_TEST_FACTOR", "1.5")
    options = ("--rig", "rig.yaml", "-k", "failover", "-o", "hil_history=history.sqlite", "--hil-summary", "summary.md")
    result = pytester.runpytest(*options, *(["--hil-fail-on-regression"] if fails else []))
    assert result.ret == (pytest.ExitCode.TESTS_FAILED if fails else pytest.ExitCode.OK)
    result.stdout.fnmatch_lines(
        [
            "firmware: roles/ap 3f2a9c81d2ee",
            "*= worse than before =*",
            "rig small",
            "measurement  runs   n  median    p95    worst  limit   last  change  verdict",
            "failover        9  27     5 s  7.5 s  9.375 s   80 s  7.5 s  +50.0%  worse",
            f"{'this' if fails else '--hil-fail-on-regression'} fails the run; if the change is intended: hil*",
            "*3 passed*",
        ]
    )
    assert "| failover | 9 | 27 | 5 s | 7.5 s | 9.375 s | 80 s | 7.5 s | +50.0% | worse |" in (
        (folder / "summary.md").read_text()
    )


def test_a_run_like_the_others_passes(pytester: pytest.Pytester, folder: Path) -> None:
    history_of_nights(folder / "history.sqlite", 8, 4.5, 5, 6.25)
    options = ("--rig", "rig.yaml", "-k", "failover", "--hil-history", "history.sqlite")
    result = pytester.runpytest(*options, "--hil-fail-on-regression")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["measurements against earlier runs: none of 1 got worse"])


def test_another_rig_or_condition_is_not_compared(pytester: pytest.Pytester, folder: Path) -> None:
    history_of_nights(folder / "history.sqlite", 8, 0.1, 0.1, 0.1)
    options = ("--rig", "rig.yaml", "-k", "failover", "--hil-history", "history.sqlite", "--hil-condition", "loss=0.1")
    result = pytester.runpytest(*options, "--hil-fail-on-regression")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*: none of 0 got worse, 1 with too few runs to compare"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--hil-history", "rig.yaml"], "measurement history rig.yaml: file is not a database; it must be*"),
        (["--hil-measurements", "."], "--hil-measurements .: Is a directory; name a file that can be written"),
        (["--hil-summary", "no/summary.md"], "--hil-summary no/summary.md: No such file or directory; name a file*"),
        (["--hil-fail-on-regression"], "--hil-fail-on-regression needs earlier runs to compare with; give --hil-hist*"),
    ],
)
def test_unusable_files_are_reported_before_any_test(
    pytester: pytest.Pytester, folder: Path, options: list[str], said: str
) -> None:
    result = pytester.runpytest("--rig", "rig.yaml", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {said}"])
    assert (folder / "rig.yaml").read_text() == RIG.strip()


def test_a_history_that_breaks_during_the_run_is_reported_and_fails_the_run(
    pytester: pytest.Pytester, folder: Path
) -> None:
    pytester.makepyfile(
        test_it="""
        from pathlib import Path
        from hil.report.measurements import Measurement

        def test_failover(record_property):
            record_property(*Measurement(name="failover", value=4, limit=8, unit="s").to_property())
            Path("history.sqlite").write_text("no database at all" * 99)
        """
    )
    options = ("--hil-history", "history.sqlite", "--hil-measurements", "measured.jsonl")
    result = pytester.runpytest("--rig", "rig.yaml", *options)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["measurement history history.sqlite: *; this run is not in the history"])
    assert json.loads((folder / "measured.jsonl").read_text())["value"] == 4


def test_collect_only_does_not_touch_the_files(pytester: pytest.Pytester, folder: Path) -> None:
    (folder / "measured.jsonl").write_text("of an earlier run\n")
    options = ("--hil-history", "history.sqlite", "--hil-measurements", "measured.jsonl", "--hil-summary", "summary.md")
    pytester.runpytest("--rig", "rig.yaml", "--collect-only", *options)
    assert (folder / "measured.jsonl").read_text() == "of an earlier run\n"
    assert not (folder / "history.sqlite").exists()
    assert (folder / "summary.md").read_text() == ""


def test_a_worker_that_dies_loses_only_its_own_measurement(pytester: pytest.Pytester, folder: Path) -> None:
    pytester.makepyfile(
        test_it="""
        import os
        import signal
        import pytest
        from hil.report.measurements import Measurement

        @pytest.mark.parametrize("value", range(6))
        def test_failover(value, record_property):
            record_property(*Measurement(name="failover", value=value, limit=80, unit="s").to_property())
            if value == 3:
                os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    options = ("--hil-history", "history.sqlite", "--hil-measurements", "measured.jsonl")
    result = pytester.runpytest("--rig", "rig.yaml", "-n", "2", *options)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    lines = (folder / "measured.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["value"] for line in lines) == [0, 1, 2, 4, 5]
    (line,) = History(folder / "history.sqlite").lines()
    assert sorted(line.points[0].values.values) == [0, 1, 2, 4, 5]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_job_summary_is_markdown(pytester: pytest.Pytester, folder: Path, workers: str) -> None:
    (folder / "summary.md").write_text("# What a step wrote before\n")
    pytester.runpytest("--rig", "rig.yaml", "-n", workers, "--hil-summary", "summary.md", "-p", "no:terminal")
    text = (folder / "summary.md").read_text()
    assert "hush-hush" not in text
    lines = text.splitlines()
    assert lines[:7] == [
        "# What a step wrote before",
        "## Rig small, seed 1",
        "",
        "| testplan | passed | skipped | blocked | failed | bench-error |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        r"| test\_it.py | 3 | - | - | 1 | 1 |",
        "",
    ]
    assert lines[7:9] == ["| test | outcome | why |", "| --- | --- | --- |"]
    cable = "PowerError: hub main, port 2: no answer; check the cable \\| of the hub"
    limit = 'hil.errors.MeasurementExceeded: measurement "join \\*\\*\\*": 16 s is over the limit of 15 s'
    assert sorted(lines[9:11]) == [
        rf"| test\_it.py::test\_cable | bench-error | {cable} |",
        rf"| test\_it.py::test\_join | failed | {limit} |",
    ]
    assert "| measurement | n | median | worst | limit | verdict |" in lines
    assert "| failover | 3 | 5 s | 6.25 s | 80 s | met |" in lines
