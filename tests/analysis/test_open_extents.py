"""Extents that a file leaves open: chosen large enough, told, and never the ground of a silent pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import pytest_rf
from pytest_rf import check
from pytest_rf.config.declared import Config

Dims = Sequence[int | str | None] | None


def net(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Dims],
    weights: Mapping[str, Sequence[int]] = {},
    constants: Mapping[str, Sequence[int]] = {},
) -> onnx.ModelProto:
    """Return a model from inputs to "y"."""
    held = [TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims) for name, dims in weights.items()]
    held += [numpy_helper.from_array(np.array(data, np.int64), name) for name, data in constants.items()]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        held,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def conv(made: str, read: str, kernel: int = 3, **more: Any) -> onnx.NodeProto:
    weights = f"w{kernel}"
    return helper.make_node("Conv", [read, weights], [made], name=made, kernel_shape=[kernel], **more)


W = {"w1": [1, 1, 1], "w3": [1, 1, 3]}


def test_what_is_chosen() -> None:
    analysis = pytest_rf.analyze(net([conv("y", "x")], {"x": ["n", 1, "t"]}, W))
    source = analysis.inputs["x"]
    assert (source.shape, source.chosen) == ((2, 1, 256), (2,))
    assert (
        analysis.final[0]["t"].rf,
        analysis.check("final rf == 3"),
        analysis.check("final min_input == 3"),
    ) == (3, [], [])
    assert analysis.to_dict()["inputs"][0]["chosen"] == [2]
    given = pytest_rf.analyze(net([conv("y", "x")], {"x": ["n", 1, "t"]}, W), inputs={"x": (1, 1, 99)})
    assert (given.inputs["x"].chosen, given.graph.notes) == ((), [])
    only_batch = pytest_rf.analyze(net([conv("y", "x")], {"x": [None, 1, 32]}, W))
    assert (only_batch.inputs["x"].shape, only_batch.inputs["x"].chosen) == ((2, 1, 32), ())


def test_symbols_are_the_same_everywhere() -> None:
    nodes = [helper.make_node("Add", ["a", "b"], ["y"])]
    both = pytest_rf.analyze(net(nodes, {"a": ["n", "c", "t"], "b": ["n", "c", "t"]}))
    assert both.inputs["a"].shape == both.inputs["b"].shape == (2, 256, 256)
    told = pytest_rf.analyze(net(nodes, {"a": ["n", 3, "t"], "b": ["n", 3, "t"]}), inputs={"a": (4, 3, 50)})
    assert (told.inputs["b"].shape, told.inputs["b"].chosen) == ((4, 3, 50), ())


def test_sums_of_symbols() -> None:
    nodes = [
        helper.make_node("Concat", ["past", "x"], ["all"], axis=1),
        helper.make_node("Add", ["all", "m"], ["y"]),
    ]
    shapes: dict[str, Dims] = {"past": ["n", "p", 4], "x": ["n", 1, 4], "m": ["n", "p + 1", 4]}
    found = pytest_rf.analyze(net(nodes, shapes))
    assert found.inputs["past"].shape == (2, 256, 4)
    assert found.inputs["m"].shape == (2, 257, 4)


def test_twice_as_large_as_the_field() -> None:
    nodes = [
        conv("a", "x", dilations=[100], pads=[100, 100]),
        conv("y", "a", dilations=[200], pads=[200, 200]),
    ]
    analysis = pytest_rf.analyze(net(nodes, {"x": [1, 1, "t"]}, W))
    assert analysis.final[0]["t"].rf == 601
    assert analysis.inputs["x"].shape == (1, 1, 2048)
    assert "so 2048 was chosen" in analysis.graph.notes[0]


def flat() -> onnx.ModelProto:
    """A model that runs at one extent only, though it leaves that open."""
    nodes = [
        conv("a", "x", strides=[2]),
        helper.make_node("Reshape", ["a", "shape"], ["b"]),
        helper.make_node("MatMul", ["b", "m"], ["y"]),
    ]
    return net(nodes, {"x": [1, 1, "t"]}, {**W, "m": [111, 5]}, {"shape": [1, 111]})


def test_a_model_that_runs_at_one_extent_only() -> None:
    analysis = pytest_rf.analyze(flat())
    assert analysis.inputs["x"].shape == (1, 1, 224)
    assert analysis.check('"a" rf == 3') == []


def test_a_name_that_no_input_has_is_told_as_such() -> None:
    model = net([conv("y", "x")], {"x": ["n", 1, "t"]}, W)
    for given in ({"inputs": {"image": (1, 1, 64)}}, {"values": {"image": 1}}):
        with pytest.raises(pytest_rf.ModelError) as error:
            pytest_rf.analyze(model, **given)
        assert str(error.value) == "net: has no input 'image'; its inputs are 'x'"


def test_a_model_that_runs_at_none() -> None:
    model = flat()
    model.graph.initializer[-1].CopyFrom(numpy_helper.from_array(np.array([1, 113], np.int64), "shape"))
    model.graph.initializer[-2].dims[:] = [113, 5]
    with pytest.raises(pytest_rf.ModelError) as error:
        pytest_rf.analyze(model)
    text = str(error.value)
    assert text.startswith(
        "net: the file leaves axis 2 (t) of input 'x' open, and the model does not run at 256, 512"
    )
    assert "--input x=1,1,256, in a configuration inputs = { x = [1, 1, 256] }" in text
    assert pytest_rf.analyze(model, inputs={"x": (1, 1, 228)})["a"]["t"].rf == 3


def test_no_shape_at_all_is_still_asked_for() -> None:
    with pytest.raises(
        pytest_rf.ModelError, match="its shape is not in the file; give it: --input x=1,3,224,224"
    ):
        pytest_rf.analyze(net([conv("y", "x")], {"x": None}, W))


def squeezed() -> onnx.ModelProto:
    """A model that makes 64 positions of whatever it gets."""
    nodes = [
        helper.make_node("Resize", ["x", "", "", "sizes"], ["a"], mode="linear", name="resize"),
        conv("y", "a"),
    ]
    return net(nodes, {"x": [1, 1, "t"]}, W, {"sizes": [1, 1, 64]})


@pytest.mark.parametrize(
    "requirement", ["final rf >= 6", "final stride == 4", "final lookahead <= 99", "final halo <= 99"]
)
def test_figures_in_theory_that_rest_on_the_extent_are_undecidable(requirement: str) -> None:
    (finding,) = pytest_rf.analyze(squeezed()).check(requirement)
    assert finding.undecidable
    assert "depends on the input's extents" in finding.reason
    assert "the model leaves t of x open and 256 was chosen" in finding.reason
    given = pytest_rf.analyze(squeezed(), inputs={"x": (1, 1, 256)})
    assert not any(one.undecidable for one in given.check(requirement))


def test_claims_that_rest_on_the_extent_are_undecidable() -> None:
    """A crop that a small input does not reach: whether it reads ahead depends on the extent."""
    nodes = [
        helper.make_node("Slice", ["x", "far", "end", "axis"], ["late"]),
        helper.make_node("Pad", ["late", "pads"], ["a"]),
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "two"], ["extent"], axis=0),
        helper.make_node("Slice", ["a", "zero", "extent", "axis"], ["b"]),
        helper.make_node("Add", ["x", "b"], ["y"]),
    ]
    constants = {
        "far": [300],
        "end": [1 << 30],
        "axis": [2],
        "pads": [0, 0, 0, 0, 0, 400],
        "zero": [0],
        "two": [2],
    }
    model = net(nodes, {"x": [1, 1, "t"]}, {}, constants)
    axes = {"x": {"t": 2}}
    (finding,) = pytest_rf.analyze(model, axes=axes).check("final is causal")
    assert finding.undecidable
    assert "whether it is causal depends on the input's extents: yes at 256, no at 384" in finding.reason


@pytest.mark.parametrize(
    ("requirement", "decided"),
    [
        ("final rf >= input", True),
        ("final rf <= input", True),
        ("final rf > 50%", True),
        ("final rf == input", False),
    ],
)
def test_an_endless_field_is_compared_with_any_extent(requirement: str, decided: bool) -> None:
    nodes = [conv("a", "x"), helper.make_node("CumSum", ["a", "axis"], ["y"])]
    analysis = pytest_rf.analyze(net(nodes, {"x": [1, 1, "t"]}, W, {"axis": [2]}))
    found = analysis.check(requirement)
    assert any(one.undecidable for one in found) is not decided


def test_rules_about_extents_do_not_judge_chosen_ones() -> None:
    onnx.save(net([conv("y", "x", strides=[3])], {"x": [1, 1, "t"]}, W), "open.onnx")
    for rule in ("RF101", "RF103", "RF201"):
        (result,) = check.run(Config(select=(rule,)), ["open.onnx"]).models
        assert (result.findings, result.rules, result.unjudged) == ((), (), True)
        call = {"inputs": {"x": [1, 1, 256]}}
        (given,) = check.run(Config(select=(rule,)), ["open.onnx"], call=call).models
        assert given.rules == (rule,)


@pytest.fixture(autouse=True)
def folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
