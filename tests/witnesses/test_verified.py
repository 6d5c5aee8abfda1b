"""``check --verify``: what a run says, what it may not say, and what it does when the analysis is wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

from pytest_rf import access, cli, isolation
from pytest_rf.operators.windows import Window

EXAMPLES = Path(__file__).parents[2] / "examples"

NET = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[2,2,12] x) => (float[2,2,12] y) <float[2,2,3] w, float[2] b> {
    a = Conv<kernel_shape=[3], pads=[1,1]>(x, w, b)
    y = Relu(a)
}
"""

SATURATED = """
<ir_version: 8, opset_import: ["" : 17]>
net (float[2,2,12] x) => (float[2,2,12] y) <float[2,2,3] w, float[2] b, int64 one = {1}> {
    a = Conv<kernel_shape=[3], pads=[1,1]>(x, w, b)
    s = Sigmoid(a)
    y = CumSum(s, one)
}
"""

CODE = """
from torch import nn

def net():
    layers = nn.Sequential(nn.Conv1d(2, 2, 3, padding=1), nn.Conv1d(2, 2, 3, padding=1))
    return nn.Sequential(layers, nn.Flatten())

def absent():
    return net().to("meta")
"""


class Result:
    def __init__(self, status: int, captured: pytest.CaptureResult[str]) -> None:
        self.status, self.out, self.err = status, captured.out, captured.err


@pytest.fixture
def rf(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def run(*arguments: str) -> Result:
        status = cli.run(arguments)
        return Result(status, capsys.readouterr())

    return run


def saved(path: Path, bias: float, weight: float = 1.0, outside: bool = False, net: str = NET) -> Path:
    """Write a convolution, each tap of which has one weight, with an activation behind."""
    model = parser.parse_model(net)
    for name, array in (("w", np.full((2, 2, 3), weight)), ("b", np.full(2, bias))):
        model.graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), name))
    for tensor in model.graph.initializer if outside else ():
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights.bin")
    path.write_bytes(model.SerializeToString())
    return path


def witness(result: Result) -> dict[str, object]:
    (found,) = json.loads(result.out)["models"][0]["findings"]
    return found["witness"]


def test_a_run_agrees_and_the_finding_still_fails(rf, tmp_path: Path) -> None:
    saved(tmp_path / "net.onnx", 1.0)
    asked = ("check", "net.onnx", "--require", "output rf <= 2", "--verify")
    result = rf(*asked, "--format", "json")
    assert result.status == 1
    assert witness(result) == {
        "tensor": "y",
        "unit": [1, 1, 5],
        "input": "x",
        "position": [1, 1, 6],
        "axis": 2,
        "reads": True,
        "path": witness(result)["path"],
        "call": [{"name": "x", "shape": [2, 2, 12]}],
        "tile": None,
        "verified": "agrees",
        "why": "",
    }
    assert "y[1, 1, 5] reads x[1, 1, 6], through" in rf(*asked).out
    assert "; a run agrees" in rf(*asked).out


def test_without_verify_nothing_is_run_and_said_of_runs(rf, tmp_path: Path) -> None:
    saved(tmp_path / "net.onnx", 1.0, outside=True)
    asked = ("check", "net.onnx", "--require", "output rf <= 2")
    assert witness(rf(*asked, "--format", "json"))["verified"] == ""
    assert "witness" not in rf(*asked).out


@pytest.mark.parametrize(("bias", "weight"), [(-1e9, 1.0), (1.0, 0.0)])
def test_what_is_hidden_by_the_weights_is_shown_with_others_or_not_at_all(
    rf, tmp_path: Path, bias: float, weight: float
) -> None:
    # The saturated unit and the weight of 0 are those of this file: other weights show what is read.
    saved(tmp_path / "net.onnx", bias, weight)
    for require in ("output rf <= 2", "output rf >= 4"):
        asked = ("check", "net.onnx", "--require", require, "--verify", "--format", "json")
        assert witness(rf(*asked))["verified"] == "agrees"


@pytest.mark.parametrize("require", ["output rf <= 2", "output rf >= 4"])
def test_weights_that_are_meant_stay_and_then_it_could_not_be_shown(rf, tmp_path: Path, require: str) -> None:
    saved(tmp_path / "net.onnx", 1e9, net=SATURATED)
    asked = ("check", "net.onnx", "--require", require, "--verify", "--weights")
    result = rf(*asked, "--format", "json")
    assert result.status == 1
    assert witness(result)["verified"] == "not shown"
    assert "did not change in any run" in witness(result)["why"]
    assert "a run could not show it: the unit did not change" in " ".join(rf(*asked).out.split())


def test_absent_weights_are_drawn(rf, tmp_path: Path) -> None:
    saved(tmp_path / "net.onnx", 1.0, outside=True)
    asked = ("check", "net.onnx", "--require", "output rf <= 2", "--verify", "--format", "json")
    assert witness(rf(*asked))["verified"] == "agrees"


def test_modules_are_run_too_even_without_weights(rf, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "rf_witness_nets.py").write_text(CODE)
    for name in ("net", "absent"):
        asked = ("check", f"rf_witness_nets:{name}", "--allow-code", "--input", "0=2,2,12", "--verify")
        result = rf(*asked, "--require", "final rf <= 4", "--format", "json")
        assert witness(result)["verified"] == "agrees", result.err


@pytest.mark.parametrize("require", ["output rf <= 1", "output rf >= 9", "output lookahead <= -1"])
@pytest.mark.parametrize("front_end", ["onnx", "torch"])
def test_a_wrong_analysis_is_our_bug(
    rf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, front_end: str, require: str
) -> None:
    def taps(window: Window) -> access.Taps:
        return access.window(tuple(range(window.kernel - 1)), window.stride, window.dilation, window.before)

    saved(tmp_path / "net.onnx", 1.0)
    if front_end == "torch":
        pytest.importorskip("torch")
        (tmp_path / "rf_witness_nets.py").write_text(CODE)
    source = (
        ("net.onnx",)
        if front_end == "onnx"
        else ("rf_witness_nets:net", "--allow-code", "--input", "0=2,2,12")
    )
    where = "output" if front_end == "onnx" else "final"
    monkeypatch.setattr(Window, "taps", property(taps))
    monkeypatch.setattr(isolation, "is_isolated", lambda *_: False)  # the fault is planted in this process
    asked = ("check", *source, "--require", require.replace("output", where), "--verify")
    result = rf(*asked)
    assert result.status == 3, result.out
    assert "a run disagrees: it changes with" in " ".join(result.out.split())
    assert "a run of the model contradicts it" in result.err
    assert "This is a bug of pytest-rf, not of your model: please report it" in result.err
    assert rf(*asked[:-1]).status == 1


def lines(told: str) -> list[str]:
    """Return the Python that stands in the full output."""
    found = (re.match(r"  +\| ((?:import|run|net|x|y|print)\b.*)", line) for line in told.splitlines())
    return [one[1] for one in found if one is not None]


def printed(code: list[str], folder: Path) -> list[str]:
    """Run lines of Python, and return the words that they print."""
    assert len(code) == 5, code
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, check=True, cwd=folder
    )
    return done.stdout.split()


def test_five_lines_of_python_show_it(rf, tmp_path: Path) -> None:
    path = (EXAMPLES / "tcn.onnx").as_posix()
    for require, same in (("final rf <= 20", False), ("final rf >= 100", True)):
        told = rf("check", path, "--require", require, "-v").out
        before, after = printed(lines(told), tmp_path)
        assert (before == after) is same
    assert not lines(rf("check", path, "--require", "final unused == 1", "-v").out)


def test_five_lines_of_python_show_it_of_modules(rf, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "rf_witness_nets.py").write_text(CODE)
    asked = ("check", "rf_witness_nets:net", "--allow-code", "--input", "0=2,2,12", "-v")
    for require, same in (("final rf <= 4", False), ("final rf >= 6", True)):
        before, after = printed(lines(rf(*asked, "--require", require).out), tmp_path)
        assert (before == after) is same


def test_positions_that_no_unit_reads_are_shown_without_a_unit(rf, tmp_path: Path) -> None:
    text = NET.replace("float[2,2,12] y", "float[2,2,5] y").replace("pads=[1,1]", "strides=[2]")
    model = parser.parse_model(text)
    for name, array in (("w", np.ones((2, 2, 3))), ("b", np.ones(2))):
        model.graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), name))
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    result = rf("check", "net.onnx", "--select", "RF103", "--verify", "-v")
    assert "witness: no unit of y reads x[:, :, 11]; a run agrees" in result.out
    assert printed(lines(result.out), tmp_path) == ["True"]


def test_json_and_sarif_carry_it(rf, tmp_path: Path) -> None:
    saved(tmp_path / "net.onnx", 1.0)
    asked = ("check", "net.onnx", "--require", "output rf <= 2", "--verify")
    told = json.loads(rf(*asked, "--format", "json").out)
    jsonschema.validate(told, json.loads(rf("schema", "report").out))
    (result,) = json.loads(rf(*asked, "--format", "sarif").out)["runs"][0]["results"]
    assert result["properties"] == {"witness": told["models"][0]["findings"][0]["witness"]}
