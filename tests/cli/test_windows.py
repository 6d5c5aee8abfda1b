"""What is otherwise on Windows, as far as it can be played here: signals, drives, separators, line ends, encodings."""

from __future__ import annotations

import io
import ntpath
import os
import signal
import subprocess
import sys
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from pytest_rf import cli, comparing, containment, paths, revisions
from pytest_rf.config import records, remedies, sources
from pytest_rf.config.declared import Config, Model
from pytest_rf.config.sources import Target
from pytest_rf.errors import ConfigError, ModelError
from pytest_rf.reporters import files, places, sarif_log
from pytest_rf.reporters.destinations import report_place
from pytest_rf.reporters.files import OutputError, save


@pytest.fixture
def backslashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sep", "\\")


@pytest.fixture
def drives(monkeypatch: pytest.MonkeyPatch) -> None:
    """No path leads from one place to another, as between ``C:`` and ``D:``."""

    def refuse(path: object, start: object = None) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", refuse)


@pytest.fixture
def no_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in [(signal, "SIGALRM"), (signal, "setitimer"), (signal, "ITIMER_REAL"), (os, "fork")]:
        monkeypatch.delattr(module, name, raising=False)


@pytest.mark.usefixtures("no_signals")
def test_code_runs_without_timers_and_forks(rf, folder: Path) -> None:
    with pytest.raises(ModelError, match="nets:build: exits"), containment.contained("nets:build"):
        sys.exit(3)
    (folder / "nets_without_timers.py").write_text("def build():\n    raise OSError('no weights')\n")
    result = rf("check", "nets_without_timers:build", "--allow-code", "--require", "final rf >= 3")
    assert result.status == 2
    assert "OSError: no weights" in result.out + result.err


COMMANDS = [
    ("--help",),
    ("check", "--help"),
    *[
        ("check", "--format", name)
        for name in ("full", "concise", "json", "github", "gitlab", "junit", "sarif")
    ],
    ("check", "-v", "--statistics", "--color"),
    ("show", "unet.onnx"),
    ("show", "unet.onnx", "--unit", "3,4"),
    ("diff", "unet.onnx", "tcn.onnx"),
    ("rule", "RF301"),
    ("schema", "config"),
]


@pytest.mark.parametrize("encoding", ["cp437", "cp1252"])
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_everything_can_be_said_through_a_pipe(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], encoding: str
) -> None:
    """Each command ends as it does elsewhere, and no escape of Python's is to be read."""
    config = '[[model]]\nsource = "unet.onnx"\nrequire = ["final rf ≥ 41"]\n'
    (folder / "rf.toml").write_text(config, encoding="utf-8")
    told: dict[str, tuple[int, bytes]] = {}
    for name in ("utf-8", encoding):
        raw = io.BytesIO()
        with io.TextIOWrapper(raw, encoding=name, newline="\r\n") as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            status = cli.run(arguments)
            stream.flush()
            told[name] = status, raw.getvalue()
    status, text = told[encoding]
    assert status == told["utf-8"][0] < 2
    assert len(text.splitlines()) == len(told["utf-8"][1].splitlines()) > 0
    assert "\\x" not in text.decode(encoding)


@pytest.mark.usefixtures("backslashes")
def test_patterns_have_backslashes(folder: Path) -> None:
    (folder / "models").mkdir()
    (folder / "unet.onnx").rename(folder / "models" / "unet.onnx")
    assert sources.files(r"models\*.onnx") == ["models/unet.onnx"]
    assert sources.files(r"models\/**/*.onnx") == ["models/unet.onnx"]
    (target,) = sources.of(Model(source=r"models\*.onnx", root=folder))
    assert target.source == "models/unet.onnx"


@pytest.mark.usefixtures("backslashes")
@pytest.mark.parametrize("pattern", [r"C:\*.onnx", "C:/*.onnx", r"C:\/**/*.onnx"])
def test_a_drive_is_searched_from_its_root(monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    """``C:`` alone would be the working directory of that drive."""
    searched: list[str] = []
    monkeypatch.setattr(sources, "_matches", lambda folder, parts: searched.append(folder) or [])
    monkeypatch.setattr(sources, "Path", str)
    sources.files(pattern)
    assert searched == ["C:/"]


@pytest.mark.usefixtures("backslashes")
@pytest.mark.parametrize("pattern", [r"C:\models\*.onnx", r"\models\*.onnx", r"C:*.onnx", r"..\*.onnx"])
def test_patterns_of_a_configuration_stay_on_its_drive(
    folder: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    model = Model(source=pattern, root=folder)
    inside = sources._inside
    no_file = SimpleNamespace(is_file=lambda: False)
    monkeypatch.setattr(
        sources, "_inside", lambda model, path: no_file if "*" in str(path) else inside(model, path)
    )
    monkeypatch.setattr(sources, "Path", PureWindowsPath)
    with pytest.raises(ConfigError, match="leads out of the folder"):
        sources.of(model)


class Missing(PureWindowsPath):
    """A path of Windows where no file is."""

    def exists(self) -> bool:
        return False

    is_file = exists


@pytest.mark.parametrize("word", [r"C:\old\rf.lock", "d:/unet.onnx", "c:rf.lock"])
def test_a_drive_is_not_a_revision(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    asked: list[str] = []
    monkeypatch.setattr(comparing, "Path", Missing)
    monkeypatch.setattr(comparing, "content", asked.append)

    def load(target: Target) -> NoReturn:
        raise ModelError("no such file")

    with pytest.raises(ModelError, match="no such file"):
        comparing.side(word, None, False, load)
    assert asked == []


@pytest.mark.usefixtures("backslashes")
def test_git_names_files_with_slashes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def run(command: list[str], **settings: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(command[-1])
        return subprocess.CompletedProcess(command, 0, b"3", b"")

    monkeypatch.setattr(subprocess, "run", run)
    assert revisions.content(r"HEAD~1:models\unet.onnx") == b"3"
    assert set(asked) == {"HEAD~1:models/unet.onnx"}


@pytest.mark.usefixtures("drives")
def test_what_lies_on_another_drive_is_named_whole(rf, folder: Path) -> None:
    path = folder / "unet.onnx"
    target = Target(name="unet", source="D:/unet.onnx", path=path, model=Model(source="D:/unet.onnx"))
    assert paths.display(path) == path.as_posix()
    assert records.key(target, folder).source == path.as_posix()
    remedy = remedies.for_unjudged(target, Config(root=folder, file="rf.toml"), (), {})
    assert 'source = "D:/unet.onnx"' in remedy
    (folder / "rf.toml").unlink()
    result = rf("init", "unet.onnx")
    assert (result.status, result.err) == (0, "")


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        (r"models\unet.py", "sub/models/unet.py"),
        (r"..\rf.toml", "rf.toml"),
        ("../../other/rf.toml", "D:/a/other/rf.toml"),
        (r"C:\nets\unet.py", "C:/nets/unet.py"),
    ],
)
def test_places_in_a_workspace_with_a_drive(
    monkeypatch: pytest.MonkeyPatch, backslashes: None, file: str, shown: str
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", "D:\\a\\repo")
    monkeypatch.setattr(places, "Path", PureWindowsPath)
    monkeypatch.setattr(paths, "root", lambda: PureWindowsPath("D:/a/repo/sub"))
    monkeypatch.setattr(os.path, "normpath", ntpath.normpath)
    assert places.of_source(f"{file}:7") == (shown, 7, 0)


def test_a_drive_is_a_file_uri() -> None:
    assert sarif_log.artifact("C:/my nets/unet.py").uri == "file:///C:/my%20nets/unet.py"


def test_files_are_written_with_plain_line_ends(rf, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where text files have other ends, a lock of one machine must not differ from that of another."""
    opened: list[Any] = []
    fdopen = os.fdopen

    def record(*args: Any, **settings: Any) -> Any:
        opened.append(args[1])
        return fdopen(*args, **settings)

    monkeypatch.setattr(files.os, "fdopen", record)
    (folder / "rf.toml").write_text('[[model]]\nsource = "unet.onnx"\nrequire = ["final rf >= 41"]\n')
    assert rf("check", "--report", "sarif:out").status == 1
    assert rf("snapshot").status == 0
    assert rf("baseline").status == 0
    (folder / "rf.toml").unlink()
    assert rf("init", "unet.onnx").status == 0
    assert opened == ["wb"] * 4
    for name in ("out", "rf.lock", "rf-baseline.toml", "rf.toml"):
        assert b"\r" not in (folder / name).read_bytes()


def test_files_are_read_with_line_ends_of_windows(rf, folder: Path) -> None:
    """As git checks them out there."""
    config = '[[model]]\nsource = "unet.onnx"\nrequire = [\n  "final rf >= 41",\n  "final stride <= 0",\n]\n'
    (folder / "rf.toml").write_bytes(config.encode())
    plain = rf("check", "--format", "concise")
    (folder / "rf.toml").write_bytes(config.replace("\n", "\r\n").encode())
    assert rf("check", "--format", "concise").out == plain.out
    assert "rf.toml:4:" in plain.out
    assert rf("baseline").status == rf("snapshot").status == 0
    for name in ("rf-baseline.toml", "rf.lock"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content.replace(b"\n", b"\r\n"))
    result = rf("check")
    assert (result.status, result.err) == (0, "")
    assert rf("diff", "rf.lock", "unet.onnx").status == 0


def test_a_file_that_is_there_is_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(old: object, new: object, **settings: object) -> None:
        raise FileExistsError(17, "Cannot create a file when that file already exists")

    monkeypatch.setattr(os, "rename", rename)
    (folder / "out.json").write_text("old")
    save("new", "out.json")
    assert (folder / "out.json").read_text() == "new"


def test_a_file_that_another_program_holds_is_one_line(
    rf, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(old: Path, new: Path) -> None:
        raise PermissionError(13, "The process cannot access the file")

    monkeypatch.setattr(Path, "replace", refuse)
    before = sorted(folder.iterdir())
    (folder / "out.json").write_text("old")
    result = rf("check", "--output", "out.json")
    assert result.status == 2
    assert "out.json: cannot be written: The process cannot access the file" in result.err
    assert len(result.err.splitlines()) == 1
    assert (folder / "out.json").read_text() == "old"
    assert sorted(folder.iterdir()) == [folder / "out.json", *before]


def test_no_link_is_made(rf, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **settings: object) -> None:
        raise OSError(1314, "A required privilege is not held by the client")

    for name in ("symlink", "link"):
        monkeypatch.setattr(os, name, refuse)
    assert rf("check", "--report", "json:out.json").status == 0
    assert rf("snapshot").status == rf("baseline").status == 0


@pytest.mark.parametrize("file", ["UNET.ONNX", "Rf.Toml", "nets.PY"])
def test_the_case_of_an_ending_saves_no_model_from_being_seen(file: str) -> None:
    with pytest.raises(OutputError, match="ends as a model"):
        report_place(file)


def test_the_console_is_told_to_show_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []
    console = SimpleNamespace(just_fix_windows_console=lambda: told.append(True))
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "colorama", console)
    monkeypatch.setattr(sys, "argv", ["pytest-rf", "--version"])
    monkeypatch.setattr(cli.gc, "disable", lambda: None)
    with pytest.raises(SystemExit, match="0"):
        cli.main()
    assert told
