"""The same with models that code makes: every door that may run it finds the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import zoo
from doors import REPORTED, Results, agree, checked, checked_outside, outcomes, reported, same, under_pytest

pytest.importorskip("torch")

Pytester = pytest.Pytester
CODE = "--allow-code"


@pytest.fixture
def folder(alone: Path) -> Path:
    zoo.write(alone, code=True)
    return alone


def test_every_door(pytester: Pytester, folder: Path) -> None:
    """All doors in one test: it takes long to write the models and to run their code."""
    expected = checked(folder, CODE)
    same(checked_outside(CODE), expected)
    same(checked(folder, "--hook", CODE, "rf.toml"), expected)
    same(checked_outside("--hook", CODE, "--config", "rf.toml"), expected)
    same(under_pytest(pytester), expected)
    pytest.importorskip("xdist")
    same(under_pytest(pytester, "-pxdist", "-n2"), expected)
    without_leave_code_is_an_error_and_left_out_by_the_hook(folder, expected)
    run = pytester.inline_run(*REPORTED, "-Wdefault")
    same(reported(folder), expected)
    agree(outcomes(run), expected)


def without_leave_code_is_an_error_and_left_out_by_the_hook(folder: Path, allowed: Results) -> None:
    refused, left = checked(folder), checked(folder, "--hook", "rf.toml")
    for key, one in allowed.items():
        if key[1].endswith(".onnx"):
            assert refused[key] == left[key] == one
        else:
            assert "needs --allow-code" in refused[key]["problems"][0]["message"]
            assert "pytest-rf-system" in left[key]["skipped"]
            assert not left[key]["problems"]
