"""The shortest path chooses between branches that meet, never between the taps of one window."""

from __future__ import annotations

import pytest
from models import model
from oracle.engines.files import load
from oracle.perturb import generic_inputs, probe_rows

import pytest_rf

ONE_WINDOW = {
    "Conv": """net (float[1,1,9,9] x) => (float[1,1,9,9] y) <float[1,1,3,3] k = {1,2,3, 4,0,0, 0,0,0}>
        { y = Conv<pads=[1,1,1,1]>(x, k) }""",
    "ConvTranspose": """net (float[1,1,9,9] x) => (float[1,1,9,9] y) <float[1,1,3,3] k = {1,2,3, 4,0,0, 0,0,0}>
        { y = ConvTranspose<pads=[1,1,1,1]>(x, k) }""",
    "Col2Im": """net (float[1,9,9,9] x) => (float[1,1,11,11] y)
        <int64[2] image = {11,11}, int64[2] block = {3,3}, int64[3] flat = {1,9,81}>
        { f = Reshape(x, flat) y = Col2Im(f, image, block) }""",
}


@pytest.mark.parametrize("how", ONE_WINDOW)
def test_all_taps_of_a_window_are_read(how: str) -> None:
    graph = model(ONE_WINDOW[how], opset=18, weights=False)
    analysis = pytest_rf.analyze(graph, weights=True)
    inputs = generic_inputs({"x": tuple(analysis.inputs["x"].shape)})
    seen = probe_rows(load(graph), inputs)
    field = analysis.final[0]
    for axis, number in (("h", 2), ("w", 3)):
        size = int(seen.rows["y", "x", number][:, 0, 0, 5, 5].sum())
        assert size > 1
        assert (field[axis].rf_min, field[axis].rf) == (size, size)


def test_branches_that_meet_still_compete() -> None:
    graph = model("""
        net (float[1,1,9,9] x) => (y) <float[1,1,3,3] w>
        { c = Conv(x, w) d = MaxPool<kernel_shape=[5,5], pads=[1,1,1,1]>(x) y = Add(c, d) }
    """)
    field = pytest_rf.analyze(graph).final[0]["h"]
    assert (field.rf_min, field.rf) == (3, 5)
