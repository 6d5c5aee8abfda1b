"""Weights that a file leaves out are told by their shapes alone; what is not that plain is an error as ever."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import pytest_rf
from pytest_rf.errors import ModelError


def weightless(shape: TensorProto, domain: str = "") -> onnx.ModelProto:
    """A convolution whose weights are a constant of a shape."""
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["w"], name="weights", domain=domain),
        helper.make_node("Conv", ["x", "w"], ["y"], name="conv"),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 9, 9])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 7, 5])
    graph = helper.make_graph(nodes, "g", [x], [y], [shape])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def raw(values: list[int], dtype: Any = np.int64) -> TensorProto:
    return numpy_helper.from_array(np.array(values, dtype), "s")


def listed(values: list[int]) -> TensorProto:
    return helper.make_tensor("s", TensorProto.INT64, [len(values)], values)


@pytest.mark.parametrize("domain", ["", "ai.onnx"])
@pytest.mark.parametrize("shape", [raw([4, 3, 3, 5]), listed([4, 3, 3, 5]), raw([4, 3, 3, 5], np.int32)])
def test_the_shape_of_weights_is_what_their_operand_says(shape: TensorProto, domain: str) -> None:
    analysis = pytest_rf.analyze(weightless(shape, domain))
    assert [analysis["y"][axis].rf for axis in ("h", "w")] == [3, 5]
    assert analysis["y"].shape == (1, 4, 7, 5)
    assert analysis.graph.constants["w"].data is not None
    assert analysis.graph.constants["w"].data.shape == (4, 3, 3, 5)


@pytest.mark.parametrize("make", [raw, listed])
def test_a_negative_shape_is_an_error(make: Any) -> None:
    with pytest.raises(ModelError, match=r"shape \(4, 3, -3, 5\) is negative"):
        pytest_rf.analyze(weightless(make([4, 3, -3, 5])))


def test_elements_that_do_not_fit_are_no_shape() -> None:
    shape = raw([4, 3, 3, 5])
    shape.raw_data = shape.raw_data[:-3]
    analysis = pytest_rf.analyze(weightless(shape))
    assert analysis["y"].status == "unknown"
