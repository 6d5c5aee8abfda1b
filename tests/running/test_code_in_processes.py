"""What the project's code may do on the command line: whatever it does, the report is whole and names the model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
BARS = "requires a platform with signals and forks"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason=BARS)

CODE = """
import ctypes, os, signal, subprocess, sys, threading, time

class Own(BaseException): pass

def raises(): raise ValueError("no weights")
def own(): raise Own("bare")
def generator(): raise GeneratorExit
def interrupt(): raise KeyboardInterrupt
def leaves(): sys.exit(0)
def leaves_at_once(): os._exit(0)
def leaves_natively(): ctypes.CDLL(None)._exit(0)
def leaves_from_a_thread():
    threading.Thread(target=lambda: ctypes.CDLL(None)._exit(0)).start()
    time.sleep(60)
def aborts(): os.abort()
def segfaults(): ctypes.string_at(0)
def kills_itself(): os.kill(os.getpid(), signal.SIGKILL)
def stops_itself(): os.kill(os.getpid(), signal.SIGSTOP)
def loops():
    while True:
        try:
            time.sleep(1)
        except BaseException:
            pass
def waits_natively(): ctypes.CDLL(None).pause()
def prints(): print("::error::own", flush=True); os.write(1, b"\\x1b[2J"); os.system("echo child"); raise ValueError
def floods():
    while True: os.write(1, b"x" * 4096)
def forks():
    if os.fork() == 0:
        time.sleep(60)
    os.abort()
def forks_and_goes_on(): os.fork(); raise ValueError("twice")
def closes(): os.closerange(3, 200)
def writes_anywhere():
    for number in range(3, 60):
        try: os.write(number, b"all is well")
        except OSError: pass
    time.sleep(60)
def takes_all_memory(): return bytearray(1 << 34)
def recurses(): return recurses()
def asks(): return input()
def gives_a_number(): return 3
"""

TOLD = {
    "raises": "ValueError: no weights",
    "own": "Own: bare",
    "generator": "GeneratorExit",
    "interrupt": "KeyboardInterrupt",
    "leaves": "exits (SystemExit: 0",
    "leaves_at_once": "exits (SystemExit: 0",
    "leaves_natively": "left its process (exit status 0) before there was a result",
    "leaves_from_a_thread": "left its process (exit status 0) before there was a result",
    "aborts": "ended its process by SIGABRT",
    "segfaults": "ended its process by SIGSEGV",
    "kills_itself": "ended its process by SIGKILL",
    "stops_itself": "was not ready within 3 seconds (limits.seconds)",
    "loops": "was not ready within 3 seconds (limits.seconds)",
    "waits_natively": "was not ready within 3 seconds (limits.seconds)",
    "prints": "ValueError",
    "floods": "was not ready within 3 seconds (limits.seconds)",
    "forks": "ended its process by SIGABRT",
    "forks_and_goes_on": "ValueError: twice",
    "closes": "",
    "writes_anywhere": "told something else than its result",
    "takes_all_memory": "(limits.memory)",
    "recurses": "RecursionError",
    "asks": "EOFError",
    "gives_a_number": "gave int '3' instead of an nn.Module",
}


def entry(name: str, source: str) -> str:
    return f'[[model]]\nname = "{name}"\nsource = "{source}"\nrequire = ["final rf >= 3"]\n'


def checked(folder: Path, *options: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest_rf", "check", "--allow-code", "--format", "json", *options]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False, stdin=None
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One run over everything that code does, between two files that are good."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "bad_code.py").write_text(CODE)
    (folder / "bad_import.py").write_text("import os\nos._exit(0)\n")
    for name in ("first", "last"):
        shutil.copy(EXAMPLES / "unet.onnx", folder / f"{name}.onnx")
    entries = [entry("first", "first.onnx"), *(entry(name, f"bad_code:{name}") for name in TOLD)]
    entries += [entry("import", "bad_import:net"), entry("last", "last.onnx")]
    limits = "[limits]\nseconds = 3\nmemory = 2_000_000_000\n"
    (folder / "rf.toml").write_text("".join(entries) + limits)
    return checked(folder, "-j", "2", "--no-cache")


@pytest.fixture(scope="module")
def models(run: subprocess.CompletedProcess[str]) -> dict[str, dict[str, object]]:
    return {model["model"]: model for model in json.loads(run.stdout)["models"]}


@pytest.mark.parametrize("name", TOLD)
def test_it_is_an_error_of_its_model(models: dict, name: str) -> None:
    (problem,) = models[name]["problems"]
    assert problem["message"].startswith("rf.toml:")
    assert f"bad_code:{name}: " in problem["message"]
    assert TOLD[name] in problem["message"]
    assert not problem.get("internal")
    assert [one["status"] for one in models[name]["requirements"]] == ["error"]


def test_an_import_that_leaves_is_an_error(models: dict) -> None:
    assert "bad_import:net: exits" in models["import"]["problems"][0]["message"]


def test_the_others_are_checked_and_the_order_stays(models: dict, run: subprocess.CompletedProcess) -> None:
    assert run.returncode == 2
    assert list(models) == ["first", *TOLD, "import", "last"]
    for name in ("first", "last"):
        assert [one["status"] for one in models[name]["requirements"]] == ["holds"]


def test_what_it_prints_is_shown_escaped_beside_the_report(run: subprocess.CompletedProcess) -> None:
    lines = run.stderr.splitlines()
    assert "bad_code:prints: ::error::own" in lines
    assert "bad_code:prints: \\x1b[2Jchild" in lines
    assert "bad_code:floods: … and more" in lines
    assert max(map(len, lines)) < 3000
    assert "Traceback" not in run.stderr


GOOD = """
import atexit, os, subprocess, threading, time, torch

def lingers():
    atexit.register(lambda: os._exit(0))
    threading.Thread(target=lambda: time.sleep(600)).start()
    subprocess.Popen(["sleep", "600"])
    print("made")
    return torch.nn.Conv2d(3, 4, 3)
"""


def test_threads_programs_and_exit_handlers_change_nothing(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "good_code.py").write_text(GOOD)
    inputs = "inputs = { input = [1, 3, 16, 16] }\n"
    (tmp_path / "rf.toml").write_text(
        entry("net", "good_code:lingers").replace("rf >= 3", "rf >= 300") + inputs
    )
    start = time.monotonic()
    run = checked(tmp_path)
    assert run.returncode == 1, run.stderr
    assert time.monotonic() - start < 200
    (model,) = json.loads(run.stdout)["models"]
    assert [one["status"] for one in model["requirements"]] == ["violated"]
    assert run.stderr.splitlines() == ["good_code:lingers: made"]
    shown = subprocess.run(
        [sys.executable, "-m", "pytest_rf", "show", "net", "--allow-code", "--figure", "min_input"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert "min_input" in shown.stdout
    assert "made" not in shown.stdout


def test_show_names_what_code_does(tmp_path: Path) -> None:
    (tmp_path / "bad_code.py").write_text(CODE)
    for name in ("aborts", "interrupt"):
        shown = subprocess.run(
            [sys.executable, "-m", "pytest_rf", "show", f"bad_code:{name}", "--allow-code"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert shown.returncode == 2
        assert shown.stdout == ""
        assert TOLD[name] in shown.stderr
        assert shown.stderr.startswith(f"error: bad_code:{name}: ")
