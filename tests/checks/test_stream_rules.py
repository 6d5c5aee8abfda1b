"""Rules about streams, context, and the samples of a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from found import findings, rows
from models import model

import pytest_rf
from pytest_rf import check, config

NORMED = """
    net (float[1,4,{shape}] x) => (float[1,4,{unknown}] y) <float[4,4,{kernel}] w, float[4] s>
    {{ a = Conv<pads=[{pads}]>(x, w)  y = {last} }}
"""


def normed(rank: int, last: str) -> str:
    return NORMED.format(
        shape=",".join(["16"] * rank),
        unknown=",".join(["?"] * rank),
        kernel=",".join(["3"] * rank),
        pads=",".join(["1"] * 2 * rank),
        last=last,
    )


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(
    "declared", ["final halo <= 8", "final is bounded", "final lookahead <= 9", "final is causal"]
)
def test_a_norm_that_breaks_what_a_model_declares(rank: int, declared: str) -> None:
    net = model(normed(rank, "InstanceNormalization(a, s, s)"))
    found = findings(net, "hidden-context", declared)
    assert [one.axes for one in found] == [(axis,) for axis in ("t", "hw", "dhw")[rank - 1]]
    assert findings(net, "hidden-context", "final rf >= 3", "final is not bounded") == []
    assert findings(net, "hidden-context") == []
    assert findings(model(normed(rank, "Relu(a)")), "hidden-context", declared) == []


ATTENTION = """
    net (float[1,16,4] x) => (float[1,16,4] y)
    {{ k = Transpose<perm=[0,2,1]>(x)  a = MatMul(x, k)  {masked}  p = Softmax(b)  m = MatMul(p, x)  y = Relu(m) }}
"""


def attending(causal: bool) -> pytest_rf.Analysis:
    masked = "b = Add(a, mask)" if causal else "b = Identity(a)"
    made = model(ATTENTION.format(masked=masked))
    mask = np.where(np.tri(16) > 0, 0, -np.inf).astype(np.float32)
    made.graph.initializer.append(onnx.numpy_helper.from_array(mask, "mask"))
    return pytest_rf.analyze(made, weights=causal, axes={"x": {"t": 1}})


@pytest.mark.parametrize("declared", ["final halo <= 8", "final is bounded", "final lookback <= 9"])
def test_attention_that_breaks_what_a_model_declares(declared: str) -> None:
    for causal in (False, True):
        (found,) = findings(attending(causal), "hidden-context", declared)
        assert found.message.startswith(
            '"a" (and 1 more) reads what lies at no fixed distance along axis t, which reaches "y"'
        )
        assert found.context == ()
    assert findings(attending(True), "hidden-context", "final is causal") == []
    assert findings(attending(False), "hidden-context", "final is causal") != []
    assert findings(attending(False), "hidden-context", "final rf >= 3") == []


STEP = """
    net (float[1,4,16] x, float[1,4,2] cache) => (float[1,4,?] y, float[1,4,2] kept)
    <float[4,4,3] w, float[4] s, int64[1] first = {{16}}, int64[1] end = {{18}}, int64[1] axis = {{2}}>
    {{ a = Concat<axis=2>(cache, x)  b = Conv(a, w)  y = {last}  kept = Slice(a, first, end, axis) }}
"""


@pytest.mark.parametrize(("last", "found"), [("InstanceNormalization(b, s, s)", ["t"]), ("Relu(b)", [])])
def test_a_norm_that_breaks_a_stream_whose_state_is_declared(last: str, found: list[str]) -> None:
    step = pytest_rf.analyze(model(STEP.format(last=last)), state={"cache": "kept"})
    assert [one.axes for one in findings(step, "hidden-context")] == [(axis,) for axis in found]
    assert findings(step, "context-ahead") == []  # which is about models that declare nothing
    call = pytest_rf.analyze(model(STEP.format(last=last)))
    assert findings(call, "hidden-context") == []


@pytest.mark.parametrize(
    ("tiling", "found"),
    [
        ("tile = { h = 16, w = 16 }, overlap = { h = 8, w = 8 }", ["h", "w"]),
        ("tile = { w = 16 }, overlap = { w = 8 }", ["w"]),
    ],
)
def test_a_norm_that_breaks_a_tiling_which_is_declared(tmp_path: Path, tiling: str, found: list[str]) -> None:
    net = model(normed(2, "InstanceNormalization(a, s, s)").replace("16,16", "64,64"))
    onnx.save(net, str(tmp_path / "net.onnx"))
    said = f'[[model]]\nsource = "net.onnx"\nselect = ["RF402"]\ntiling = [{{ {tiling} }}]\n'
    (tmp_path / "rf.toml").write_text(said)
    (result,) = check.run(config.load(tmp_path / "rf.toml"), cures=False).models
    assert result.problems == ()
    axes = [axis for one in result.findings if one.code == "RF402" for axis in one.axes]
    assert axes == found


def test_accepted_context_is_silent() -> None:
    analysis = pytest_rf.analyze(model(normed(1, "InstanceNormalization(a, s, s)")))
    analysis.accept_context = ("op:InstanceNormalization",)
    assert findings(analysis, "hidden-context", "final is bounded") == []


PADDED = """
    net (float[1,2,9] x) => (float[1,2,?] y) <float[2,2,3] w, int64[6] p = {{0,0,2,0,0,0}}>
    {{ a = Pad<mode="{mode}">(x, p)  y = Conv(a, w) }}
"""


@pytest.mark.parametrize(("mode", "found"), [("reflect", 1), ("wrap", 1), ("edge", 0), ("constant", 0)])
def test_padding_that_fetches_what_lies_ahead(mode: str, found: int) -> None:
    net = model(PADDED.format(mode=mode), 19)
    assert len(findings(net, "border-reads-ahead", "final is causal")) == found
    assert findings(net, "border-reads-ahead", "final rf >= 1") == []


def test_where_interior_units_read_ahead_the_requirement_speaks() -> None:
    net = model("net (float[1,2,9] x) => (float[1,2,?] y) <float[2,2,3] w> { y = Conv<pads=[1,1]>(x, w) }")
    assert findings(net, "border-reads-ahead", "final is causal") == []


def batched(last: str) -> str:
    return f"""
        net (float[3,2,9] x) => (float[?,?,?] y)
        <float[2,2,3] w, int64[1] two = {{2}}, int64[1] three = {{3}}, int64[1] zero = {{0}}, int64 end = {{2}}>
        {{ a = Conv<pads=[1,1]>(x, w)  {last} }}
    """


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ("m = ReduceMean<axes=[0]>(a)  y = Sub(a, m)", "ReduceMean"),
        ("b = Transpose<perm=[2,1,0]>(a)  c = Softmax<axis=2>(b)  y = Transpose<perm=[2,1,0]>(c)", "Softmax"),
        ("g = Gather<axis=0>(a, end)  y = Add(a, g)", "y"),
    ],
)
def test_samples_that_influence_each_other(last: str, words: str) -> None:
    (found,) = findings(model(batched(last)), "batch-leak")
    assert found.axes == ("n",)
    assert words in found.message


def test_only_the_last_sample_is_taken() -> None:
    (found,) = findings(
        model(batched("y = Gather<axis=0>(a, end)").replace("[?,?,?] y", "[?,?] y")), "batch-leak"
    )
    assert "samples 0 … 1 are read by nothing" in found.message


@pytest.mark.parametrize("last", ["y = Relu(a)", "m = ReduceMean<axes=[2]>(a)  y = Sub(a, m)"])
def test_samples_that_do_not(last: str) -> None:
    assert rows(model(batched(last)), "batch-leak") == []
    alone = model(
        batched("m = ReduceMean<axes=[0]>(a)  y = Sub(a, m)").replace("float[3,2,9]", "float[1,2,9]")
    )
    assert rows(alone, "batch-leak") == []


def test_a_loss_is_no_leak() -> None:
    loss = batched("m = ReduceMean<keepdims=0>(a)  y = Identity(m)").replace("float[?,?,?] y", "float y")
    assert rows(model(loss), "batch-leak") == []


def test_a_declaration_is_about_the_axis_that_it_names() -> None:
    net = model(
        normed(2, "ReduceMean<axes=[2]>(a)")
        .replace("y = ReduceMean", "m = ReduceMean")
        .replace("(a) }", "(a)  y = Sub(a, m) }")
    )
    assert [one.axes for one in findings(net, "hidden-context", "final is bounded.h")] == [("h",)]
    assert findings(net, "hidden-context", "final is bounded.w") == []
    padded = model(PADDED.format(mode="reflect"), 19)
    assert findings(padded, "border-reads-ahead", "final is causal.t") != []


def test_context_ahead_speaks_where_nothing_is_declared_of_time() -> None:
    past = """
        net (float[1,4,16] x) => (float[1,4,?] y) <float[4,4,3] w, float[4] s>
        { a = Conv<pads=[2,0]>(x, w)  y = InstanceNormalization(a, s, s) }
    """
    assert rows(model(past), "context-ahead") == [("y", "t", "error")]
    assert findings(model(past), "context-ahead", "final is causal") == []
    assert findings(model(past), "context-ahead", "final rf >= 3") != []
