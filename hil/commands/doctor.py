"""``hil doctor``: checks whether a rig can be trusted, and advises what to do where it cannot."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hil.commands.rig_option import DEFAULT_RIG, BoardNames, RigOption, read_rig, with_boards
from hil.doctor import Finding, Status
from hil.doctor.examination import examine
from hil.errors import HilError

_STYLES = {Status.OK: "green", Status.WARNING: "yellow", Status.FAILED: "bold red", Status.SKIPPED: "dim"}


def doctor(
    boards: BoardNames = None,
    rig: RigOption = DEFAULT_RIG,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one object, with a list of findings.")] = False,
) -> None:
    """Qualify a rig, or some of its boards: rights, USB, power switching, MicroPython, flash, radio, kernel messages.

    The boards' programs are stopped, and power is cut board by board. Files stay; boards that were on run their
    program again afterwards. Exit status 1: a check failed. 2: nothing could be checked.
    """
    try:
        config = with_boards(read_rig(rig), boards or [])
        findings = []
        progress = Console(stderr=True)
        with progress.status(f"rig {config.name}") as status:
            for finding in examine(config):
                findings.append(finding)
                status.update(Text(f"rig {config.name}: {finding.subject}, {finding.check} done"))
    except HilError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error
    is_ok = all(finding.status is not Status.FAILED for finding in findings)
    if as_json:
        report = {"rig": config.name, "ok": is_ok, "findings": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(config.name, findings)
    if not is_ok:
        raise typer.Exit(code=1)


def _show(rig: str, findings: Iterable[Finding]) -> None:
    counts = dict.fromkeys(Status, 0)
    table = Table("check", "of", "", "what was seen, and what to do", title=f"Rig {rig}", title_justify="left")
    for finding in findings:
        counts[finding.status] += 1
        text = Text(finding.text)
        if finding.advice:
            text.append(f"\n→ {finding.advice}", style="italic")
        mark = Text(finding.status, style=_STYLES[finding.status])
        table.add_row(finding.check, Text(finding.subject), mark, text)
    console = Console()
    console.print(table)
    console.print(Text(", ".join(f"{count} {status}" for status, count in counts.items() if count)))
