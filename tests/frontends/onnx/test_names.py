from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import pytest_rf
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


def texts(message: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every text in a message."""
    for each, value in message.ListFields():
        many = list(value) if each.is_repeated else [value]
        for place, one in enumerate(many):
            step = (*path, (each.name, place if each.is_repeated else None))
            if each.message_type is not None:
                yield from texts(one, step)
            elif each.type == each.TYPE_STRING:
                yield step


def named() -> onnx.ModelProto:
    """Return a model in which everything that can have a name has one."""
    body = helper.make_graph(
        [helper.make_node("Add", ["a", "inner"], ["then"], name="add")],
        "body",
        [],
        [onnx.ValueInfoProto(name="then")],
        [numpy_helper.from_array(np.ones(1, np.float32), "inner")],
    )
    nodes = [
        helper.make_node(
            "Conv", ["x", "layer.weight"], ["a"], name="layer.conv", doc_string="told", pads=[1, 1]
        ),
        helper.make_node("Constant", [], ["yes"], value=numpy_helper.from_array(np.array(True), "constant")),
        helper.make_node("If", ["yes"], ["b"], name="if", then_branch=body, else_branch=body),
        helper.make_node("F", ["b"], ["c"], name="call", domain="own", size=3),
        helper.make_node("G", ["c"], ["d"], name="custom", domain="own"),
        helper.make_node("Split", ["c"], ["p", "q"], axis=1, num_outputs=2),
    ]
    nodes[0].metadata_props.add(key=names.TRACE, value='File "net.py", line 3, in forward')
    nodes[0].metadata_props.add(key=names.SCOPES, value="['', 'layer', 'conv']")
    function = helper.make_function(
        "own",
        "F",
        ["u"],
        ["v"],
        [helper.make_node("Relu", ["u"], ["v"], name="relu")],
        [helper.make_opsetid("", 18)],
        ["size"],
    )
    symbolic = [helper.make_tensor_value_info(name, 1, ["N", 4, "N + 2"]) for name in ("x", "unused")]
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("sparse", 1, [1], [1.0]), helper.make_tensor("where", 7, [1], [0]), [4]
    )
    outside = onnx.TensorProto(name="outside", data_type=1, dims=[4], data_location=1)
    outside.external_data.add(key="location", value="w.bin")
    graph = helper.make_graph(
        nodes,
        "graph",
        symbolic,
        [onnx.ValueInfoProto(name=name) for name in ("d", "p", "q")],
        [numpy_helper.from_array(np.ones((4, 4, 3), np.float32), "layer.weight"), outside],
        value_info=[helper.make_tensor_value_info("d", 1, ["N", 4, 8])],
        sparse_initializer=[sparse],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("own", 1)],
        functions=[function],
    )
    model.metadata_props.add(key="key", value="value")
    return model


@pytest.mark.parametrize("way", list(texts(named())), ids=lambda way: ".".join(name for name, _ in way))
def test_a_text_that_is_not_utf8_is_shown_escaped_wherever_it_stands(way: Any, tmp_path: Path) -> None:
    model = named()
    holder: Any = model
    for name, place in way[:-1]:
        holder = getattr(holder, name) if place is None else getattr(holder, name)[place]
    name, place = way[-1]
    if place is None:
        setattr(holder, name, "MARK")
    else:
        getattr(holder, name)[place] = "MARK"
    data = model.SerializeToString()
    assert b"MARK" in data
    path = tmp_path / "m.onnx"
    path.write_bytes(data.replace(b"MARK", b"M\xff\xfeK"))
    for inputs in (None, {"x": (2, 4, 8)}):
        try:
            analysis = pytest_rf.analyze(path, inputs=inputs, weights=inputs is not None)
            shown = analysis.to_json() + str(analysis.check("rf >= 1")) + "".join(t.name for t in analysis)
        except pytest_rf.RFError as error:
            shown = str(error)
        shown.encode()
        assert "b'M" not in shown
        assert "\xff" not in shown


def test_the_command_shows_it_escaped(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(named().SerializeToString().replace(b"layer.conv", b"layer\xffconv"))
    command = [sys.executable, "-m", "pytest_rf", "show", str(path), "--format", "csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "layer\\xffconv" in done.stdout


def test_the_name_is_shown() -> None:
    data = named().SerializeToString().replace(b"layer.conv", b"layer\xffconv")
    analysis = pytest_rf.analyze(onnx.ModelProto.FromString(data))
    assert analysis["a"].name == "a"
    assert "layer\\xffconv" in analysis.to_json().replace("\\\\", "\\")


TWICE: dict[str, Callable[[onnx.ModelProto], Any]] = {
    "attribute 'pads'": lambda m: m.graph.node[0].attribute.append(helper.make_attribute("pads", [2, 2])),
    "attribute 'size'": lambda m: m.functions[0].attribute.append("size"),
    "initializer 'layer.weight'": lambda m: m.graph.initializer.append(m.graph.initializer[0]),
    "initializer 'sparse'": lambda m: m.graph.sparse_initializer.append(m.graph.sparse_initializer[0]),
    "initializer 'outside'": lambda m: setattr(m.graph.sparse_initializer[0].values, "name", "outside"),
    "initializer 'inner'": lambda m: (
        m.graph.node[2].attribute[0].g.initializer.append(m.graph.node[2].attribute[0].g.initializer[0])
    ),
    "output 'then'": lambda m: m.graph.node[2].attribute[0].g.output.add(name="then"),
    "output 'd'": lambda m: m.graph.output.add(name="d"),
    "input 'x'": lambda m: m.graph.input.append(m.graph.input[0]),
    "function 'F'": lambda m: m.functions.append(m.functions[0]),
    "output 'a'": lambda m: m.graph.node.add(op_type="Relu", input=["x"], output=["a"]),
    "output 'p'": lambda m: m.graph.node[5].output.__setitem__(1, "p"),
    "names the domain 'own'": lambda m: m.opset_import.add(domain="own", version=2),
    "names the domain 'ai.onnx'": lambda m: m.functions[0].opset_import.add(domain="ai.onnx", version=17),
}


@pytest.mark.parametrize(("what", "double"), TWICE.items(), ids=TWICE.keys())
def test_what_is_given_twice_is_an_error(
    what: str, double: Callable[[onnx.ModelProto], Any], tmp_path: Path
) -> None:
    """Runtimes differ in which of two counts, so that a passing check would say nothing of what runs."""
    model = named()
    pytest_rf.analyze(model)
    double(model)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    for given in (model, tmp_path / "m.onnx"):
        with pytest.raises(pytest_rf.ModelError, match=f"{what}.*(twice|already computed)"):
            pytest_rf.analyze(given)
