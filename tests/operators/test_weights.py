"""Weight-aware mode: exact zeros and masked scores cut dependence; without it they read."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from models import model
from onnx import numpy_helper

import pytest_rf
from pytest_rf.operators.sparsity import boxes


def with_weights(text: str, **weights: np.ndarray) -> onnx.ModelProto:
    """Return a model whose named weights have elements."""
    parsed = model(text)
    for tensor in parsed.graph.initializer:
        if tensor.name in weights:
            tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name].astype(np.float32), tensor.name))
    return parsed


def test_boxes_cover_exactly_the_live_taps() -> None:
    live = np.random.default_rng(0).random((3, 4, 5)) < 0.5
    covered = np.zeros_like(live)
    for box in boxes(live):
        assert not covered[np.ix_(*box)].any()
        covered[np.ix_(*box)] = True
    assert np.array_equal(covered, live)


def pixelcnn() -> onnx.ModelProto:
    """Two masked convolutions: each unit reads what stands before it in raster order."""
    mask = np.zeros((5, 5))
    mask[:2] = 1
    mask[2, :3] = 1
    strict = mask.copy()
    strict[2, 2] = 0
    generic = np.random.default_rng(0).normal(size=(4, 4, 5, 5))
    return with_weights(
        """
        net (float[1,1,9,9] image) => (float[1,4,9,9] y)
        <float[4,1,5,5] a, float[4,4,5,5] b>
        { x = Conv<pads=[2,2,2,2]>(image, a) r = Relu(x) y = Conv<pads=[2,2,2,2]>(r, b) }
        """,
        a=generic[:, :1] * strict,
        b=generic * mask,
    )


def test_masked_convolutions_read_only_what_was_drawn_before() -> None:
    blind = pytest_rf.analyze(pixelcnn()).final[0]["h"]
    seeing = pytest_rf.analyze(pixelcnn(), weights=True).final[0]
    assert blind.lookahead == 4
    assert seeing["h"].lookahead == 0
    lo, hi = seeing.bounds("h")
    assert (lo[0, 0, 8, 4], hi[0, 0, 8, 4]) == (4, 8)
    assert seeing["h"].rf == 5


ATTENTION = """
    net (float[1,6,8] x) => (float[1,6,8] y)
    <float[8,8] w, float[6,6] mask>
    { q = MatMul(x, w)
      k = Transpose<perm=[0,2,1]>(q)
      s = MatMul(q, k)
      m = Add(s, mask)
      p = Softmax<axis=-1>(m)
      o = MatMul(p, q)
      y = Add(x, o) }
"""


@pytest.mark.parametrize("least", [-np.inf, np.finfo(np.float32).min])
def test_causal_attention(least: float) -> None:
    mask = np.where(np.tril(np.ones((6, 6))) > 0, 0.0, least)
    text = with_weights(ATTENTION, mask=mask, w=np.eye(8) + 0.1)
    axes = {"x": {"t": 1}}
    blind = pytest_rf.analyze(text, axes=axes).final[0]
    seeing = pytest_rf.analyze(text, axes=axes, weights=True).final[0]
    assert not blind["t"].causal
    lo, hi = seeing.bounds("t", context=True)
    assert (lo[0, :, 0].tolist(), hi[0, :, 0].tolist()) == ([0] * 6, [0, 1, 2, 3, 4, 5])
    assert seeing["t"].causal


def test_a_mask_does_not_outlive_what_changes_it() -> None:
    # cos(0) = 1: a weight of 0 that went through a cosine is none any more.
    mask = np.where(np.tril(np.ones((6, 6))) > 0, 0.0, -np.inf)
    text = ATTENTION.replace("o = MatMul(p, q)", "c = Cos(p) o = MatMul(c, q)")
    seeing = pytest_rf.analyze(with_weights(text, mask=mask), axes={"x": {"t": 1}}, weights=True).final[0]
    assert not seeing["t"].causal


def test_pruned_linear() -> None:
    weights = np.tril(np.ones((6, 6))).T
    text = """
        net (float[2,4,6] x) => (float[2,4,6] y)
        <float[6,6] w>
        { y = MatMul(x, w) }
    """
    seeing = pytest_rf.analyze(with_weights(text, w=weights), weights=True).outputs[0]
    lo, hi = seeing.bounds(2)
    assert (lo[0, 0].tolist(), hi[0, 0].tolist()) == ([0] * 6, list(range(6)))


@pytest.mark.parametrize("again", ["c = Softmax<axis=-1>(p)", "l = LogSoftmax<axis=-1>(m) c = Add(l, l)"])
def test_a_weight_of_0_is_no_mask(again: str) -> None:
    # A second softmax gives what weighs nothing a share; behind a logarithm there are masks, and no zeros.
    mask = np.where(np.tril(np.ones((6, 6))) > 0, 0.0, -np.inf)
    text = ATTENTION.replace("o = MatMul(p, q)", f"{again} o = MatMul(c, q)")
    seeing = pytest_rf.analyze(with_weights(text, mask=mask), axes={"x": {"t": 1}}, weights=True).final[0]
    assert not seeing["t"].causal


def test_products_with_0_are_not_read() -> None:
    text = ATTENTION.replace("p = Softmax<axis=-1>(m)", "p = Identity(m)").replace(
        "Add(s, mask)", "Mul(s, mask)"
    )
    seeing = pytest_rf.analyze(
        with_weights(text, mask=np.tril(np.ones((6, 6)))), axes={"x": {"t": 1}}, weights=True
    ).final[0]
    assert seeing["t"].causal
