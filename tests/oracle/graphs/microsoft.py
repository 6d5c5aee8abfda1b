"""com.microsoft: what onnxruntime's optimisers and quantiser write, and operators that only other devices have.

For the latter a function says what they do, in operators of the standard; the engines run that.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from oracle.graphs.bodies import Names
from oracle.graphs.builder import OPSET, Draw, Graph, Value, family
from oracle.graphs.quantised import eight_bits, scales
from oracle.graphs.windows import convolution_window


@family("fused_conv", since=11)
def fused_conv(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A convolution, an addend, an activation."""
    if not (x := graph.of_rank(x, 4)):
        return []
    window = convolution_window(draw, x)
    out = draw(st.integers(1, 4))
    names: Names = {"x": x, "w": graph.weight(out, x.shape[1], *window.kernel), "b": graph.weight(out)}
    text = f'y = com.microsoft.FusedConv<activation = "Relu", {window.text}>'
    if draw(st.booleans()):
        return graph.script(f"a = Conv<{window.text}>(x, w) {text}(x, w, b, a)", **names)
    return graph.script(f"{text}(x, w, b)", **names)


@family("fused_products")
def fused_products(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Products of turned operands."""
    gemm = draw(st.integers(0, 3)) == 0
    if x.rank < 2 or (gemm and not (x := graph.of_rank(x, 2))):
        return []
    left, right, batch = (draw(st.integers(0, 1)) for _ in range(3))
    batch = batch if x.rank > 2 else 0
    order = list(range(x.rank))
    if batch:
        order = [*order[1:-1], order[0], order[-1]]
    if left:
        order[-2:] = order[:-3:-1]
    inner, out = x.shape[order[-1]], draw(st.integers(1, 4))
    lead = [x.shape[axis] for axis in order[:-2]] if batch else []
    names: Names = {"x": x, "w": graph.weight(*lead, *((out, inner) if right else (inner, out)))}
    if gemm:
        text = f'y = com.microsoft.FusedGemm<transA = {left}, transB = {right}, activation = "Relu">(x, w)'
    elif not batch and draw(st.booleans()):
        text = f"y = com.microsoft.TransposeMatMul<transA = {left}, transB = {right}>(x, w)"
    else:
        text = (
            f"y = com.microsoft.FusedMatMul<transA = {left}, transB = {right}, transBatchA = {batch}>(x, w)"
        )
    return graph.script(text, **names)


@family("fused_activations")
def fused_activations(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Gelu in its kinds, with a bias."""
    op = draw(st.sampled_from(["Gelu(x)", "QuickGelu(x)", "BiasGelu(x, b)", "FastGelu(x)", "FastGelu(x, b)"]))
    return graph.script(f"y = com.microsoft.{op}", x=x, b=graph.weight(x.shape[-1]))


@family("fused_normalisation")
def fused_normalisation(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """A sum, normalised over the features."""
    if x.rank != 2 and not (x := graph.of_rank(x, 3)):
        return []
    names: Names = {"x": x, "z": draw(st.sampled_from([y for y in [x, *others] if y.shape == x.shape]))}
    names |= {one: graph.weight(x.shape[-1]) for one in ("g", "be", "b")}
    text = draw(st.sampled_from([
        "y, , , t = com.microsoft.SkipLayerNormalization(x, z, g, be, b)",
        "y, , , t = com.microsoft.SkipLayerNormalization(x, z, g)",
        "y, , , t = com.microsoft.SkipSimplifiedLayerNormalization(x, z, g, b)",
        "y = SimplifiedLayerNormalization<axis = -1>(x, g) t = Neg(y)",
    ]))  # fmt: skip
    return graph.script(text, draw(st.sampled_from(["y", "y t"])), **names)


@family("quantised_arithmetic", since=10)
def quantised_arithmetic(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """Elementwise operators and joins between quantisations."""
    same = [y for y in [x, *others] if y.shape == x.shape]
    names = scales(graph, x) | {"o": draw(st.sampled_from(same)), "yes": graph.constant([True], np.bool_)}
    axis = draw(st.integers(0, x.rank - 1))
    op = draw(st.sampled_from([
        "QLinearAdd(q, s, z, p, s, z, t, z)", "QLinearMul(q, s, z, p, s, z, t, z)", "QLinearSigmoid(q, s, z, t, z)",
        "QLinearLeakyRelu<alpha = 0.5>(q, s, z, t, z)", f"QLinearConcat<axis = {axis}>(t, z, q, s, z, p, s, z)",
        f"QLinearSoftmax<axis = {axis}, opset = 13>(q, s, z, t, z)", "QLinearWhere(yes, q, s, z, p, s, z, t, z)",
        f"QLinearSoftmax<axis = {axis}, opset = 11>(q, s, z, t, z)",
    ]))  # fmt: skip
    text = f"q = QuantizeLinear(x, s, z) p = QuantizeLinear(o, s, z) r = com.microsoft.{op} "
    if "Softmax" in op:
        names["t"] = graph.constant(1 / 256)
        names["z"] = graph.constant(0, np.uint8)
    return graph.script(text + "y = DequantizeLinear(r, t, z)", **names)


@family("quantised_windows", since=10)
def quantised_windows(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Pools and convolutions between quantisations, channels first or last."""
    if not (x := graph.of_rank(x, 4)):
        return []
    window = convolution_window(draw, x)
    names = scales(graph, x)
    last = draw(st.integers(0, 1))
    names["w"] = eight_bits(graph, 3, x.shape[1], *window.kernel)
    op = draw(st.sampled_from([
        f"QLinearAveragePool<channels_last = {last}, {window.text}>(c, s, z, t, z)",
        f"QLinearGlobalAveragePool<channels_last = {last}>(c, s, z, t, z)",
        f"QLinearConv<channels_last = {last}, {window.text}>(c, s, z, w, s, zi, t, z)",
        f"NhwcMaxPool<{window.text}>(c)",
    ]))  # fmt: skip
    last = 1 if op.startswith("Nhwc") else last
    turn = "c = Transpose<perm = [0, 2, 3, 1]>(q) " if last else "c = Identity(q) "
    back = "b = Transpose<perm = [0, 3, 1, 2]>(r) " if last else "b = Identity(r) "
    return graph.script(
        f"q = QuantizeLinear(x, s, z) {turn} r = com.microsoft.{op} {back} y = DequantizeLinear(b, t, z)",
        **names,
    )


@family("quantised_layers", since=10)
def quantised_layers(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Layers whose weights, or whose operands too, have few bits."""
    if x.rank < 2:
        return []
    kind = draw(st.sampled_from(["dynamic", "float", "gemm", "bits"]))
    if kind == "gemm" and not (x := graph.of_rank(x, 2)):
        return []
    out = draw(st.integers(1, 4))
    names = scales(graph, x) | {"w": eight_bits(graph, x.shape[-1], out), "b": graph.weight(out)}
    if kind == "dynamic":
        return graph.script("y = com.microsoft.DynamicQuantizeMatMul(x, w, s, zi, b)", **names)
    if kind == "float":
        text = "q = QuantizeLinear(x, s, z) y = com.microsoft.MatMulIntegerToFloat(q, w, s, t, z, zi, b)"
        return graph.script(text, **names)
    if kind == "gemm":
        names["c"] = graph.constant(graph.choice(out, below=50), np.int32)
        given = draw(st.sampled_from(["c, t, z", ", t, z"]))
        turned = draw(st.integers(0, 1))
        names["w"] = eight_bits(graph, *((out, x.shape[1]) if turned else (x.shape[1], out)))
        text = f"q = QuantizeLinear(x, s, z) r = com.microsoft.QGemm<transB = {turned}>(q, s, z, w, s, zi, {given}) "
        return graph.script(text + "y = DequantizeLinear(r, t, z)", **names)
    names["packed"] = graph.constant(graph.choice(out, 1, 8, below=255), np.uint8)
    names["each"] = graph.constant(0.1 + 0.1 * graph.choice(out, below=4))
    attrs = f"K = {x.shape[-1]}, N = {out}, bits = 4, block_size = 16"
    return graph.script(f"y = com.microsoft.MatMulNBits<{attrs}>(x, packed, each)", **names)


@family("embedding")
def embedding(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Rows of tables for words, places and segments, which data chooses element by element."""
    if not (x := graph.of_rank(x, 2)):
        return []
    width = draw(st.integers(1, 4))
    names: Names = {"x": x, "words": graph.weight(5, width), "places": graph.weight(x.shape[1], width)}
    names |= {"kinds": graph.weight(2, width), "g": graph.weight(width), "b": graph.weight(width)}
    names |= {"four": graph.constant(4.0), "one": graph.constant(1.0)}
    text = "a = Abs(x) f = Min(a, four) i = Cast<to = 6>(f) h = Min(a, one) s = Cast<to = 6>(h) "
    text += "y, k = com.microsoft.EmbedLayerNormalization(i, s, words, places, kinds, g, b) "
    return graph.script(text, **names)


@family("other_forms", since=13)
def other_forms(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Operators of the standard that have a second home."""
    names = scales(graph, x) | {"k": graph.ints(draw(st.integers(-2, 2)))}
    if draw(st.integers(0, 3)) == 0 or x.rank < 2:
        text = "q = com.microsoft.QuantizeLinear(x, s, z) y = com.microsoft.DequantizeLinear(q, s, z)"
        return graph.script(text, **names)
    if draw(st.booleans()):
        if not (x := graph.of_rank(x, 4)):
            return []
        names["x"] = x
        window = convolution_window(draw, x)
        if "pad" not in window.text and draw(st.booleans()):
            names |= {"w": graph.weight(x.shape[1], 2, *window.kernel), "p": graph.ints([0, 0, 0, 0])}
            return graph.script(
                f"y = com.microsoft.ConvTransposeWithDynamicPads<{window.text}>(x, w, p)", **names
            )
        places = 0.4 * graph.choice(x.shape[0], 3, 2, 2, below=6) - 1.03
        names["g"] = graph.constant(places)
        border = draw(st.sampled_from(["zeros", "border", "reflection"]))
        return graph.script(f'y = com.microsoft.GridSample<padding_mode = "{border}">(x, g)', **names)
    return graph.script(f"y = com.microsoft.Trilu<upper = {draw(st.integers(0, 1))}>(x, k)", **names)


@family("rotary_by_microsoft")
def rotary_by_microsoft(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Features turned in pairs."""
    if not (x := graph.of_rank(x, 3)):
        return []
    batch, length, width = x.shape
    heads = draw(st.sampled_from([1, 2]))
    names: Names = {
        "x": x,
        "w": graph.weight(width, 4 * heads),
        "cos": graph.weight(36, 2),
        "sin": graph.weight(36, 2),
    }
    places = graph.choice(batch, length, below=18) if draw(st.booleans()) else [draw(st.integers(0, 5))]
    names["at"] = graph.ints(places)
    attrs = f"interleaved = {draw(st.integers(0, 1))}"
    return graph.script(
        f"p = MatMul(x, w) y = com.microsoft.RotaryEmbedding<{attrs}>(p, at, cos, sin)", **names
    )


STAND_INS = {
    "BiasAdd": "(x, b, z) => (y) { y = Sum(x, b, z) }",
    "BiasDropout": "(x, b) => (y) { y = Add(x, b) }",
    "BiasSoftmax": "<axis, is_inner_broadcast> (x, b) => (y) { s = Add(x, b) f = Flatten<axis: int = @axis>(s) "
    "m = Softmax<axis = -1>(f) h = Shape(s) y = Reshape(m, h) }",
    "BiasSplitGelu": "(x, b) => (y) { s = Add(x, b) p, q = Split<axis = -1, num_outputs = 2>(s) "
    "g = Gelu(q) y = Mul(p, g) }",
    "QLinearReduceMean": "<axes, keepdims> (q, s, z, t, u) => (r) { d = DequantizeLinear(q, s, z) "
    "a = Constant<value_ints: ints = @axes>() m = ReduceMean<keepdims: int = @keepdims>(d, a) "
    "r = QuantizeLinear(m, t, u) }",
}


@family("on_other_devices", since=20)
def on_other_devices(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """Sums with a bias and what follows them; means of quantised numbers."""
    names = scales(graph, x) | {"b": graph.weight(x.shape[-1])}
    names["w"] = draw(st.sampled_from([y for y in [x, *others] if y.shape == x.shape]))
    axis, keep = draw(st.integers(0, x.rank - 1)), draw(st.integers(0, 1))
    ops = [
        "BiasAdd(x, b, w)",
        "BiasDropout(x, b)",
        f"BiasSoftmax<axis = {axis}, is_inner_broadcast = 1>(x, b)",
    ]
    if x.shape[-1] % 2 == 0 and x.rank == 3:
        ops.append("BiasSplitGelu(x, b)")
    for name, text in STAND_INS.items():
        graph.function(name, text, stand_in=True)
    if draw(st.integers(0, 4)) == 0:
        text = f"r = com.microsoft.QLinearReduceMean<axes = [{axis}], keepdims = {keep}>(q, s, z, t, z) "
        return graph.script(f"q = QuantizeLinear(x, s, z) {text} y = DequantizeLinear(r, t, z)", **names)
    return graph.script(f"y = com.microsoft.{draw(st.sampled_from(ops))}", **names)


@family("groups_on_other_devices", since=21)
def groups_on_other_devices(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Normalisation of groups of channels, with a sum before it or without; channels are last in opset 21."""
    if not (x := graph.of_rank(x, 4)):
        return []
    last = int(graph.opset == OPSET)  # one layout for a graph: a function has one body
    channels = x.shape[3 if last else 1]
    names: Names = {"x": x, "g": graph.weight(channels), "b": graph.weight(channels)}
    groups = draw(st.sampled_from([d for d in range(1, channels + 1) if channels % d == 0]))
    there, back = ([0, 3, 1, 2], [0, 2, 3, 1]) if last else ([0, 1, 2, 3],) * 2
    inner = (
        f"f = Transpose<perm = {there}>({{0}}) n = GroupNormalization<num_groups: int = @groups>(f, g, b) "
    )
    inner += f"a = Sigmoid(n) m = Mul(n, a) y = Transpose<perm = {back}>(m)"
    head = "<groups, activation, channels_last>"
    graph.function("GroupNorm", f"{head} (x, g, b) => (y) {{ {inner.format('x')} }}", stand_in=True)
    attrs = f"<groups = {groups}, activation = 1, channels_last = {last}>"
    text = f"y = com.microsoft.GroupNorm{attrs}(x, g, b)"
    if draw(st.booleans()):
        skip = f"{head} (x, g, b, k) => (y, s) {{ s = Add(x, k) {inner.format('s')} }}"
        graph.function("SkipGroupNorm", skip, stand_in=True)
        text = f"k = Softmax<axis = 1>(x) y, s = com.microsoft.SkipGroupNorm{attrs}(x, g, b, k)"
    return graph.script(text, **names)


@family("conv_on_other_devices", since=11)
def conv_on_other_devices(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Convolutions with the channels last."""
    if not (x := graph.of_rank(x, 4)):
        return []
    kernel = [draw(st.integers(1, 2)), draw(st.integers(1, 2))]
    strides = [draw(st.integers(1, 2)), draw(st.integers(1, 2))]
    pads = [draw(st.integers(0, 1)) for _ in range(4)]
    names: Names = {"x": x, "b": graph.weight(3)}
    both = draw(st.booleans())
    names["w"] = graph.weight(3, *kernel, x.shape[3]) if both else graph.weight(3, x.shape[3], *kernel)
    turned = "v = Transpose<perm = [0, 3, 1, 2]>(w)" if both else "v = Identity(w)"
    body = "f = Transpose<perm = [0, 3, 1, 2]>(x) {0} c = Conv<kernel_shape: ints = @kernel_shape, "
    body += "strides: ints = @strides, pads: ints = @pads>(f, v, b) y = Transpose<perm = [0, 2, 3, 1]>(c)"
    op = "NhwcConv" if both else "NhwcFusedConv"
    graph.function(
        op, f"<kernel_shape, strides, pads> (x, w, b) => (y) {{ {body.format(turned)} }}", stand_in=True
    )
    attrs = f"kernel_shape = {kernel}, strides = {strides}, pads = {pads}"
    return graph.script(f"y = com.microsoft.{op}<{attrs}>(x, w, b)", **names)
