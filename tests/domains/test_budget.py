"""Small models that would take much: a result, or an error that names the limit, in little memory."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import pytest_rf
from pytest_rf import limits
from pytest_rf.frontends.onnx.inputs import MOST_AXES
from pytest_rf.limits import Limits

Model = onnx.ModelProto
MOST = 3 << 30
"""Bytes of address space, libraries included."""

PROGRAM = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
import onnx, pytest_rf
analysis = pytest_rf.analyze(onnx.ModelProto.FromString(sys.stdin.buffer.read()))
told = {}
for tensor in analysis.outputs:
    for axis in range(len(analysis.inputs["x"].shape)):
        field = tensor.field("x")
        for name in "rf stride lookahead lookback halo unused density erf coverage context".split():
            try:
                told[f"{name} {axis}"] = str(getattr(field[axis], name))
            except pytest_rf.RFError as error:
                told[f"{name} {axis}"] = f"error: {error}"
        try:
            told[f"bounds {axis}"] = str([side.shape for side in tensor.bounds(axis, context=True)])
        except pytest_rf.RFError as error:
            told[f"bounds {axis}"] = f"error: {error}"
print(json.dumps(told))
"""


def net(shape: list[int], *nodes: onnx.NodeProto, **tensors: np.ndarray) -> Model:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, shape)],
        [onnx.ValueInfoProto(name="y")],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def conv(op: str = "Conv", **attributes: object) -> onnx.NodeProto:
    return helper.make_node(op, ["x", "w"], ["y"], **attributes)


LARGE = 1 << 14
BOMBS: dict[str, Model] = {
    "a stride that spreads 16×16": net([1, 3, 16, 16], conv("ConvTranspose", strides=[LARGE] * 2), w=ones(3, 4, 3, 3)),
    "a stride that spreads 16": net([1, 3, 16], conv("ConvTranspose", strides=[1 << 13]), w=ones(3, 4, 3)),
    "a stride in 3-D": net([1, 1, 4, 4, 4], conv("ConvTranspose", strides=[1 << 9] * 3), w=ones(1, 1, 2, 2, 2)),
    "padding of 100,000": net([1, 3, 16, 16], conv(pads=[10**5] * 4), w=ones(4, 3, 3, 3)),
    "padding of 5,000 in 3-D": net([1, 1, 4, 4, 4], conv(pads=[5000] * 6), w=ones(1, 1, 1, 1, 1)),
    "a Pad of 100,000": net(
        [1, 3, 16, 16], helper.make_node("Pad", ["x", "p"], ["y"]), p=np.array([0, 0, 10**5, 10**5] * 2)
    ),
    "a long kernel": net([1, 1, 1 << 14], conv(pads=[1 << 12] * 2), w=np.empty((1, 1, 1 << 13), np.float32)),
    "a dilation of 100,000": net([1, 1, 1 << 17], conv(dilations=[10**5]), w=ones(1, 1, 2)),
    "a long axis, rolled": net(
        [1, 1, 1 << 17],
        helper.make_node("Slice", ["x", "one", "end", "axis"], ["p"]),
        helper.make_node("Slice", ["x", "zero", "one", "axis"], ["q"]),
        helper.make_node("Concat", ["p", "q"], ["y"], axis=2),
        one=np.array([1]), end=np.array([1 << 62]), axis=np.array([2]), zero=np.array([0]),
    ),
    "resizing by a thousand": net(
        [1, 1, 64, 64], helper.make_node("Resize", ["x", "", "s"], ["y"]), s=np.array([1, 1, 1000, 1000], np.float32)
    ),
    "an expanded batch": net(
        [1, 1, 64], helper.make_node("Expand", ["x", "s"], ["y"]), s=np.array([1 << 17, 4, 64])
    ),
    "an outer product": net(
        [1, 1 << 17],
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0]),
        helper.make_node("Add", ["x", "t"], ["y"]),
    ),
    "nothing at all": net([0, 3, 4], helper.make_node("Einsum", ["x", "x"], ["y"], equation="bij,bkj->bik")),
    "nothing along a broadcast axis": net(
        [0, 3, 1], helper.make_node("Einsum", ["x", "c"], ["y"], equation="bij,bjk->bik"), c=ones(1, 1, 4)
    ),
    "a kernel of the batch's length": net([1 << 17, 1, 8], conv(), w=ones(1, 1, 3)),
}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="the address space is limited where that works")
@pytest.mark.parametrize("model", BOMBS.values(), ids=BOMBS.keys())
def test_a_small_model_takes_little(model: Model) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(MOST)],
        input=model.SerializeToString(),
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    for what, said in json.loads(done.stdout).items():
        if said.startswith("error: "):
            assert "(limits." in said or "undecid" in said or "unknown" in said or "cannot" in said, (
                f"{what}: {said}"
            )


def padded(by: int) -> Model:
    return net([1, 3, 16, 16], conv(pads=[by] * 4), w=ones(4, 3, 3, 3))


def test_a_budget_can_be_lowered_and_raised() -> None:
    with limits.held(Limits(array=1 << 18)):
        small = pytest_rf.analyze(padded(500))
    with pytest.raises(
        pytest_rf.ModelError, match=r"node 'y' \(Conv\): an array of \d+ elements .*\(limits\.array\)"
    ):
        small.outputs[0].bounds(0)
    assert pytest_rf.analyze(padded(500)).outputs[0].bounds(0)[0].shape == (1, 4, 1014, 1014)


def test_work_is_counted_over_a_run() -> None:
    nodes = [
        helper.make_node("Conv", [f"v{i}" if i else "x", "w"], [f"v{i + 1}"], pads=[1, 1]) for i in range(9)
    ]
    nodes.append(helper.make_node("Relu", ["v9"], ["y"]))
    model = net([1, 1, 1 << 16], *nodes, w=ones(1, 1, 3))
    with limits.held(Limits(work=1 << 19)):
        found = pytest_rf.analyze(model)
    with pytest.raises(pytest_rf.ModelError, match=r"\(Conv\): .*limit of 524288 \(limits\.work\)"):
        found.outputs[0].bounds(2)
    assert pytest_rf.analyze(model).outputs[0].bounds(2)[1][0, 0, 0] == 9


def test_limits_hold_where_a_model_is_lowered_again() -> None:
    model = net([1, 1, 1 << 10], conv(), w=ones(1, 1, 3))
    with limits.held(Limits(extent=1 << 16)):
        found = pytest_rf.analyze(model)
        with pytest.raises(pytest_rf.ModelError, match=r"limits\.extent"):
            pytest_rf.analyze(net([1, 1, 1 << 17], conv(), w=ones(1, 1, 3)))
    assert found.graph.limits.extent == 1 << 16
    assert found.outputs[0][2].min_input == 3


def test_more_axes_than_an_array_can_have_are_an_error() -> None:
    with pytest.raises(pytest_rf.ModelError, match="65 axes"):
        pytest_rf.analyze(net([2] * 65, helper.make_node("Softmax", ["x"], ["y"])))


@pytest.mark.parametrize("shape", [*([[2] * 64] if MOST_AXES == 64 else []), [1 << 24] * 3])
def test_more_elements_than_an_array_can_index_have_figures_and_no_bounds(shape: list[int]) -> None:
    found = pytest_rf.analyze(net(shape, helper.make_node("Relu", ["x"], ["y"]))).outputs[0]
    assert found[1].rf == 1
    with pytest.raises(pytest_rf.ModelError, match="more than an array can index"):
        found.bounds(1)


def test_a_node_of_a_million_outputs_is_an_error() -> None:
    split = helper.make_node("Split", ["x"], [f"s{i}" for i in range(10**6)], axis=2)
    with pytest.raises(pytest_rf.ModelError, match=r"limits\.inlined"):
        pytest_rf.analyze(net([1, 3, 10**6], split))
