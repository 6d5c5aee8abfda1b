"""What is said of a tiling: numbers of any kind, and what makes no sense."""

from __future__ import annotations

import numpy as np
import pytest
from models import conv, model

import pytest_rf
from pytest_rf.errors import TilingError


@pytest.fixture(scope="module")
def analysis() -> pytest_rf.Analysis:
    return pytest_rf.analyze(conv(3))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tile": {"t": 8}}, "the model has no axis 't'; its axes are h, w"),
        ({"tile": {"h": "8"}}, "h = '8' is not a number of positions from 1 on"),
        ({"tile": {"h": 8.0}}, "h = 8.0 is not a number"),
        ({"tile": {"h": True}}, "h = True is not a number"),
        ({"tile": {"h": (8, 8)}}, "is not a number of positions"),
        ({"tile": {"h": 8}, "overlap": {"h": -1}}, "is not a number of positions from 0 on"),
        (
            {"tile": {"h": 8}, "overlap": {"w": 2}},
            "'w' is not tiled; tiles are given along h: give the extent of one along w, too",
        ),
        ({"tile": {"h": 8}, "context": {"h": (1, 2, 3)}}, "is not a number or a pair"),
        ({"tile": {"h": 8}, "context": {"h": ()}}, "is not a number or a pair"),
        ({"tile": {"h": 8}, "overlap": {"h": 2}, "context": {"h": 1}}, "give one of them"),
        ({"tile": {"h": 8}, "overlap": {"h": 8}}, "does not move on; give a larger tile or less overlap"),
    ],
)
def test_what_makes_no_sense_is_an_error(analysis: pytest_rf.Analysis, given, told: str) -> None:
    with pytest.raises(TilingError, match=r".") as caught:
        analysis.tiles(**given)
    assert told in str(caught.value)
    assert isinstance(caught.value, pytest_rf.RFError)


def test_numbers_of_arrays_are_numbers(analysis: pytest_rf.Analysis) -> None:
    plan = analysis.tiles({"h": np.int64(32)}, context={"h": (np.int64(2), 1)}, align={"h": np.int32(1)})
    assert plan.context == {"h": (2, 1)}
    assert type(plan.tile["h"]) is int


def test_one_number_is_the_context_of_both_sides(analysis: pytest_rf.Analysis) -> None:
    assert analysis.tiles({"h": 32}, context={"h": 3}).context == {"h": (3, 3)}


def test_align_asks_for_a_coarser_grid(analysis: pytest_rf.Analysis) -> None:
    plan = analysis.tiles({"h": 32}, align={"h": 8})
    assert (plan.multiple["h"], plan.min_overlap["h"], plan.min_context["h"]) == (8, 8, (8, 8))
    assert not analysis.tiles({"h": 32}, overlap={"h": 4}, align={"h": 8})


def test_without_a_spatial_axis_there_is_nothing_to_tile() -> None:
    dense = pytest_rf.analyze(model("g (float[1, 8] x) => (float[1, 8] y) { y = Relu(x) }"))
    with pytest.raises(TilingError, match="no spatial axis to tile"):
        dense.tiles()
