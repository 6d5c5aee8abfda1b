"""Tilings of ONNX files, run by the reference evaluator."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from models import model
from onnx import ModelProto
from onnx.reference import ReferenceEvaluator

import pytest_rf

NET = """
g (double[N, 1, H] x) => (double[N, 1, M] y)
  <double[1] one = {1}, double[1, 1, 5] a = {1, 2, -1, 1, 3},
   double[1, 1, 3] b = {1, -2, 1}, float[3] by = {1, 1, 2}>
{
  p = Conv<pads = [2, 2]>(x, a)
  q = AveragePool<kernel_shape = [2], strides = [2]>(p)
  r = Conv<pads = [1, 1]>(q, b)
  s = Resize<mode = "linear", coordinate_transformation_mode = "WAY">(r, , by)
  t = Add(p, s)
  y = LAST
}
"""
CONV = "Conv<pads = [1, 1]>(t, b)"


def net(way: str = "half_pixel", last: str = CONV) -> ModelProto:
    return model(NET.replace("WAY", way).replace("LAST", last))


def differs(proto: ModelProto, plan, extent: int) -> bool:
    """Run a series in tiles; say whether the result is not that of the whole."""
    run = ReferenceEvaluator(proto)
    series = np.random.default_rng(0).standard_normal((2, 1, extent))
    (whole,) = run.run(None, {"x": series})
    result = np.full(plan.output_shape(series.shape), math.nan)
    assert result.shape == whole.shape
    for w in plan.windows(series.shape):
        result[w.write] = run.run(None, {"x": series[w.read]})[0][w.keep]
    return not np.allclose(result, whole, rtol=1e-9, atol=1e-9)


def test_the_smallest_overlap_is_enough_and_less_is_not() -> None:
    proto = net()
    analysis = pytest_rf.analyze(proto, inputs={"x": (2, 1, 48)})
    plan = analysis.tiles({"t": 40})
    assert plan.seamless, plan.why
    assert not differs(proto, plan, 40 + plan.step["t"] + 2)
    less = analysis.tiles({"t": 40}, overlap={"t": plan.overlap["t"] - 2})
    assert not less.seamless
    assert differs(proto, less, 40 + less.step["t"] + 2)


@pytest.mark.parametrize(
    ("way", "last", "why"),
    [
        ("align_corners", CONV, "Resize .* fits its grid"),
        ("half_pixel", "InstanceNormalization(t, one, one)", "InstanceNormalization .* takes statistics"),
        ("half_pixel", "Softmax<axis = 2>(t)", "Softmax .* takes statistics"),
    ],
)
def test_what_no_overlap_makes_seamless(way: str, last: str, why: str) -> None:
    proto = net(way, last)
    plan = pytest_rf.analyze(proto, inputs={"x": (2, 1, 48)}).tiles({"t": 40})
    assert plan.min_overlap == {"t": math.inf}
    assert re.search(why, plan.why), plan.why
    assert differs(proto, plan, 82)


def test_an_image_that_does_not_fit_is_an_error_that_says_what_does() -> None:
    plan = pytest_rf.analyze(net(), inputs={"x": (2, 1, 48)}).tiles({"t": 40})
    with pytest.raises(pytest_rf.RFError, match=r"81 along t does not fit .*multiples of 2.* pad it to 82"):
        list(plan.windows((2, 1, 81)))
    assert plan.pad_to((2, 1, 81)) == (2, 1, 82)
    (only,) = plan.windows((2, 1, 34))  # smaller than a tile: as it is
    assert only.read[2] == slice(0, 34)
