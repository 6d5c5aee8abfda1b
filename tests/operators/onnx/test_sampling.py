"""Grids: where they lie decides what is read."""

from __future__ import annotations

import pytest

from .written import analysed, bounds

TEXT = """g (float[1,1,1,{n}] x) => (y) <float[1,2,3] matrix = {{1,0,0, 0,1,0}}> {{
    size = Shape(x)
    grid = AffineGrid<align_corners = {corners}>(matrix, size)
    y = GridSample<align_corners = {corners}>(x, grid)
}}"""


def test_the_grid_of_one_sample_is_followed() -> None:
    a = analysed(TEXT.format(n=5, corners=0))
    assert bounds(a, "y", 3) == [[i, i] for i in range(5)]
    assert a["y"].status == "exact"


def test_corners_of_one_place_are_where_an_implementation_puts_them() -> None:
    a = analysed(TEXT.format(n=5, corners=1))
    assert a["y"].status == "upper_bound"
    assert bounds(a, "y", 3) == [[0, 4]] * 5


def test_a_grid_reads_the_rows_of_its_matrix() -> None:
    a = analysed(
        """g (float[2,2,3] m) => (grid) <int64[4] size = {2, 1, 4, 5}> { grid = AffineGrid(m, size) }""",
        opset=20,
    )
    assert a["grid"].shape == (2, 4, 5, 2)
    low, high = a["grid"].bounds(1)
    assert low[0, 0, 0].tolist() == high[0, 0, 0].tolist() == [0, 1]


@pytest.mark.parametrize("size", ["{2, 1, 4, 5}", "{1, 1, 4, 5, 6}", "{1, 4}"])
def test_a_size_that_does_not_fit_is_refused(size: str) -> None:
    count = size.count(",") + 1
    with pytest.raises(Exception, match="do not fit a grid"):
        analysed(f"g (float[1,2,3] m) => (y) <int64[{count}] size = {size}> {{ y = AffineGrid(m, size) }}")
