"""The smallest input of ONNX models, against runs at every smaller one."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from models import model
from onnxruntime import InferenceSession, SessionOptions
from oracle.engines.abilities import onnxruntime_reads

import pytest_rf

LENGTH = 40
NETS = {
    "a convolution": ("y = Conv(x, five)", 5),
    "a statistic behind it": ("a = Conv(x, five) y = ReduceMean<axes=[2]>(a)", 5),
    "a global pool behind two": (
        "a = Conv<strides=[2]>(x, five) b = Relu(a) c = Conv(b, three) y = GlobalAveragePool(c)",
        9,
    ),
    "a classifier": (
        "a = Conv<strides=[2]>(x, five) b = Conv(a, three) c = ReduceMean<axes=[2], keepdims=0>(b) y = MatMul(c, head)",
        9,
    ),
    # Its stride is 1: with another one ONNX Runtime rounds to 0 what is below it, and has a unit of fewer elements.
    "a pool": ("a = MaxPool<kernel_shape=[4]>(x) y = GlobalMaxPool(a)", 4),
    "a pool that rounds up": (
        "a = AveragePool<kernel_shape=[4], strides=[2], ceil_mode=1>(x) y = GlobalMaxPool(a)",
        3,
    ),
    "a reflection": ('y = Pad<mode="reflect">(x, sides)', 4),
    "a reflection behind a stride": ('a = Conv<strides=[2]>(x, three) y = Pad<mode="reflect">(a, sides)', 9),
    "an edge that is repeated": ('a = Pad<mode="edge">(x, sides) y = Conv(a, five)', 1),
    "padding that is enough": ("a = Conv<pads=[2,2]>(x, five) y = ReduceMean<axes=[2]>(a)", 1),
    "transposed after a crop": ("a = Conv(x, five) y = ConvTranspose<pads=[2,2]>(a, five)", 5),
    "transposed with more padding than it makes": ("y = ConvTranspose<pads=[3,3]>(x, five)", 3),
}


def net(body: str, extent: int | str) -> onnx.ModelProto:
    made = model(f"net (float[1,2,{extent}] x) => (float y) {{ {body} }}")
    made.graph.output[0].type.tensor_type.ClearField("shape")
    rng = np.random.default_rng(0)
    for name, shape in {"five": (2, 2, 5), "three": (2, 2, 3), "head": (2, 3)}.items():
        weights = rng.standard_normal(shape).astype(np.float32)
        made.graph.initializer.append(onnx.numpy_helper.from_array(weights, name))
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.array([0, 0, 3, 0, 0, 3]), "sides"))
    return made


def runs(body: str, extent: int) -> bool:
    """Return whether ONNX Runtime gives numbers at an extent."""
    options = SessionOptions()
    options.log_severity_level = 4
    try:
        session = InferenceSession(net(body, extent).SerializeToString(), options)
        (y,) = session.run(None, {"x": np.ones((1, 2, extent), np.float32)})
    except Exception:  # of many kinds
        return False
    return bool(y.size) and bool(np.isfinite(y).all())


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("given", ["fixed", "open"])
def test_it_is_where_the_engine_begins_to_run(name: str, given: str) -> None:
    body, smallest = NETS[name]
    if "reflect" in body and not onnxruntime_reads(24):
        pytest.skip("older ones reflect what is not there")
    assert next(n for n in range(1, LENGTH) if runs(body, n)) == smallest
    made = net(body, LENGTH if given == "fixed" else "n")
    analysis = pytest_rf.analyze(made, inputs={"x": (1, 2, LENGTH)}, axes={"x": {"t": 2}})
    assert analysis.final[0]["t"].min_input == smallest
    assert analysis.check(f"final min_input <= {smallest}") == []
    assert len(analysis.check(f"final min_input <= {smallest - 1}")) == 1


@pytest.mark.parametrize(
    ("body", "extent", "says"),
    [
        ("y = Conv(x, five)", 4, r"'y' \(Conv\): extent 4 of axis 2 is too small for a window of 5"),
        (
            "y = MaxPool<kernel_shape=[3], pads=[1,0]>(x)",
            1,
            r"too small for a window of 3 with pads 1 before, 0 after",
        ),
        (
            'y = Pad<mode="reflect">(x, sides)',
            3,
            r"'y' \(Pad\): pads 3, 3 of axis 2 reflect more than there is",
        ),
    ],
)
def test_a_model_whose_own_input_is_too_small_is_an_error_at_its_operator(
    body: str, extent: int, says: str
) -> None:
    with pytest.raises(pytest_rf.ModelError, match=says):
        pytest_rf.analyze(net(body, extent))


def test_a_violation_says_what_the_next_smaller_input_lacks() -> None:
    body, smallest = NETS["a classifier"]
    (finding,) = pytest_rf.analyze(net(body, LENGTH)).check(f"final min_input <= {smallest - 1}")
    assert f"at an extent of {smallest - 1}, net: node 'b' (Conv): extent 2 of axis 2" in finding.help
