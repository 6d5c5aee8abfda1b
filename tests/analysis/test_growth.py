"""How fields grow as data: every station is a tensor of the model, with the figures that it has itself."""

from __future__ import annotations

import math
from pathlib import Path

import onnx
import pytest
from models import model

import pytest_rf
from pytest_rf.analysis.growth import growth, growths
from pytest_rf.config.declared import PlacedRequirement
from pytest_rf.requirements import parse
from pytest_rf.view.growth import grown

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", ["unet", "tcn", "classifier"])
def test_stations_have_the_figures_of_their_tensors(name: str) -> None:
    analysis = pytest_rf.analyze(EXAMPLES / f"{name}.onnx")
    (source,) = analysis.inputs.values()
    for axis in source.axes:
        found = growth(analysis.final[0][axis])
        first, *rest = found.stations
        assert first == (None, 1, 1, 1, 1)
        assert rest[-1].rf == analysis.final[0][axis].rf
        assert found.extent == source.shape[source.axes[axis]]
        for station in rest:
            assert station.layer is not None
            own = analysis[station.layer.name][axis]
            assert (station.rf, station.rf_min, station.stride) == (own.rf, own.rf_min, own.stride)
            assert station.erf == pytest.approx(own.erf)
            assert station.rf_min <= station.rf


def test_the_way_follows_the_branch_that_makes_the_field() -> None:
    analysis = pytest_rf.analyze(
        model("""
            net (float[1,1,40] x) => (float[1,1,?] y)
            <float[1,1,3] narrow, float[1,1,9] wide>
            {
              a = Conv<pads=[4,4]>(x, wide)
              b = Conv<pads=[1,1]>(x, narrow)
              y = Add(b, a)
            }
        """)
    )
    found = growth(analysis.final[0]["t"])
    assert [station.layer and station.layer.name for station in found.stations] == [None, "a", "y"]
    assert [(station.rf, station.rf_min) for station in found.stations] == [(1, 1), (9, 9), (9, 3)]


def test_axes_that_agree_share_a_growth() -> None:
    square = growths(pytest_rf.analyze(EXAMPLES / "unet.onnx").final[0].field())
    assert [one.axes for one in square] == [("h", "w")]
    flat = pytest_rf.analyze(
        model("""
            net (float[1,1,40,40] x) => (float[1,1,?,?] y) <float[1,1,3,1] w> { y = Conv(x, w) }
        """)
    )
    assert [(one.axes, one.stations[-1].rf) for one in growths(flat.final[0].field())] == [
        (("h",), 3),
        (("w",), 1),
    ]


def test_what_mixes_is_infinite_and_what_is_unknown_an_error() -> None:
    mixing = pytest_rf.analyze(
        model("""
            net (float[1,8,4] x) => (float[1,8,?] y) <float[8,8] w>
            { a = Transpose<perm=[0,2,1]>(x)  b = MatMul(a, w)  y = Transpose<perm=[0,2,1]>(b) }
        """),
        axes={"x": {"t": 1}},
    )
    assert growth(mixing["y"]["t"]).stations[-1].rf == math.inf
    unknown = model("net (float[1,1,8] x) => (float[1,1,8] y) { y = own.Odd(x) }", domains=', "own" : 1')
    with pytest.raises(pytest_rf.ModelError, match=r"unknown: .*Odd"):
        growth(pytest_rf.analyze(unknown)["y"][2])


def requirements(*texts: str) -> list[PlacedRequirement]:
    return [PlacedRequirement(parse(text)) for text in texts]


def test_requirements_are_levels_of_the_axes_that_they_are_about() -> None:
    analysis = pytest_rf.analyze(EXAMPLES / "unet.onnx")
    asked = requirements(
        "final rf >= 36 and final rf.h >= 50", "final is bounded", "final stride == 1", '"enc*" rf < 9'
    )
    by_axis = {one.axes: one for one in grown(analysis, required=asked)}
    assert {*by_axis} == {("h",), ("w",)}
    told = [(level.metric, level.comparator, level.value, level.holds) for level in by_axis["h",].levels]
    assert told == [("rf", ">=", 36, True), ("rf", ">=", 50, False), ("stride", "==", 1, True)]
    assert [level.value for level in by_axis["w",].levels] == [36, 1]


def test_levels_are_those_of_the_tensor_that_is_drawn() -> None:
    analysis = pytest_rf.analyze(EXAMPLES / "unet.onnx")
    asked = requirements("final rf >= 36", '"encoder.1.pool" rf >= 99')
    (one,) = grown(analysis, "encoder.1.pool", asked)
    assert one.tensor == "encoder.1.pool"
    assert [(level.value, level.holds) for level in one.levels] == [(99, False)]


def test_requirements_that_do_not_apply_are_left_to_check() -> None:
    analysis = pytest_rf.analyze(EXAMPLES / "unet.onnx")
    (one,) = grown(analysis, required=requirements("final rf.d >= 3", "final rf >= 3 mm"))
    assert one.levels == ()


def test_a_model_without_spatial_axes_has_no_growth() -> None:
    plain = model("net (float[1,4] x) => (float[1,4] y) { y = Relu(x) }")
    with pytest.raises(pytest_rf.ModelError, match="--plot: no field is known"):
        grown(pytest_rf.analyze(plain))
    assert isinstance(plain, onnx.ModelProto)
