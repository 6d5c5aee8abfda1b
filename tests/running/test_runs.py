"""Whole runs with several processes: the same report, in the same order, and what is known when it is interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMAND = [sys.executable, "-m", "pytest_rf"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten models: good ones, one that violates, one that is none."""
    for number in range(9):
        shutil.copy(EXAMPLES / ("unet.onnx" if number % 2 else "tcn.onnx"), tmp_path / f"m{number}.onnx")
    (tmp_path / "m9.onnx").write_bytes(b"not a model")
    (tmp_path / "rf.toml").write_text('[[model]]\nsource = "m*.onnx"\nrequire = ["final rf >= 37"]\n')
    return tmp_path


def check(folder: Path, *options: str, format: str = "json") -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "check", "--no-cache", "--format", format, *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize(
    "options", [("-j", "2"), ("-j", "0"), ("-j", "3", "--isolate", "never"), ("--isolate", "always")]
)
def test_processes_change_nothing_but_the_time(folder: Path, options: tuple[str, ...]) -> None:
    here = check(folder, "--isolate", "never")
    there = check(folder, *options)
    assert here.returncode == 2
    assert (there.stdout, there.stderr, there.returncode) == (here.stdout, here.stderr, here.returncode)
    assert [model["model"] for model in json.loads(there.stdout)["models"]] == [f"m{n}" for n in range(10)]


@pytest.mark.parametrize("format", ["full", "sarif", "junit"])
def test_every_format_is_the_same(folder: Path, format: str) -> None:
    here = check(folder, "--isolate", "never", format=format)
    there = check(folder, "-j", "2", format=format)
    assert there.stdout == here.stdout


def test_the_configuration_says_how_many(folder: Path) -> None:
    config = folder / "rf.toml"
    config.write_text('jobs = 2\nisolate = "always"\n' + config.read_text())
    assert check(folder).stdout == check(folder, "-j", "1", "--isolate", "never").stdout


def test_limits_hold_for_files_named_on_the_command_line(folder: Path) -> None:
    config = folder / "rf.toml"
    config.write_text("[limits]\nseconds = 0.001\n" + config.read_text())
    found = check(folder, "m1.onnx", "--require", "final rf >= 3")
    assert found.returncode == 2
    assert "limits.seconds" in found.stderr


@pytest.mark.skipif(os.name != "posix", reason="no signals")
def test_an_interrupted_run_tells_what_is_known(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "unet.onnx", tmp_path / "good.onnx")
    code = "import time\ndef net():\n    open('begun', 'w').close()\n    time.sleep(600)\n"
    (tmp_path / "slow.py").write_text(code)
    (tmp_path / "rf.toml").write_text(
        '[[model]]\nsource = "good.onnx"\nrequire = ["final rf >= 3"]\n'
        '[[model]]\nsource = "slow:net"\nrequire = ["final rf >= 3"]\n'
    )
    run = subprocess.Popen(
        [*COMMAND, "check", "--allow-code", "--format", "json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "begun").exists() and run.poll() is None:
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130
    good, slow = json.loads(out)["models"]
    assert [one["status"] for one in good["requirements"]] == ["holds"]
    assert slow["problems"][0]["interrupted"]
    assert "slow:net: not checked, because the run was interrupted" in err
    assert "Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="no pseudo-terminals")
def test_a_terminal_gets_a_bar_and_keeps_nothing_of_it(folder: Path) -> None:
    main, other = os.openpty()
    script = "import pytest_rf.commands.progress as p, sys\np.PATIENCE = -1\nfrom pytest_rf.cli import main\nmain()"
    run = subprocess.Popen(
        [sys.executable, "-c", script, "check", "-j", "2", "--format", "concise"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=other,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(other)
    told = b""
    while True:
        try:
            chunk = os.read(main, 4096)
        except OSError:
            break
        if not chunk:
            break
        told += chunk
    run.wait(60)
    os.close(main)
    assert b"10/10" in told
    assert b"\x1b[2K" in told


def test_a_hook_does_not_obey_a_configuration_that_trusts(folder: Path) -> None:
    (folder / "rf.toml").write_text('isolate = "never"\n' + (folder / "rf.toml").read_text())
    found = check(folder, "--hook", "m1.onnx", "m2.onnx")
    assert found.returncode in (0, 1)
    assert len(json.loads(found.stdout)["models"]) == 2


def test_a_limit_that_nothing_would_hold_is_refused(folder: Path) -> None:
    (folder / "rf.toml").write_text(
        'isolate = "never"\n' + (folder / "rf.toml").read_text() + "[limits]\nmemory = 5\n"
    )
    found = check(folder)
    assert found.returncode == 2
    assert 'limits.memory is held by a process of its own, which isolate = "never" forbids' in found.stderr
