"""Attention whose window depends on what only a run can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator
from oracle.engines.abilities import onnxruntime_reads, reference_knows

import pytest_rf

from .written import analysed, model

TEXT = """g (float[1,2,3,4] q, float[1,2,6,4] k, float[1,2,6,4] v, int64[1] n) => (y) {{
    y = Attention<is_causal=1>(q, k, v, , , , n)
}}""".replace("{{", "{").replace("}}", "}")


def test_a_number_of_keys_that_is_computed_makes_an_upper_bound() -> None:
    a = analysed(TEXT, opset=24)
    assert a["y"].status == "upper_bound"
    assert a["y"].bounds(2, input="v")[1].tolist()[0][0][0] == [5] * 4
    assert a["y"].bounds(0, input="n")[1].max() == 0


def test_a_number_of_keys_that_is_bound_is_exact() -> None:
    a = analysed(TEXT, opset=24, values={"n": [5]})
    assert a["y"].status == "exact"
    # Three queries are the last of five keys: they stand at 2, 3 and 4.
    assert a["y"].bounds(2, input="v")[1][0, 0, :, 0].tolist() == [2, 3, 4]


def test_causal_attention_is_causal_in_theory() -> None:
    a = analysed(
        """g (float[1,2,9,4] x) => (y) <float[4,4] w = {1,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1}> {
            a = MatMul(x, w)
            y = Attention<is_causal=1>(a, a, a)
        }""",
        opset=24,
    )
    assert a["y"].bounds(2)[1][0, 0, :, 0].tolist() == list(range(9))
    assert a["y"].field()[2].lookahead <= 0


def test_positions_that_are_computed_are_read_though_the_angles_are_constant() -> None:
    a = analysed(
        """g (float[1,1,2,4] x, int64[1,2] n) => (y) <float[3,2] c = {1,2,3,4,5,6}> {
            y = RotaryEmbedding(x, c, c, n)
        }""",
        opset=23,
    )
    low, high = a["y"].bounds(1, input="n")
    assert low[0, 0, :, 0].tolist() == high[0, 0, :, 0].tolist() == [0, 1]


CAUSAL = "Attention<is_causal=1>(q, k, v, m)"
EMPTY_ROWS: dict[str, tuple[str, int, list[int], int, bool]] = {
    "causal, opset 23": (CAUSAL, 23, [4, 4], 1, True),
    "causal, opset 24": (CAUSAL, 24, [4, 4], 1, True),
    "all keys": ("Attention(q, k, v, m)", 24, [4, 4], 1, True),
    "a mask per sample": (CAUSAL, 24, [2, 1, 4, 4], 1, True),
    "a mask per head": (CAUSAL, 24, [2, 2, 4, 4], 2, True),
    "a mask that is too short": (CAUSAL, 24, [4, 3], 1, False),
    "key lengths": ("Attention<is_causal=1>(q, k, v, m, , , n)", 24, [4, 4], 1, True),
    "key lengths alone": ("Attention(q, k, v, m, , , n)", 24, [4, 4], 1, True),
    "a window of one": (
        "Attention<left_window_size=0, right_window_size=0>(q, k, v, m)",
        25,
        [4, 4],
        1,
        True,
    ),
    "a causal window": ("Attention<is_causal=1, left_window_size=1>(q, k, v, m)", 25, [4, 4], 1, True),
    "other vendors'": (
        "com.microsoft.MultiHeadAttention<num_heads=1, unidirectional=1>(a, b, c, , , m)",
        23,
        [2, 1, 4, 4],
        1,
        True,
    ),
}
"""The node, the opset, the mask's shape, the heads of the queries, and whether ONNX Runtime runs it."""


def attention_of(node: str, opset: int, mask: list[int], heads: int, kind: str) -> onnx.ModelProto:
    """Return attention of four queries over four keys in two samples, with a mask that is an input."""
    flat = "".join(
        f"t{x} = Transpose<perm=[0,2,1,3]>({x}) {y} = Reshape(t{x}, s) "
        for x, y in zip("qkv", "abc", strict=True)
    )
    return model(
        f"""g (float[2,{heads},4,2] q, float[2,1,4,2] k, float[2,1,4,2] v, {kind}[{",".join(map(str, mask))}] m) => (y)
        <int64[2] n = {{1, 3}}, int64[3] s = {{2, 4, 2}}> {{ {flat if "microsoft" in node else ""} y = {node} }}""",
        opset=opset,
        domains=', "com.microsoft" : 1',
    )


def rows_read(run: Any, shape: list[int], kind: str, feeds: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return which elements of the mask change which row (sample, query) of the result, by flipping each."""
    shut, open_ = (False, True) if kind == "bool" else (np.float32(-np.inf), np.float32(0))
    bases = [np.full(shape, open_)]
    for key in range(shape[-1]):
        alone = np.full(shape, shut)
        alone[..., key] = open_
        bases.append(alone)
    found = np.zeros((*shape, 2, 4), np.bool_)
    for base in bases:
        before = run({**feeds, "m": base})
        for place in np.ndindex(*shape):
            other = base.copy()
            other[place] = open_ if base[place] == shut else shut
            after = run({**feeds, "m": other})
            changed = (before != after) & ~(np.isnan(before) & np.isnan(after))
            found[place] |= changed.any(-1).any(1) if changed.ndim == 4 else changed.any(-1)
    return found


@pytest.mark.parametrize("kind", ["float", "bool"])
@pytest.mark.parametrize("case", EMPTY_ROWS.values(), ids=EMPTY_ROWS.keys())
def test_a_mask_that_can_leave_a_query_no_key_is_read(case: Any, kind: str) -> None:
    """The first query of causal attention has one key, whose weight is 1, or 0 if the mask takes that one."""
    node, opset, shape, heads, runs = case
    theirs = "microsoft" in node
    if theirs and kind == "bool":
        pytest.skip("its masks are numbers")
    net = attention_of(node, opset, shape, heads, kind)
    random = np.random.default_rng(0)
    feeds = {
        name: random.normal(size=(2, heads if name == "q" else 1, 4, 2)).astype(np.float32) for name in "qkv"
    }
    engines = []
    if not theirs and reference_knows(opset):
        engines.append(lambda given: ReferenceEvaluator(net).run(None, given)[0])
    if runs and onnxruntime_reads(opset):
        session = onnxruntime.InferenceSession(net.SerializeToString(), providers=["CPUExecutionProvider"])
        engines.append(lambda given: session.run(None, given)[0])
    if not engines:
        pytest.skip(f"no engine here has opset {opset}")
    tensor = pytest_rf.analyze(net)["y"]
    for run in engines:
        reads = rows_read(run, shape, kind, feeds)
        for axis in range(len(shape)):
            low, high = tensor.bounds(axis, input="m", context=True)
            others = tuple(one for one in range(len(shape)) if one != axis)
            along = reads.any(axis=others)
            for sample, row in np.ndindex(2, 4):
                at = (sample, row, 0) if theirs else (sample, slice(None), row, 0)
                found = np.flatnonzero(along[:, sample, row])
                if found.size:
                    assert (low[at].min(), high[at].max()) == (found.min(), found.max()), (axis, sample, row)
                else:
                    assert (low[at] > high[at]).all(), (axis, sample, row)


def test_the_only_key_of_a_query_is_not_weighed_by_the_query() -> None:
    tensor = pytest_rf.analyze(attention_of(CAUSAL, 24, [4, 4], 1, "bool"))["y"]
    for name in ("q", "k"):
        low, high = tensor.bounds(2, input=name)
        assert low[0, 0, 0, 0] > high[0, 0, 0, 0]
        assert high[0, 0, 1, 0] == 1
