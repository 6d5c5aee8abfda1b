"""``pytest-rf same``, and step models on the command line, in a configuration and in tests."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest

import pytest_rf
from tests.streams.onnx_models import cached_conv, causal_conv

CONFIG = """
[[model]]
name = "step"
source = "step.onnx"
state = { cache = "new_cache" }
chunk = 4
require = ["final is causal", "final lookback == 8"]

[[model]]
name = "whole"
source = "offline.onnx"
require = ["final is causal"]
"""


@pytest.fixture
def nets(folder: Path) -> Path:
    onnx.save(causal_conv(), folder / "offline.onnx")
    onnx.save(causal_conv(before=5, after=3), folder / "ahead.onnx")
    onnx.save(cached_conv(), folder / "step.onnx")
    onnx.save(cached_conv(7), folder / "short.onnx")
    (folder / "rf.toml").write_text("")
    return folder


def test_the_same(rf, nets: Path) -> None:
    result = rf("same", "offline.onnx", "step.onnx", "--state", "cache=new_cache", "--run")
    assert result.status == 0
    assert "step is the same stream as offline" in result.out
    assert "after a start-up of 8 steps" in result.out
    assert "their values agree, too" in result.out
    assert "state cache: all 8 positions are needed" in result.out


def test_a_delay(rf, nets: Path) -> None:
    result = rf("same", "ahead.onnx", "step.onnx", "--state", "auto")
    assert (result.status, "its outputs come 3 steps later" in result.out) == (0, True)


def test_not_the_same(rf, nets: Path) -> None:
    result = rf("same", "offline.onnx", "short.onnx", "--state", "auto")
    assert result.status == 1
    assert "short is not the same stream as offline" in result.out
    assert "reads 1 to 8 of 'x', and 0 to 8 in offline: 0 is missing" in " ".join(result.out.split())
    found = json.loads(rf("same", "offline.onnx", "short.onnx", "--state", "auto", "--format", "json").out)
    assert (found["same"], found["unit"], found["states"]) == (
        False,
        8,
        {"cache": {"needed": 7, "length": 7}},
    )


def test_what_cannot_be_run_is_compared_by_its_reads(rf, nets: Path) -> None:
    for name in ("offline", "ahead"):
        whole = onnx.load(nets / f"{name}.onnx")
        onnx.save(
            whole,
            nets / f"{name}.onnx",
            save_as_external_data=True,
            size_threshold=0,
            location=f"{name}.data",
        )
    call = ("same", "offline.onnx", "step.onnx", "--state", "auto")
    result = rf(*call, "--run")
    assert result.status == 2
    assert "step is the same stream as offline" in result.out
    assert "their values were not compared" in result.out
    assert "agree" not in result.out
    assert result.err.startswith(
        "error: --run: offline cannot be run: tensor 'w' lies in an external data file"
    )
    assert "export with external_data=False" in result.err
    found = json.loads(rf(*call, "--run", "--format", "json").out)
    assert (found["same"], found["ran"], "external data" in found["unrun"]) == (True, False, True)
    assert rf(*call).status == 0
    # What differs by its reads needs no run.
    assert rf("same", "offline.onnx", "short.onnx", "--state", "auto", "--run").status == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("offline.onnx", "step.onnx"), "say which of these are its state"),
        (("offline.onnx", "step.onnx", "--state", "cahce=new_cache"), "did you mean 'cache'?"),
        (("offline.onnx", "step.onnx", "--state", "cache"), "write cache=new_cache, or auto"),
        (
            ("offline.onnx", "step.onnx", "--state", "auto", "--state", "cache=new_cache"),
            "--state auto stands alone",
        ),
        (("offline.onnx", "step.onnx", "--state", "auto", "--chunk", "x"), "write 32, or x=32"),
        (("offline.onnx", "step.onnx", "--state", "auto", "--chunk", "9"), "more than the 4 positions"),
        (("offline.onnx", "gone.onnx"), "gone.onnx"),
        (("offline.onnx", "torch.nn:Identity"), "needs --allow-code"),
    ],
)
def test_a_wrong_run(rf, nets: Path, arguments: tuple[str, ...], told: str) -> None:
    result = rf("same", *arguments)
    assert result.status == 2
    assert told in " ".join((result.out + result.err).split())


def test_a_configuration_says_it_once(rf, nets: Path) -> None:
    (nets / "rf.toml").write_text(CONFIG)
    assert rf("check").status == 0
    assert rf("same", "whole", "step").status == 0
    shown = rf("show", "step")
    assert "figures are those of the stream" in " ".join(shown.out.split())
    assert "state cache: all 8 positions are needed" in shown.out
    (nets / "rf.toml").write_text(CONFIG.replace('"new_cache"', "3"))
    wrong = rf("check")
    assert (wrong.status, "rf.toml:5" in wrong.out + wrong.err) == (2, True)


def test_rules_about_single_operators_leave_streams_alone(rf, nets: Path) -> None:
    """What a call computes for the next one is no dead operator, and a cache leaves no holes."""
    result = rf("check", "step.onnx", "--state", "auto", "--select", "RF1,RF2,RF3,RF4,RF5")
    assert result.status == 0, result.out


def test_other_doors_take_it(nets: Path, pytester: pytest.Pytester) -> None:
    step = nets / "step.onnx"
    pytest_rf.assert_rf(step, "final is causal", state="auto")
    with pytest.raises(AssertionError, match="lookback"):
        pytest_rf.assert_rf(step, "final lookback <= 4", state="auto", chunk=4)
    for name in ("step.onnx", "offline.onnx"):
        (pytester.path / name).write_bytes((nets / name).read_bytes())
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.rf("final lookback == 8", model="step.onnx", state={"cache": "new_cache"}, chunk=4)
        def test_marker():
            pass

        def test_fixture(rf):
            rf.check("step.onnx", "final is causal", state="auto")
            assert rf.analyze("step.onnx", state="auto").state["cache"].needed == 8
        """
    )
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_code_is_compared_in_a_process_of_its_own(rf, nets: Path) -> None:
    pytest.importorskip("torch")
    (nets / "nets.py").write_text(
        """
import torch
from torch import nn

class Step(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 9)

    def forward(self, x, cache):
        whole = torch.cat([cache, x], 2)
        return self.conv(whole), whole[:, :, -8:]
"""
    )
    arguments = ("same", "offline.onnx", "nets:Step", "--allow-code", "--state", "cache=1")
    shapes = ("--step-input", "x=1,2,4", "--step-input", "cache=1,2,8")
    result = rf(*arguments, *shapes)
    assert (result.status, "is the same stream as offline" in result.out) == (0, True), result
