"""Scans: what is asked for, what is kept, what becomes of interruptions and of hostile files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_rf import cli
from pytest_rf.running.process import is_forkable
from pytest_rf.scanning import work
from pytest_rf.scanning.journal import Journal
from pytest_rf.targets import analyse
from tests.scanning.conftest import Start

ROOT = Path(__file__).parents[2]
JOURNAL = Path(".r.jsonl.journal")

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def two(folder: Path) -> None:
    for name in ("unet", "tcn"):
        shutil.copy(ROOT / "examples" / f"{name}.onnx", f"{name}.onnx")


def files(output: str = "r.jsonl") -> list[str]:
    return list(dict.fromkeys(json.loads(line)["file"] for line in Path(output).read_text().splitlines()))


def test_what_can_be_named(two: None, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "deep/er").mkdir(parents=True)
    shutil.copy("tcn.onnx", "deep/er/net.onnx")
    (folder / "list.txt").write_text("# models\n\ntcn.onnx\ndeep\n")
    for words, expected in {
        ("unet.onnx", "unet.onnx"): ["unet.onnx"],
        ("deep",): ["deep/er/net.onnx"],
        ("**/*.onnx",): ["deep/er/net.onnx", "tcn.onnx", "unet.onnx"],
        ("@list.txt",): ["deep/er/net.onnx", "tcn.onnx"],
    }.items():
        assert cli.run(["scan", *words, "-o", "r.jsonl"]) == 0
        assert files() == expected
        Path("r.jsonl").unlink()


def test_what_stands_for_nothing_is_told_and_hides_nothing(
    two: None, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty").mkdir()
    assert cli.run(["scan", "tcn.onnx", "empty", "gone/*.onnx", "-o", "r.jsonl"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "error: empty: holds no .onnx file; check the path",
        "error: gone/*.onnx: matches no file; check the path",
    ]
    assert files() == ["tcn.onnx"]
    assert cli.run(["scan", "@gone.txt", "-o", "r.jsonl"]) == 2
    assert "@gone.txt: the list cannot be read" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_a_row(two: None, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.onnx").write_bytes(b"\xff\xff")
    assert cli.run(["scan", "bad.onnx", "tcn.onnx", "gone.onnx", "-o", "r.jsonl"]) == 2
    assert capsys.readouterr().out == 'r.jsonl: 3 files: 3 scanned, 2 without figures (status == "error")\n'
    bad, gone, *_ = (json.loads(line) for line in Path("r.jsonl").read_text().splitlines())
    assert (bad["status"], bad["reason"]) == (
        "error",
        "bad.onnx: is not an ONNX model, or cut off; export the model again",
    )
    assert (gone["file"], gone["status"], gone["size"]) == ("gone.onnx", "error", None)
    assert cli.run(["scan", "bad.onnx", "tcn.onnx", "-o", "r.jsonl", "--exit-zero"]) == 0


def test_a_second_scan_scans_what_changed_only(two: None, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.onnx").write_bytes(b"\xff\xff")
    command = ["scan", ".", "-o", "r.jsonl"]
    assert cli.run(command) == 2
    before = Path("r.jsonl").read_text()
    capsys.readouterr()
    assert cli.run(command) == 2
    told = 'r.jsonl: 3 files: 0 scanned, 3 there already, 1 without figures (status == "error")\n'
    assert capsys.readouterr().out == told
    assert Path("r.jsonl").read_text() == before
    shutil.copy("unet.onnx", "bad.onnx")
    assert cli.run(command) == 0
    assert capsys.readouterr().out == "r.jsonl: 3 files: 1 scanned, 2 there already\n"
    assert files() == ["bad.onnx", "tcn.onnx", "unet.onnx"]
    assert cli.run([*command, "--weights"]) == 0  # other figures
    assert capsys.readouterr().out == "r.jsonl: 3 files: 3 scanned\n"


def test_errors_are_tried_again_when_asked(two: None, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.onnx").write_bytes(b"\xff\xff")
    assert cli.run(["scan", ".", "-o", "r.jsonl"]) == 2
    capsys.readouterr()
    assert cli.run(["scan", ".", "-o", "r.jsonl", "--retry"]) == 2
    assert "1 scanned, 2 there already, 1 without" in capsys.readouterr().out


def test_rows_of_other_files_stay(two: None) -> None:
    assert cli.run(["scan", "unet.onnx", "-o", "r.jsonl"]) == 0
    assert cli.run(["scan", "tcn.onnx", "-o", "r.jsonl"]) == 0
    assert files() == ["tcn.onnx", "unet.onnx"]


def test_an_output_that_is_something_else_is_not_written_over(
    two: None, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("r.jsonl").write_text('{"mine": 1}\n')
    assert cli.run(["scan", ".", "-o", "r.jsonl"]) == 2
    assert "is there and is no result of a scan" in capsys.readouterr().err
    assert Path("r.jsonl").read_text() == '{"mine": 1}\n'
    assert not JOURNAL.exists()
    assert cli.run(["scan", ".", "-o", "tcn.onnx"]) == 2
    assert "a table ends in .parquet or .jsonl" in capsys.readouterr().err
    assert cli.run(["scan", ".", "-o", "gone/r.jsonl"]) == 2
    assert "its folder is not there" in capsys.readouterr().err


def test_two_scans_do_not_share_an_output(two: None, folder: Path, start: Start) -> None:
    journal = Journal(folder / "r.jsonl")
    other = start(".", "-o", "r.jsonl")
    assert "another scan is at work on it" in other.communicate()[1]
    assert other.returncode == 2
    journal.close(done=True)
    assert start(".", "-o", "r.jsonl").wait() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
def test_death_hang_and_memory_are_rows(
    two: None, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not is_forkable():
        pytest.skip("what is planted here is in a process that is forked, which is not safe beside threads")
    for name in ("abort", "hang", "memory"):
        shutil.copy("tcn.onnx", f"{name}.onnx")
    (folder / "rf.toml").write_text("[limits]\nseconds = 3.0\nmemory = 300000000\n")

    def hostile(target):
        if target.name == "abort":
            os.abort()
        if target.name == "hang":
            time.sleep(600)
        if target.name == "memory":
            bytearray(1 << 32)
        return analyse(target)

    monkeypatch.setattr(work, "analyse", hostile)
    assert cli.run(["scan", ".", "-o", "r.jsonl", "-j", "2"]) == 2
    found = {
        (row["model"], row["reason"]) for row in map(json.loads, Path("r.jsonl").read_text().splitlines())
    }
    limit = "it may use 300000000 bytes of memory (limits.memory)"
    assert ("abort", f"abort.onnx: ended its process by SIGABRT before there was a result; {limit}") in found
    hang = "hang.onnx: was not ready within 3 seconds (limits.seconds), so it was stopped"
    assert ("hang", hang) in found
    assert any(model == "memory" and "limits.memory" in reason for model, reason in found if reason)
    assert {("tcn", None), ("unet", None)} < found


def interrupted(start: Start, how: signal.Signals, least: int) -> None:
    """Scan until the journal has so many files, and end that."""
    scan = start("models", "-o", "r.jsonl", "-j", "2")
    before = time.monotonic()
    while not JOURNAL.exists() or JOURNAL.read_bytes().count(b"\n") < least:
        assert scan.poll() is None, scan.communicate()
        assert time.monotonic() - before < 120
        time.sleep(0.005)
    scan.send_signal(how)
    _, err = scan.communicate()
    if how == signal.SIGINT:
        assert scan.returncode == 130, err
        assert "interrupted; the same command goes on" in err
        assert len(files()) >= least
        assert not JOURNAL.exists()
    else:
        assert scan.returncode == -how


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_an_interrupted_scan_goes_on_without_loss_or_doubles(
    many: Callable[[int], list[str]], start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    names = many(40)
    interrupted(start, signal.SIGKILL, 3)
    assert not Path("r.jsonl").exists()
    with JOURNAL.open("ab") as file:  # as a machine's end leaves it
        file.write(b'[{"file": "models/m39.onnx", "mod')
    interrupted(start, signal.SIGINT, 8)
    there = len(files())
    interrupted(start, signal.SIGKILL, 4)
    capsys.readouterr()
    assert cli.run(["scan", "models", "-o", "r.jsonl"]) == 0
    told = capsys.readouterr().out
    scanned, kept = (int(word) for word in told.replace(":", "").split() if word.isdigit() and word != "40")
    assert scanned + kept == 40
    assert kept >= there + 4
    lines = Path("r.jsonl").read_text().splitlines()
    assert [
        json.loads(line)["file"] for line in lines
    ] == names  # one axis and output each: no loss, no doubles
    assert cli.run(["scan", "models", "-o", "whole.jsonl"]) == 0
    assert Path("whole.jsonl").read_text().splitlines() == lines
    assert not JOURNAL.exists()


def test_parquet_goes_on_from_its_own_rows(two: None, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow.parquet")
    assert cli.run(["scan", "tcn.onnx", "-o", "r.parquet"]) == 0
    capsys.readouterr()
    assert cli.run(["scan", ".", "-o", "r.parquet"]) == 0
    assert capsys.readouterr().out == "r.parquet: 2 files: 1 scanned, 1 there already\n"
    Path("other.parquet").write_bytes(b"PAR1 and no table")
    assert cli.run(["scan", ".", "-o", "other.parquet"]) == 2
    assert "no result of a scan" in capsys.readouterr().err


def test_urls(two: None, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("fsspec")
    Path("bad.onnx").write_bytes(b"\xff\xff")
    url = folder.as_uri()
    assert cli.run(["scan", url, "-o", "r.jsonl"]) == 2
    assert files() == [f"{url}/{name}.onnx" for name in ("bad", "tcn", "unet")]
    assert json.loads(Path("r.jsonl").read_text().splitlines()[0])["reason"] == (
        f"{url}/bad.onnx: is not an ONNX model, or cut off; export the model again"
    )
    capsys.readouterr()
    assert cli.run(["scan", f"{url}/[tu]*.onnx", "-o", "r.jsonl"]) == 0
    assert capsys.readouterr().out == "r.jsonl: 2 files: 0 scanned, 2 there already\n"
    assert cli.run(["scan", f"{url}/gone.onnx", "-o", "r.jsonl"]) == 2
    assert "gone.onnx: cannot be looked at: FileNotFoundError" in capsys.readouterr().err
    (folder / "rf.toml").write_text("[limits]\nfile_size = 10\n")
    assert cli.run(["scan", f"{url}/tcn.onnx", "-o", "r.jsonl"]) == 2
    assert "(limits.file_size)" in Path("r.jsonl").read_text()


@pytest.mark.parametrize(
    ("missing", "arguments", "told"),
    [
        ("pyarrow", ["tcn.onnx", "-o", "r.parquet"],
         "a .parquet file needs pyarrow, which is not installed; install it with pip install 'pytest-rf[scan]'"),
        ("fsspec", ["s3://bucket/*.onnx", "-o", "r.jsonl"],
         "s3://bucket/*.onnx: an URL needs fsspec, which is not installed; install it with pip install "
         "'pytest-rf[scan]'"),
        ("joblib", ["tcn.onnx", "-o", "r.jsonl", "--backend", "dask", "--scheduler", "tcp://127.0.0.1:1"],
         "--backend dask needs joblib, which is not installed; install it with pip install 'pytest-rf[dask]'"),
    ],
)  # fmt: skip
def test_an_extra_that_is_not_there_is_one_line(
    two: None,
    missing: str,
    arguments: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in (missing, f"{missing}.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    assert cli.run(["scan", *arguments]) == 2
    assert capsys.readouterr().err == f"error: {told}\n"
    assert not list(Path().glob(".*.journal"))


def test_usage(two: None, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--backend", "dask"], ["--scheduler", "tcp://127.0.0.1:1"]):
        assert cli.run(["scan", ".", "-o", "r.jsonl", *arguments]) == 2
        assert "--backend dask and --scheduler ADDRESS are given together" in capsys.readouterr().err
    assert cli.run(["scan", "-o", "r.jsonl"]) == 2
    assert cli.run(["scan", "."]) == 2
