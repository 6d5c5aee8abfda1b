"""What an analysis takes goes with the last word about it: nothing waits for Python's search of garbage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import pytest_rf
from pytest_rf.errors import ModelError
from tests.garbage import left_by
from tests.models import model

NET = model(
    """
    net (float[2, 3, 32, 32] image) => (float[2, 4, N, M] mask)
    <float[8, 3, 3, 3] w, int64[1] eight = {8}, int64[4] four = {4, 8, 1, 1}, float[4, 1, 1] head_bias> {
        a = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (image, w)
        fill = ConstantOfShape (eight)
        scale = Unsqueeze <axes = [1, 2]> (fill)
        b = Mul (a, scale)
        c = Softmax <axis = 1> (b)
        late = ConstantOfShape (four)
        d = Conv (c, late)
        e = Add (d, head_bias)
        mask = Relu (e)
    }
    """,
    opset=11,
)
STEP = model(
    """
    step (float[1, 2, 4] x, float[1, 2, 2] cache) => (float[1, 2, 4] y, float[1, 2, 2] new_cache)
    <float[2, 2, 3] w, int64[1] last = {4}, int64[1] end = {6}, int64[1] axis = {2}> {
        whole = Concat <axis = 2> (cache, x)
        y = Conv (whole, w)
        new_cache = Slice (whole, last, end, axis)
    }
    """
)


def fields(analysis: pytest_rf.Analysis) -> Iterator[Any]:
    """Yield the field of the first final tensor along each axis."""
    tensor = analysis.final[0]
    yield from (tensor[axis] for axis in tensor.field())


WORK: dict[str, Callable[[pytest_rf.Analysis], object]] = {
    "nothing": lambda analysis: None,
    "field": lambda analysis: [one.rf for one in fields(analysis)],
    "all figures": lambda analysis: analysis.to_json(),
    "density and energy": lambda analysis: [(one.density, one.erf, one.unused) for one in fields(analysis)],
    "smallest input": lambda analysis: [one.min_input for one in fields(analysis)],
    "unit": lambda analysis: analysis.final[0].region((3, 3)),
    "violation": lambda analysis: analysis.check("final rf >= 200"),
    "independence": lambda analysis: analysis.check("final is independent"),
    "tiles": lambda analysis: analysis.tiles({"h": 16}),
    "constant": lambda analysis: analysis["scale"].shape,
}


@pytest.mark.parametrize("name", WORK)
def test_an_analysis_goes_at_once(name: str) -> None:
    assert not left_by(lambda: WORK[name](pytest_rf.analyze(NET)))


@pytest.mark.parametrize("name", ["field", "all figures"])
def test_with_its_weights_too(name: str) -> None:
    assert not left_by(lambda: WORK[name](pytest_rf.analyze(NET, weights=True)))


def test_a_stream_goes_at_once() -> None:
    state = {"cache": "new_cache"}
    assert not left_by(lambda: [one.lookback for one in fields(pytest_rf.analyze(STEP, state=state))])


def test_a_model_that_breaks_off_goes_at_once() -> None:
    broken = model(
        """
        net (float[1, 3, 8, 8] x) => (float[1, 4, N, M] y)
        <int64[4] four = {4, 3, 1, 1}, float[4, 5, 1, 1] w> {
            late = ConstantOfShape (four)
            a = Conv (x, late)
            y = Conv (a, w)
        }
        """
    )

    def work() -> None:
        with pytest.raises(ModelError, match="the weights expect 5 input channels"):
            pytest_rf.analyze(broken)

    # The error has been raised in frames that it holds; of the analysis nothing is left.
    assert not [kind for kind in left_by(work) if kind.startswith("pytest_rf.graph")]
