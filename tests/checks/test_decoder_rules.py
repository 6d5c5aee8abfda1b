"""Rules about holes, upsampling and grids that are fitted to the extent."""

from __future__ import annotations

import pytest
from found import findings, judges, rows
from layered import AXES, chain, conv
from models import model

RANKS = pytest.mark.parametrize("rank", [1, 2, 3])


def stack(rank: int, *dilations: int) -> str:
    return chain(rank, 40, *(conv(rank, 3, pad=dilation, dilation=dilation) for dilation in dilations))


@RANKS
@pytest.mark.parametrize(
    ("dilations", "share"),
    [
        ((2, 2, 2), 7 / 13),
        ((1, 2, 3), None),
        ((2, 4, 8), 15 / 29),
        ((5, 9, 17), 27 / 63),
        ((1, 2, 9), 21 / 25),
    ],
)
def test_dilations_that_leave_holes(rank: int, dilations: tuple[int, ...], share: float | None) -> None:
    found = findings(model(stack(rank, *dilations)), "gridding")
    assert [one.axes for one in found] == [(axis,) for axis in AXES[rank] if share]
    assert all(one.measured[0].low == pytest.approx(share) for one in found)


def test_the_dilations_that_make_the_holes_are_named() -> None:
    (found,) = findings(model(stack(1, 1, 2, 9)), "gridding")
    assert "dilation 9 leave" in found.message
    assert found.note == "dilated: y (3 dilation 9)"


def test_holes_that_a_stride_makes_are_no_gridding() -> None:
    net = chain(1, 40, conv(1, 1, 2), conv(1, 3, pad=1))
    assert findings(model(net), "gridding") == []
    assert not judges(model(net), "gridding")


def resized(attributes: str, scale: str = "2.0", rank: int = 1) -> str:
    size, scales = ",".join(["6"] * rank), ",".join([scale] * rank)
    return f"""
        net (float[1,2,{size}] x) => (float[1,2,{",".join(["?"] * rank)}] y)
        <float[{rank + 2}] s = {{1.0,1.0,{scales}}}, float[2,2,{",".join(["3"] * rank)}] w>
        {{ a = Conv<pads=[{",".join(["1"] * 2 * rank)}]>(x, w)  y = Resize<{attributes}>(a, , s) }}
    """


@RANKS
def test_align_corners_in_a_dense_model(rank: int) -> None:
    corners = 'mode="linear", coordinate_transformation_mode="align_corners"'
    assert rows(model(resized(corners, rank=rank)), "extent-dependent-grid") == [
        ("y", axis, "error") for axis in AXES[rank]
    ]
    assert rows(model(resized('mode="linear"', rank=rank)), "extent-dependent-grid") == []
    assert rows(model(resized(corners, "1.0", rank)), "extent-dependent-grid") == []


def test_a_source_of_one_position_is_silent() -> None:
    text = """
        net (float[1,2,6] x) => (float[1,2,6] y) <float[3] s = {1.0,1.0,6.0}>
        {
            m = GlobalAveragePool(x)
            r = Resize<mode="linear", coordinate_transformation_mode="align_corners">(m, , s)
            y = Add(r, x)
        }
    """
    assert rows(model(text), "extent-dependent-grid") == []


def test_a_classifier_is_not_dense() -> None:
    text = resized('mode="linear", coordinate_transformation_mode="align_corners"')
    text = text.replace("y = Resize", "r = Resize").replace("}\n    ", "  y = GlobalAveragePool(r) }")
    assert "GlobalAveragePool" in text
    assert rows(model(text), "extent-dependent-grid") == []


def test_an_operator_whose_result_nothing_needs() -> None:
    text = """
        net (float[1,2,9] x) => (float[1,2,?] y) <float[2,2,3] w>
        { a = Conv(x, w)  b = Conv(a, w)  c = Sigmoid(b)  y = Relu(a) }
    """
    (found,) = findings(model(text), "dead-operator")
    assert (found.tensor, found.op) == ("c", "Sigmoid")
    assert rows(model(text.replace("Relu(a)", "Relu(c)")), "dead-operator") == []


def test_what_a_shape_or_a_body_needs_is_alive() -> None:
    shaped = """
        net (float[1,2,9] x) => (float[?,?,?] y) <float[2,2,3] w>
        { a = Conv(x, w)  s = Shape(a)  f = Flatten(a)  y = Reshape(f, s) }
    """
    assert rows(model(shaped), "dead-operator") == []
    asked = """
        net (float[1,2,9] x, bool c) => (float[1,2,?] y) <float[2,2,3] w>
        {
            a = Conv(x, w)
            y = If(c) <
                then_branch = then () => (float[1,2,?] t) { t = Relu(a) },
                else_branch = other () => (float[1,2,?] e) { e = Neg(a) }
            >
        }
    """
    assert rows(model(asked), "dead-operator") == []


def test_a_resize_by_one_is_needless_and_one_to_the_declared_size_is_not() -> None:
    assert rows(model(resized('mode="nearest"', "1.0")), "identity-resampling") == [("y", "", "error")]
    assert rows(model(resized('mode="nearest"')), "identity-resampling") == []
    sized = """
        net (float[1,2,6] x) => (float[1,2,6] y) <int64[3] s = {1,2,6}, float[2,2,3] w>
        { a = Conv<pads=[1,1]>(x, w)  y = Resize<mode="nearest">(a, , , s) }
    """
    assert rows(model(sized), "identity-resampling") == [("y", "", "info")]
