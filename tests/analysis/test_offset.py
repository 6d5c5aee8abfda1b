"""``offset``: how far the centre of a unit lies off the centre of what it stands for."""

from __future__ import annotations

from fractions import Fraction

import pytest
from models import model

import pytest_rf
from pytest_rf.analysis.metrics import AxisField


def field(body: str, weights: str = "", extent: int = 64, output: str = "y") -> AxisField:
    text = f"net (float[1,1,{extent}] x) => (float[1,1,?] {output}) <float[1,1,3] w{weights}> {{ {body} }}"
    return pytest_rf.analyze(model(text)).outputs[0][2]


@pytest.mark.parametrize(
    ("body", "offset"),
    [
        ("y = Conv<pads=[1,1]>(x, w)", 0),
        ("y = Conv<strides=[2], pads=[1,1]>(x, w)", Fraction(-1, 2)),
        ("a = Conv<strides=[2], pads=[1,1]>(x, w) y = Conv<strides=[2], pads=[1,1]>(a, w)", Fraction(-3, 2)),
        ("y = Conv<pads=[2,0]>(x, w)", -1),
        ("y = Conv(x, w)", 1),
        ("y = MaxPool<kernel_shape=[2], strides=[2]>(x)", 0),
        ("y = AveragePool<kernel_shape=[4], strides=[4]>(x)", 0),
    ],
)
def test_it_is_the_centre_less_half_of_what_a_stride_spans(body: str, offset: Fraction | int) -> None:
    found = field(body)
    assert found.offset == offset
    assert found.center is not None
    assert found.stride is not None
    assert found.offset == found.center - (found.stride - 1) / 2


def test_there_is_none_where_there_is_no_stride() -> None:
    pooled = field("y = GlobalAveragePool(x)")
    assert pooled.stride == 0
    assert pooled.offset is None
    joined = field(
        "a = Conv<strides=[2], pads=[1,1]>(x, w) b = Conv<strides=[4], pads=[1,1]>(x, w) y = Concat<axis=2>(a, b)"
    )
    assert joined.stride is None
    assert joined.offset is None


def test_it_is_a_word_of_requirements_with_a_path() -> None:
    text = """
    net (float[1,1,64] x) => (float[1,1,?] b) <float[1,1,3] w>
    { a = Conv<strides=[2], pads=[1,1]>(x, w) b = Conv<strides=[2], pads=[1,1]>(a, w) }
    """
    analysis = pytest_rf.analyze(model(text))
    assert analysis.check("final offset == -3/2") == []
    (finding,) = analysis.check("final offset == 0")
    assert "offset is -1.5" in finding.message
    assert [step.growth for step in finding.path] == ["-1/2", -1]
    (tensor, *_) = analysis.to_dict()["tensors"]
    assert tensor["fields"]["x"]["t"]["offset"] == "-1/2"
