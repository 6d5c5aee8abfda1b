"""Truths and whole numbers between real ones: comparisons, choices, bits, categories, statistics of shapes."""

from __future__ import annotations

from hypothesis import strategies as st

from oracle.graphs.arithmetic import broadcasts
from oracle.graphs.builder import Draw, Graph, Value, family

COMPARISONS = ("Greater", "Less", "Equal", "GreaterOrEqual", "LessOrEqual")


@family("compare", since=12)
def compare(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """Two comparisons, combined, as numbers again."""
    names = {"x": x, "z": draw(st.sampled_from([y for y in others if broadcasts(x.shape, y.shape)]))}
    names["w"] = graph.weight(*x.shape[-1:])
    one, two = draw(st.sampled_from(COMPARISONS)), draw(st.sampled_from(COMPARISONS))
    both = draw(st.sampled_from(["And", "Or", "Xor"]))
    text = f"a = {one}(x, w) b = {two}(z, x) n = Not(b) c = {both}(a, n) y = Cast<to = 1>(c)"
    return graph.script(text, **names)


@family("choose", since=12)
def choose(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """The one or the other, as a comparison says; or what is no number replaced."""
    names = {"x": x, "z": draw(st.sampled_from([y for y in others if broadcasts(x.shape, y.shape)]))}
    names["w"] = graph.weight(*x.shape[-1:])
    condition = draw(st.sampled_from(["Greater(x, w)", "IsNaN(x)", "IsInf(z)", "Less(z, w)", "Identity(k)"]))
    names["k"] = graph.constant(graph.choice(*x.shape, below=2) > 0, "bool")
    return graph.script(f"c = {condition} y = Where(c, x, {draw(st.sampled_from(['z', 'w']))})", **names)


@family("whole_numbers", since=18)
def whole_numbers(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Through integers: bits, shifts, remainders."""
    names = {"x": x, "m": graph.constant(1 + graph.choice(*x.shape[-1:], below=5), "int32")}
    names["u"] = graph.constant(graph.choice(*x.shape[-1:], below=3), "uint32")
    text = draw(st.sampled_from([
        "b = BitwiseAnd(i, m) ", "b = BitwiseOr(i, m) ", "c = BitwiseXor(i, m) b = BitwiseNot(c) ",
        "b = Mod(i, m) ",
        "a = Abs(i) v = Cast<to = 12>(a) h = BitShift<direction = \"RIGHT\">(v, u) b = Cast<to = 6>(h) ",
    ]))  # fmt: skip
    return graph.script(f"r = Round(x) i = Cast<to = 6>(r) {text} y = CastLike(b, x)", **names)


@family("reinterpreted", since=26)
def reinterpreted(_draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """The bits of a number as those of a whole one, and back."""
    mask = graph.constant(2**31 - 1, "int32")
    return graph.script("i = BitCast<to = 6>(x) b = BitwiseAnd(i, m) y = BitCast<to = 1>(b)", x=x, m=mask)


@family("category", since=11)
def category(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """The place of the largest or smallest, as a number or as one place of many."""
    axis = draw(st.integers(0, x.rank - 1))
    op, keep = draw(st.sampled_from(["ArgMax", "ArgMin"])), draw(st.integers(0, 1))
    text = f"i = {op}<axis = {axis}, keepdims = {keep}>(x) "
    if draw(st.booleans()):
        return graph.script(text + "y = Cast<to = 1>(i)", x=x)
    names = {"depth": graph.ints(x.shape[axis]), "values": graph.weight(2)}
    place = draw(st.integers(-1, x.rank - 1))
    return graph.script(f"{text} y = OneHot<axis = {place}>(i, depth, values)", x=x, **names)


@family("of_the_shape", since=11)
def of_the_shape(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """What the shape alone decides: sizes, ranges, filled and unit matrices, beside the tensor."""
    kind = draw(st.sampled_from(["size", "range", "filled", "eye", "window", "mel"]))
    names = {"x": x, "zero": graph.ints(0), "one": graph.ints(1), "last": graph.ints(-1)}
    if kind == "mel":
        if graph.opset < 17:
            return []
        names |= {
            "bins": graph.ints(draw(st.integers(1, 3))),
            "length": graph.ints(16),
            "rate": graph.ints(8000),
        }
        names |= {
            "low": graph.constant(0.0),
            "high": graph.constant(4000.0),
            "v": graph.weight(x.shape[-1], 9),
        }
    text = {
        "size": "n = Size(x) m = Cast<to = 1>(n) y = Div(x, m)",
        "range": "s = Shape(x) n = Gather(s, last) r = Range(zero, n, one) m = Cast<to = 1>(r) y = Add(x, m)",
        "filled": "s = Shape(x) m = ConstantOfShape(s) y = Sub(m, x)",
        "eye": "f = Flatten(x) e = EyeLike<k = 1>(f) y = Add(f, e)",
        "window": "s = Shape(x) n = Gather(s, last) w = HannWindow(n) v = HammingWindow(n) b = BlackmanWindow(n)"
        " c = Sum(w, v, b) y = Mul(x, c)",
        "mel": "w = MelWeightMatrix(bins, length, rate, low, high) p = MatMul(x, v) y = MatMul(p, w)",
    }[kind]
    return graph.script(text, **names)


@family("loss", since=13)
def loss(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Scores of constant classes."""
    if x.rank < 2:
        return []
    target = graph.constant(graph.choice(x.shape[0], *x.shape[2:], below=x.shape[1]), "int64")
    op = draw(st.sampled_from(["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"]))
    reduction = draw(st.sampled_from(["none", "sum", "mean"]))
    names = {"x": x, "t": target, "w": graph.constant([1.0 + n for n in range(x.shape[1])])}
    given = draw(st.sampled_from(["x, t", "x, t, w"]))
    return graph.script(f'y = {op}<reduction = "{reduction}">({given})', **names)
