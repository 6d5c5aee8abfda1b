"""Where results go: files, terminals, closed pipes."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_rf import cli


def test_output_goes_to_a_file(rf, folder: Path) -> None:
    result = rf("check", "--output", "out.txt", "--color")
    assert (result.status, result.out) == (0, "")
    assert (folder / "out.txt").read_text(encoding="utf-8") == rf("check").out


@pytest.mark.parametrize("file", ["../out.txt", "link.txt", "away/out.txt"])
def test_the_command_line_may_name_any_file(
    rf, folder: Path, tmp_path_factory: pytest.TempPathFactory, file: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (folder / "link.txt").symlink_to(elsewhere / "out.txt")
    (folder / "away").symlink_to(elsewhere)
    for command in ("check", "show unet.onnx"):
        assert rf(*command.split(), "-o", file).status == 0
        assert (folder / file).read_text(encoding="utf-8") == rf(*command.split()).out


@pytest.mark.parametrize(
    "file",
    ["/nix/out.txt", ".", "fifo", "nix/out.txt", "unet.onnx", "rf.toml", "link.txt", "mine.py", "NEW.ONNX"],
)
def test_what_is_no_place_for_a_report_is_refused(rf, folder: Path, file: str) -> None:
    (folder / "link.txt").symlink_to("unet.onnx")
    os.mkfifo(folder / "fifo")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for command in ("check", "show unet.onnx"):
        result = rf(*command.split(), "-o", file)
        assert (result.status, result.out) == (2, "")
        assert len(result.err.splitlines()) == 1
    assert before == {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_is_wrong_is_broken_between_words_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    _plain(monkeypatch)
    monkeypatch.setenv("COLUMNS", "50")
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        assert cli.run(["check", "missing/encoder.onnx", "--allow-code"]) == 2
        told = stream.getvalue()
        if stream.isatty():
            assert told.startswith("\x1b[1;31merror:\x1b[0m missing/encoder.onnx")
            lines = re.sub(r"\x1b\[[0-9;]*m", "", told).splitlines()
            assert len(lines) > 1
            assert max(map(len, lines)) <= 50
            assert all(line.startswith("       ") for line in lines[1:])
            whole = " ".join(line.strip() for line in lines)
    assert told == f"{whole}\n"


@pytest.mark.parametrize("wrong", [["missing.onnx"], ["--selct", "RF1"], ["--config", "missing.toml"]])
def test_the_word_before_what_is_wrong_has_the_colour_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, wrong: list[str]
) -> None:
    def told(*options: str) -> str:
        monkeypatch.setattr(sys, "stderr", Terminal())
        assert cli.run(["check", *wrong, *options]) == 2
        return sys.stderr.getvalue()

    _plain(monkeypatch)
    assert told().startswith("\x1b[")
    assert told("--no-color").startswith("error: ")
    assert told("--no-color", "--color").startswith("\x1b[")
    monkeypatch.setenv("NO_COLOR", "1")
    assert told().startswith("error: ")
    assert told("--color").startswith("\x1b[")


def test_no_runner_takes_a_piece_of_what_is_wrong_for_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert cli.run(["check", f"{'a ' * 20}::error::x.onnx"]) == 2
    assert not any(line.strip().startswith("::") for line in sys.stderr.getvalue().splitlines())


@pytest.mark.parametrize(
    ("environment", "arguments", "colored"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"TERM": "dumb"}, [], False),
        ({}, ["--no-color"], False),
        ({"NO_COLOR": "1"}, ["--color"], True),
        ({"NO_COLOR": ""}, [], True),
        ({"CLICOLOR": "0"}, [], False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, [], True),
        ({"TERM": "dumb"}, ["--color"], True),
    ],
)
def test_colour_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], arguments: list[str], colored: bool
) -> None:
    _plain(monkeypatch)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert cli.run(["check", *arguments]) == 0
    assert ("\x1b[32m" in terminal.getvalue()) is colored
    assert ("\x1b" in terminal.getvalue()) is colored


@pytest.mark.parametrize(
    ("environment", "arguments", "colored"),
    [
        ({}, [], False),
        ({"FORCE_COLOR": "1"}, [], True),
        ({"CLICOLOR_FORCE": "1"}, [], True),
        ({"CLICOLOR_FORCE": "0"}, [], False),
        ({"FORCE_COLOR": ""}, [], False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"FORCE_COLOR": "1"}, ["--no-color"], False),
        ({"FORCE_COLOR": "1"}, ["--format", "json"], False),
        ({"FORCE_COLOR": "1"}, ["-o", "out.txt"], False),
    ],
)
def test_colour_can_be_asked_for_where_there_is_no_terminal(
    rf, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], arguments: list[str], colored: bool
) -> None:
    _plain(monkeypatch)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b" in rf("check", *arguments).out) is colored


def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_no_colour_where_nobody_looks(rf) -> None:
    assert "\x1b" not in rf("check").out
    assert "\x1b[" in rf("check", "--color").out


def _program(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest_rf", *arguments]
    settings = {"encoding": "utf-8", "stderr": subprocess.PIPE, **settings}
    return subprocess.run(command, text=True, check=False, **settings)  # type: ignore[call-overload]


def test_output_that_cannot_be_written_is_status_2() -> None:
    with Path("/dev/full").open("w") as full:
        done = _program("check", stdout=full)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


ASCII = {"PYTHONIOENCODING": "ascii"}
C = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
WINDOWS = {"PYTHONIOENCODING": "cp1252"}


@pytest.mark.parametrize("environment", [ASCII, C, WINDOWS], ids=["ascii", "C", "cp1252"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "--color"),
        ("check", "--format", "markdown"),
        ("show", "unet.onnx"),
        ("rule", "RF301"),
    ],
)
def test_what_a_stream_cannot_show_is_said_otherwise(
    folder: Path, environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    config = '[[model]]\nsource = "unet.onnx"\nrequire = ["final rf ≥ 41"]\n'
    (folder / "rf.toml").write_text(config, encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_"))}
    inherited |= {name: value for name, value in os.environ.items() if name == "PYTHONPATH"}
    plain = _program(*arguments, stdout=subprocess.PIPE, env={**inherited, "PYTHONUTF8": "1"})
    poor = _program(*arguments, stdout=subprocess.PIPE, env={**inherited, **environment}, encoding="cp1252")
    assert poor.returncode == plain.returncode == (1 if "check" in arguments else 0)
    assert (poor.stderr, plain.stderr) == ("", "")
    assert len(poor.stdout.splitlines()) == len(plain.stdout.splitlines())
    assert "\\u" not in poor.stdout
    assert "≥" not in poor.stdout


@pytest.mark.parametrize("format", ["json", "sarif", "gitlab"])
def test_data_means_the_same_on_a_poor_stream(folder: Path, format: str) -> None:
    arguments = ("check", "--require", "final rf ≥ 41", "--format", format)
    poor = _program(*arguments, stdout=subprocess.PIPE, env={**os.environ, **ASCII})
    assert poor.returncode == 1
    assert poor.stdout.isascii()
    utf8 = _program(*arguments, stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "utf-8"})
    assert json.loads(poor.stdout) == json.loads(utf8.stdout)


def test_errors_are_said_in_ascii_where_they_must(folder: Path) -> None:
    done = _program("check", "--require", "final rf ≥ ≥", stdout=subprocess.PIPE, env={**os.environ, **ASCII})
    assert done.returncode == 2
    assert "final rf >= >=" in done.stderr
    assert done.stderr.isascii()


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
    told = terminal.getvalue()
    assert "0/1" in told
    assert "1/1" in told
    assert "net" in told
    assert told.endswith("\x1b[2K")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
@pytest.mark.parametrize(
    "arguments", ["--help", "check --help", "--version", "rule RF001", "schema config", "check", ""]
)
@pytest.mark.parametrize("where", ["/dev/full", "&-"])
def test_a_standard_output_that_takes_nothing_is_status_2(arguments: str, where: str) -> None:
    command = f"{shlex.quote(sys.executable)} -m pytest_rf {arguments} >{where}"
    found = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False)
    assert found.returncode == 2
    assert "Traceback" not in found.stderr
    assert "bug" not in found.stderr
    if arguments or where == "/dev/full":
        assert "standard output" in found.stderr
