from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_rf.checks import RULES


def complete(words: str, position: int) -> list[str]:
    """Return what a shell is told, as its completion script asks for it."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest_rf"],
        env={
            **os.environ, "_PYTEST_RF_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(position)
        },
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_rf"],
        env={**os.environ, "_PYTEST_RF_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
    )
    if shell == "bash" and "version" in done.stderr.lower():
        pytest.skip("bash is too old for click")
    assert done.returncode == 0
    assert "_PYTEST_RF_COMPLETE" in done.stdout
    assert "pytest-rf" in done.stdout


def test_models_of_the_configuration_are_completed(folder: Path) -> None:
    assert complete("pytest-rf check n", 2) == ["plain,net", "file,n"]
    assert complete("pytest-rf show ", 2) == ["plain,net", "file,"]
    assert complete("pytest-rf check --config nix.toml n", 4) == ["file,n"]


def test_a_broken_configuration_completes_files(folder: Path) -> None:
    (folder / "rf.toml").write_text("[[model\n")
    assert complete("pytest-rf check u", 2) == ["file,u"]


def test_no_name_steers_the_shell(folder: Path) -> None:
    (folder / "rf.toml").write_text('[[model]]\nname = "a\\nplain,rm"\nsource = "unet.onnx"\n')
    assert complete("pytest-rf check ", 2) == ["file,"]


def test_rules_are_completed() -> None:
    codes = {rule.code for rule in RULES}
    assert {line.removeprefix("plain,") for line in complete("pytest-rf rule RF3", 2)} == {
        code for code in codes if code.startswith("RF3")
    }
    assert complete("pytest-rf rule checkerb", 2) == [
        f"plain,{rule.name}" for rule in RULES if rule.name.startswith("checkerb")
    ]
    assert "plain,RF3" in complete("pytest-rf check --select rf", 3)
    assert complete("pytest-rf check --ignore RF3,RF101", 3) == ["plain,RF3,RF101"]


def test_formats_and_severities_are_completed() -> None:
    assert complete("pytest-rf check --format s", 3) == ["plain,sarif"]
    assert complete("pytest-rf check --fail-on w", 3) == ["plain,warning"]
