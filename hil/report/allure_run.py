"""What Allure shows about the complete run: environment, categories, and the CI server that ran it."""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hil.config.rig import RigConfig
from hil.faults.condition import Condition
from hil.report.allure_result import CATEGORIES
from hil.report.redaction import Redactor
from hil.report.results import Attempt
from hil.report.revision import git_revision


def write_run(
    folder: Path,
    *,
    rig: RigConfig,
    condition: Condition,
    attempts: Iterable[Attempt],
    root: Path,
    redactor: Redactor,
) -> None:
    """Write the files of the run ``attempts`` into ``folder``. The git revision is that of ``root``."""

    def write(name: str, text: str) -> None:
        (folder / name).write_text(redactor.redact(text), encoding="utf-8")

    folder.mkdir(parents=True, exist_ok=True)
    write("environment.properties", _java_properties(_environment(rig, condition, list(attempts), root)))
    categories = [
        {"name": name, "messageRegex": f"(?s){name}: .*", "matchedStatuses": [status]}
        for name, status in CATEGORIES.items()
    ]
    write("categories.json", json.dumps(categories, indent=2) + "\n")
    if executor := executor_of(os.environ):
        write("executor.json", json.dumps(executor, indent=2) + "\n")


def executor_of(environ: Mapping[str, str]) -> dict[str, Any]:
    """The CI server that runs this, for Allure's executor; empty without one. Supports GitHub Actions."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return {}
    server, repository, run = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return {
        "name": "GitHub Actions",
        "type": "github",
        "buildName": f"{environ.get('GITHUB_WORKFLOW', 'run')} #{environ.get('GITHUB_RUN_NUMBER', '?')}",
        "buildOrder": int(environ.get("GITHUB_RUN_NUMBER", "0")),
        "buildUrl": f"{server}/{repository}/actions/runs/{run}",
    }


def _environment(rig: RigConfig, condition: Condition, attempts: Iterable[Attempt], root: Path) -> dict[str, str]:
    values = {
        "rig": rig.name,
        "boards": ", ".join(rig.boards),
        "bench": "virtual" if rig.is_virtual else "real",
        "seed": str(rig.virtual.seed) if rig.is_virtual else "",
        "condition": condition.text,
        "MicroPython": ", ".join(sorted({version for attempt in attempts for version in attempt.micropython})),
        "firmware": ", ".join(sorted({name for attempt in attempts for name in attempt.firmware})),
        "git revision": git_revision(root) or "",
        "Python": platform.python_version(),
    }
    return {name: value for name, value in values.items() if value}


def _java_properties(values: Mapping[str, str]) -> str:
    lines = (f"{name.replace(' ', '.')}={value}" for name, value in values.items())
    return "".join(line.replace("\\", "\\\\").replace("\n", " ") + "\n" for line in lines)
