"""What the two exporters of PyTorch write is analysed whole, with open axes too: the module's own bounds."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

import onnx  # noqa: E402

import pytest_rf  # noqa: E402
from pytorch.exported_nets import NETS, Net  # noqa: E402

SCRIPTED_IF = "an if on data must be a torch.cond"
NOT_EXPORTED = {
    ("heads", "script", True): "the tracer takes the number of steps for a constant; onnxruntime fails, too",
    ("gru", "dynamo", True): "the exporter's decomposition of GRU fails on open axes",
    ("chosen", "script", False): "torch.cond is no TorchScript",
    ("chosen", "script", True): "torch.cond is no TorchScript",
    ("scripted", "dynamo", True): "loops are written out at one length",
    ("scripted by data", "dynamo", False): SCRIPTED_IF,
    ("scripted by data", "dynamo", True): SCRIPTED_IF,
}
NO_FUNCTIONS = ("recurrent", "gru", "scripted", "scripted by data")
"""Nets whose modules the tracer cannot make functions of."""
NOT_OPTIMISED = ("recurrent",)
"""Nets whose export with open axes the optimiser spoils: it writes the example's extents into a Reshape."""
CASES = [
    (name, exporter, dynamic)
    for name in NETS
    for exporter, dynamic in (("script", False), ("script", True), ("dynamo", False), ("dynamo", True))
    # Exports by dynamo take seconds: fixed shapes only where open ones are not exported.
    if dynamic or exporter == "script" or (name, exporter, True) in NOT_EXPORTED
]


def made(net: Net) -> torch.nn.Module:
    """Return the module."""
    torch.manual_seed(0)
    return net.make().eval()


def dynamo_models(net: Net, dynamic: bool, full: bool) -> Iterator[onnx.ModelProto]:
    """Export as torch.export sees it: the graph as it is first written, and optimised."""
    shapes = (dict.fromkeys(net.open, torch.export.Dim.DYNAMIC),) if dynamic else None
    program = torch.onnx.export(
        made(net),
        (torch.rand(net.shape),),
        dynamo=True,
        verbose=False,
        dynamic_shapes=shapes,
        input_names=["x"],
        optimize=False,
    )
    yield program.model_proto
    if full:
        program.optimize()
        yield program.model_proto


def script_models(net: Net, dynamic: bool, full: bool) -> Iterator[onnx.ModelProto]:
    """Export as TorchScript's tracer sees it: plain, unfolded, and with a function for each module."""
    axes = {"x": {axis: f"d{axis}" for axis in net.open}} if dynamic else None
    ways = [{}, {"do_constant_folding": False}]
    if full:
        ways.append({"export_modules_as_functions": True, "opset_version": 17})
    for options in ways:
        file = io.BytesIO()
        torch.onnx.export(
            made(net),
            (torch.rand(net.shape),),
            file,
            dynamo=False,
            input_names=["x"],
            dynamic_axes=axes,
            **options,
        )
        yield onnx.load_from_string(file.getvalue())


MODELS = {"dynamo": dynamo_models, "script": script_models}


def assert_same(own: pytest_rf.Analysis, other: pytest_rf.Analysis) -> None:
    """Hold the bounds of all outputs along all axes against each other, where something is read."""
    assert [t.shape for t in own.outputs] == [t.shape for t in other.outputs]
    for one, two in zip(own.outputs, other.outputs, strict=True):
        for axis in range(len(own.inputs["x"].shape)):
            read = one.bounds(axis, "x", context=True)
            nothing = read[0] > read[1]
            for mine, theirs in zip(read, two.bounds(axis, "x", context=True), strict=True):
                wrong = np.argwhere((mine != theirs) & ~nothing)
                assert not len(wrong), (
                    f"{two.name}, axis {axis} at {wrong[0]}: "
                    f"{mine[tuple(wrong[0])]} and {theirs[tuple(wrong[0])]}"
                )


@pytest.fixture(autouse=True)
def plain_attention() -> Iterator[None]:
    """Without the fused attention, which TorchScript cannot export."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        yield
    torch.backends.mha.set_fastpath_enabled(before)


@pytest.mark.parametrize(("name", "exporter", "dynamic"), CASES)
def test_exports_are_analysed_whole(name: str, exporter: str, dynamic: bool) -> None:
    if (name, exporter, dynamic) in NOT_EXPORTED:
        pytest.skip(NOT_EXPORTED[name, exporter, dynamic])
    net = NETS[name]
    shape = net.other if dynamic else net.shape
    full = name not in (NO_FUNCTIONS if exporter == "script" else NOT_OPTIMISED)
    own = pytest_rf.analyze(made(net), inputs={"x": shape})
    for model in MODELS[exporter](net, dynamic, full):
        other = pytest_rf.analyze(model, inputs={"x": shape})
        assert not [(t.name, t.reason) for t in other if t.status == "unknown"]
        if name == "scripted by data":
            # The module's own recording sees the branch that its input takes; the file has both.
            low, high = other.outputs[0].bounds(2)
            assert (high - low + 1).max() == shape[2]
            assert (other.outputs[0].bounds(0, context=True)[0] == 0).all()
        else:
            assert_same(own, other)


def test_open_axes_that_nobody_binds() -> None:
    """An open batch is two samples, so that mixing shows; every other open axis must be given."""
    net = NETS["flattened"]
    (model, *_) = script_models(net, True, False)
    with pytest.raises(
        pytest_rf.ModelError, match=r"leaves axis 2 \(d2\), 3 \(d3\) open; .*--input x=2,2,\?,\?"
    ):
        pytest_rf.analyze(model)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    for axis, extent in zip((2, 3), net.shape[2:], strict=True):
        dims[axis].dim_value = extent
    bound = pytest_rf.analyze(model)
    assert bound.inputs["x"].shape == (2, *net.shape[1:])
    assert_same(pytest_rf.analyze(made(net), inputs={"x": (2, *net.shape[1:])}), bound)


def test_open_axes_of_tensors_inside_do_not_matter() -> None:
    """The file's own statements on what it computes may be open or missing: the input's shape decides."""
    net = NETS["windows"]
    own = pytest_rf.analyze(made(net), inputs={"x": net.other})
    (model, *_) = script_models(net, True, False)
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    assert_same(own, pytest_rf.analyze(model, inputs={"x": net.other}))
