"""A capture that fails is one line; torch's own log of the failed export is for whoever debugs."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import pytest_rf.frontends.torch  # noqa: E402, F401 - runs in this process forget what they import
from pytest_rf.frontends.torch.muted import muted  # noqa: E402

GUARDED = """
import torch
from torch import nn

class Guarded(nn.Module):
    "Records neither at the dispatcher (nested tensors) nor as a program (an if on data)."
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 4, 3, padding=1)

    def forward(self, x):
        y = self.conv(x)
        if y.sum() > -1e9:
            y = y * 2
        return torch.nested.to_padded_tensor(torch.nested.nested_tensor([y[0], y[0][:, :4]]), 0.0)
"""
CHECK = (sys.executable, "-m", "pytest_rf", "check", "guarded:Guarded", "--allow-code", "--input", "x=1,1,16")
FAILURE = "error: Guarded cannot be captured: "


@pytest.mark.parametrize("debug", [False, True])
def test_on_the_command_line(tmp_path: Path, debug: bool) -> None:
    (tmp_path / "guarded.py").write_text(GUARDED)
    command = [*CHECK, "--require", "final rf >= 3", *["--debug"] * debug]
    run = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 2
    lines = run.stderr.splitlines()
    assert [line for line in lines if line.startswith(FAILURE)] == lines[-1:]
    if debug:
        assert lines[0].endswith("debug: torch.export of Guarded:")
        assert any("torch.ops.aten.conv1d" in line for line in lines)
    else:
        assert len(lines) == 1


def test_in_a_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        test_it=GUARDED + "\ndef test_it(rf): rf.check(Guarded(), torch.zeros(1, 1, 16), 'final rf >= 3')\n"
    )
    arguments = ("-p", "pytest_rf.plugin", "-W", "ignore::DeprecationWarning")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(failed=1, warnings=0)
    result.stdout.fnmatch_lines(["E *ModelError: Guarded cannot be captured: *"])
    result.stdout.no_fnmatch_line("*Captured*")
    pytester.runpytest_subprocess(*arguments, "--log-level=debug").stdout.fnmatch_lines(
        ["*Captured log call*", "DEBUG *pytest_rf.capture:*torch.export of Guarded:*"]
    )


def test_only_torch_is_muted(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("torch.export")
    with caplog.at_level(logging.DEBUG, "pytest_rf"), muted("Net"):
        log.error("torch's own")
        logging.getLogger("mine").error("kept")
        warnings.warn("hidden", stacklevel=1)
        print("written", file=sys.stderr)
    log.propagate, before = True, log.propagate
    log.error("afterwards")
    log.propagate = before
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "kept"
    assert told[1].splitlines()[0] == "torch.export of Net:"
    assert {"torch's own", "written"} <= set(told[1].splitlines())
    assert set(told[2:]) == {"afterwards"}
    assert "written" not in capsys.readouterr().err
