"""Weight-aware mode: masks, and a softmax's zeros, on their way through what exporters put between mask and product."""

from __future__ import annotations

import pytest
from oracle.compare import compare
from oracle.engines.files import load
from oracle.perturb import generic_inputs, probe_rows

import pytest_rf
from pytest_rf.analysis import Analysis

from .written import model

N = 4
CONSTANTS = """
    bool[4,4] seen = {1,0,0,0, 1,1,0,0, 1,1,1,0, 1,1,1,1},
    float[4,4] large = {0,-1e9,-1e9,-1e9, 0,0,-1e9,-1e9, 0,0,0,-1e9, 0,0,0,0},
    float[4,4] one = {1,0,0,0, 1,1,0,0, 1,1,1,0, 1,1,1,1},
    float[4,4] off = {0,1e10,1e10,1e10, 0,0,1e10,1e10, 0,0,0,1e10, 0,0,0,0},
    float zero = {0}, float least = {-3.4e38}, float low = {-1e9}, float high = {1e9}, float small = {-20},
    float[2,3] heads = {1,2,3,4,5,6}, int64 index = {1}
"""
TEXT = """g (float[4,3] x) => (y) <{constants}> {{
    t = Transpose(x)
    s = MatMul(x, t)
    {lines}
    y = MatMul(p, x)
}}"""
WEIGHTS = "m = Add(s, large) w = Softmax(m)"
KEPT = "k = ReduceMax<keepdims = 1>(x, axis) b = Less(k, high) c = And(b, seen)"
CAUSAL = {
    "scaled dot product attention": f"{WEIGHTS} n = IsNaN(w) p = Where(n, zero, w)",
    "no number and no infinity": f"{WEIGHTS} n = IsNaN(w) a = Where(n, zero, w) e = Equal(a, high) "
    "p = Where(e, low, a)",
    "infinities by their sign": f"{WEIGHTS} i = IsInf(w) p = Where(i, high, w)",
    "larger than a number": f"{WEIGHTS} i = Greater(w, high) p = Where(i, high, w)",
    "less than a number": f"{WEIGHTS} i = Less(high, w) p = Where(i, high, w)",
    "a large number taken off": "a = Mul(s, one) m = Sub(a, off) p = Softmax(m)",
    "not below the least number": "a = Add(s, large) m = Max(a, least) p = Softmax(m)",
    "clipped": "a = Add(s, large) m = Clip(a, low, high) p = Softmax(m)",
    "clipped from below": "a = Add(s, large) m = Clip(a, low) p = Softmax(m)",
    "clipped from above": "a = Add(s, large) m = Clip(a, , high) p = Softmax(m)",
    "heads that talk": f"{WEIGHTS} a = Unsqueeze(w, axis) b = Concat<axis = 1>(a, a) "
    'e = Einsum<equation = "ihj,hg->gij">(b, heads) p = Gather<axis = 0>(e, index)',
    "one of both, without a softmax": f"{KEPT} p = Where(c, s, zero)",
}
READING = {
    "heads of which one is not masked": f"{WEIGHTS} a = Unsqueeze(w, axis) b = Unsqueeze(s, axis) "
    "c = Concat<axis = 1>(a, b) "
    'e = Einsum<equation = "ihj,hg->gij">(c, heads) p = Gather<axis = 0>(e, index)',
    "what data masks, too": f"{KEPT} m = Where(c, s, least) p = Softmax(m)",
    "clipped above the mask": "a = Add(s, large) m = Clip(a, small, high) p = Softmax(m)",
    "not less than 0": f"{WEIGHTS} i = Less(w, high) p = Where(i, s, w)",
}


def analysed(lines: str) -> Analysis:
    """Return the analysis of attention with these lines, held against what a run shows."""
    graph = model(TEXT.format(constants=CONSTANTS + ", int64[1] axis = {1}", lines=lines))
    analysis = pytest_rf.analyze(graph, weights=True)
    found = compare(analysis, probe_rows(load(graph), generic_inputs({"x": (N, 3)})))
    assert found.compared
    assert not found.unsound, found.report()
    return analysis


@pytest.mark.parametrize("way", CAUSAL)
def test_what_is_masked_is_not_read(way: str) -> None:
    low, high = analysed(CAUSAL[way])["y"].bounds(0)
    assert high.max(axis=-1).tolist() == [0, 1, 2, 3]
    assert low.max() == 0


@pytest.mark.parametrize("way", READING)
def test_what_is_not_masked_any_more_is_read(way: str) -> None:
    assert analysed(READING[way])["y"].bounds(0)[1].min() == N - 1


def test_clip_with_bounds_that_are_attributes() -> None:
    text = TEXT.format(
        constants=CONSTANTS, lines="a = Add(s, large) m = Clip<min = -1e9, max = 1e9>(a) p = Softmax(m)"
    )
    analysis = pytest_rf.analyze(model(text, opset=10), weights=True)
    assert analysis["y"].bounds(0)[1].max(axis=-1).tolist() == [0, 1, 2, 3]
