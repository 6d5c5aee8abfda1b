"""What each door finds in a project, as plain data that can be compared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_rf import cli

Pytester = pytest.Pytester

REPORTED = ("--rf", "--rf-report", "json:out.json")
OUTCOMES = {
    **{"holds": "passed", "violated": "failed", "undecidable": "failed", "error": "failed"},
    **{"waived": "xfailed", "known": "xfailed", "not applicable": "skipped"},
}
Results = dict[tuple[str, str], dict[str, Any]]


def models(report: dict[str, Any]) -> Results:
    """Return all that was found out about the models of a report, without their order."""
    found = {(one["model"], one["file"]): one for one in report["models"]}
    assert len(found) == len(report["models"])
    return found


def checked(folder: Path, *arguments: str, status: int = 2) -> Results:
    """Return what the command line finds in this process."""
    # In a file, for what models print must not come in between.
    assert cli.run(["check", "--report", "json:out.json", *arguments]) == status
    report = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert report["exit_code"] == status
    return models(report)


def checked_outside(*arguments: str) -> Results:
    """Return what the command line finds in a process of its own."""
    command = [sys.executable, "-m", "pytest_rf", "check", "--format", "json", *arguments]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    found = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=False)
    assert found.returncode == 2, found.stderr
    return models(json.loads(found.stdout))


def under_pytest(pytester: Pytester, *arguments: str) -> Results:
    """Return what pytest finds in a process of its own."""
    result = pytester.runpytest_subprocess(*REPORTED, *arguments)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    return reported(pytester.path)


def reported(folder: Path) -> Results:
    """Return what the report of pytest has."""
    report = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert report["exit_code"] == 2
    return models(report)


def files(folder: Path) -> list[str]:
    """Return the models of the project as a commit hook is given them."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.onnx"))


def same(found: Results, expected: Results) -> None:
    """Require that all is the same; and say of the first model where it is not."""
    assert sorted(found) == sorted(expected)
    for name, one in expected.items():
        assert found[name] == one


def outcomes(run: pytest.HookRecorder) -> dict[str, str]:
    """Return what became of the items of a run by their names: a model's, and a requirement's."""
    found = {}
    for report in run.getreports("pytest_runtest_logreport"):
        if report.when == "call":
            name = report.nodeid.partition("::")[2]
            found[name] = "xfailed" if hasattr(report, "wasxfail") else report.outcome
    return found


def agree(items: dict[str, str], expected: Results) -> None:
    """Require that pytest passes and fails what the command line does."""
    for (model, _), one in expected.items():
        own = {name: outcome for name, outcome in items.items() if name.startswith(f"{model}::")}
        grave = [found for found in one["findings"] if found["severity"] == "error" or found["undecidable"]]
        assert ("failed" in own.values()) == bool(grave or one["problems"]), model
        states = [held["status"] for held in one["requirements"]]
        if set(states) == {"error"} or one["skipped"]:  # told once
            assert sorted(own.values())[1:] == ["skipped"] * (len(own) - 1)
            continue
        for held in one["requirements"]:
            assert own[f"{model}::{held['text']}"] == OUTCOMES[held["status"]], (model, held["text"])
