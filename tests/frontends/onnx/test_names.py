from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pytest_rf.frontends.onnx import names

SCOPES = "['', 'stages', 'stages.0', 'stages.0.before', 'norm_1']"


def graph(*nodes: onnx.NodeProto, parameters: tuple[str, ...] = ("first.norm.weight",)) -> onnx.GraphProto:
    weights = [numpy_helper.from_array(np.ones(4, np.float32), name) for name in parameters]
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in ("x", "z")]
    return helper.make_graph(list(nodes), "g", sides[:1], sides[1:], weights)


def norm(input: str, output: str, name: str = "", scopes: str = "") -> onnx.NodeProto:
    node = helper.make_node("LayerNormalization", [input, "first.norm.weight"], [output], name=name)
    if scopes:
        node.metadata_props.add(key=names.SCOPES, value=scopes)
    return node


@pytest.mark.parametrize(
    ("name", "scopes", "module"),
    [
        ("node_norm_1", SCOPES, "stages.0.before"),
        ("/stages.0/before/LayerNormalization", "", "stages.0.before"),
        ("/first/norm_1/LayerNormalization", "", "first.norm"),
        ("", "", "first.norm"),
    ],
)
def test_parameters_of_which_exporters_keep_one_copy_name_no_module(
    name: str, scopes: str, module: str
) -> None:
    nodes = norm("x", "y"), norm("y", "z", name, scopes)
    owners = names.Owners(graph(*nodes))
    assert names.origin_of(nodes[0], owners)[0] == "first.norm"
    assert names.origin_of(nodes[1], owners)[0] == module


def test_a_parameter_of_one_node_names_its_module() -> None:
    # An optimiser named the fused node after the last of its parts.
    node = norm("x", "z", "/act/Relu", SCOPES)
    assert names.origin_of(node, names.Owners(graph(node)))[0] == "first.norm"


def test_names_that_are_no_parameters() -> None:
    node = norm("x", "z")
    owners = names.Owners(graph(node, parameters=("onnx::Conv_12", "weight", "first.norm.scale")))
    assert names.origin_of(node, owners)[0] == ""
