"""Where results go: files, terminals, closed pipes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_rf import cli


def test_output_goes_to_a_file(rf, folder: Path) -> None:
    result = rf("check", "--output", "out.txt", "--color")
    assert (result.status, result.out) == (0, "")
    assert (folder / "out.txt").read_text(encoding="utf-8") == rf("check").out


@pytest.mark.parametrize(
    "file", ["../out.txt", "/nix/out.txt", "link.txt", "away/out.txt", ".", "fifo", "nix/out.txt"]
)
def test_files_elsewhere_are_refused(
    rf, folder: Path, tmp_path_factory: pytest.TempPathFactory, file: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept.txt").write_text("kept")
    (folder / "link.txt").symlink_to(elsewhere / "kept.txt")
    (folder / "away").symlink_to(elsewhere)
    os.mkfifo(folder / "fifo")
    result = rf("check", "-o", file)
    assert result.status == 2
    assert len(result.err.splitlines()) == 1
    assert [path.name for path in elsewhere.iterdir()] == ["kept.txt"]
    assert (elsewhere / "kept.txt").read_text() == "kept"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "arguments", "colored"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"TERM": "dumb"}, [], False),
        ({}, ["--no-color"], False),
        ({"NO_COLOR": "1"}, ["--color"], True),
    ],
)
def test_colour_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], arguments: list[str], colored: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert cli.run(["check", *arguments]) == 0
    assert ("\x1b[" in terminal.getvalue()) is colored


def test_no_colour_where_nobody_looks(rf) -> None:
    assert "\x1b" not in rf("check").out
    assert "\x1b[" in rf("check", "--color").out


def _program(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest_rf", *arguments]
    return subprocess.run(
        command, text=True, encoding="utf-8", check=False, stderr=subprocess.PIPE, **settings
    )  # type: ignore[call-overload]


def test_output_that_cannot_be_written_is_status_2() -> None:
    done = _program(
        "show", "unet.onnx", stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert done.returncode == 2
    assert "standard output is ascii and cannot show" in done.stderr
    with Path("/dev/full").open("w") as full:
        done = _program("check", stdout=full)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_leaves_is_status_2() -> None:
    read, write = os.pipe()
    os.close(read)
    done = _program("check", stdout=write)
    os.close(write)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_closed_standard_output_is_status_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.run(["check"]) == 2


def test_progress_is_told_on_a_terminal_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_rf.commands import progress

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "PATIENCE", -1)
    assert cli.run(["check"]) == 0
    assert "analysing net (1)" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
