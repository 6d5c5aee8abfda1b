"""Which layers are one: calls of a module, and layers that share their weights."""

from __future__ import annotations

import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import pytest_rf
from pytest_rf.cures.sites import Sites


def chain(*weights: str) -> onnx.ModelProto:
    """Return convolutions one behind the other, each with a weight of a name."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 32]) for name in ("x", "y")]
    names = ["x", *[f"t{number}" for number in range(1, len(weights))], "y"]
    nodes = [
        helper.make_node("Conv", [names[at], weight], [names[at + 1]], name=f"c{at}", pads=[1, 1])
        for at, weight in enumerate(weights)
    ]
    taps = [numpy_helper.from_array(np.ones((1, 1, 3), np.float32), name) for name in dict.fromkeys(weights)]
    return helper.make_model(helper.make_graph(nodes, "chain", ends[:1], ends[1:], taps))


def test_layers_of_one_weight_are_one() -> None:
    sites = Sites(pytest_rf.analyze(chain("a", "b", "a", "c", "b", "a")).graph)
    assert sites.sharing == {0: (0, 2, 5), 1: (1, 4), 2: (0, 2, 5), 3: (3,), 4: (1, 4), 5: (0, 2, 5)}
    assert sites.calls == {number: (number,) for number in range(6)}


def test_many_layers_of_one_weight_are_found_in_linear_time() -> None:
    sites = Sites(pytest_rf.analyze(chain(*["a"] * 3000)).graph)
    assert len(sites.layers) == 3000
    start = time.process_time()
    assert sites.sharing[2999] == tuple(range(3000))
    assert time.process_time() - start < 1  # it is 20 ms; pair by pair it took some seconds
