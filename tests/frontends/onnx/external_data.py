"""Models with a tensor whose elements lie in another file, wherever a model can have one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LOCATIONS = [
    "w.bin",
    "../../../../etc/passwd",
    "/etc/passwd",
    "C:\\Windows\\win.ini",
    "\\\\server\\share\\w.bin",
    "link.bin",
    "",
    "w\x00.bin",
    "\x1b[31m.bin",
]


EXTENTS = [
    {},
    {"offset": "-1"},
    {"offset": str(1 << 80), "length": "-7"},
    {"offset": "nowhere", "length": "1e3"},
    {"length": ""},
]


def outside(data: Any, name: str = "", location: str = "w.bin", **entries: str) -> TensorProto:
    """Return a tensor of these dims and this type whose elements lie in a file."""
    tensor = numpy_helper.from_array(np.asarray(data), name)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def inside(data: Any, name: str = "") -> TensorProto:
    return numpy_helper.from_array(np.asarray(data), name)


def info(name: str, shape: list[int] | None = None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


Make = Callable[..., TensorProto]


def as_initializers(
    node: onnx.NodeProto, given: Mapping[str, Any], make: Mapping[str, Make]
) -> onnx.ModelProto:
    return model([node], [make[key](value, key) for key, value in given.items()])


def as_nodes(node: onnx.NodeProto, given: Mapping[str, Any], make: Mapping[str, Make]) -> onnx.ModelProto:
    return model([*_constants(given, make), node])


def in_a_function(
    node: onnx.NodeProto, given: Mapping[str, Any], make: Mapping[str, Make]
) -> onnx.ModelProto:
    body = [*_constants(given, make), node]
    reads = ["x"] if "x" in node.input else []
    function = helper.make_function("own", "F", reads, ["y"], body, [helper.make_opsetid("", 18)])
    return model([helper.make_node("F", reads, ["y"], domain="own")], functions=[function])


def in_a_branch(node: onnx.NodeProto, given: Mapping[str, Any], make: Mapping[str, Make]) -> onnx.ModelProto:
    then = helper.make_graph(
        [node], "then", [], [info("y")], [make[key](value, key) for key, value in given.items()]
    )
    other = helper.make_graph([*_constants(given, make), node], "other", [], [info("y")])
    branches = {"then_branch": then, "else_branch": other}
    choose = helper.make_node("Constant", [], ["yes"], value=inside(np.array(True)))
    return model([choose, helper.make_node("If", ["yes"], ["y"], **branches)])


def _constants(given: Mapping[str, Any], make: Mapping[str, Make]) -> Iterator[onnx.NodeProto]:
    for key, value in given.items():
        yield helper.make_node("Constant", [], [key], value=make[key](value))


def model(
    nodes: list[onnx.NodeProto], tensors: list[TensorProto] | None = None, functions: Any = ()
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "g", [info("x", [1, 1, 8])], [info("y")], tensors)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=8)


PLACES = {
    "initializers": as_initializers,
    "Constant nodes": as_nodes,
    "a function": in_a_function,
    "a branch": in_a_branch,
}


SLICE = {"starts": [1], "ends": [5], "axes": [2], "steps": [1]}


OPERATORS: dict[str, tuple[str, list[str], dict[str, Any], str]] = {
    "Slice starts": ("Slice", ["x", *SLICE], SLICE, "starts"),
    "Slice ends": ("Slice", ["x", *SLICE], SLICE, "ends"),
    "Slice axes": ("Slice", ["x", *SLICE], SLICE, "axes"),
    "Slice steps": ("Slice", ["x", *SLICE], SLICE, "steps"),
    "Reshape": ("Reshape", ["x", "c"], {"c": [1, -1]}, "c"),
    "Unsqueeze": ("Unsqueeze", ["x", "c"], {"c": [0]}, "c"),
    "Squeeze": ("Squeeze", ["x", "c"], {"c": [0]}, "c"),
    "ReduceSum": ("ReduceSum", ["x", "c"], {"c": [1]}, "c"),
    "ReduceMean": ("ReduceMean", ["x", "c"], {"c": [2]}, "c"),
    "Pad": ("Pad", ["x", "c"], {"c": [0, 0, 1, 0, 0, 1]}, "c"),
    "Pad axes": ("Pad", ["x", "pads", "", "c"], {"pads": [1, 1], "c": [2]}, "c"),
    "Expand": ("Expand", ["x", "c"], {"c": [1, 1, 8]}, "c"),
    "Tile": ("Tile", ["x", "c"], {"c": [1, 1, 2]}, "c"),
    "Split": ("Split", ["x", "c"], {"c": [1]}, "c"),
    "TopK": ("TopK", ["x", "c"], {"c": [2]}, "c"),
    "CumSum": ("CumSum", ["x", "c"], {"c": 2}, "c"),
    "Trilu": ("Trilu", ["x", "c"], {"c": 1}, "c"),
    "Range": ("Range", ["c", "i", "j"], {"c": 0, "i": 8, "j": 1}, "c"),
    "ConstantOfShape": ("ConstantOfShape", ["c"], {"c": [3]}, "c"),
    "Resize sizes": ("Resize", ["x", "", "", "c"], {"c": [1, 1, 16]}, "c"),
    "Resize scales": ("Resize", ["x", "", "c"], {"c": np.array([1, 1, 2], np.float32)}, "c"),
    "OneHot": ("OneHot", ["i", "c", "v"], {"i": [1], "c": 3, "v": np.array([0, 1], np.float32)}, "c"),
    "CenterCropPad": ("CenterCropPad", ["x", "c"], {"c": [1, 1, 4]}, "c"),
}
"""What the geometry needs: operator, inputs, constants, and the one of them that lies outside."""


READ: dict[str, tuple[str, list[str], dict[str, Any], str]] = {
    "Gather": ("Gather", ["x", "c"], {"c": [0]}, "c"),
    "GatherElements": ("GatherElements", ["x", "c"], {"c": [[[0]]]}, "c"),
    "GatherND": ("GatherND", ["x", "c"], {"c": [[0, 0, 1]]}, "c"),
}
"""What data chooses: an upper bound."""


WEIGHTS: dict[str, tuple[str, list[str], dict[str, Any], str]] = {
    "Conv": ("Conv", ["x", "c"], {"c": np.ones((1, 1, 3), np.float32)}, "c"),
    "Conv bias": (
        "Conv",
        ["x", "w", "c"],
        {"w": np.ones((1, 1, 3), np.float32), "c": np.ones(1, np.float32)},
        "c",
    ),
    "ConvTranspose": ("ConvTranspose", ["x", "c"], {"c": np.ones((1, 1, 3), np.float32)}, "c"),
    "MatMul": ("MatMul", ["x", "c"], {"c": np.ones((8, 4), np.float32)}, "c"),
    "Add": ("Add", ["x", "c"], {"c": np.ones((1, 1, 8), np.float32)}, "c"),
    "Where": ("Where", ["c", "x", "x"], {"c": np.ones((1, 1, 8), np.bool_)}, "c"),
    "Pad value": ("Pad", ["x", "pads", "c"], {"pads": [0, 0, 1, 0, 0, 1], "c": np.float32(0)}, "c"),
    "Clip": ("Clip", ["x", "c"], {"c": np.float32(0)}, "c"),
    "PRelu": ("PRelu", ["x", "c"], {"c": np.ones(1, np.float32)}, "c"),
}
"""What only the shape of a constant matters to."""


def made(case: tuple[str, list[str], dict[str, Any], str], place: str, how: Make) -> onnx.ModelProto:
    """Return a model of one operator; the constant in question is made by ``how``, the others lie inside."""
    op, inputs, given, which = case
    node = helper.make_node(op, inputs, ["y", "more"] if op == "TopK" else ["y"])
    return PLACES[place](node, given, {key: how if key == which else inside for key in given})
