"""``check --hook``: what pre-commit and prek call with the files of a commit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + 64 * "0" + "\nsize 12345\n"
FACTORY = '[[model]]\nsource = "nets:build"\nrequire = ["final rf >= 36"]\n'


def entry(source: str, size: int = 36) -> str:
    return f'[[model]]\nsource = "{source}"\nrequire = ["final rf >= {size}"]\n'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two projects, and an outermost pyproject.toml that is about other tools."""
    monkeypatch.chdir(tmp_path)
    for name, model in (("one", "unet"), ("two", "tcn")):
        (tmp_path / name / "models").mkdir(parents=True)
        shutil.copy(EXAMPLES / f"{model}.onnx", tmp_path / name / "models")
    (tmp_path / "one" / "rf.toml").write_text(entry("models/unet.onnx") + FACTORY)
    (tmp_path / "two" / "pyproject.toml").write_text(
        entry("models/*.onnx", 99).replace("[[model]]", "[[tool.pytest-rf.model]]")
    )
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "all"\n')
    return tmp_path


def told(*paths: str, status: int) -> str:
    command = [sys.executable, "-m", "pytest_rf", "check", "--hook", *paths]
    found = subprocess.run(
        command,
        env={**os.environ, "COLUMNS": "200", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert found.returncode == status, found.stdout
    return found.stdout


def test_each_file_is_held_against_the_configuration_nearest_above_it(repository: Path) -> None:
    text = told("one/models/unet.onnx", "two/models/tcn.onnx", status=1)
    assert "✓ unet (one/models/unet.onnx): 1 requirement holds" in text
    assert "--> two/pyproject.toml:3:12 in model tcn" in text
    assert "Checked 2 models, 2 requirements: 1 violation." in text


def test_a_configuration_stands_for_all_its_models_and_code_is_left_to_the_other_hook(
    repository: Path,
) -> None:
    text = told("one/rf.toml", status=0)
    assert "– build (nets:build): left out: runs code, which is left to the hook pytest-rf-system" in text
    assert "Checked 1 model, 1 requirement: all hold, 1 left out." in text


def test_a_file_beside_its_configuration_is_checked_once(repository: Path) -> None:
    assert "Checked 1 model, 1 requirement: all hold, 1 left out." in told(
        "one/models/unet.onnx", "one/rf.toml", status=0
    )


def test_only_code(repository: Path) -> None:
    (repository / "one" / "rf.toml").write_text(FACTORY)
    assert "Checked nothing: 1 model left out." in told("one/rf.toml", status=0)


def test_leaving_out_is_for_hooks_alone(repository: Path) -> None:
    command = [sys.executable, "-m", "pytest_rf", "check", "--config", "one/rf.toml"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert "nets:build: runs code of the project, which needs --allow-code" in found.stderr


def test_a_pyproject_of_other_tools_is_none_of_ours(repository: Path) -> None:
    assert told("pyproject.toml", status=0) == "Checked nothing.\n"
    text = told("pyproject.toml", "two/pyproject.toml", status=1)
    assert "✗ tcn (two/models/tcn.onnx): 1 violation" in text


def test_a_model_that_no_configuration_covers_fails(repository: Path) -> None:
    shutil.copy(EXAMPLES / "unet.onnx", repository / "new.onnx")
    shutil.copy(EXAMPLES / "unet.onnx", repository / "one" / "new.onnx")
    assert "error: new.onnx: nothing was judged: " in told("new.onnx", status=2)
    assert "one/new.onnx: nothing was judged: no model of one/rf.toml has this source" in told(
        "one/new.onnx", status=2
    )


def test_a_pointer_of_git_lfs_is_named(repository: Path) -> None:
    (repository / "one" / "models" / "unet.onnx").write_text(POINTER)
    text = told("one/models/unet.onnx", status=2)
    assert "one/models/unet.onnx: is a Git LFS pointer, not the model; run 'git lfs pull'" in text


@pytest.mark.parametrize("paths", [["one/models/unet.onnx"], ["one/rf.toml"]])
def test_a_pointer_of_git_lfs_is_left_out_where_the_configuration_says_so(
    repository: Path, paths: list[str]
) -> None:
    (repository / "one" / "models" / "unet.onnx").write_text(POINTER)
    (repository / "one" / "rf.toml").write_text('lfs = "skip"\n' + entry("models/unet.onnx"))
    text = told(*paths, status=0)
    assert (
        '– unet (one/models/unet.onnx): left out: a Git LFS pointer, which lfs = "skip" in one/rf.toml leaves out'
        in text
    )
    assert "Checked nothing: 1 model left out." in text
    shutil.copy(EXAMPLES / "unet.onnx", repository / "one" / "models")
    assert "Checked 1 model, 1 requirement: all hold." in told(*paths, status=0)


def test_what_lfs_takes(repository: Path) -> None:
    (repository / "one" / "rf.toml").write_text('lfs = "ignore"\n' + entry("models/unet.onnx"))
    assert "error, skip" in told("one/rf.toml", status=2)


def test_renamed_and_deleted_files_are_named(repository: Path) -> None:
    (repository / "one" / "models" / "unet.onnx").rename(repository / "one" / "models" / "net.onnx")
    assert "one/models/unet.onnx: no such file" in told("one/rf.toml", status=2)
    text = told("one/models/net.onnx", status=2)
    assert "one/models/net.onnx: nothing was judged: no model of one/rf.toml has this source" in text


def test_links(repository: Path) -> None:
    link = repository / "one" / "link.onnx"
    link.symlink_to("models/unet.onnx")
    assert "✓ unet (one/models/unet.onnx): 1 requirement holds" in told("one/link.onnx", status=0)
    link.unlink()
    link.symlink_to("nix.onnx")
    assert "one/link.onnx: is a dangling symbolic link" in told("one/link.onnx", status=2)
    (repository / "folder.onnx").mkdir()
    assert "folder.onnx: is not a regular file" in told("folder.onnx", status=2)


def test_the_report_says_what_was_left_out(repository: Path) -> None:
    data = json.loads(told("one/rf.toml", "--format", "json", status=0))
    assert [(one["model"], bool(one["skipped"]), one["judged"]) for one in data["models"]] == [
        ("unet", False, True),
        ("build", True, False),
    ]
    assert data["config"] == "one/rf.toml"


def test_a_given_configuration_is_for_all(repository: Path) -> None:
    text = told("--config", "one/rf.toml", "two/models/tcn.onnx", status=2)
    assert "two/models/tcn.onnx: nothing was judged: no model of one/rf.toml has this source" in text


def test_without_files_the_configuration_of_the_working_directory_is_checked(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "one")
    assert "Checked 1 model, 1 requirement: all hold, 1 left out." in told(status=0)


def test_a_broken_configuration_is_an_error(repository: Path) -> None:
    (repository / "one" / "rf.toml").write_text("[[model]\n")
    assert "error: one/rf.toml" in told("one/models/unet.onnx", "two/models/tcn.onnx", status=2)


def test_a_second_configuration_beside_the_first_is_an_error(repository: Path) -> None:
    (repository / "one" / "pyproject.toml").write_text("[tool.pytest-rf]\n")
    text = told("one/models/unet.onnx", status=2)
    assert f"one{os.sep}pyproject.toml is not read, because one{os.sep}rf.toml lies beside it" in text


def test_other_formats_say_what_was_left_out(repository: Path) -> None:
    (repository / "two" / "models" / "tcn.onnx").write_text(POINTER)
    (repository / "two" / "pyproject.toml").write_text(
        '[tool.pytest-rf]\nlfs = "skip"\n'
        + entry("models/*.onnx", 99).replace("[[model]]", "[[tool.pytest-rf.model]]")
    )
    paths = ("one/models/unet.onnx", "two/models/tcn.onnx")
    junit = told(*paths, "--format", "junit", status=0)
    assert 'tests="2"' in junit
    assert (
        "left out: a Git LFS pointer, which lfs = &quot;skip&quot; in two/pyproject.toml leaves out" in junit
    )
    assert junit.count("<skipped ") == 1
    summary = told(*paths, "--format", "markdown", status=0)
    (line,) = (line for line in summary.splitlines() if "➖" in line)
    assert "left out: " in line
    assert "Git LFS pointer" in line
