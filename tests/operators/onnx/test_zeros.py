"""In weight-aware mode a constant 0 cuts off what it is a factor of, and nothing else."""

from __future__ import annotations

import pytest
from oracle.compare import compare
from oracle.engines.files import load
from oracle.perturb import generic_inputs, probe_rows

import pytest_rf

from .written import model

# Of a matrix x whose upper side is 0 in t.
SUMS = {
    "Max": "t, m",
    "Min": "m, t",
    "Sum": "t, m",
    "Mean": "m, t",
    "Sub": "m, t",
    "Div": "t, m",
    "Pow": "u, t",
    "Mod<fmod = 1>": "m, t",
    "Greater": "m, t",
    "Gemm": "x, x, t",
    "Gemm<transA = 1, beta = -2.0>": "x, m, t",
    'Einsum<equation = "ij,ij->ij">': "t, m",
    'Einsum<equation = "ij,jk->ik">': "t, m",
    'Einsum<equation = "ij,kj->ik">': "m, t",
    "MatMul": "t, m",
    "Mul": "m, t",
}
TEXT = """g (float[3,3] x) => (y) <float[3,3] one = {{1, 0, 0, 1, 1, 0, 1, 1, 1}}> {{
    t = Mul(x, one)
    m = Transpose(x)
    u = Abs(m)
    {kind} = {operator}({operands})
    {cast}
}}"""


@pytest.mark.parametrize("operator", SUMS)
def test_zeros_of_a_mask(operator: str) -> None:
    compares = operator == "Greater"
    cast = "y = Cast<to = 1>(c)" if compares else ""
    graph = model(
        TEXT.format(operator=operator, operands=SUMS[operator], kind="c" if compares else "y", cast=cast)
    )
    found = compare(
        pytest_rf.analyze(graph, weights=True), probe_rows(load(graph), generic_inputs({"x": (3, 3)}))
    )
    assert found.compared
    assert not found.unsound, found.report()


INTEGERS = {
    "MatMulInteger": ("uint8[1,3] x", "uint8[3,3] w = {0,9,9, 9,0,9, 9,9,0}, uint8 z = {5}", "x, w, , z"),
    "ConvInteger": ("uint8[1,1,3] x", "uint8[1,1,3] w = {0,9,9}, uint8 z = {5}", "x, w, , z"),
    "QLinearMatMul": (
        "uint8[1,3] x",
        "uint8[3,3] w = {0,9,9, 9,0,9, 9,9,0}, uint8 z = {5}, float s = {1.0}",
        "x, s, z, w, s, z, s, z",
    ),
    "QLinearConv": (
        "uint8[1,1,3] x",
        "uint8[1,1,3] w = {0,9,9}, uint8 z = {5}, float s = {1.0}",
        "x, s, z, w, s, z, s, z",
    ),
}


@pytest.mark.parametrize("operator", INTEGERS)
def test_a_stored_0_that_stands_for_another_number_is_read(operator: str) -> None:
    x, constants, operands = INTEGERS[operator]
    text = f"g ({x}) => (y) <{constants}> {{ y = {operator}({operands}) }}"
    low, high = pytest_rf.analyze(model(text), weights=True)["y"].bounds(-1)
    assert low.min() == low.max() == 0
    assert high.min() == high.max() == 2


DEQUANTISED = {
    "one scale": ("float s = {0.5}", "w, s"),
    "a zero point of 0": ("float s = {0.5}, int8 z = {0}", "w, s, z"),
    "another zero point": ("float s = {0.5}, int8 z = {3}", "w, s, z"),
    "one for each channel": ("float[2] s = {0.5, 0.25}, int8[2] z = {3, 3}", "w, s, z"),
}


@pytest.mark.parametrize("opset", [10, 13, 19, 21])
@pytest.mark.parametrize("name", DEQUANTISED)
def test_weights_that_are_stored_quantised(name: str, opset: int) -> None:
    parameters, operands = DEQUANTISED[name]
    channels = name == "one for each channel"
    if channels and opset == 10:
        pytest.skip("scales of channels came with opset 13")
    zero = 3 if "3" in parameters else 0
    weights = [zero, zero + 2, zero + 4] * 4
    text = (
        f"g (float[1,2,6] x) => (y) <int8[2,2,3] w = {{{','.join(map(str, weights))}}}, {parameters}> {{"
        f" v = DequantizeLinear{'<axis = 0>' * channels}({operands}) y = Conv(x, v) }}"
    )
    graph = model(text, opset=opset)
    analysis = pytest_rf.analyze(graph, weights=True)
    compare(analysis, probe_rows(load(graph), generic_inputs({"x": (1, 2, 6)}))).assert_exact()
    assert analysis["y"].bounds(2)[0].min() == 1
