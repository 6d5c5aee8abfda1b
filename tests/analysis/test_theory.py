"""The theoretical field against the finite one: on a long input, far from its borders, they agree.

The two runs share little: one holds a table per element, the other one period and a jump.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from models import model

import pytest_rf
from pytest_rf.analysis.profile import profile

EXTENT = 360
"""Long enough for the centre of the chains below to be free of borders."""


@st.composite
def layers(draw: st.DrawFn, source: str, name: str) -> tuple[str, str]:
    """Return the text of one layer and the geometry that it changes ("1/2" doubles the positions)."""
    kind = draw(st.sampled_from(["conv", "pool", "up", "nearest", "linear", "pad", "crop", "flip", "relu"]))
    kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    dilation, pad = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    after = draw(st.integers(0, 3))
    if kind == "conv":
        return (
            f"{name} = Conv<kernel_shape=[{kernel}], strides=[{stride}], dilations=[{dilation}], "
            f"pads=[{pad},{after}]>({source}, w{kernel})",
            f"w{kernel}",
        )
    if kind == "pool":
        pads = f"[{min(pad, kernel - 1)},{min(after, kernel - 1)}]"
        return f"{name} = MaxPool<kernel_shape=[{kernel}], strides=[{stride}], pads={pads}>({source})", ""
    if kind == "up":
        return (
            f"{name} = ConvTranspose<kernel_shape=[{kernel}], strides=[{stride}], dilations=[{dilation}]>"
            f"({source}, w{kernel})",
            f"w{kernel}",
        )
    if kind in ("nearest", "linear"):
        scale = draw(st.sampled_from(["2.0", "0.5", "1.5", "3.0"]))
        mode = draw(st.sampled_from(["half_pixel", "asymmetric"]))
        return (
            f'{name} = Resize<mode="{kind}", coordinate_transformation_mode="{mode}">'
            f"({source},,sc{scale[0]}{scale[2]})",
            f"sc{scale[0]}{scale[2]} = {{1., 1., {scale}}}",
        )
    if kind == "pad":
        return (
            f'{name} = Pad<mode="{draw(st.sampled_from(["constant", "reflect", "edge"]))}">({source}, p3)',
            "p3",
        )
    if kind == "crop":
        return f"{name} = Slice({source}, i2, big, ax, i{draw(st.integers(1, 2))})", ""
    if kind == "flip":
        return f"{name} = Slice({source}, m1, mbig, ax, m1)", ""
    return f"{name} = Relu({source})", ""


@st.composite
def chains(draw: st.DrawFn) -> str:
    """Return a model of a chain of layers with a residual around some of them."""
    body: list[str] = []
    scales: set[str] = set()
    last = "x"
    for number in range(draw(st.integers(1, 5))):
        text, needs = draw(layers(last, f"a{number}"))
        body.append(text)
        last = f"a{number}"
        if needs.startswith("sc"):
            scales.add(needs)
        if draw(st.booleans()):
            dilation = draw(st.integers(1, 2))
            body.append(f"b{number} = Conv<dilations=[{dilation}], pads=[{dilation},{dilation}]>({last}, w3)")
            if draw(st.booleans()):
                body.append(f"c{number} = Add({last}, b{number})")
            else:
                body.append(f"d{number} = Concat<axis=1>({last}, b{number})")
                body.append(f"c{number} = ReduceMean<axes=[1], keepdims=1>(d{number})")
            last = f"c{number}"
    constants = "".join(f", float[3] {text}" for text in sorted(scales))
    return f"""
        net (float[1,1,{EXTENT}] x) => (float[1,1,?] {last})
        <float[1,1,1] w1, float[1,1,2] w2, float[1,1,3] w3, float[1,1,4] w4, int64[6] p3 = {{0,0,3,0,0,2}},
         int64[1] i1 = {{1}}, int64[1] i2 = {{2}}, int64[1] big = {{100000}}, int64[1] mbig = {{-100000}},
         int64[1] ax = {{2}}, int64[1] m1 = {{-1}}{constants}>
        {{ {" ".join(body)} }}
    """


def check(text: str) -> None:
    """Hold the theoretical field of a model's output against the finite one in the middle."""
    analysis = pytest_rf.analyze(model(text), axes={"x": {"t": 2}})
    tensor = analysis.outputs[0]
    assert tensor.shape is not None
    lo, hi = tensor.bounds("t")
    theory = profile(analysis.runs.field(tensor.value, ("x", 2), theory=True), ("x", 2))
    if tensor["t"].irregular or tensor.shape[2] < 8:
        return
    assert theory is not None
    middle = tensor.shape[2] // 2
    for place in range(middle - 2, middle + 3):
        low, high = theory.at(place)
        found = (int(lo[0, 0, place]), int(hi[0, 0, place]))
        if high - low > EXTENT // 3:
            continue
        if low > high:
            assert found[0] > found[1]
        else:
            assert found == (low, high)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(chains())
def test_theory_is_the_finite_field_far_from_borders(text: str) -> None:
    check(text)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from([2, 3, 4]), st.integers(0, 2), st.integers(0, 2), st.integers(0, 3), st.booleans())
def test_positions_that_go_through_channels_and_windows(
    block: int, first: int, second: int, third: int, windowed: bool
) -> None:
    # Positions become channels (or windows that are mixed whole), are convolved, and come back.
    rows = EXTENT // block
    inner = "m = Softmax<axis=3>(s) i = MatMul(m, e)" if windowed else "i = Relu(s)"
    check(f"""
        net (float[1,1,{EXTENT}] x) => (float[1,1,?] y)
        <float[1,1,3] w, float[{block},{block},3] v, float[{block},{block}] e,
         int64[4] split = {{1,1,{rows},{block}}}, int64[3] deep = {{1,{block},{rows}}},
         int64[4] parts = {{1,1,{block},{rows}}}, int64[3] flat = {{1,1,{EXTENT}}}>
        {{ a = Conv<pads=[{first},{2 - first}]>(x, w)
           s = Reshape(a, split)
           {inner}
           t = Transpose<perm=[0,1,3,2]>(i)
           d = Reshape(t, deep)
           c = Conv<pads=[{second},{2 - second}]>(d, v)
           p = Reshape(c, parts)
           b = Transpose<perm=[0,1,3,2]>(p)
           f = Reshape(b, flat)
           g = Add(f, a)
           y = Conv<pads=[{third},{2 - min(third, 2)}]>(g, w) }}
    """)


def test_a_misaligned_merge_is_irregular_and_says_so() -> None:
    analysis = pytest_rf.analyze(
        model("""
        net (float[1,1,16] x) => (float[1,1,16] y)
        <int64[1] m1 = {-1}, int64[1] end = {-100}, int64[1] ax = {2}>
        { f = Slice(x, m1, end, ax, m1) y = Add(x, f) }
        """),
        axes={"x": {"t": 2}},
    )
    field = analysis.final[0]["t"]
    assert field.irregular
    assert field.rf == 16
    lo, hi = analysis.final[0].bounds("t")
    assert np.array_equal(lo[0, 0], np.minimum(np.arange(16), 15 - np.arange(16)))
    assert np.array_equal(hi[0, 0], 15 - lo[0, 0])
