"""Operators whose reads are stated: the same figures as of the operators of the standard that do just that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

import pytest_rf
from pytest_rf import registry
from pytest_rf.loading import load
from pytest_rf.registry import Stated, Statement

FIGURES = ("rf_range", "stride", "start", "lookahead", "lookback", "halo", "multiple", "unused", "context")


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_ONNX", {})
    monkeypatch.setattr(registry, "_OPERATORS", {})


def net(
    nodes: Sequence[onnx.NodeProto],
    shape: Sequence[int | str],
    weights: Mapping[str, Sequence[int]] = {},
    told: Mapping[str, Sequence[int | str] | None] = {},
) -> onnx.ModelProto:
    """Return a model of nodes from "x" to "y"; ``told``: shapes in value_info."""
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in told.items()]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims) for name, dims in weights.items()],
        value_info=infos,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("acme", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def own(op: str = "Blur", given: str = "a", made: str = "b") -> onnx.NodeProto:
    return helper.make_node(op, [given], [made], domain="acme", name=op)


def figures(analysis: pytest_rf.Analysis) -> Iterator[tuple[str, Any]]:
    for tensor in analysis:
        yield tensor.name, tensor.shape
        for axis in analysis.inputs["x"].axes:
            yield f"{tensor.name}.{axis}", [getattr(tensor[axis], name) for name in FIGURES]
            yield f"{tensor.name}.{axis} bounds", [side.tolist() for side in tensor.bounds(axis)]
            yield f"{tensor.name}.batch", tensor.bounds("batch")[0].tolist()


WINDOWS = {
    "1-D": (1, {"kernel": 5, "padding": 2}, {}),
    "strided": (1, {"kernel": 3, "stride": 2, "padding": 1}, {}),
    "causal": (1, {"kernel": 3, "dilation": 2, "padding": [[4, 0]]}, {}),
    "2-D": (2, {"kernel": [3, 5], "stride": [1, 2], "padding": [1, 0], "dilation": [2, 1]}, {}),
    "3-D": (3, {"kernel": 3, "stride": [1, 2, 2], "padding": [[0, 0], [1, 1], [2, 1]]}, {}),
    "transposed": (1, {"kernel": 4, "stride": 2, "padding": 1, "transposed": True}, {}),
    "transposed 2-D": (
        2,
        {"kernel": [3, 2], "stride": [2, 3], "padding": 1, "transposed": True, "output_padding": [1, 0]},
        {"output_padding": [1, 0]},
    ),
    "transposed, dilated": (1, {"kernel": 3, "stride": 3, "dilation": 2, "transposed": True}, {}),
}


def pair(name: str) -> tuple[onnx.ModelProto, onnx.ModelProto, Stated]:
    """Return a model with an operator of one's own, and the same with a convolution in its place."""
    rank, window, more = WINDOWS[name]

    def each(key: str, default: int) -> list[Any]:
        given = window.get(key, default)
        return [given] * rank if isinstance(given, int) else list(given)

    sides = [(one, one) if isinstance(one, int) else one for one in each("padding", 0)]
    transposed = bool(window.get("transposed"))
    convolution = helper.make_node(
        "ConvTranspose" if transposed else "Conv",
        ["a", "w"],
        ["b"],
        name="Blur",
        kernel_shape=each("kernel", 1),
        strides=each("stride", 1),
        dilations=each("dilation", 1),
        pads=[side[0] for side in sides] + [side[1] for side in sides],
        **more,
    )
    first = helper.make_node("Conv", ["x", "v"], ["a"], kernel_shape=[3] * rank, name="first")
    last = helper.make_node("MaxPool", ["b"], ["y"], kernel_shape=[2] * rank, strides=[2] * rank, name="last")
    weights = {"v": [4, 3, *[3] * rank], "w": [4, 4, *each("kernel", 1)]}
    shape = [2, 3, *[23, 26, 19][:rank]]
    return (
        net([first, own(), last], shape, weights),
        net([first, convolution, last], shape, weights),
        Stated(**window),
    )


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_is_that_of_a_convolution(name: str) -> None:
    model, other, stated = pair(name)
    wanted = dict(figures(pytest_rf.analyze(other)))
    assert dict(figures(load(model, operators={"acme::Blur": stated}))) == wanted
    assert pytest_rf.analyze(model).outputs[0].status == "unknown"
    pytest_rf.register("acme::Blur", stated)
    assert dict(figures(pytest_rf.analyze(model))) == wanted


@pytest.mark.parametrize("name", ["acme::Blur", "acme::*"])
def test_elementwise_and_a_whole_domain(name: str) -> None:
    model = net([own(given="x", made="y")], [2, 3, 9])
    same = net([helper.make_node("Sigmoid", ["x"], ["y"])], [2, 3, 9])
    found = load(model, operators={name: "elementwise"})
    axes = {"x": {"t": 2}}
    assert found.outputs[0].shape == (2, 3, 9)
    lo, hi = found.outputs[0].bounds(2)
    assert lo.tolist() == hi.tolist() == pytest_rf.analyze(same, axes=axes).outputs[0].bounds(2)[0].tolist()


def test_mixing_needs_the_shape_of_what_it_makes() -> None:
    nodes = [own("Mix", "x", "y")]
    unknown = load(net(nodes, [2, 3, 9]), operators={"acme::Mix": "mixing"}).outputs[0]
    assert unknown.status == "unknown"
    assert "value_info" in (unknown.reason or "")
    mixed = load(net(nodes, [2, 3, 9], told={"y": [2, 7]}), operators={"acme::Mix": "mixing"}).outputs[0]
    assert mixed.shape == (2, 7)
    assert [set(side.reshape(-1).tolist()) for side in mixed.bounds(2)] == [{0}, {8}]
    assert mixed.bounds("batch")[0][:, 0].tolist() == [0, 1]


def test_what_reads_nothing_is_a_constant() -> None:
    join = helper.make_node("Add", ["x", "b"], ["y"])
    nodes = [own("Table", "x", "b"), join]
    found = load(net(nodes, [1, 3, 9], told={"b": [1, 3, 9]}), operators={"acme::Table": "nothing"})
    assert [tensor.name for tensor in found] == ["y"]
    assert found.outputs[0].bounds(2)[0][0, 0].tolist() == list(range(9))


def test_the_files_shape_goes_before_the_formulas() -> None:
    stated = {"acme::Blur": Stated(kernel=3, stride=2)}
    nodes = [own(given="x", made="y")]

    def shape(dims: Sequence[int | str] | None, x: Sequence[int | str] = (1, 3, 12)) -> Any:
        told = {} if dims is None else {"y": dims}
        return load(net(nodes, x, told=told), operators=stated).outputs[0]

    assert shape(None).shape == (1, 3, 5)
    assert shape([1, 8, 5]).shape == (1, 8, 5)
    assert shape([1, 8, 6]).shape == (1, 8, 6)  # rounded up
    assert shape(["n", "c", "t"]).shape == (1, 3, 5)
    wrong = shape([1, 8, 9])
    assert wrong.status == "unknown"
    assert "makes 5 positions of 12, and it makes 9" in wrong.reason
    # With another batch than the file's, only the channels are believed.
    again = load(net(nodes, [1, 3, 12], told={"y": [1, 8, 6]}), inputs={"x": (4, 3, 12)}, operators=stated)
    assert again.outputs[0].shape == (4, 8, 5)
    assert shape(["n", 8, "t"], ["n", 3, 12]).shape == (2, 8, 5)


def test_channels_are_stated_where_the_file_does_not_tell_them() -> None:
    nodes = [own(given="x", made="b"), helper.make_node("Conv", ["b", "w"], ["y"], kernel_shape=[3])]
    model = net(nodes, [1, 3, 12], {"w": [2, 16, 3]})
    found = load(model, operators={"acme::Blur": Stated(kernel=3, channels=16)})
    assert found.final[0]["t"].rf == 5
    with pytest.raises(pytest_rf.ModelError, match="expect 16 input channels, the input has 3"):
        load(model, operators={"acme::Blur": Stated(kernel=3)})
    told = net([own(given="x", made="y")], [1, 3, 12], told={"y": [1, 8, 10]})
    wrong = load(told, operators={"acme::Blur": Stated(kernel=3, channels=16)}).outputs[0]
    assert "stated to make 16 channels, and the file says 8" in (wrong.reason or "")


def function() -> onnx.ModelProto:
    """Return a model whose function has a body with an operator that nobody knows."""
    model = net([own("Block", "x", "y")], [1, 3, 12])
    body = [helper.make_node("Unheard", ["i"], ["o"], domain="acme")]
    model.functions.append(
        helper.make_function("acme", "Block", ["i"], ["o"], body, [helper.make_opsetid("acme", 1)])
    )
    return model


def test_a_function_is_believed_where_it_is_stated() -> None:
    assert load(function()).outputs[0].status == "unknown"
    found = load(function(), operators={"acme::Block": Stated(kernel=3)})
    assert [tensor.op for tensor in found] == ["Block"]
    assert found.outputs[0][2].rf == 3
    # A whole domain's statement is for what nothing else is known of: the body is followed.
    followed = load(function(), operators={"acme::*": "elementwise"})
    assert "Unheard" in [tensor.op for tensor in followed]
    assert followed.outputs[0].status == "exact"
    assert load(function(), operators={"acme::Unheard": Stated(kernel=5)}).outputs[0][2].rf == 5


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (Stated(kernel=[3, 3]), "2 numbers for 1 spatial axes"),
        (Stated(kernel=3, padding=[1, 1]), "2 numbers for 1 spatial axes"),
        ("elementwise", "the file says [1, 3, 10]"),
    ],
)
def test_a_statement_that_does_not_fit_decides_nothing(statement: Statement, reason: str) -> None:
    model = net([own(given="x", made="y")], [1, 3, 12], told={"y": [1, 3, 10]})
    tensor = load(model, operators={"acme::Blur": statement}).outputs[0]
    assert tensor.status == "unknown"
    assert reason in (tensor.reason or "")


def test_a_window_needs_spatial_axes() -> None:
    tensor = load(
        net([own(given="x", made="y")], [4, 3]), operators={"acme::Blur": Stated(kernel=3)}
    ).outputs[0]
    assert "needs a batch, channels and spatial axes" in (tensor.reason or "")


def test_a_rule_in_python_sees_the_node() -> None:
    pytest_rf.register("acme::Blur", lambda call: call.x)
    assert pytest_rf.analyze(net([own(given="x", made="y")], [1, 3, 12])).outputs[0].shape == (1, 3, 12)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kernel": 3, "padding": [[1, 2, 3]]}, "padding .* is wrong"),
        ({"kernel": 3, "channels": 0}, "channels 0 is wrong"),
        ({"kernel": 3, "output_padding": 1}, "goes with transposed=True"),
        ({"kernel": 3, "output_padding": -1, "transposed": True}, "output_padding -1 is wrong"),
    ],
)
def test_numbers_that_are_wrong(given: dict[str, Any], message: str) -> None:
    with pytest.raises(pytest_rf.ConfigError, match=message):
        Stated(**given)


def test_windows_that_no_model_has_are_refused() -> None:
    model = net([own(given="x", made="y")], [1, 3, 12])
    with pytest.raises(pytest_rf.ModelError, match="more than the limit"):
        load(model, operators={"acme::Blur": Stated(kernel=1 << 24)})
