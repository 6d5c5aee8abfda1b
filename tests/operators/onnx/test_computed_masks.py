"""A mask that an input makes beside one that is constant, as exporters write them."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.reference
import pytest

import pytest_rf
from tests.models import model

T = 4
NET = """
    net (float[2, 4, 3] x, float[2, 1, 4] keep) => (float[2, 4, 3] y)
    <float[3, 3] q, float one = {1.0}, float low = {LOW}, float[4, 4] causal> {
        a = MatMul (x, q)
        xt = Transpose <perm = [0, 2, 1]> (x)
        s = MatMul (a, xt)
        m = Add (s, causal)
        gone = Sub (one, keep)
        padding = Mul (gone, low)
        scores = Add (m, padding)
        p = Softmax <axis = -1> (scores)
        y = MatMul (p, x)
    }
"""


def net(constant: float, low: float) -> onnx.ModelProto:
    """Return attention with a causal mask of ``constant`` and padding of ``low``."""
    made = model(NET.replace("LOW", repr(low)))
    future = np.triu(np.full((T, T), constant, np.float32), 1)
    for tensor in made.graph.initializer:
        if tensor.name == "causal":
            tensor.CopyFrom(onnx.numpy_helper.from_array(future, "causal"))
        elif tensor.name == "q":
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.eye(3, dtype=np.float32), "q"))
    return made


def leaks(made: onnx.ModelProto) -> bool:
    """Whether the first position sees the last one where it is padding."""
    run = onnx.reference.ReferenceEvaluator(made)
    x = np.random.default_rng(0).random((2, T, 3), np.float32)
    keep = np.array([[[0, 1, 1, 1]]] * 2, np.float32)
    before = run.run(None, {"x": x, "keep": keep})[0]
    x[:, -1] += 1
    return bool(np.abs(run.run(None, {"x": x, "keep": keep})[0] - before)[:, 0].max() > 1e-6)


@pytest.mark.parametrize(
    ("constant", "low", "hides"), [(-1e9, -1e9, False), (-1e4, -1e9, False), (-np.inf, -1e9, True)]
)
def test_a_finite_mask_hides_nothing_beside_a_computed_one(constant: float, low: float, hides: bool) -> None:
    made = net(constant, low)
    assert leaks(made) is not hides
    said = {"axes": {"x": {"t": 1}}, "weights": True}
    assert (not pytest_rf.analyze(made, **said).check("output is causal.t from x")) is hides
    known = pytest_rf.analyze(made, values={"keep": np.ones((2, 1, T), np.float32)}, **said)
    assert not known.check("output is causal.t from x")
