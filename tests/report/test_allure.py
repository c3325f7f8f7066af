"""What ``--alluredir`` collects, and the report that Allure's generator makes from it."""

import json
from pathlib import Path
from typing import Any

import pytest

from hil.report.allure_run import executor_of

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
hubs:
  main: {driver: virtual, ports: 3}
boards:
  A: {power: main/1}
  B: {power: main/2}
probe: {driver: virtual}
"""

TESTS = """
    import allure
    import logging
    import pytest
    from pathlib import Path
    from hil.errors import BlockedByQuarantine, PowerError, WaitTimeout

    @pytest.fixture
    def leaks():
        yield
        raise ValueError("in teardown: hush-hush")

    @pytest.mark.firmware("talk")
    def test_good(boards, ap, measure, clock, tmp_path):
        with measure("boot", limit=15, unit="s"):
            ap.power.on()
            ap.console.expect("hello", within=15)
        allure.attach("key hush-hush", "mine", allure.attachment_type.TEXT)
        (tmp_path / "file").write_text("key hush-hush")
        allure.attach.file(tmp_path / "file", "file")

    @pytest.mark.firmware("talk")
    def test_wrong(ap, leaks):
        logging.getLogger().warning("hush-hush and s3cr3t-of-ci")
        print("hush-hush")
        ap.power.on()
        ap.console.expect("nothing", within=20)

    @pytest.mark.parametrize("key", ["hush-hush"])
    def test_limit(measure, key):
        measure("failover", value=9, limit=6, unit="s")

    @pytest.fixture
    def broken_cable():
        yield
        raise PowerError("hub main, port 2: does not switch off")

    def test_wrong_then_cable(broken_cable): assert 1 == 2

    @pytest.mark.parametrize("data", [b"", b"\\xff", object()])
    def test_cases(data): pass

    @pytest.mark.firmware("talk")
    def test_invariant(ap, clock):
        ap.boot()
        ap.console.expect("hello", within=15)
        with ap.repl() as repl:
            pass
        ap.power.on()
        clock.sleep(1)
        raise_invariant()

    def raise_invariant():
        from hil.invariants.watch import InvariantViolated
        try:
            raise InvariantViolated("one-master at 3.000 s: B and C")
        except AssertionError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None

    def test_cable(): raise PowerError("hub main, port 2: no answer; check the cable of the hub")

    def test_blocked(): raise BlockedByQuarantine("board C is quarantined")
"""

CASES = ("test_cases[]", "test_cases[\\xff]", "test_cases[data2]")

MANIFEST = """\
app: talk
description: prints hello
roles:
  ap: {files: {main.py: main.py}}
  client: {files: {main.py: main.py}}
events:
  hello: '^hello'
  nothing: '^nothing'
"""


@pytest.fixture
def results(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a run of :data:`TESTS` left."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    monkeypatch.setenv("CI_DEPLOY_TOKEN", "s3cr3t-of-ci")
    app = pytester.mkdir("firmware") / "talk"
    app.mkdir()
    (app / "firmware.yaml").write_text(MANIFEST)
    (app / "main.py").write_text("print('hello key=hush-hush')\nimport time\nwhile True:\n    time.sleep(9)\n")
    rig = pytester.makefile(".yaml", rig=RIG)
    pytester.makepyfile(test_it=TESTS)
    # In a separate process, because Allure's plugins are global in a process.
    done = pytester.runpytest_subprocess("--rig", rig, "--alluredir", "results", "-p", "no:cacheprovider")
    done.stdout.fnmatch_lines(["*4 failed, 4 passed*"])
    return pytester.path / "results"


def test_results_have_reasons_attachments_and_labels_and_no_secret(results: Path) -> None:
    tests = {test["name"]: test for path in results.glob("*-result.json") for test in [json.loads(path.read_text())]}

    told = {name: (label(test, "category"), test["status"]) for name, test in tests.items()}
    assert told == {
        "test_good": ([], "passed"),
        "test_wrong": (["product defect"], "failed"),
        "test_limit[***]": (["limit exceeded"], "failed"),
        "test_invariant": (["invariant violated"], "failed"),
        "test_cable": (["bench error"], "broken"),
        "test_wrong_then_cable": (["bench error"], "broken"),
        "test_blocked": (["blocked"], "broken"),
    } | dict.fromkeys(CASES, ([], "passed"))

    parameters = {name: {each["name"]: each for each in tests[name]["parameters"]} for name in CASES}
    assert [of_case["case"].get("value", "") for of_case in parameters.values()] == ["", "\\xff", "data2"]
    assert [parameters[name]["data"]["value"] for name in CASES[:2]] == ["b''", "b'\\xff'"]
    # The remaining ones identify the test, and are the same in every run.
    compared = [{name for name, each in of_case.items() if not each.get("excluded")} for of_case in parameters.values()]
    assert compared == [{"case", "rig"}] * 3
    assert len({tests[name]["historyId"] for name in CASES}) == 3

    first_screen = tests["test_wrong"]["statusDetails"]["message"]
    assert first_screen.startswith("product defect: A: no event 'nothing' (a line matching '^nothing') within 20 s")
    assert "A: power on since 0.000 s; " in first_screen
    assert "s: hello key=***" in first_screen
    assert "B: no power; it printed nothing" in first_screen
    # As in the closing summary, where a bench error outweighs the failure of the test.
    message = tests["test_wrong_then_cable"]["statusDetails"]["message"]
    assert message.startswith("bench error: hub main, port 2: does not switch off")

    good = tests["test_good"]
    assert label(good, "rig") == ["small"]
    assert label(good, "board") == ["A", "B"]
    assert label(good, "firmware") == ["talk/ap", "talk/client"]
    assert {len(digest) for digest in label(good, "firmware digest")} == {12}
    preparation, acts = good["steps"]
    assert any("deploy: talk/ap" in step["name"] for step in preparation["steps"])
    assert acts["steps"][0]["name"] == "0.000 s  measure  measure: boot begins"
    assert any(step["name"] == "0.000 s  A  power: on" for step in acts["steps"])
    attached = {attachment["name"]: attachment for attachment in good["attachments"]}
    expected = {"timeline (picture)", "timeline", "serial log A", "serial log B", "measurements"}
    assert expected | {"packets on the air (pcap)", "mine", "file"} <= attached.keys()
    assert (results / attached["timeline (picture)"]["source"]).read_text().startswith("<svg")
    assert (results / attached["mine"]["source"]).read_text() == "key *********"

    assert {"rig=small", "bench=virtual", "seed=1"} <= set(
        (results / "environment.properties").read_text().splitlines()
    )
    names = [category["name"] for category in json.loads((results / "categories.json").read_text())]
    assert names == ["product defect", "limit exceeded", "invariant violated", "bench error", "blocked"]

    for path in results.iterdir():
        content = path.read_bytes()
        assert b"hush-hush" not in content, path
        assert b"s3cr3t-of-ci" not in content, path


def label(test: dict[str, Any], name: str) -> list[str]:
    return [each["value"] for each in test["labels"] if each["name"] == name]


def test_the_executor_is_a_ci_server_or_nothing() -> None:
    assert executor_of({}) == {}
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "me/rig",
        "GITHUB_RUN_ID": "77",
        "GITHUB_RUN_NUMBER": "5",
        "GITHUB_WORKFLOW": "nightly",
    }
    executor = executor_of(github)
    assert executor["buildName"] == "nightly #5"
    assert executor["buildUrl"] == "https://github.com/me/rig/actions/runs/77"
