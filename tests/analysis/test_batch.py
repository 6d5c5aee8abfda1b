"""Whether samples of a batch stay apart in ONNX files: verdicts against the reference runtime, a batch of three."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from models import model
from onnx.reference import ReferenceEvaluator

import pytest_rf
from pytest_rf.config import load

RECURRENT = """
    net (float[3,4,6] x) => (float y)
    <float[1,{gates},6] w, float[1,{gates},5] r, int64[1] one = {{1}}>
    {{ {into} o, h = {op}<hidden_size=5>(i, w, r) s = Squeeze(o, one) {out} }}
"""
ALONG = {"into": "i = Identity(x)", "out": "y = Identity(s)"}
ACROSS = {"into": "i = Transpose<perm=[1,0,2]>(x)", "out": "y = Transpose<perm=[1,0,2]>(s)"}
RESHAPED = """
    net (float[3,4,6] x) => (float y)
    <int64[2] flat = {{12,6}}, int64[3] parts = {{{parts}}}>
    {{ f = Reshape(x, flat) r = Relu(f) p = Reshape(r, parts) y = {last}(p) }}
"""

# The text, the operator at which samples mix first (None: they stay apart).
NETS = {
    "lstm along the batch": (RECURRENT.format(op="LSTM", gates=20, **ALONG), "LSTM"),
    "gru along the batch": (RECURRENT.format(op="GRU", gates=15, **ALONG), "GRU"),
    "rnn along the batch": (RECURRENT.format(op="RNN", gates=5, **ALONG), "RNN"),
    "lstm": (RECURRENT.format(op="LSTM", gates=20, **ACROSS), None),
    "gru": (RECURRENT.format(op="GRU", gates=15, **ACROSS), None),
    "fold and back": (RESHAPED.format(parts="3,4,6", last="Identity"), None),
    "fold in the wrong order": (RESHAPED.format(parts="4,3,6", last="Transpose<perm=[1,0,2]>"), "Reshape"),
    "fold": ("net (float[3,4,6] x) => (float y) <int64[2] s = {12,6}> { y = Reshape(x, s) }", None),
    "attention along the batch": (
        """net (float[3,4,6] x) => (float y)
        { q = Transpose<perm=[1,0,2]>(x) k = Transpose<perm=[1,2,0]>(x) s = MatMul(q, k)
          w = Softmax<axis=-1>(s) v = MatMul(w, q) y = Transpose<perm=[1,0,2]>(v) }""",
        "MatMul",
    ),
    "attention": (
        """net (float[3,4,6] x) => (float y)
        { k = Transpose<perm=[0,2,1]>(x) s = MatMul(x, k) w = Softmax<axis=-1>(s) y = MatMul(w, x) }""",
        None,
    ),
    "in-batch negatives": (
        "net (float[3,6] x) => (float y) { k = Transpose<perm=[1,0]>(x) y = MatMul(x, k) }",
        "MatMul",
    ),
    "a scalar and settings": (
        "net (float[3,4,6] x, float t, float[6] s) => (float y) { a = Mul(x, t) y = Add(a, s) }",
        None,
    ),
    "states": (
        """net (float[3,4,6] x, float[1,3,5] h) => (float y)
        <float[1,15,6] w, float[1,15,5] r, float[1,30] b, int64[1] one = {1}>
        { i = Transpose<perm=[1,0,2]>(x) o, l = GRU<hidden_size=5>(i, w, r, b, , h) s = Squeeze(o, one)
          y = Transpose<perm=[1,0,2]>(s) }""",
        None,
    ),
    "flip": (
        """net (float[3,4,6] x) => (float y)
        <int64[1] s = {-1}, int64[1] e = {-9}, int64[1] a = {0}, int64[1] d = {-1}> { y = Slice(x, s, e, a, d) }""",
        "Slice",
    ),
    "another order": (
        "net (float[3,4,6] x) => (float y) <int64[3] i = {1,0,2}> { y = Gather<axis=0>(x, i) }",
        "Gather",
    ),
    "mean of the batch": (
        """net (float[3,4,6] x) => (float y)
        { m = ReduceMean<axes=[0]>(x) y = Sub(x, m) }""",
        "ReduceMean",
    ),
    "normalisation": (
        """net (float[3,4,6] x) => (float y)
        <float[4] s, float[4] b, float[4] m, float[4] v> { y = BatchNormalization(x, s, b, m, v) }""",
        None,
    ),
    "normalisation in training mode": (
        """net (float[3,4,6] x) => (float y)
        <float[4] s, float[4] b, float[4] m, float[4] v>
        { y, rm, rv = BatchNormalization<training_mode=1>(x, s, b, m, v) }""",
        "BatchNormalization",
    ),
}


def filled(text: str) -> onnx.ModelProto:
    """Return the model of a text with random weights."""
    made = model(text)
    generator = np.random.default_rng(0)
    for tensor in made.graph.initializer:
        if not tensor.raw_data and not tensor.int64_data:
            data = np.abs(generator.standard_normal(tuple(tensor.dims))).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(data, tensor.name))
    return made


def leaks(made: onnx.ModelProto) -> bool:
    """Whether another of three samples changes when one of the first input does."""
    generator = np.random.default_rng(1)
    feeds = {
        info.name: generator.standard_normal(
            [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        ).astype(np.float32)
        for info in made.graph.input
    }
    run = ReferenceEvaluator(made).run
    (before,) = run(["y"], feeds)
    for sample in range(3):
        x = feeds["x"].copy()
        x[sample] += generator.standard_normal(x[sample].shape).astype(np.float32)
        (after,) = run(["y"], {**feeds, "x": x})
        moved = (np.abs(after - before) > 1e-5).reshape(3, -1).any(1)
        if np.delete(moved, sample).any():
            return True
    return False


@pytest.mark.parametrize("name", NETS)
def test_samples_stay_apart_where_no_other_changes_them(name: str) -> None:
    text, first = NETS[name]
    made = filled(text)
    assert leaks(made) == (first is not None)
    findings = pytest_rf.analyze(made).check("output is independent")
    assert not any(finding.undecidable for finding in findings)
    assert len(findings) == (first is not None)
    assert all(f" ({first})" in finding.message.partition(" first in ")[2] for finding in findings)


def test_an_open_batch_is_two_and_a_fixed_one_can_be_given() -> None:
    text = "net (float[{batch},3,8] x) => (float[{batch},4,8] y) <float[4,3,3] w> {{ y = Conv<pads=[1,1]>(x, w) }}"
    assert pytest_rf.analyze(model(text.format(batch="N"))).check("output is independent") == []
    fixed = model(text.format(batch=1))
    (finding,) = pytest_rf.analyze(fixed).check("output is independent")
    assert finding.undecidable
    assert "inputs = { x = [2, 3, 8] }" in finding.message
    assert pytest_rf.analyze(fixed, inputs={"x": (2, 3, 8)}).check("output is independent") == []
    with pytest.raises(pytest_rf.ModelError, match="fixed to 3 in the file"):
        pytest_rf.analyze(model(text.format(batch=3)), inputs={"x": (2, 3, 8)})


BAKED = """
    net (float[1,3,8] x) => (float y) <float[4,3,3] w, int64[3] parts = {1,2,16}>
    { c = Conv<pads=[1,1]>(x, w) y = Reshape(c, parts) }
"""


def test_a_batch_that_nodes_have_built_in_is_offered_no_other() -> None:
    (finding,) = pytest_rf.analyze(model(BAKED)).check("output is independent")
    assert finding.undecidable
    assert "undecidable at batch 1, and it does not run at 2 (" in finding.message
    assert "cannot be reshaped to [1, 2, 16]): export it anew with an open batch" in finding.message
    assert "inputs =" not in finding.message
    with pytest.raises(pytest_rf.ModelError) as raised:
        pytest_rf.analyze(model(BAKED), inputs={"x": (2, 3, 8)})
    assert "; the file holds batch 1 of input 'x': export it anew with an open batch" in str(raised.value)
    with pytest.raises(pytest_rf.ModelError) as raised:
        pytest_rf.analyze(model(BAKED), inputs={"x": (1, 2, 8)})
    assert "batch" not in str(raised.value)


def test_of_an_open_batch_the_axis_counts_samples_that_grows_with_it() -> None:
    text = """
        net (float[N,2,6] x) => (float y) <float[2,2,3] w, int64[3] shape = {-1,2,6}>
        { c = Conv<pads=[1,1]>(x, w) t = Transpose<perm=[1,0,2]>(c) y = BODY }
    """
    apart, mixed = text.replace("BODY", "Relu(t)"), text.replace("BODY", "Reshape(t, shape)")
    analysis = pytest_rf.analyze(model(apart))
    assert analysis.inputs["x"].shape[0] == 2  # as many as channels
    assert analysis.check("output is independent") == []
    assert pytest_rf.analyze(model(apart), inputs={"x": (3, 2, 6)}).check("output is independent") == []
    # What changes nothing with two samples, and mixes three, is not taken for either.
    (finding,) = pytest_rf.analyze(model(mixed)).check("output is independent")
    assert finding.undecidable
    (finding,) = pytest_rf.analyze(model(mixed), inputs={"x": (3, 2, 6)}).check("output is independent")
    assert not finding.undecidable


LOOKALIKE = """
    net (float[BATCH,2,6] x) => (float y) <int64[3] shape = {-1,2,6}>
    { t = Transpose<perm=[1,0,2]>(x) r = Reshape(t, shape) y = Transpose<perm=[1,0,2]>(r) }
"""
"""Changes nothing where there are as many samples as channels, and mixes them elsewhere."""


def test_what_changes_nothing_at_one_batch_alone_does_not_keep_samples_apart() -> None:
    for shapes in ({}, {"x": (2, 2, 6)}, {"x": (3, 2, 6)}):
        (finding,) = pytest_rf.analyze(model(LOOKALIKE.replace("BATCH", "N")), inputs=shapes).check(
            "output is independent"
        )
        assert not finding.undecidable
        assert "samples change places first in r (Reshape)" in finding.message
    back = LOOKALIKE.replace("BATCH", "N").replace("Reshape(t, shape)", "Relu(t)")
    assert pytest_rf.analyze(model(back)).check("output is independent") == []


def test_a_file_of_one_batch_is_judged_at_that() -> None:
    """With two samples it does keep them apart, and with others it does not run."""
    fixed = model(LOOKALIKE.replace("BATCH", "2"))
    assert not leaks_at_two(fixed)
    assert pytest_rf.analyze(fixed).check("output is independent") == []


def leaks_at_two(made: onnx.ModelProto) -> bool:
    x = np.random.default_rng(1).standard_normal((2, 2, 6)).astype(np.float32)
    other = x.copy()
    other[1] += 1
    run = ReferenceEvaluator(made).run
    (before,), (after,) = run(["y"], {"x": x}), run(["y"], {"x": other})
    return bool((before != after)[0].any())


def test_training_mode_is_said() -> None:
    (finding,) = pytest_rf.analyze(filled(NETS["normalisation in training mode"][0])).check(
        "output is independent"
    )
    assert "training mode" in finding.help


def test_the_batch_axis_is_named_in_a_configuration(tmp_path: Path) -> None:
    onnx.save(filled(NETS["lstm along the batch"][0]), tmp_path / "net.onnx")
    text = '[[model]]\nsource = "net.onnx"\nrequire = ["output is independent"]\n'
    (tmp_path / "rf.toml").write_text(text + "axes = { x = { t = 0, batch = 1 } }\n")
    (declared,) = load(tmp_path / "rf.toml").models
    assert declared.axes == {"x": {"t": 0, "batch": 1}}
    analysis = pytest_rf.analyze(str(tmp_path / "net.onnx"), axes=declared.axes)
    assert analysis.check("output is independent") == []
    assert analysis.check("final lookahead.t <= 0") == []


def test_an_input_that_is_named_otherwise_counts_no_samples() -> None:
    text = "net (float[3,6] x, float[3,6] w) => (float y) { k = Transpose<perm=[1,0]>(w) y = MatMul(x, k) }"
    (finding,) = pytest_rf.analyze(model(text)).check("output is independent")
    assert finding.input == "w"
    named = pytest_rf.analyze(model(text), axes={"w": {"out": 0, "in": 1}})
    assert named.inputs["w"].batch is None
    assert named.check("output is independent") == []
