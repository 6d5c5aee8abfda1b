"""Pad with crops on one side and borders on the other, held against what running it shows."""

from __future__ import annotations

from itertools import product

import numpy as np
import onnxruntime
import pytest
from oracle.engines.abilities import onnxruntime_pads_what_is_left

import pytest_rf
from pytest_rf.errors import ModelError

from .written import model

SHAPES = {1: (5,), 2: (3, 5), 3: (2, 3, 4)}
PADS = {
    1: [[-1, 2], [2, -1], [-2, 7], [6, -3], [-1, -1], [3, 4]],
    2: [[-1, 2, 1, -1], [1, -2, -1, 3], [0, -1, 0, 2], [2, 1, -2, -2]],
    3: [[1, 0, -1, 0, -1, 2], [0, -1, 2, 0, 2, -2], [1, 1, -1, -1, -1, 1]],
}


@pytest.mark.parametrize("rank", SHAPES)
@pytest.mark.parametrize("mode", ["wrap", "edge", "reflect", "constant"])
def test_what_is_cropped_does_not_come_back(rank: int, mode: str) -> None:
    if mode in ("wrap", "reflect") and not onnxruntime_pads_what_is_left(mode):
        pytest.skip("this onnxruntime fills from beside what a crop leaves")
    shape, tried = SHAPES[rank], 0
    for pads, opset in product(PADS[rank], (19, 21)):
        dims = ",".join(map(str, shape))
        numbers = ",".join(map(str, pads))
        text = f'g (float[{dims}] x) => (y) <int64[{len(pads)}] p = {{{numbers}}}> {{ y = Pad<mode = "{mode}">(x, p) }}'
        graph = model(text, opset=opset)
        session = onnxruntime.InferenceSession(graph.SerializeToString())
        places = np.indices(shape, np.float32) + 1  # a padding value of 0 is none of them
        try:
            read = [session.run(None, {"x": one})[0].astype(int) - 1 for one in places]
        except Exception:  # it has nothing left to reflect
            assert mode == "reflect"
            continue
        tensor = pytest_rf.analyze(graph)["y"]
        assert tensor.status == "exact"
        for axis in range(rank):
            low, high = tensor.bounds(axis)
            there = read[axis] >= 0
            assert ((low <= high) == there).all()
            assert (low[there] == read[axis][there]).all()
            assert (high[there] == read[axis][there]).all()
        tried += 1
    assert tried >= 2


@pytest.mark.parametrize("mode", ["wrap", "edge", "reflect"])
def test_nothing_is_left_to_fill_with(mode: str) -> None:
    text = f'g (float[3] x) => (y) <int64[2] p = {{-3, 4}}> {{ y = Pad<mode = "{mode}">(x, p) }}'
    with pytest.raises(ModelError, match="leave nothing"):
        pytest_rf.analyze(model(text))
