"""``hil doctor`` on a virtual rig."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hil.commands.cli import app

pytestmark = pytest.mark.usefixtures("rig_file")


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["doctor", *arguments], env={"COLUMNS": "160"})


def test_table_and_status() -> None:
    result = doctor()
    assert result.exit_code == 0, result.output
    assert "off removes its serial device and clears its RAM" in result.stdout
    assert "15 ok, 3 skipped" in result.stdout


def test_json_of_chosen_boards_the_probe_among_them() -> None:
    result = doctor("P", "--json")
    said = json.loads(result.stdout)
    assert (said["rig"], said["ok"]) == ("bench-1", True)
    assert {finding["subject"] for finding in said["findings"]} == {"bench-1", "P"}
    assert set(said["findings"][0]) == {"check", "subject", "status", "text", "advice"}


def test_failure_has_its_status_and_leaves_the_other_checks(rig_file: Path) -> None:
    deeds = ", ".join(f"{deed}: [/no/such/program]" for deed in ("on", "off", "state"))
    rig_file.write_text(
        "rig: plugs\nwifi: {ssid: PicoAP, password: pico1234}\n"
        f"hubs:\n  plug: {{driver: command, {deeds}}}\n"
        f"boards:\n  A: {{power: plug/1, link: '{rig_file.parent}/no-such'}}\n"
    )
    result = doctor("--json")
    assert result.exit_code == 1
    (finding,) = [finding for finding in json.loads(result.stdout)["findings"] if finding["check"] == "serial"]
    assert (finding["subject"], finding["status"]) == ("A", "failed")
    assert "/no/such/program" in finding["text"]
    assert json.loads(result.stdout)["findings"][-1]["check"] == "kernel"


def test_unknown_board() -> None:
    result = doctor("Q")
    assert (result.exit_code, result.stderr) == (2, "rig bench-1 has no board Q; it has A, B, P\n")
