"""Frames that a table of indices lays over each other are what a transposed convolution lays: overlap-and-add."""

from __future__ import annotations

from fractions import Fraction

import models
import numpy as np
import onnx
import pytest
from oracle.compare import compare
from oracle.engines.files import load
from oracle.perturb import generic_inputs, probe_rows

import pytest_rf
from pytest_rf.analysis import Analysis

FRAMES = 10
FIGURES = ("rf_range", "rf_min", "stride", "start", "lookahead", "lookback", "halo", "density")
FRONT = "c = Conv<pads=[1,1]>(x, k)"


def checked(graph: onnx.ModelProto) -> Analysis:
    """Return an analysis, held against what a run shows."""
    analysis = pytest_rf.analyze(graph)
    compare(analysis, probe_rows(load(graph), generic_inputs({"x": (1, 1, FRAMES)}))).assert_exact()
    return analysis


def figures(analysis: Analysis) -> dict[str, object]:
    """Return what a transposed convolution says as well."""
    field = analysis.final[0]["t"]
    return {name: getattr(field, name) for name in FIGURES}


def tensor(name: str, elements: np.ndarray) -> str:
    """Return a constant in ONNX's own syntax."""
    shape, numbers = (",".join(map(str, each)) for each in (elements.shape, elements.ravel().tolist()))
    kind = "int64" if elements.dtype == np.int64 else "float"
    return f"{name} = Constant<value = {kind}[{shape}] {{{numbers}}}>()"


def laid(how: str, width: int, hop: int, turned: bool = False) -> onnx.ModelProto:
    """Return a net of frames of ``width`` features that are laid ``hop`` apart, by one operator or another."""
    places = np.arange(FRAMES)[:, None] * hop + np.arange(width)
    extent = int(places.max()) + 1
    rows = "f = Transpose<perm=[0,2,1]>(c)"
    if turned:
        places, rows = places.T, "f = Identity(c)"
    line = places.reshape(-1)
    if how == "ConvTranspose":
        body = f"{tensor('w', np.eye(width, dtype=np.float32)[:, None])} y = ConvTranspose<strides=[{hop}]>(c, w)"
    elif how == "ScatterElements":
        body = f"""{tensor("shape", np.array([1, 1, -1]))} {tensor("zeros", np.zeros((1, 1, extent), np.float32))}
            {tensor("i", line[None, None])} {rows} u = Reshape(f, shape)
            y = ScatterElements<axis=2, reduction="add">(zeros, i, u)"""
    else:
        body = f"""{tensor("shape", np.array([-1]))} {tensor("zeros", np.zeros(extent, np.float32))}
            {tensor("i", line[:, None])} {tensor("out", np.array([1, 1, extent]))} {rows} u = Reshape(f, shape)
            z = ScatterND<reduction="add">(zeros, i, u) y = Reshape(z, out)"""
    kernel = tensor("k", np.arange(1, width * 3 + 1, dtype=np.float32).reshape(width, 1, 3))
    text = f"g (float[1,1,{FRAMES}] x) => (y) {{ {kernel} {FRONT} {body} }}"
    return models.model(text, opset=18, weights=False)


@pytest.mark.parametrize("how", ["ScatterElements", "ScatterND"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("width", "hop"), [(8, 4), (8, 2), (6, 4), (3, 3), (2, 3)])
def test_overlap_and_add(how: str, turned: bool, width: int, hop: int) -> None:
    expected = figures(checked(laid("ConvTranspose", width, hop)))
    assert figures(checked(laid(how, width, hop, turned))) == expected


def test_stuffing_with_zeros() -> None:
    zeros, places = np.zeros((1, 1, 2 * FRAMES), np.float32), 2 * np.arange(FRAMES)[None, None] + 1
    graph = models.model(
        f"""g (float[1,1,{FRAMES}] x) => (y) {{
            {tensor("k", np.ones((1, 1, 3), np.float32))} {FRONT} {tensor("zeros", zeros)} {tensor("i", places)}
            y = ScatterElements<axis=2>(zeros, i, c) }}""",
        opset=18,
        weights=False,
    )
    field = checked(graph).final[0]["t"]
    assert (field.rf, field.stride, field.lookahead) == (3, Fraction(1, 2), 1)
