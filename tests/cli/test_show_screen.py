"""What ``show`` prints on terminals of any width, in pipes and in files, and when it calls the pager."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from rich.cells import cell_len

from pytest_rf import cli


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs the command line on a terminal of 60 columns and 24 lines; returns what is printed."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_, **__: os.terminal_size((60, 24)))

    def run(*arguments: str) -> str:
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        assert cli.run(arguments) == 0
        return terminal.getvalue()

    return run


@pytest.fixture
def paged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What went to the pager."""
    found: list[str] = []
    monkeypatch.setattr(click, "echo_via_pager", lambda text, color: found.append(f"{color} {text}"))
    return found


def widest(text: str) -> int:
    return max(map(cell_len, text.splitlines()))


@pytest.mark.parametrize("columns", ["40", "60", "80", "100", "120", "200"])
def test_columns_of_the_environment_are_the_width(rf, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    found = rf("show", "unet.onnx")
    assert found.status == 0
    assert widest(found.out) <= int(columns)
    assert ("left out at" in found.out) == (int(columns) < 80)


@pytest.mark.parametrize("columns", ["", "0", "-3", "wide", "²"])
def test_pipes_have_room_for_all(rf, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    piped = rf("show", "unet.onnx").out
    assert "left out" not in piped
    assert "…" not in piped


def test_files_have_room_for_all(rf, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piped = rf("show", "unet.onnx").out
    monkeypatch.setenv("COLUMNS", "40")
    assert rf("show", "unet.onnx", "-o", "out.txt").status == 0
    assert (folder / "out.txt").read_text(encoding="utf-8") == piped


def test_a_terminal_is_not_overrun(on_terminal: Callable[..., str], paged: list[str]) -> None:
    shown = on_terminal("show", "unet.onnx", "--no-pager")
    assert widest(shown) <= 60
    assert "left out at 60 columns" in " ".join(shown.split())
    assert paged == []


def test_what_is_longer_than_the_screen_is_paged(on_terminal: Callable[..., str], paged: list[str]) -> None:
    assert on_terminal("show", "unet.onnx") == ""
    (shown,) = paged
    assert shown.startswith("False net: 23 tensors\n")
    assert on_terminal("show", "unet.onnx", "--node", "mask").startswith("net: 1 of 23 tensors\n")
    assert len(paged) == 1


def test_the_pager_shows_colour(
    on_terminal: Callable[..., str], paged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    assert on_terminal("show", "unet.onnx") == on_terminal("show", "unet.onnx", "--color") == ""
    assert [shown[:5] for shown in paged] == ["None ", "True "]
    assert all("\x1b[" in shown for shown in paged)


def test_data_is_paged_too(on_terminal: Callable[..., str], paged: list[str]) -> None:
    assert on_terminal("show", "unet.onnx", "--format", "json") == ""
    assert paged[0].startswith("False {\n")


def test_nothing_is_paged_in_a_pipe_or_to_a_file(rf, folder: Path, paged: list[str]) -> None:
    assert rf("show", "unet.onnx").out
    assert rf("show", "unet.onnx", "-o", "out.txt").status == 0
    assert paged == []


def test_a_screen_without_block_signs_gets_ascii_pictures() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_rf", "show", "unet.onnx", "--unit", "0,0"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"####" in done.stdout
    assert "·".encode("latin-1") not in done.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--columns", "rf,"), "'rf,' has an empty name"),
        (("--columns", "halos"), "there is no column halos, did you mean halo"),
        (("--figure", "halos"), "--figure: there is no figure halos, did you mean halo"),
        (("--depth", "0"), "--depth"),
        (("--sort", "rff"), "--sort: there is no column rff, did you mean rf"),
        (("--node", "op:Nix"), "--node op:Nix selects no tensor"),
        (("--unit", "0,0", "--changed"), "leave out --changed or --unit"),
    ],
)
def test_what_is_not_meant_is_one_line(rf, given: tuple[str, ...], said: str) -> None:
    found = rf("show", "unet.onnx", *given)
    assert found.status == 2
    assert found.out == ""
    assert said in found.err
    assert len(found.err.splitlines()) == 1


def test_columns_and_order_come_from_the_command_line(rf) -> None:
    found = rf("show", "unet.onnx", "--columns", "rf, op", "--sort", "-rf", "--format", "markdown").out
    lines = found.splitlines()
    assert lines[0] == "| name | rf | op |"
    assert lines[2].startswith("| decoder.0.conv | 36 to 40 |")
