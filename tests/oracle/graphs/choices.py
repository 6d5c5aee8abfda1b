"""Where data chooses what is read: upper bounds, which must hold all the same."""

from __future__ import annotations

from math import prod

from hypothesis import strategies as st

from oracle.graphs.bodies import Names
from oracle.graphs.builder import Draw, Graph, Value, family
from oracle.graphs.windows import convolution_window

CHOSEN = "data chooses what is read"


@family("largest", since=11)
def largest(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """The largest or smallest of an axis, or where they were."""
    axis = draw(st.integers(0, x.rank - 1))
    names: Names = {"x": x, "k": graph.ints([draw(st.integers(1, x.shape[axis]))])}
    graph.choices.add(CHOSEN)
    text = f"v, i = TopK<axis = {axis}, largest = {draw(st.integers(0, 1))}>(x, k) y = Cast<to = 1>(i)"
    return graph.script(text, draw(st.sampled_from(["y", "v", "v y"])), **names)


@family("computed_gather", since=13)
def computed_gather(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """Elements or rows at the places of the largest elements of some tensor."""
    axis = draw(st.integers(0, x.rank - 1))
    z = draw(st.sampled_from([y for y in others if y.rank and y.shape[-1] <= x.shape[axis]] or [x]))
    names: Names = {"x": x, "z": z, "last": graph.ints([-1]), "n": graph.ints(x.shape[axis])}
    graph.choices.add(CHOSEN)
    text = "i0 = ArgMax<axis = -1, keepdims = 1>(z) i = Mod(i0, n) "
    kind = draw(st.sampled_from(["Gather", "GatherElements", "GatherND"]))
    if kind == "Gather":
        if z.rank > 2:
            text += "f = Reshape(i, last) "
            return graph.script(text + f"y = Gather<axis = {axis}>(x, f)", **names)
        return graph.script(text + f"y = Gather<axis = {axis}>(x, i)", **names)
    if kind == "GatherElements":
        return graph.script(
            f"i = ArgMin<axis = {axis}, keepdims = 1>(x) y = GatherElements<axis = {axis}>(x, i)", **names
        )
    names["n"] = graph.ints(x.shape[0])
    return graph.script(text + "y = GatherND(x, i)", **names)


@family("computed_scatter", since=16)
def computed_scatter(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Elements or rows written to the places of the largest."""
    axis = draw(st.integers(0, x.rank - 1))
    names: Names = {
        "x": x,
        "one": graph.ints([1]),
        "w": graph.weight(1, *x.shape[1:]),
        "last": graph.ints([-1]),
    }
    graph.choices.add(CHOSEN)
    reduction = draw(st.sampled_from(["none", "add", "max"]))
    text = f"i = ArgMax<axis = {axis}, keepdims = 1>(x) m = ReduceMin<keepdims = 1>(x) s = Shape(i) u = Expand(m, s) "
    text += f'y = ScatterElements<axis = {axis}, reduction = "{reduction}">(x, i, u)'
    if draw(st.booleans()):
        text = "f = Flatten<axis = 1>(x) a = ArgMax<axis = 0, keepdims = 1>(f) b = Reshape(a, last) "
        text += "k = ReduceMin<keepdims = 0>(b) i = Reshape(k, one_one) n = Neg(w) "
        text += f'y = ScatterND<reduction = "{reduction}">(x, i, n)'
        names["one_one"] = graph.ints([1, 1])
    return graph.script(text, **names)


@family("computed_lengths", since=15)
def computed_lengths(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """As many steps backwards as data says."""
    if x.rank < 2:
        return []
    names: Names = {"x": x, "one": graph.ints(1), "last": graph.ints([-1])}
    time = draw(st.integers(0, 1))
    graph.choices.add(CHOSEN)
    text = (
        f"f = Transpose<perm = [{1 - time}, {time}, {', '.join(map(str, range(2, x.rank)))}]>(x) "
        if x.rank > 2
        else ""
    )
    text = text or f"f = Transpose<perm = [{1 - time}, {time}]>(x) "
    text += "g = Flatten<axis = 1>(f) n = Shape<start = 1, end = 2>(f) i = ArgMax<axis = 1, keepdims = 0>(g) "
    text += "j = Mod(i, n) k = Add(j, one) "
    text += f"y = ReverseSequence<time_axis = {time}, batch_axis = {1 - time}>(x, k)"
    return graph.script(text, **names)


@family("computed_grid", since=20)
def computed_grid(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Pixels at places that a layer computes, directly or as an affine map of a grid."""
    if x.rank not in (4, 5):
        return []
    d = x.rank - 2
    size = [draw(st.integers(1, 4)) for _ in range(d)]
    names: Names = {
        "x": x,
        "w": graph.weight(x.shape[1], d * (d + 1)),
        "shape": graph.ints([-1, d, d + 1]),
    }
    names["size"] = graph.ints([x.shape[0], x.shape[1], *size])
    corners = draw(st.integers(0, 1))
    modes = ["nearest", "linear", "cubic"] if d == 2 else ["nearest", "linear"]
    border = draw(st.sampled_from(["zeros", "border", "reflection"]))
    text = "p = GlobalAveragePool(x) f = Flatten(p) m = MatMul(f, w) t = Tanh(m) r = Reshape(t, shape) "
    text += f"g = AffineGrid<align_corners = {corners}>(r, size) "
    text += f'y = GridSample<mode = "{draw(st.sampled_from(modes))}", padding_mode = "{border}", '
    graph.choices.add(CHOSEN)
    return graph.script(text + f"align_corners = {corners}>(x, g)", **names)


@family("computed_regions", since=16)
def computed_regions(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Regions that a layer computes."""
    if not (x := graph.of_rank(x, 4)):
        return []
    names: Names = {
        "x": x,
        "w": graph.weight(prod(x.shape[1:]), 4),
        "i": graph.ints(graph.choice(x.shape[0], below=x.shape[0])),
        "four": graph.constant(4.0),
    }
    text = "f = Flatten(x) m = MatMul(f, w) t = Abs(m) b = Min(t, four) "
    attrs = f"output_height = {draw(st.integers(1, 2))}, output_width = {draw(st.integers(1, 3))}"
    graph.choices.add(CHOSEN)
    mode = draw(st.sampled_from(["avg", "max"]))
    return graph.script(
        text + f'y = RoiAlign<{attrs}, mode = "{mode}", sampling_ratio = 2>(x, b, i)', **names
    )


@family("regions", until=21)
def regions(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Constant regions."""
    if not (x := graph.of_rank(x, 4)):
        return []
    rows = [
        [draw(st.integers(0, x.shape[0] - 1)), *[draw(st.integers(0, 2)) for _ in range(2)], 3, 4]
        for _ in range(2)
    ]
    graph.choices.add(CHOSEN)
    return graph.add("MaxRoiPool", [x, graph.constant(rows)], pooled_shape=[draw(st.integers(1, 3)), 2])


@family("deformable", since=19)
def deformable(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A convolution whose taps stand where another convolution says."""
    if not (x := graph.of_rank(x, 4)):
        return []
    window = convolution_window(draw, x, auto=False)
    taps, out, group = prod(window.kernel), draw(st.integers(1, 3)), draw(st.sampled_from([1, x.shape[1]]))
    names: Names = {"x": x, "w": graph.weight(out * group, x.shape[1] // group, *window.kernel)}
    names |= {
        "wo": graph.weight(2 * taps, x.shape[1], *window.kernel),
        "wm": graph.weight(taps, x.shape[1], *window.kernel),
    }
    text = f"o = Conv<{window.text}>(x, wo) m = Conv<{window.text}>(x, wm) "
    graph.choices.add(CHOSEN)
    given = draw(st.sampled_from(["x, w, o", "x, w, o, , m"]))
    return graph.script(text + f"y = DeformConv<group = {group}, {window.text}>({given})", **names)


@family("unpool", since=11)
def unpool(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Maxima put back where they came from."""
    if x.rank not in (3, 4):
        return []
    # A window that is larger than the axis is none, but engines find one all the same. Where windows leave a rest,
    # places count it and the output has it not: onnxruntime 1.24 writes beyond that (1.32 refuses).
    kernel = [draw(st.sampled_from([k for k in (1, 2, 3) if n % k == 0])) for n in x.shape[2:]]
    attrs = f"kernel_shape = {kernel}, strides = {kernel}"
    graph.choices.add(CHOSEN)
    return graph.script(f"p, i = MaxPool<{attrs}>(x) y = MaxUnpool<{attrs}>(p, i)", x=x)


@family("distinct", since=11)
def distinct(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Which of the sorted distinct values, or slices, each one is."""
    attrs = f"axis = {draw(st.integers(0, x.rank - 1))}, " if draw(st.booleans()) else ""
    graph.choices.add(CHOSEN)
    text = f"r = Round(x) w = Cast<to = 7>(r) a, b, i = Unique<{attrs}sorted = 1>(w) y = Cast<to = 1>(i)"
    return graph.script(text, x=x)


@family("cache_write", since=24)
def cache_write(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A block of the tensor written into a cache, at constant places or where data says."""
    if x.rank < 3:
        return []
    axis = draw(st.integers(1, x.rank - 1))
    n = x.shape[axis]
    cache = [m + 2 if a == axis else m for a, m in enumerate(x.shape)]
    mode = draw(st.sampled_from(["linear", "circular"]))
    most = 2 if mode == "linear" else n + 1
    names: Names = {"x": x, "c": graph.weight(*cache), "three": graph.ints(3)}
    names["i"] = graph.ints([draw(st.integers(0, most)) for _ in range(x.shape[0])])
    text = ""
    if draw(st.booleans()):
        graph.choices.add(CHOSEN)
        text = "f = Flatten<axis = 1>(x) a = ArgMax<axis = 1, keepdims = 0>(f) j = Mod(a, three) "
    given = "j" if text else "i"
    return graph.script(text + f'y = TensorScatter<axis = {axis}, mode = "{mode}">(c, x, {given})', **names)
