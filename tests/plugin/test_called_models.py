"""The marker and the fixture: models of every kind, and every key of a call."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

Pytester = pytest.Pytester

HEAD = "import pytest\n"

RESIZED = """
[[model]]
name = "resized"
source = "resized.onnx"
values = { sizes = "sizes.npy" }
spacing = { t = "1 ms" }

[[operator]]
name = "acme::Blur"
kernel = 3
padding = 1
"""


@pytest.fixture
def called(project: Pytester) -> Pytester:
    """A project with a model that an input steers, one with an operator of its own, and a configuration of both."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    w = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1, 1, 3])
    sizes = helper.make_tensor_value_info("sizes", TensorProto.INT64, [3])
    resize = [
        helper.make_node("Resize", ["x", "", "", "sizes"], ["r"], mode="nearest", name="resize"),
        helper.make_node("Conv", ["r", "w"], ["y"], kernel_shape=[3], name="conv"),
    ]
    blur = [
        helper.make_node("Conv", ["x", "w"], ["r"], kernel_shape=[3], name="conv"),
        helper.make_node("Blur", ["r"], ["y"], domain="acme", name="blur"),
    ]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("acme", 1)]
    for name, nodes, inputs in (("resized", resize, [x, sizes]), ("custom", blur, [x])):
        graph = helper.make_graph(nodes, name, inputs, [y], [w])
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), f"{name}.onnx")
    np.save("sizes.npy", np.array([1, 1, 16]))
    with Path("rf.toml").open("a") as file:
        file.write(RESIZED)
    return project


def run(project: Pytester, test: str, *args: str) -> pytest.RunResult:
    project.makepyfile(test_it=HEAD + test)
    return project.runpytest("--strict-markers", *args)


def test_values_spacing_and_origin(called: Pytester) -> None:
    run(
        called,
        """
@pytest.mark.rf("final stride == 1/2", "final rf <= 4 ms", model="resized.onnx", values={"sizes": [1, 1, 16]},
                spacing={"t": "1 ms"}, origin="start", axes={"x": {"t": 2}})
def test_marker(): pass

@pytest.mark.rf("final stride == 1/2", model="resized.onnx", values={"sizes": "sizes.npy"})
def test_file(): pass

@pytest.mark.rf("final stride == 1/2", "final rf <= 4 ms", model="resized")
def test_name(): pass

@pytest.mark.rf("final stride == 1", model="resized", values={"sizes": [1, 1, 8]})
def test_given_goes_first(): pass

def test_fixture(rf):
    rf.check("resized.onnx", "final stride == 1/2", "final rf <= 4 ms", values={"sizes": "sizes.npy"},
             spacing={"t": "1 ms"})
    rf.check("resized", "final stride == 1/2", "final rf <= 4 ms")
    assert rf.analyze("resized", values={"sizes": [1, 1, 8]}).final[0]["t"].stride == 1
""",
    ).assert_outcomes(passed=5)


def test_operators_of_the_configuration_hold_for_models_that_it_does_not_name(called: Pytester) -> None:
    test = """
@pytest.mark.rf("final rf == 5", model="custom.onnx")
def test_marker(): pass

def test_fixture(rf): rf.check("custom.onnx", "final rf == 5")
"""
    run(called, test).assert_outcomes(passed=2)
    # Of a configuration that is wrong nothing is taken, and nothing passes for want of it.
    Path("rf.toml").write_text("nonsense = 1\n")
    result = run(called, test)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*operator acme::Blur has no rule*"])


def test_names_of_fixtures(called: Pytester) -> None:
    result = run(
        called,
        """
import onnx

@pytest.fixture
def net(): return onnx.load("unet.onnx")

def test_it(rf, net): rf.check("net", "final rf >= 36")

def test_unknown(rf): rf.check("nix", "final rf >= 36")
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*no model 'nix': *nor a fixture of the test, nor a model of rf.toml"])


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        (
            "values={'sizes': 'fast'}",
            'values: sizes = "fast" is not a number, a list or the path of a .npy file',
        ),
        ("inputs={'x': (1, 0)}", "inputs: input 'x': shape [[]1, 0]: every extent must be at least 1"),
        ("origin='middle'", "origin: is one of end, start, center, not 'middle'"),
        ("args={'width': 3}", "args are those of a factory, and this is the model itself"),
    ],
)
def test_the_marker_and_the_fixture_say_the_same(called: Pytester, marker: str, says: str) -> None:
    result = run(
        called,
        f"""
@pytest.mark.rf("final rf >= 1", model="resized.onnx", {marker})
def test_marker(): pass

def test_fixture(rf):
    rf.check("resized.onnx", "final rf >= 1", {marker})
""",
    )
    result.assert_outcomes(failed=2)
    assert len([line for line in result.outlines if says.replace("[[]", "[") in line]) >= 2


@pytest.mark.parametrize("key", ["values={'x': 1}", "kwargs={'x': 1}", "args=[1]", "inputs=(1, 3)"])
def test_what_goes_with_a_model_only(called: Pytester, key: str) -> None:
    result = run(called, f'@pytest.mark.rf("final rf >= 1", {key})\ndef test_it(): pass\n')
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{key.partition('=')[0]}= goes with model=*"])


TORCH = """
import torch
from torch import nn

class Net(nn.Conv1d):
    def __init__(self, kernel=3):
        super().__init__(1, 1, kernel)
        nn.init.zeros_(self.weight[..., 0:1])

def build(kernel): return Net(kernel)
"""


def test_factories_classes_and_weights(called: Pytester) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("pytest_rf.frontends.torch")  # runs in this process forget what they import
    called.makepyfile(rf_plugin_nets=TORCH)
    called.syspathinsert()
    run(
        called,
        """
import torch
from rf_plugin_nets import Net, build

SHAPE = {"input": (1, 1, 16)}

@pytest.mark.rf("final rf == 5", model="rf_plugin_nets:build", args={"kernel": 5}, inputs=SHAPE)
def test_factory(): pass

@pytest.mark.rf("final rf == 5", model=build, args=[5], inputs=SHAPE)
def test_function(): pass

@pytest.mark.rf("final rf == 4", model=Net, args=[5], inputs=SHAPE, weights=True)
def test_class(): pass

@pytest.mark.rf("final rf == 2", "final rf <= 2 mm", weights=True, spacing={"t": "1 mm"})
def test_called(): Net()(torch.zeros(1, 1, 16))

def test_fixture(rf):
    rf.check("rf_plugin_nets:build", "final rf == 5", args=[5], inputs=SHAPE)
    rf.check("rf_plugin_nets:build", torch.zeros(1, 1, 16), "final rf == 7", args={"kernel": 7})
    rf.check(Net, torch.zeros(1, 1, 16), "final rf == 3")
""",
    ).assert_outcomes(passed=5)


def test_the_report_tells_what_was_chosen(called: Pytester) -> None:
    model = onnx.load("unet.onnx")
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    onnx.save(model, "open.onnx")
    run(
        called,
        '@pytest.mark.rf("final rf >= 36", model="open.onnx")\ndef test_it(): pass\n',
        "--rf-report=out.json",
    ).assert_outcomes(passed=1)
    (result,) = json.loads(Path("out.json").read_text())["models"]
    assert result["chosen"] == [{"input": "image", "axis": "h", "extent": 256}]
