"""Properties of the CI workflows. `make lint` checks their syntax."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40}")
SECRET = re.compile(r"\bsecrets\b")


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load((ROOT / ".github" / "workflows" / name).read_text())
    return loaded


def jobs(name: str) -> list[dict[str, Any]]:
    return list(load(name)["jobs"].values())


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in jobs(name) for step in job["steps"]]


def commands(name: str) -> str:
    return "\n".join(step.get("run", "") for step in steps(name))


every_workflow = pytest.mark.parametrize("name", [path.name for path in FILES])
with_report = pytest.mark.parametrize("name", ["ci.yml", "nightly.yml"])


def test_the_set_of_workflows() -> None:
    assert [path.name for path in FILES] == ["ci.yml", "nightly.yml", "release.yml"]


@every_workflow
def test_tokens_are_read_only_and_only_the_publishing_job_has_an_identity(name: str) -> None:
    assert load(name)["permissions"] == {}
    for job, section in load(name)["jobs"].items():
        expected = {"id-token": "write"} if (name, job) == ("release.yml", "publish") else {"contents": "read"}
        assert section["permissions"] == expected


@every_workflow
def test_checkout_leaves_no_token_behind(name: str) -> None:
    found = [step["with"] for step in steps(name) if step.get("uses", "").startswith("actions/checkout@")]
    assert [given["persist-credentials"] for given in found] == [False]


@every_workflow
def test_actions_are_pinned_to_a_commit(name: str) -> None:
    used = [step["uses"] for step in steps(name) if "uses" in step]
    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []


@every_workflow
def test_everything_has_a_timeout(name: str) -> None:
    assert all(0 < job["timeout-minutes"] <= 180 for job in jobs(name))
    runs = [step for step in steps(name) if "run" in step]
    assert [step["name"] for step in runs if "timeout-minutes" not in step] == []
    for job in jobs(name):
        assert max(step.get("timeout-minutes", 0) for step in job["steps"]) < job["timeout-minutes"]


@every_workflow
def test_no_text_from_outside_gets_into_a_command(name: str) -> None:
    assert "${{" not in commands(name)


@every_workflow
def test_targets_of_make_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = [
        word
        for line in commands(name).splitlines()
        for word in re.findall(r"\bmake ((?:[a-z-]+ ?)+)", line)
        for word in word.split()
    ]
    assert targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_ci_runs_the_commands_of_the_readme_on_every_python() -> None:
    (job,) = jobs("ci.yml")
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    in_readme = re.findall(r"^    (make \w+) +#", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert in_readme == ["make demo", "make test"]
    for command in in_readme:
        assert re.search(rf"{command}$", commands("ci.yml"), re.MULTILINE)


def test_ci_of_a_pull_request_gets_no_secret_and_no_machine_of_ours() -> None:
    assert set(load("ci.yml")["on"]) == {"push", "pull_request"}
    assert not SECRET.search((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert [job["runs-on"] for job in jobs("ci.yml")] == ["ubuntu-24.04"]


def test_only_the_schedule_and_people_with_write_access_start_the_bench() -> None:
    assert set(load("nightly.yml")["on"]) == {"schedule", "workflow_dispatch"}
    (job,) = jobs("nightly.yml")
    assert job["if"] == "${{ !github.event.repository.fork }}"
    assert job["environment"] == "bench"
    assert job["runs-on"] == ["self-hosted", "linux", "pico-hil"]


def test_two_nightly_runs_never_share_a_rig() -> None:
    workflow = load("nightly.yml")
    assert workflow["concurrency"]["cancel-in-progress"] is False
    rig = YAML(typ="safe").load((ROOT / workflow["env"]["RIG"]).read_text())
    assert workflow["concurrency"]["group"] == f"rig-{rig['rig']}"


def test_only_the_steps_that_need_the_wifi_key_have_it() -> None:
    (job,) = jobs("nightly.yml")
    assert not SECRET.search(str({**job, "steps": []}))
    steps_with_secret = [step["name"] for step in job["steps"] if SECRET.search(str(step))]
    assert steps_with_secret == ["Test", "Switch the boards off"]


def test_boards_are_always_switched_off_and_results_of_failed_tests_are_published() -> None:
    conditions = {step["name"]: step.get("if") for step in steps("nightly.yml") if "name" in step}
    assert conditions["Switch the boards off"] == "${{ always() }}"
    assert conditions["Report"] == conditions["Publish"] == "${{ !cancelled() }}"
    assert list(conditions)[-2:] == ["Report", "Publish"], "the report is published"


@with_report
def test_the_report_is_made_from_the_results_of_pytest_and_is_kept(name: str) -> None:
    (arguments,) = re.findall(r'make report RUN="(.*)"', commands(name))
    words = arguments.split()
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert set(options) == {"--results", "--output", "--state"}
    shown = subprocess.run(
        [sys.executable, ROOT / "report" / "build.py", "--help"], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert [option for option in options if option not in shown] == []
    written = str([(step.get("run"), step.get("env")) for step in steps(name)])
    assert re.search(rf"--alluredir[ =]{options['--results']}\b", written)
    assert re.search(rf'--hil-history[ =]"?{re.escape(options["--state"])}/measurements\.sqlite', written)
    (kept,) = [step["with"]["path"] for step in steps(name) if "upload-artifact" in step.get("uses", "")]
    assert str(Path(options["--output"]).parent) in kept.split()


def test_ci_keeps_the_screenshots_of_the_browser_test() -> None:
    assert "HIL_REQUIRE_BROWSER=1" in commands("ci.yml")
    (kept,) = [step["with"]["path"] for step in steps("ci.yml") if "upload-artifact" in step.get("uses", "")]
    assert "build/screenshots" in kept.split()
    assert 'SCREENSHOTS = ROOT / "build" / "screenshots"' in (ROOT / "tests" / "report" / "test_browser.py").read_text()


def test_the_nightly_run_uses_existing_options_of_pytest(pytester: pytest.Pytester) -> None:
    (test,) = [step for step in steps("nightly.yml") if step.get("name") == "Test"]
    arguments = shlex.split(test["run"])
    assert arguments[:2] == [".venv/bin/pytest", "--rig"]
    own = [argument for argument in arguments if argument.startswith("--hil-")]
    assert {"--hil-history", "--hil-fail-on-regression", "--hil-summary", "--hil-measurements"} <= set(own)
    shown = pytester.runpytest("--help").stdout.str()
    assert [option for option in own if not re.search(rf"^  {option}\b", shown, re.MULTILINE)] == []


def test_a_tag_of_a_version_and_nothing_else_starts_a_release() -> None:
    assert load("release.yml")["on"] == {"push": {"tags": ["v*"]}}
    assert not SECRET.search((ROOT / ".github" / "workflows" / "release.yml").read_text())


def test_published_files_were_built_and_checked_by_make_dist_with_the_tag() -> None:
    build, publish = jobs("release.yml")
    (made,) = [step for step in build["steps"] if "run" in step]
    assert (made["run"], made["env"]) == ("make dist", {"TAG": "${{ github.ref_name }}"})
    (kept,) = [step["with"] for step in build["steps"] if "upload-artifact" in step.get("uses", "")]
    (fetched,) = [step["with"] for step in publish["steps"] if "download-artifact" in step.get("uses", "")]
    assert (fetched["name"], fetched["path"]) == (kept["name"], kept["path"]) == ("dist", "dist")
    recipe = subprocess.run(
        ["make", "--dry-run", "--always-make", "dist"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    for program in (
        "check_dist version",
        "-m build",
        "twine check --strict",
        "check-wheel-contents",
        "check_dist files",
    ):
        assert program in recipe


def test_publishing_runs_none_of_our_code_and_needs_an_environment() -> None:
    _, publish = jobs("release.yml")
    assert publish["needs"] == "build"
    assert publish["environment"] == "pypi"
    assert publish["if"] == "${{ !github.event.repository.fork }}"
    assert [step["uses"].partition("@")[0] for step in publish["steps"]] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ]


def test_ci_builds_and_checks_the_files_of_a_release() -> None:
    assert re.search(r"^make dist$", commands("ci.yml"), re.MULTILINE)
