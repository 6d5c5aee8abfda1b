"""Windows that a table of indices takes are windows; patterns that repeat are read as those of a resize."""

from __future__ import annotations

import models
import numpy as np
import pytest
from oracle.compare import compare
from oracle.engines.files import load
from oracle.perturb import generic_inputs, probe_rows

import pytest_rf
from pytest_rf.access import Taps, repeating
from pytest_rf.analysis import Analysis

LENGTH = 24
HEAD = "g (float[1,1,24] x) => (y) <float[1,1,3] w = {1,2,3}> { c = Conv<pads = [1, 1]>(x, w) y = "


def frames(count: int, kernel: int, hop: int, dilation: int = 1) -> np.ndarray:
    return np.arange(count)[:, None] * hop + np.arange(kernel) * dilation


def gathered(places: np.ndarray, how: str = "Gather<axis = 2>(c, i)", before: str = "") -> Analysis:
    """Return the analysis of a convolution of which places are picked, held against what a run shows."""
    shape, elements = (",".join(map(str, numbers)) for numbers in (places.shape, places.ravel()))
    table = f"i = Constant<value = int64[{shape}] {{{elements}}}>()"
    graph = models.model(HEAD.replace("y = ", f"{table} {before} y = ") + how + " }", opset=17, weights=False)
    analysis = pytest_rf.analyze(graph)
    compare(analysis, probe_rows(load(graph), generic_inputs({"x": (1, 1, LENGTH)}))).assert_exact()
    return analysis


@pytest.mark.parametrize(
    ("count", "kernel", "hop", "dilation"), [(11, 4, 2, 1), (11, 3, 2, 1), (20, 3, 1, 2), (4, 4, 6, 1)]
)
@pytest.mark.parametrize("turned", [False, True])
def test_frames(count: int, kernel: int, hop: int, dilation: int, turned: bool) -> None:
    places = frames(count, kernel, hop, dilation)
    field = gathered(places.T if turned else places).final[0]["t"]
    reach = (kernel - 1) * dilation
    assert (field.rf, field.stride, field.start) == (reach + 3, hop, -1)
    assert (field.lookahead, field.lookback) == (reach + 2 - hop, 1)
    assert field.halo == (1, max(reach + 2 - hop, 0))
    assert field.multiple == hop


def test_a_plain_reshape_stays_one() -> None:
    assert gathered(np.arange(24).reshape(6, 4)).final[0]["t"].rf_min == 3


@pytest.mark.parametrize(
    "places", [[[0, 2, 5], [1, 3, 6]], [[3, 3], [4, 4]], [[0, 5, 1], [7, 2, 9]], [[9, 8, 7], [3, 4, 5]]]
)
def test_other_tables_are_read_as_they_are(places: list[list[int]]) -> None:
    gathered(np.array(places))


REPEATING = {
    "doubled": (np.arange(8).repeat(2), "1/2"),
    "by one and a half": ([0, 0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7], "2/3"),
    "pairs change places": ([1, 0, 3, 2, 5, 4, 7, 6], "1"),
    "two of three": ([0, 1, 3, 4, 6, 7, 9, 10], "3/2"),
}


@pytest.mark.parametrize("name", REPEATING)
def test_patterns_that_repeat(name: str) -> None:
    places, stride = REPEATING[name]
    analysis = gathered(np.array(places))
    assert str(analysis.final[0]["t"].stride) == stride
    assert analysis.final[0]["t"].rf == 3


def test_what_comes_twice_only_is_no_pattern() -> None:
    assert not isinstance(repeating(np.array([0, 2, 1, 3])), Taps)
    assert not isinstance(repeating(np.array([0, 1, 0, 1, 0, 1])), Taps)
    assert not isinstance(repeating(np.array([-1, 0, 0, 1, 1, 2])), Taps)


def test_tuples_of_indices_as_well() -> None:
    field = gathered(frames(9, 3, 2)[..., None], "GatherND(r, i)", "r = Squeeze(c)").final[0]["t"]
    assert (field.rf, field.stride, field.lookahead) == (5, 2, 2)


torch = pytest.importorskip("torch")


class Picked(torch.nn.Module):
    """A convolution of which places are picked, in some way."""

    def __init__(self, pick) -> None:
        super().__init__()
        self.conv, self.pick = torch.nn.Conv1d(2, 2, 3, padding=1), pick

    def forward(self, x):
        return self.pick(self.conv(x))


PLACES = torch.from_numpy(frames(9, 4, 2))


def test_frames_in_torch_are_those_of_unfold() -> None:
    names = ("rf", "rf_min", "stride", "start", "lookahead", "lookback", "halo", "multiple", "density", "erf")
    x = torch.randn(1, 2, LENGTH)
    unfold, index = (
        pytest_rf.analyze(Picked(pick), x).final[0]["t"]
        for pick in (lambda y: y.unfold(2, 4, 2)[:, :, :9], lambda y: y[:, :, PLACES])
    )
    assert [getattr(index, name) for name in names] == [getattr(unfold, name) for name in names]


OUTSIDE = {
    "index": lambda y: y[:, :, PLACES],
    "index_select": lambda y: y.index_select(2, PLACES[:, 3]),
    "two indices": lambda y: y[:, torch.tensor([0, 1]), torch.tensor([3, 19])][..., None],
    "gather": lambda y: y.gather(2, PLACES[:, 3].expand(1, 2, 9)),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_an_index_outside_of_the_input_is_an_error_as_in_a_run(name: str) -> None:
    net = Picked(OUTSIDE[name])
    assert pytest_rf.analyze(net, torch.randn(1, 2, LENGTH)).final[0]["t"].min_input == 20
    net(torch.randn(1, 2, 20))
    with pytest.raises((IndexError, RuntimeError)):
        net(torch.randn(1, 2, 19))
    with pytest.raises(pytest_rf.ModelError, match="index 19 is outside of extent 19"):
        pytest_rf.analyze(net, torch.randn(1, 2, 19))
