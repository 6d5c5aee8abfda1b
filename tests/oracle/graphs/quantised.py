"""Quantised pieces: numbers on their way through 8 bits."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value, family
from oracle.graphs.windows import convolution_window

Names = dict[str, "Value | str"]


def scales(graph: Graph, x: Value) -> Names:
    """Return what most of these nodes need: the tensor, a scale and zero points of both kinds."""
    return {
        "x": x,
        "s": graph.constant(0.02),
        "z": graph.constant(128, np.uint8),
        "zi": graph.constant(0, np.int8),
        "t": graph.constant(0.05),
    }


def eight_bits(graph: Graph, *shape: int, kind: type = np.int8) -> str:
    """Add generic quantised weights."""
    low = -100 if kind is np.int8 else 20
    return graph.constant(low + 7 + graph.choice(*shape, below=180), kind)


@family("fake_quantisation", since=13)
def fake_quantisation(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """There and back, with one scale or with one for each position of an axis."""
    names = scales(graph, x)
    axis = draw(st.integers(0, x.rank - 1))
    if draw(st.booleans()):
        names["s"] = graph.constant(0.02 + 0.01 * graph.choice(x.shape[axis], below=4))
        names["z"] = graph.constant(120 + graph.choice(x.shape[axis], below=9), np.uint8)
    return graph.script(
        f"q = QuantizeLinear<axis = {axis}>(x, s, z) y = DequantizeLinear<axis = {axis}>(q, s, z)", **names
    )


@family("dynamic_quantisation", since=11)
def dynamic_quantisation(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A scale that is a statistic, and then nothing, a product or a convolution of whole numbers."""
    names = scales(graph, x)
    text = "q, s1, z1 = DynamicQuantizeLinear(x) "
    if draw(st.booleans()) or x.rank < 2:
        return graph.script(text + "y = DequantizeLinear(q, s1, z1)", **names)
    names["w"] = eight_bits(graph, x.shape[-1], draw(st.integers(1, 4)))
    op = "MatMulInteger(q, w, z1)"
    if x.rank == 4 and draw(st.booleans()):
        window = convolution_window(draw, x)
        names["w"] = eight_bits(graph, draw(st.integers(1, 4)), x.shape[1], *window.kernel)
        op = f"ConvInteger<{window.text}>(q, w, z1)"
    return graph.script(text + f"i = {op} f = Cast<to = 1>(i) y = Mul(f, s1)", **names)


@family("quantised_matmul", since=13)
def quantised_matmul(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A product between quantisations."""
    if x.rank < 2:
        return []
    names = scales(graph, x) | {"w": eight_bits(graph, x.shape[-1], draw(st.integers(1, 4)), kind=np.uint8)}
    op = draw(st.sampled_from(["QLinearMatMul(q, s, z, w, s, z, t, z)", "MatMulInteger(q, w, z, z)"]))
    if "Integer" in op:
        return graph.script(
            f"q = QuantizeLinear(x, s, z) i = {op} f = Cast<to = 1>(i) y = Mul(f, s)", **names
        )
    return graph.script(f"q = QuantizeLinear(x, s, z) r = {op} y = DequantizeLinear(r, t, z)", **names)


@family("quantised_conv", since=13)
def quantised_conv(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Convolutions between quantisations, in groups, with scales for each channel."""
    if x.rank not in (3, 4):
        return []
    window = convolution_window(draw, x)
    channels = x.shape[1]
    group = draw(st.sampled_from([1, channels]))
    out = group * draw(st.integers(1, 2))
    names = scales(graph, x) | {"w": eight_bits(graph, out, channels // group, *window.kernel)}
    names |= {
        "ws": graph.constant(0.02 + 0.01 * graph.choice(out, below=4)),
        "wz": graph.constant([0] * out, np.int8),
    }
    names["b"] = graph.constant(graph.choice(out, below=50), np.int32)
    given = draw(st.sampled_from(["q, s, z, w, ws, wz, t, z", "q, s, z, w, ws, wz, t, z, b"]))
    text = f"q = QuantizeLinear(x, s, z) r = QLinearConv<group = {group}, {window.text}>({given}) "
    return graph.script(text + "y = DequantizeLinear(r, t, z)", **names)


@family("whole_conv", since=10)
def whole_conv(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A convolution of whole numbers."""
    if x.rank not in (3, 4):
        return []
    window = convolution_window(draw, x)
    names = scales(graph, x)
    names["w"] = eight_bits(graph, draw(st.integers(1, 4)), x.shape[1], *window.kernel)
    given = draw(st.sampled_from(["q, w", "q, w, z", "q, w, z, zi"]))
    text = f"q = QuantizeLinear(x, s, z) i = ConvInteger<{window.text}>({given}) y = Cast<to = 1>(i)"
    return graph.script(text, **names)


@family("quantised_weights", since=13)
def quantised_weights(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A layer whose weights come out of 8 bits, as exporters of quantised nets write it."""
    if x.rank != 4:
        return []
    window = convolution_window(draw, x)
    out = draw(st.integers(1, 4))
    names = scales(graph, x) | {"w": eight_bits(graph, out, x.shape[1], *window.kernel)}
    names |= {
        "ws": graph.constant(0.02 + 0.01 * graph.choice(out, below=4)),
        "wz": graph.constant([0] * out, np.int8),
    }
    return graph.script(f"v = DequantizeLinear<axis = 0>(w, ws, wz) y = Conv<{window.text}>(x, v)", **names)


@family("blocked_quantisation", since=21)
def blocked_quantisation(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Scales for blocks of an axis."""
    axis = draw(st.integers(0, x.rank - 1))
    blocks = [d for d in range(1, x.shape[axis] + 1) if x.shape[axis] % d == 0]
    size = draw(st.sampled_from(blocks))
    shape = [n // size if a == axis else n for a, n in enumerate(x.shape)]
    names = scales(graph, x) | {"s": graph.constant(0.02 + 0.01 * graph.choice(*shape, below=4))}
    names["z"] = graph.constant(120 + graph.choice(*shape, below=9), np.uint8)
    attrs = f"axis = {axis}, block_size = {size}"
    return graph.script(
        f"q = QuantizeLinear<{attrs}>(x, s, z) y = DequantizeLinear<{attrs}>(q, s, z)", **names
    )
