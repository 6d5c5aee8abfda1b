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


FIXED = """
g (float[1, 1, 16] x) => (float[1, 1, 16] y)
  <float[1, 1, KERNEL] w, int64[1] none = {0}, int64[1] three = {3},
   int64[1] end = {9223372036854775807}, int64[1] last = {2},
   int64[3] shape = {1, 1, 16}>
{
  [ahead] a = Slice(x, three, end, last)
  [behind] b = Slice(x, none, three, last)
  [roll] r = Concat<axis = 2>(a, b)
  p = Conv<auto_pad = "SAME_UPPER">(LAST, w)
  y = Reshape(p, shape)
}
"""


def fixed(last: str, kernel: int) -> pytest_rf.Analysis:
    return pytest_rf.analyze(model(FIXED.replace("LAST", last).replace("KERNEL", str(kernel))))


def test_a_file_of_fixed_extents_says_that_it_has_to_be_exported_again() -> None:
    analysis = fixed("x", 9)
    plan = analysis.tiles({"t": 32})
    assert "does not run on a tile of 32" in plan.why
    assert "export it with open extents, or give a tile of 16" in plan.why
    assert "too small" not in " ".join(map(str, plan.faults))
    assert analysis.tiles({"t": 16}).min_overlap == {"t": 8}


def test_what_a_file_of_fixed_extents_fetches_from_the_other_end_is_not_guessed_to_be_harmless() -> None:
    assert fixed("x", 19).tiles().min_overlap == {"t": 18}
    plan = fixed("r", 19).tiles()
    assert plan.min_overlap == {"t": math.inf}
    assert plan.undecidable
    assert "export it with open extents: it does not run on a tile of 47, which would tell" in plan.why
