"""Writing by constant indices, held against what running it shows."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper, numpy_helper
from oracle.compare import compare
from oracle.engines.files import load
from oracle.perturb import generic_inputs, probe_rows

import pytest_rf

BLOCKS = {
    "a slice of the last axis": np.s_[:, :, 1:],
    "a block": np.s_[:, 1:3, 2:5],
    "every second place": np.s_[:, ::2, 1],
    "backwards": np.s_[:, :, [3, 1, 0]],
    "all of it": np.s_[:, :, :],
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
def test_slice_assignment_reads_the_new_inside_and_the_old_outside(block: tuple[slice, ...]) -> None:
    shape = (2, 4, 6)
    flat = np.arange(np.prod(shape)).reshape(shape)[block]
    places = np.stack(np.unravel_index(flat, shape), axis=-1)
    inputs = {"x": shape, "u": flat.shape}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1]),
        helper.make_node("ScatterND", ["a", "i", "u"], ["y"]),
    ]
    weights = [
        numpy_helper.from_array(np.ones((4, 4, 3), np.float32), "w"),
        numpy_helper.from_array(places, "i"),
    ]
    infos = [helper.make_tensor_value_info(name, 1, extents) for name, extents in inputs.items()]
    outputs = [helper.make_tensor_value_info("y", 1, shape)]
    graph = helper.make_graph(nodes, "scatter", infos, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    compare(pytest_rf.analyze(model), probe_rows(load(model), generic_inputs(inputs))).assert_exact()


def test_a_slice_written_along_other_axes_keeps_the_theory() -> None:
    places = np.stack(np.meshgrid(np.arange(1), np.arange(2), indexing="ij"), axis=-1).reshape(1, 2, 2)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1]),
        helper.make_node("ScatterND", ["z", "i", "a"], ["b"]),
        helper.make_node("Conv", ["b", "v"], ["y"], pads=[1, 1]),
    ]
    weights = [
        numpy_helper.from_array(np.ones((2, 3, 3), np.float32), "w"),
        numpy_helper.from_array(np.ones((1, 4, 3), np.float32), "v"),
        numpy_helper.from_array(np.zeros((1, 4, 9), np.float32), "z"),
        numpy_helper.from_array(places, "i"),
    ]
    infos = [helper.make_tensor_value_info("x", 1, (1, 3, 9))]
    graph = helper.make_graph(nodes, "scatter", infos, [helper.make_tensor_value_info("y", 1, None)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    analysis = pytest_rf.analyze(model)
    assert dict(analysis.inputs["x"].axes) == {"t": 2}
    assert (analysis["y"]["t"].rf, analysis["y"]["t"].start) == (5, -2)
    assert analysis["y"].status == "exact"
