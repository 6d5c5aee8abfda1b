"""What a unit reads, as pictures need it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from models import model

import pytest_rf
from pytest_rf.analysis.regions import region

EXAMPLES = Path(__file__).parents[2] / "examples"


def tensor(text: str) -> pytest_rf.Tensor:
    return pytest_rf.analyze(model(text)).outputs[0]


def test_the_energy_of_a_unit_is_where_its_gradient_comes_from() -> None:
    tcn = pytest_rf.analyze(EXAMPLES / "tcn.onnx").outputs[0]
    mean, deviation = region(tcn, (200,)).effective["t"]
    assert math.sqrt(1 + 12 * deviation**2) == pytest.approx(tcn["t"].erf)  # nothing of it is cut off there
    assert 138 < mean < 200
    conv = tensor("net (float[1,1,9] x) => (float[1,1,?] y) <float[1,1,3] w> { y = Conv<pads=[1,1]>(x, w) }")
    assert region(conv, (4,)).effective["t"] == pytest.approx((4, math.sqrt(2 / 3)))
    assert region(conv, (0,)).effective["t"] == pytest.approx((0.5, 0.5))  # a tap reads padding


def test_energy_follows_the_unit_through_shifted_taps() -> None:
    uneven = tensor("""
        net (float[1,1,30] x) => (float[1,1,?] y) <float[1,1,2] w>
        { a = Conv<dilations=[3]>(x, w)  y = Conv<strides=[2]>(a, w) }
    """)
    # The unit at place u reads 2u and 2u + 1 of a, and each of these itself and the one 3 further on.
    places = [10, 13, 11, 14]
    mean = sum(places) / 4
    deviation = math.sqrt(sum((place - mean) ** 2 for place in places) / 4)
    assert region(uneven, (5,)).effective["t"] == pytest.approx((mean, deviation))


def test_what_a_unit_stands_for_and_what_it_reads_beyond() -> None:
    strided = tensor(
        "net (float[1,1,9] x) => (float[1,1,?] y) <float[1,1,5] w> { y = Conv<pads=[2,2], strides=[2]>(x, w) }"
    )
    found = region(strided, (0,))
    assert found.stands_for == {"t": (0, 1)}
    reading = found.axes["t"]
    assert (reading.first, reading.last, reading.before, reading.after) == (0, 2, 2, 0)
    assert reading.read == frozenset({0, 1, 2})


def test_context_is_told_where_it_is_more() -> None:
    gated = tensor("""
        net (float[1,2,12] x) => (float[1,2,?] y) <float[2,2,3] w>
        { a = Conv<pads=[1,1]>(x, w)  g = GlobalAveragePool(a)  y = Mul(a, g) }
    """)
    found = region(gated, (5,))
    assert (found.axes["t"].first, found.axes["t"].last) == (4, 6)
    assert found.context == {"t": (0, 11)}
    plain = tensor("net (float[1,2,12] x) => (float[1,2,?] y) <float[2,2,3] w> { y = Conv(x, w) }")
    assert region(plain, (5,)).context == {}


def test_upper_bounds_have_no_energy() -> None:
    chosen = tensor("""
        net (float[1,1,12] x, int64[1,1,12] i) => (float[1,1,12] y) { y = GatherElements<axis=2>(x, i) }
    """)
    found = region(chosen, (5,), "x")
    assert found.upper_bound
    assert found.effective == {}
