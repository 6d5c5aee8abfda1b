"""Extents of pools, and what their windows read, against ONNX Runtime and onnx's own shape inference."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

import pytest_rf

VERSIONS = [
    ("MaxPool", 8),
    ("MaxPool", 12),
    ("MaxPool", 22),
    ("AveragePool", 11),
    ("AveragePool", 22),
    ("LpPool", 22),
]
PADDING: list[dict[str, Any]] = [
    {},
    {"pads": (1, 1)},
    {"pads": (0, 1)},
    {"pads": (1, 0)},
    {"auto_pad": "VALID"},
    {"auto_pad": "SAME_UPPER"},
    {"auto_pad": "SAME_LOWER"},
]


def pool(op: str, opset: int, extents: list[int], **attributes: Any) -> onnx.ModelProto:
    """Return a model of one pool; ``pads`` are (before, after) on every axis."""
    rank = len(extents)
    if "pads" in attributes:
        before, after = attributes["pads"]
        attributes["pads"] = [before] * rank + [after] * rank
    node = helper.make_node(op, ["x"], ["y"], **attributes)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, *extents])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "g", [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def run(model: onnx.ModelProto, extents: list[int]) -> list[np.ndarray[Any, Any]]:
    """Return which input positions each output reads, by ONNX Runtime: one impulse a position."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    plain = np.ones((1, 1, *extents), np.float32)
    before = session.run(None, {"x": plain})[0]
    found = []
    for place in np.ndindex(*extents):
        other = plain.copy()
        other[(0, 0, *place)] = 7
        found.append(session.run(None, {"x": other})[0] != before)
    return [before, np.stack(found).reshape(*extents, *before.shape)]


def inferred(model: onnx.ModelProto) -> tuple[int, ...]:
    dims = (
        onnx.shape_inference.infer_shapes(model, strict_mode=True).graph.output[0].type.tensor_type.shape.dim
    )
    return tuple(dim.dim_value for dim in dims)


def windows(op: str, opset: int, padding: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    """Return (extent, kernel, stride, dilation) that the engines are known to run as they should."""
    dilated = (op == "MaxPool" and opset >= 10) or opset >= 19
    found = []
    for extent, kernel, stride, dilation in itertools.product((4, 5, 7, 8), (1, 2, 3), (1, 2, 3), (1, 2)):
        same = str(padding.get("auto_pad", "")).startswith("SAME")
        if dilation > 1 and (not dilated or same):
            continue
        if max(padding.get("pads", (0,))) >= kernel or dilation * (kernel - 1) + 1 > extent:
            continue
        if same and kernel < stride:
            continue
        found.append((extent, kernel, stride, dilation))
    return found


@pytest.mark.parametrize("ceil", [0, 1])
@pytest.mark.parametrize("padding", PADDING, ids=str)
@pytest.mark.parametrize(("op", "opset"), VERSIONS)
def test_a_pool_reads_what_onnxruntime_reads(op: str, opset: int, padding: dict[str, Any], ceil: int) -> None:
    if ceil and opset < 10:
        pytest.skip("ceil_mode came with opset 10")
    for extent, kernel, stride, dilation in windows(op, opset, padding):
        attributes = {"kernel_shape": [kernel], "strides": [stride], **padding}
        if dilation > 1:
            attributes["dilations"] = [dilation]
        if ceil:
            attributes["ceil_mode"] = 1
        model = pool(op, opset, [extent], **attributes)
        y, reads = run(model, [extent])
        tensor = pytest_rf.analyze(model)["y"]
        assert tensor.shape == y.shape, attributes
        low, high = tensor.bounds(2, context=True)
        for place in range(y.shape[2]):
            read = np.flatnonzero(reads[:, 0, 0, place])
            assert (low[0, 0, place], high[0, 0, place]) == (read.min(), read.max()), (attributes, place)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("padding", PADDING, ids=str)
@pytest.mark.parametrize(("op", "opset"), [("MaxPool", 22), ("AveragePool", 22), ("LpPool", 22)])
def test_extents_are_those_of_the_engines_in_any_rank(
    op: str, opset: int, padding: dict[str, Any], rank: int
) -> None:
    for extents in ([7, 8, 5], [5, 7, 6]):
        shape = extents[:rank]
        attributes = {
            "kernel_shape": [3, 2, 3][:rank],
            "strides": [2, 2, 3][:rank],
            "ceil_mode": 1,
            **padding,
        }
        model = pool(op, opset, shape, **attributes)
        tensor = pytest_rf.analyze(model)["y"]
        assert tensor.shape == inferred(model) == run(model, shape)[0].shape


def test_a_valid_pool_that_rounds_up_has_the_last_ragged_window() -> None:
    tensor = pytest_rf.analyze(
        pool("MaxPool", 22, [5], kernel_shape=[2], strides=[2], auto_pad="VALID", ceil_mode=1)
    )["y"]
    assert tensor.shape == (1, 1, 3)
    assert [int(n) for n in tensor.bounds(2)[0].ravel()] == [0, 2, 4]
    assert [int(n) for n in tensor.bounds(2)[1].ravel()] == [1, 3, 4]


def test_no_window_begins_in_the_padding_behind() -> None:
    for padding in ({"pads": (0, 1)}, {"auto_pad": "VALID"}):
        model = pool("MaxPool", 22, [4], kernel_shape=[2], strides=[4], ceil_mode=1, **padding)
        assert pytest_rf.analyze(model)["y"].shape == run(model, [4])[0].shape == (1, 1, 1)
