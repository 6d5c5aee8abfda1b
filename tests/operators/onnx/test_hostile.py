"""Models that break the rules: an error that names the node, or an analysis from what is there."""

from __future__ import annotations

import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import pytest_rf
from pytest_rf import limits
from pytest_rf.errors import ModelError

from .written import analysed, model

NODES = {
    "stride 0": "y = Conv<strides=[0]>(x, w)",
    "dilation 0": "y = Conv<dilations=[0]>(x, w)",
    "stride below 0": "y = MaxPool<kernel_shape=[2], strides=[-1]>(x)",
    "kernel 0": "y = MaxPool<kernel_shape=[0]>(x)",
    "huge kernel": "y = MaxPool<kernel_shape=[4611686018427387904]>(x)",
    "huge stride": "y = ConvTranspose<strides=[4611686018427387904]>(x, w)",
    "too few pads": "y = Conv<pads=[1]>(x, w)",
    "pads and auto_pad": 'y = Conv<pads=[1,1], auto_pad="SAME_UPPER">(x, w)',
    "group": "y = Conv<group=3>(x, w)",
    "text for numbers": 'y = Conv<strides="two">(x, w)',
    "number for text": "y = Conv<auto_pad=3>(x, w)",
    "floats for whole numbers": "y = Conv<strides=[1.5]>(x, w)",
    "axis": "y = Softmax<axis=7>(x)",
    "permutation": "y = Transpose<perm=[0,0,1]>(x)",
    "text for axis": 'y = Softmax<axis="one">(x)',
    "missing input": "y = Conv(x)",
    "no kernel": "y = MaxPool(x)",
    "no attribute": "y = LRN(x)",
    "undefined": "y = Relu(nowhere)",
    "twice": "y = Relu(x) y = Relu(x)",
    "own output": "y = Add(x, y)",
    "cycle": "a = Relu(b) b = Relu(a) y = Relu(x)",
    "huge tile": "r = Constant<value_ints=[1,1,4611686018427387904]>() y = Tile(x, r)",
    "huge pad": "p = Constant<value_ints=[0,0,4611686018427387904,0,0,0]>() y = Pad(x, p)",
    "huge expansion": "p = Constant<value_ints=[4611686018427387904,1,8]>() y = Expand(x, p)",
    "impossible reshape": "p = Constant<value_ints=[3,5]>() y = Reshape(x, p)",
    "no graph": "c = Constant<value = bool {1}>() y = If(c)",
    "text for a graph": 'c = Constant<value = bool {1}>() y = If<then_branch="x", else_branch="y">(c)',
    "equation": 'y = Einsum<equation="ab->cd">(x)',
    "size": "y = LRN<size=4611686018427387904>(x)",
    "blocks": "y = DepthToSpace<blocksize=0>(x)",
    "heads": "y = Attention<q_num_heads=3, kv_num_heads=0>(x, x, x)",
    "parts": "y, z = Split<num_outputs=4611686018427387904>(x)",
    "no axis": "k = Constant<value_ints=[2]>() y, z = TopK<axis=9>(x, k)",
}


@pytest.mark.parametrize("node", NODES.values(), ids=NODES.keys())
def test_a_node_that_breaks_the_rules_is_an_error_that_names_it(node: str) -> None:
    with pytest.raises(ModelError) as caught:
        analysed(f"g (float[1,2,8] x) => (y) <float[2,2,3] w> {{ {node} }}", opset=23)
    assert "'" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("opset", [-5, 0, 1000, 1 << 40])
def test_an_absurd_opset_is_an_error(opset: int) -> None:
    graph = model("g (float[1,2,8] x) => (y) { y = Relu(x) }")
    graph.opset_import[0].version = opset
    with pytest.raises(ModelError, match="opset"):
        pytest_rf.analyze(graph)


def test_a_missing_opset_is_an_error() -> None:
    graph = model("g (float[1,2,8] x) => (y) { y = Relu(x) }")
    del graph.opset_import[:]
    with pytest.raises(ModelError, match="opset_import"):
        pytest_rf.analyze(graph)


def test_an_input_that_is_declared_twice_is_an_error() -> None:
    graph = model("g (float[1,2,8] x) => (y) { y = Relu(x) }")
    graph.graph.input.append(graph.graph.input[0])
    with pytest.raises(ModelError, match="twice"):
        pytest_rf.analyze(graph)


def test_weights_are_analysed_from_their_dims() -> None:
    graph = model("g (float[1,2,8] x, float[2,2,3] w) => (y) { y = Conv(x, w) z = Identity(big) }")
    graph.graph.initializer.append(TensorProto(name="big", data_type=1, dims=[1 << 31, 1 << 31]))
    graph.graph.initializer.append(TensorProto(name="w", data_type=1, dims=[2, 2, 3]))
    assert pytest_rf.analyze(graph)["y"]["t"].rf == 3


def test_an_endless_input_is_an_error() -> None:
    with pytest.raises(ModelError, match="limit"):
        analysed("g (float[1,2,4611686018427387904] x) => (y) { y = Relu(x) }")


def test_a_custom_operator_is_unknown_and_so_is_what_it_feeds() -> None:
    a = analysed("g (float[1,2,8] x) => (y) { a = own.F(x) y = Relu(a) }", domains=', "own" : 1')
    assert a["y"].status == "unknown"
    assert "own::F" in str(a["y"].reason)


def test_a_function_written_out_beyond_all_bounds_is_an_error() -> None:
    functions = "".join(
        f'<domain: "own", opset_import: ["" : 21, "own" : 1]> f{i} (a) => (c) {{ b = own.f{i + 1}(a) '
        f"c = own.f{i + 1}(b) }}\n"
        for i in range(40)
    )
    functions += '<domain: "own", opset_import: ["" : 21]> f40 (a) => (c) { c = Relu(a) }'
    with (
        limits.held(limits.Limits(inlined=5_000)),
        pytest.raises(ModelError, match=r"limit of 5000 \(limits\.inlined\)"),
    ):
        analysed("g (float[1,8] x) => (y) { y = own.f0(x) }", domains=', "own" : 1', functions=functions)


def test_functions_that_nest_too_deep_are_an_error() -> None:
    functions = "".join(
        f'<domain: "own", opset_import: ["" : 21, "own" : 1]> f{i} (a) => (c) {{ c = own.f{i + 1}(a) }}\n'
        for i in range(80)
    )
    functions += '<domain: "own", opset_import: ["" : 21]> f80 (a) => (c) { c = Relu(a) }'
    with pytest.raises(ModelError, match=r"limits\.depth"):
        analysed("g (float[1,8] x) => (y) { y = own.f0(x) }", domains=', "own" : 1', functions=functions)


def chain(length: int, constant: bool = False) -> onnx.ModelProto:
    first = "w" if constant else "x"
    nodes = [helper.make_node("Relu", [first if i == 0 else f"r{i}"], [f"r{i + 1}"]) for i in range(length)]
    nodes.append(helper.make_node("Add", ["x", f"r{length}"], ["y"]))
    info = helper.make_tensor_value_info("x", 1, [1, 2, 8])
    weights = [onnx.numpy_helper.from_array(np.ones((1, 2, 8), np.float32), "w")]
    graph = helper.make_graph(nodes, "chain", [info], [onnx.ValueInfoProto(name="y")], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])


@pytest.mark.parametrize("constant", [False, True])
def test_a_chain_of_ten_thousand_nodes(constant: bool) -> None:
    analysis = pytest_rf.analyze(chain(10_000, constant))
    assert analysis["y"].shape == (1, 2, 8)
    assert analysis["y"].bounds(2)[1].max() == 7


def test_time_is_linear_in_nodes() -> None:
    def measure(length: int) -> float:
        """Return the CPU seconds of the quickest of three analyses: what else runs on the machine does not count."""
        graph, found = chain(length), []
        for _ in range(3):
            start = time.process_time()
            pytest_rf.analyze(graph)["y"].bounds(2)
            found.append(time.process_time() - start)
        return min(found)

    assert measure(5000) < 40 * max(measure(500), 0.005)
