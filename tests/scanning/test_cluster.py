"""The same scan on a cluster: a real one, of processes on this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import onnx
import pytest

from pytest_rf.config.declared import Config
from pytest_rf.scanning import sources, supervisor
from tests import models
from tests.scanning.conftest import Start

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    pytest.importorskip("joblib")
    pytest.importorskip("distributed")
    pipe = subprocess.PIPE
    command = [sys.executable, str(Path(__file__).with_name("cluster.py"))]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd="/") as cluster:
        assert cluster.stdout is not None
        yield cluster.stdout.readline().strip()
        assert cluster.stdin is not None
        cluster.stdin.close()


def on(scheduler: str, start: Start, *words: str, output: str = "r.jsonl") -> subprocess.Popen[str]:
    return start(*words, "-o", output, "--backend", "dask", "--scheduler", scheduler)


def test_it_is_the_same_scan(scheduler: str, many: Callable[[int], list[str]], start: Start) -> None:
    names = many(24)
    Path("models/bad.onnx").write_bytes(b"\xff\xff")
    there = on(scheduler, start, "models")
    out, err = there.communicate()
    assert (there.returncode, out) == (
        2,
        'r.jsonl: 25 files: 25 scanned, 1 without figures (status == "error")\n',
    ), err
    here = start("models", "-o", "here.jsonl")
    assert here.wait() == 2
    assert Path("r.jsonl").read_text() == Path("here.jsonl").read_text()
    assert {json.loads(line)["file"] for line in Path("r.jsonl").read_text().splitlines()} >= set(names)
    again = on(scheduler, start, "models")
    assert again.communicate()[0].startswith("r.jsonl: 25 files: 0 scanned, 25 there already")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is held on Linux only")
def test_clock_and_memory_hold_there(scheduler: str, folder: Path, start: Start) -> None:
    # Its table of a million positions is more than its process has room for already, whatever it has imported.
    table = (
        'net (float[1,1,700001] x) => (y) <float[3] s = {1, 1, 1.7}> { y = Resize<mode = "linear">(x, , s) }'
    )
    onnx.save(models.model(table), "net.onnx")
    for limit, told in {
        "seconds = 0.0001": "net.onnx: was not ready within 0.0001 seconds (limits.seconds), so it was stopped",
        "memory = 4_000_000": "there is not enough memory for its fields",
    }.items():
        (folder / "rf.toml").write_text(f"[limits]\n{limit}\n")
        scan = on(scheduler, start, "net.onnx")
        _, err = scan.communicate()
        assert scan.returncode == 2, err
        (row,) = map(json.loads, Path("r.jsonl").read_text().splitlines())
        assert told in row["reason"]
    (folder / "rf.toml").write_text("")
    assert on(scheduler, start, "net.onnx").wait() == 0  # the cluster lives


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_scan_goes_on(
    scheduler: str, many: Callable[[int], list[str]], start: Start, how: signal.Signals
) -> None:
    names = many(40)
    journal = Path(".r.jsonl.journal")
    scan = on(scheduler, start, "models")
    before = time.monotonic()
    while not journal.exists() or b"\n" not in journal.read_bytes():
        assert scan.poll() is None, scan.communicate()
        assert time.monotonic() - before < 120
        time.sleep(0.005)
    scan.send_signal(how)
    _, err = scan.communicate()
    assert scan.returncode == (130 if how == signal.SIGINT else -how), err
    scan = on(scheduler, start, "models")
    out, err = scan.communicate()
    assert scan.returncode == 0, err
    assert "there already" in out
    assert [json.loads(line)["file"] for line in Path("r.jsonl").read_text().splitlines()] == names


def test_a_scheduler_that_is_not_there_is_one_line(folder: Path) -> None:
    pytest.importorskip("joblib")
    pytest.importorskip("distributed")
    shutil.copy(ROOT / "examples/tcn.onnx", "tcn.onnx")
    patience = "import pytest_rf.scanning.cluster as c, sys\nc.PATIENCE = 1\n"
    run = f"{patience}from pytest_rf import cli\nsys.exit(cli.run(sys.argv[1:]))"
    command = ["scan", "tcn.onnx", "-o", "r.jsonl", "--backend", "dask", "--scheduler", "tcp://127.0.0.1:9"]
    done = subprocess.run([sys.executable, "-c", run, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: tcp://127.0.0.1:9: the cluster failed: ")


def test_batches_are_served_by_one_process_and_its_death_is_told(folder: Path) -> None:
    shutil.copy(ROOT / "examples/tcn.onnx", "tcn.onnx")
    (task,) = sources.asked(["tcn.onnx"], Config(), {}).tasks
    batch = supervisor.packed([task])
    try:
        ((result, failure),) = supervisor.supervised(batch, 1)
        assert failure == ""
        assert result is not None
        assert json.loads(result)[0]["status"] == "exact"
        (waiting,) = supervisor._WAITING
        assert supervisor.supervised(batch, 1)[0][0] == result
        assert supervisor._WAITING[0] is waiting
        waiting._process.kill()  # as one that was idle for long
        waiting._process.wait()
        assert supervisor.supervised(batch, 1)[0][0] == result
        ((nothing, told),) = supervisor.supervised(b"no batch", 1)
        assert nothing is None
        assert told.startswith("the process that scanned it ended (exit status ")
    finally:
        while supervisor._WAITING:
            supervisor._WAITING.pop().end()
