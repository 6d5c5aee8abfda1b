"""What the shipped packs say about models that leak, or end, behind a fold of axes."""

from __future__ import annotations

import re
from pathlib import Path

import onnx
import pytest
from models import model

import pytest_rf
from pytest_rf import RequirementError, check, config
from pytest_rf.requirements.wording import measured

RECOGNISER = """
    net (float[1,1,24,40] x) => (float[1,?,?] y)
    <float[4,1,3,3] w, float[5,152,3] v, float[1,20,152] wx, float[2,20,152] wb, float[1,20,5] r, float[2,20,5] rb,
     float[5] s, int64 one = {{1}}, int64[3] steps = {{24,1,152}}, int64[3] both = {{24,1,10}},
     int64[3] lines = {{1,152,24}}>
    {{ a = Conv<pads=[2,0,0,0], strides=[1,1]>(x, w)
       q = Transpose<perm=[2,0,1,3]>(a) f = Reshape(q, steps)
       p = Transpose<perm=[0,1,3,2]>(a) g = Reshape(p, lines)
       {back} }}
"""
BACKS = {
    "lstm": "h = LSTM<hidden_size=5>(f, wx, r) y = Squeeze(h, one)",
    "causal convolution": "y = Conv<pads=[2,0]>(g, v)",
    "lstm both ways": 'h = LSTM<hidden_size=5, direction="bidirectional">(f, wb, rb) t = Transpose<perm=[0,2,1,3]>(h) '
    "y = Reshape(t, both)",
    "centred convolution": "y = Conv<pads=[1,1]>(g, v)",
    "attention": "d = Transpose<perm=[1,2,0]>(f) e = Transpose<perm=[1,0,2]>(f) z = MatMul(e, d) "
    "b = Softmax<axis=-1>(z) y = MatMul(b, e)",
    "norm over time": "c = Conv<pads=[2,0]>(g, v) y = InstanceNormalization(c, s, s)",
}
CAUSAL = ("lstm", "causal convolution")
NAMED = "axes = { x = { t = 2, f = 3 } }"


def run(folder: Path, pack: str, text: str, more: str = "") -> check.Run:
    onnx.save(model(text), folder / "net.onnx")
    (folder / "rf.toml").write_text(
        f'extend = ["pytest-rf:{pack}"]\n[[model]]\nname = "net"\nsource = "net.onnx"\n{more}\n'
    )
    return check.run(config.load(folder / "rf.toml"))


@pytest.mark.parametrize("back", BACKS)
def test_streaming_fails_what_looks_ahead_behind_the_fold(tmp_path: Path, back: str) -> None:
    found = run(tmp_path, "streaming", RECOGNISER.format(back=BACKS[back]), NAMED)
    assert found.exit_code == (0 if back in CAUSAL else 1)
    assert {finding.tensor for finding in found.findings} == (set() if back in CAUSAL else {"y"})


@pytest.mark.parametrize("back", BACKS)
def test_streaming_passes_no_model_whose_time_it_does_not_know(tmp_path: Path, back: str) -> None:
    found = run(tmp_path, "streaming", RECOGNISER.format(back=BACKS[back]))
    assert found.exit_code == 2
    (problem,) = found.problems
    assert "if h is meant, name it: axes = { x = { t = 2 } }" in problem.message
    assert "\n" not in problem.message
    assert [one.status for one in found.models[0].requirements] == ["not applicable"]


def test_an_input_whose_name_is_no_bare_key_is_quoted() -> None:
    parsed = model(RECOGNISER.format(back=BACKS["lstm"]))
    parsed.graph.input[0].name = parsed.graph.node[0].input[0] = "mel.0"
    with pytest.raises(RequirementError, match=re.escape('axes = { "mel.0" = { t = 2 } }')):
        pytest_rf.analyze(parsed).check("final is causal.t")


@pytest.mark.parametrize("back", ["lstm", "attention"])
def test_classification_measures_what_is_folded_where_it_last_had_positions(
    tmp_path: Path, back: str
) -> None:
    # The recurrence sees all of time; of 40 frequencies a feature sees 3.
    found = run(tmp_path, "classification", RECOGNISER.format(back=BACKS[back]), NAMED)
    (finding,) = found.findings
    assert (finding.axes, measured(finding), finding.tensor) == (("f",), "7.5%", "q")


NET = """
    net (float[1,1,128,128] x) => (float[1,?,?{more}] y)
    <float[4,1,49,49] w, float[4,4,49,49] v, float[5,512,1] u, int64[3] fold = {{1,512,128}}>
    {{ a = Conv<pads=[24,24,24,24]>(x, w) b = Conv<pads=[24,24,24,24]>(a, v) {end} }}
"""
ENDS = {
    "dense": ("y = Relu(b)", True),
    "folded": ("f = Reshape(b, fold) y = Conv(f, u)", False),
    "pooled along one axis": ("y = ReduceMean<axes=[2], keepdims=0>(b)", False),
    "classifier": ("y = GlobalAveragePool(b)", False),
}


@pytest.mark.parametrize("name", ENDS)
def test_segmentation_fails_what_has_no_place_for_an_axis(tmp_path: Path, name: str) -> None:
    end, dense = ENDS[name]
    text = NET.format(end=end, more=",?" if name in ("dense", "classifier") else "")
    found = run(tmp_path, "segmentation", text)
    assert found.exit_code == (0 if dense else 1)
    assert all("output stride is 0" in finding.message for finding in found.findings)
