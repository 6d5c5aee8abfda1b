"""The fused operators of onnxruntime against onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from models import model as written
from onnx import helper, numpy_helper
from oracle.compare import compare
from oracle.engines import NoEngineError
from oracle.engines.files import load
from oracle.perturb import probe_rows, sample

import pytest_rf

pytest.importorskip("onnxruntime")

X = (2, 4, 6)
IMAGE = (2, 4, 6, 5)
LAST = (2, 6, 5, 4)


def node(
    op: str, inputs: list[Any], outputs: int = 1, domain: str = "com.microsoft", **attributes: Any
) -> Any:
    """Return a model of one node: a tuple is the shape of an input, an array a constant, None nothing."""
    rng = np.random.default_rng(0)
    names, infos, weights, arrays = [], [], [], {}
    for place, given in enumerate(inputs):
        if given is None:
            names.append("")
            continue
        names.append(f"x{place}")
        if isinstance(given, tuple):
            arrays[names[-1]] = sample(given, np.dtype(np.float32), rng)
            infos.append(helper.make_tensor_value_info(names[-1], 1, given))
        else:
            weights.append(numpy_helper.from_array(given, names[-1]))
    ends = [f"y{k}" for k in range(outputs)]
    one = helper.make_node(op, names, ends, domain=domain, name=op, **attributes)
    graph = helper.make_graph([one], op, infos, [onnx.ValueInfoProto(name=end) for end in ends], weights)
    for end in graph.output:
        end.type.tensor_type.elem_type = 1
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8), arrays


def weight(*shape: int) -> np.ndarray:
    return sample(shape, np.dtype(np.float32), np.random.default_rng(1))


CASES = {
    "Gelu": node("Gelu", [X]),
    "RotaryEmbedding": node(
        "RotaryEmbedding",
        [(2, 3, 8), np.array([[0, 1, 2], [3, 1, 1]]), weight(9, 2), weight(9, 2)],  # as many heads as fit
    ),
    "QuickGelu": node("QuickGelu", [X], alpha=1.7),
    "BiasGelu": node("BiasGelu", [X, (6,)]),
    "FastGelu": node("FastGelu", [X, (6,)]),
    "FusedConv": node(
        "FusedConv",
        [IMAGE, weight(3, 4, 3, 3), weight(3)],
        activation="LeakyRelu",
        activation_params=[0.1],
        pads=[1, 0, 2, 1],
        strides=[2, 1],
    ),
    "FusedConv with an addend": node(
        "FusedConv",
        [IMAGE, weight(4, 4, 3, 3), weight(4), IMAGE],
        activation="LeakyRelu",
        activation_params=[0.1],
        pads=[1, 1, 1, 1],
    ),
    "FusedMatMul": node("FusedMatMul", [(2, 3, 4), (2, 3, 5)], transA=1),
    "FusedMatMul with turned batches": node("FusedMatMul", [(3, 2, 4), (2, 4, 5)], transBatchA=1),
    "FusedGemm": node(
        "FusedGemm", [(3, 4), weight(4, 5), (5,)], activation="LeakyRelu", activation_alpha=0.1
    ),
    "SkipLayerNormalization": node("SkipLayerNormalization", [X, X, weight(6), weight(6), (6,)]),
    "SkipSimplifiedLayerNormalization": node("SkipSimplifiedLayerNormalization", [X, X, weight(6)]),
    "SimplifiedLayerNormalization": node("SimplifiedLayerNormalization", [X, weight(6)], domain="", axis=-1),
    "Attention": node("Attention", [X, weight(6, 18), weight(18)], num_heads=2),
    "causal Attention": node("Attention", [X, weight(6, 18), weight(18)], num_heads=2, unidirectional=1),
    "MultiHeadAttention": node("MultiHeadAttention", [X, (2, 5, 6), (2, 5, 6)], num_heads=3),
    "GroupQueryAttention": node(
        "GroupQueryAttention",
        [(1, 5, 32), (1, 5, 16), (1, 5, 16), None, None, np.array([4], np.int32), np.array(5, np.int32)],
        outputs=3,
        num_heads=2,
        kv_num_heads=1,
    ),
    "GridSample": node("GridSample", [IMAGE, weight(2, 3, 3, 2)]),
    "Trilu": node("Trilu", [X, np.array(1, np.int64)]),
    "DynamicQuantizeMatMul": node(
        "DynamicQuantizeMatMul", [(3, 4), np.ones((4, 5), np.uint8), np.float32(0.1), np.uint8(3)]
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bounds_hold_what_onnxruntime_reads(name: str) -> None:
    model, arrays = CASES[name]
    analysis = pytest_rf.analyze(model)
    seen = probe_rows(load(model, engine="onnxruntime"), arrays, bases=4)
    found = compare(analysis, seen)
    assert found.compared
    assert not found.unsound, found.report()
    if "Quantize" not in analysis["y0"].op:  # rounding hides much
        assert not found.inexact, found.report()
    for tensor in analysis:
        got = next(rows.shape[1:] for (name, _, _), rows in seen.rows.items() if name == tensor.name)
        assert tensor.shape == got


def grouped(**attributes: int) -> Any:
    """Return a GroupQueryAttention of six keys."""
    lengths = np.array([5], np.int32), np.array(6, np.int32)
    inputs = [(1, 6, 16), (1, 6, 8), (1, 6, 8), None, None, *lengths]
    return node("GroupQueryAttention", inputs, outputs=3, num_heads=2, kv_num_heads=1, **attributes)


@pytest.mark.parametrize("window", [1, 2, 3])
def test_a_window_holds_as_many_keys_as_it_says_or_one_more(window: int) -> None:
    """ONNX Runtime counts the query's own key since 1.24, and did not before: either lies within the bounds."""
    model, arrays = grouped(local_window_size=window)
    analysis = pytest_rf.analyze(model)
    seen = probe_rows(load(model, engine="onnxruntime"), arrays, bases=4)
    found = compare(analysis, seen)
    assert found.compared
    assert not found.unsound, found.report()
    y = analysis["y0"]
    values = y.field("x2")[1]
    assert (values.rf_certain, values.rf_range) == ((window, window), (window + 1, window + 1))
    lo, hi = (side[0, :, 0].tolist() for side in y.bounds(1, input="x2"))
    assert (lo, hi) == ([max(0, i - window) for i in range(6)], list(range(6)))
    rows = seen.rows["y0", "x2", 1][:, 0, :, 0]
    certain = [[max(0, i - window + 1) <= j <= i for i in range(6)] for j in range(6)]
    assert rows[certain].all(), "the certain part is read"
    scores = y.field("x1")[1]
    assert scores.rf_certain == ((0, 0) if window == 1 else (window, window)), "one key alone needs no score"
    assert not analysis.check(f'"y0" rf from x2 >= {window}')
    assert not analysis.check(f'"y0" rf from x2 <= {window + 1}')
    assert not analysis.check('"y0" is causal from x2')
    (open_,) = analysis.check(f'"y0" rf from x2 == {window}')
    assert open_.undecidable
    assert "its count of a window" in str(open_)


def test_grouped_queries_read_ahead_where_nothing_says_that_they_are_causal() -> None:
    model, arrays = grouped(causal=0)
    analysis = pytest_rf.analyze(model)
    for name in ("x1", "x2"):
        lo, hi = analysis["y0"].bounds(1, input=name)
        assert ((lo == 0) & (hi == 5)).all()
    (found,) = analysis.check('"y0" is causal from x2')
    assert not found.undecidable
    try:
        engine = load(model, engine="onnxruntime")
    except NoEngineError:
        pytest.skip("this onnxruntime knows no attention of that kind but the causal one")
    told = compare(analysis, probe_rows(engine, arrays, bases=4))
    assert not told.unsound, told.report()
    assert not told.inexact, told.report()


def test_grouped_queries_read_what_turns_them() -> None:
    """Tables of rotations that are computed, their places, sinks: every element reads them."""
    text = """g (float[1,6,16] q, float[1,6,16] k, float[1,6,16] v, int64[1,6] p, float[8,4] c, float[1] s) => (y, a, b)
        <int32[1] n = {5}, int32 m = {6}, float[8,4] t> {
            y, a, b = com.microsoft.GroupQueryAttention<num_heads=2, kv_num_heads=2, do_rotary=1>(
                q, k, v, , , n, m, c, t, p, , s)
        }"""
    y = pytest_rf.analyze(written(text, domains=', "com.microsoft" : 1'))["y"]
    assert {"p", "c", "s"} <= set(y.inputs)


QUANTISED = {
    "NhwcMaxPool": ("NhwcMaxPool", [1], {"kernel_shape": [3, 2], "strides": [2, 1]}),
    "QLinearMul": ("QLinearMul", [1, "s", "z", 1, "s", "z", "s", "z"], {}),
    "QLinearAdd": ("QLinearAdd", [1, "s", "z", 1, "s", "z", "s", "z"], {}),
    "QLinearSigmoid": ("QLinearSigmoid", [1, "s", "z", "s", "z"], {}),
    "QLinearGlobalAveragePool": ("QLinearGlobalAveragePool", [1, "s", "z", "s", "z"], {}),
    "QLinearGlobalAveragePool, channels last": (
        "QLinearGlobalAveragePool",
        [1, "s", "z", "s", "z"],
        {"channels_last": 1},
    ),
    "QLinearAveragePool": ("QLinearAveragePool", [1, "s", "z", "s", "z"], {"kernel_shape": [3, 2]}),
    "QLinearConcat": ("QLinearConcat", ["s", "z", 1, "s", "z", 1, "s", "z"], {"axis": 2}),
    "QLinearSoftmax": ("QLinearSoftmax", [1, "s", "z", "s", "z"], {"axis": 1, "opset": 13}),
    "QLinearLeakyRelu": ("QLinearLeakyRelu", [1, "s", "z", "s", "z"], {"alpha": 0.1}),
}


@pytest.mark.parametrize("case", QUANTISED.values(), ids=QUANTISED.keys())
def test_bounds_hold_what_quantised_operators_read(case: Any) -> None:
    op, inputs, attributes = case
    names = ["q" if one == 1 else one for one in inputs]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node(op, names, ["r"], domain="com.microsoft", name=op, **attributes),
        helper.make_node("DequantizeLinear", ["r", "s", "z"], ["y"]),
    ]
    weights = [
        numpy_helper.from_array(np.float32(0.02), "s"),
        numpy_helper.from_array(np.uint8(120), "z"),
    ]
    info = helper.make_tensor_value_info("x", 1, IMAGE)
    graph = helper.make_graph(nodes, op, [info], [helper.make_tensor_value_info("y", 1, None)], weights)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    arrays = {"x": sample(IMAGE, np.dtype(np.float32), np.random.default_rng(0))}
    analysis = pytest_rf.analyze(model)
    seen = probe_rows(load(model, ["y"], "onnxruntime"), arrays, bases=4)
    found = compare(analysis, seen)
    assert not found.unsound, found.report()
    if op != "QLinearSoftmax":
        assert not found.inexact, found.report()
