"""Scales, summands, masks and weights that are given beside a tensor read what the engine reads of them."""

from __future__ import annotations

import numpy as np
import pytest
from oracle.compare import compare
from oracle.engines.abilities import onnxruntime_reads, reference_knows
from oracle.engines.files import load
from oracle.perturb import generic_inputs, probe_rows

import pytest_rf

from .written import analysed, bounds, model

SCORES = "a mask that ends before the keys, in the scores"
GROUPS = (
    "(float[1,4,{0}] x, float[2] s, float[2] z) => (float[1,4,{0}] y)"
    "{{ y = GroupNormalization<num_groups = 2>(x, s, z) }}"
)
# name: (opset, whether constants are read, the graph).
GRAPHS = {
    "a scale for each group": (
        18,
        False,
        "g " + GROUPS.format(3),
    ),
    "a scale for each of as many groups as positions": (
        18,
        False,
        "g " + GROUPS.format(2),
    ),
    "a summand times 0": (
        20,
        False,
        "g (float[2,3] x, float[3,4] w, float[2,4] c) => (float[2,4] y) { y = Gemm<beta = 0.0>(x, w, c) }",
    ),
    SCORES: (
        24,
        False,
        "g (float[1,1,2,3] q, float[1,1,4,3] k, float[1,1,4,3] v, float[2,3] m) => (float[1,1,2,3] y, float[1,1,2,4] s)"
        "{ y, p, r, s = Attention<qk_matmul_output_mode = 2>(q, k, v, m) }",
    ),
    "weights that are transposed": (
        20,
        True,
        "g (float[2,3] x) => (float[2,3] y) <float[3,3] w = {1,0,0, 1,1,0, 1,1,1}> { y = Gemm<transB = 1>(x, w) }",
    ),
    "a function that is 0 at 0": (
        20,
        True,
        "g (float[1,3] x, float[1,3] z) => (float[1,3] y) <float[1,3] one = {1, 0, 1}>"
        "{ t = Mul(x, one) r = Tanh(t) y = Mul(r, z) }",
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_what_stands_beside_a_tensor(name: str) -> None:
    opset, weights, text = GRAPHS[name]
    if not (onnxruntime_reads(opset) or reference_knows(opset)):
        pytest.skip(f"no engine here has opset {opset}")
    graph = model(text, opset=opset)
    shapes = {
        one.name: [place.dim_value for place in one.type.tensor_type.shape.dim] for one in graph.graph.input
    }
    engine = "reference" if name == SCORES else None  # onnxruntime takes no mask that is too short
    influence = probe_rows(load(graph, engine=engine), generic_inputs(shapes))
    found = compare(pytest_rf.analyze(graph, weights=weights), influence)
    found.assert_exact()


# A constant that is stored as another number, or a function that makes another one of it, is a factor as any.
CHANGED = {
    "another zero point": "t = Mul(x, one) q = QuantizeLinear(t, s, a) u = DequantizeLinear(q, s, b)",
    "a function that is 0 at -inf": "t = Add(x, least) f = com.microsoft.QuickGelu(t) u = Softmax(f)",
}


@pytest.mark.parametrize("steps", CHANGED.values(), ids=CHANGED.keys())
def test_what_makes_another_number_of_a_constant(steps: str) -> None:
    text = (
        "g (float[1,3] x, float[1,3] z) => (float[1,3] y) <float[1,3] one = {1, 0, 1}, float s = {1.0}, "
        f"uint8 a = {{7}}, uint8 b = {{3}}, float[1,3] least = {{0, -3.4e38, 0}}> {{ {steps} y = Mul(u, z) }}"
    )
    analysis = analysed(text, domains=', "com.microsoft": 1', weights=True)
    assert bounds(analysis, "y", 1, "z") == [[0, 0], [1, 1], [2, 2]]


def test_numbers_that_are_drawn_hide_nothing() -> None:
    text = "g (float[1,3] x) => (float[1,3] y) { r = Bernoulli(h) c = Cast<to = 9>(r) y = Where(c, x, x) }"
    text = text.replace("=> (float[1,3] y)", "=> (float[1,3] y) <float[1,3] h = {0.5, 0.5, 0.5}>")
    assert np.all(np.asarray(bounds(analysed(text), "y", 1, "x")) == np.arange(3)[:, None])
