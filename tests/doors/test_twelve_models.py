"""A configuration with models of all kinds: whichever door checks it, the same is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zoo
from doors import (
    REPORTED,
    agree,
    checked,
    checked_outside,
    files,
    models,
    outcomes,
    reported,
    same,
    under_pytest,
)

from pytest_rf import cli
from pytest_rf.results import JUDGED

Pytester = pytest.Pytester


@pytest.fixture
def folder(alone: Path) -> Path:
    zoo.write(alone)
    return alone


def test_all_that_can_become_of_a_model_is_there(folder: Path) -> None:
    found = checked(folder)
    assert len(found) > 20
    states = {held["status"] for one in found.values() for held in one["requirements"]}
    assert states == {*JUDGED, "error", "not applicable"}
    codes = {finding["code"] for one in found.values() for finding in one["findings"]}
    assert codes >= {"RF001", "RF002", "RF003", "RF004", "RF005", "RF006", "RF103", "RF303", "RF502"}
    named = {
        key: {name for (name, _), one in found.items() if one[key]}
        for key in ("problems", "skipped", "waived", "known", "chosen", "warnings")
    }
    assert named == {
        "problems": {"wrong", "broken", "missing", "empty", "second"},
        "skipped": {"pointer"},
        "waived": {"waived"},
        "known": {"known", "worse"},
        "chosen": {"dynamic"},
        "warnings": {"improved"},
    }


def test_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = checked(folder)
    capsys.readouterr()
    assert cli.run(["check", "--format", "json"]) == 2
    same(models(json.loads(capsys.readouterr().out)), expected)
    same(checked_outside(), expected)
    same(checked(folder, *(name for name, _ in expected)), expected)
    same(checked(folder, "rf.toml"), expected)
    same(checked(folder, "--hook", "rf.toml"), expected)
    same(checked(folder, "--hook", "--config", "rf.toml"), expected)


def test_pytest(pytester: Pytester, folder: Path) -> None:
    expected = checked(folder)
    run = pytester.inline_run(*REPORTED, "-Wdefault")  # here all warnings are errors
    same(reported(folder), expected)
    agree(outcomes(run), expected)
    same(under_pytest(pytester), expected)


def test_workers_of_pytest(pytester: Pytester, folder: Path) -> None:
    pytest.importorskip("xdist")
    expected = checked(folder)
    same(under_pytest(pytester, "-pxdist", "-n2"), expected)


def test_files_of_a_commit(folder: Path) -> None:
    everything = checked(folder)
    expected = {key: one for key, one in everything.items() if (folder / one["file"]).is_file()}
    same(checked(folder, *files(folder)), expected)
    same(checked(folder, "--hook", *files(folder)), expected)
    same(checked(folder, "--hook", "rf.toml", *files(folder)), everything)
