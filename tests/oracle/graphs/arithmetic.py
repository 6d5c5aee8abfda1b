"""Elementwise operators, with constants and with other tensors, broadcast."""

from __future__ import annotations

from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value, family

UNARY = (
    "Relu", "Sigmoid", "Tanh", "LeakyRelu", "Elu", "Softplus", "HardSwish", "Erf", "Identity", "Dropout", "Neg",
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Celu", "Cos", "Cosh", "Exp", "Floor",
    "Gelu", "HardSigmoid", "Log", "Mish", "Reciprocal", "Round", "Selu", "Shrink", "Sign", "Sin", "Sinh",
    "Softsign", "Sqrt", "Swish", "Tan", "ThresholdedRelu",
)  # fmt: skip


@family("unary")
def unary(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """One operand."""
    ops = [*UNARY, "Clip", "PRelu", "Cast"]
    # hypothesis likes to repeat its choices, and would leave out some of so many
    op = ops[(draw(st.integers(0, len(ops) - 1)) + int(graph.choice(below=len(ops)))) % len(ops)]
    if op == "Clip":
        return graph.add("Clip", [x, graph.constant(-3.0), graph.constant(6.0)])
    if op == "PRelu":
        return graph.add("PRelu", [x, graph.weight(*x.shape[1:2], *[1] * (x.rank - 2))])
    if op == "Cast":
        return graph.add("Cast", [x], to=1)
    return graph.add(op, [x])


@family("with_constant")
def with_constant(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A constant of any shape that broadcasts, on either side; it may add axes or extend some."""
    shape = [n if draw(st.booleans()) else 1 for n in x.shape]
    shape = [draw(st.integers(2, 3)) if n == 1 and m == 1 and draw(st.booleans()) else m
             for n, m in zip(x.shape, shape, strict=True)]  # fmt: skip
    shape = shape[draw(st.integers(0, x.rank)) :]
    if x.rank < 5 and len(shape) == x.rank and draw(st.integers(0, 3)) == 0:
        shape = [2, *shape]
    operands: list[Value | str] = [x, graph.weight(*shape)]
    op = draw(st.sampled_from(["Add", "Mul", "Sub", "Div", "Max", "Min", "Pow", "Mean"]))
    if op not in ("Div", "Pow") and draw(st.booleans()):
        operands.reverse()
    return graph.add(op, operands)


@family("merge")
def merge(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """Another tensor that broadcasts with this one: residual connections, gates."""
    fits = [y for y in others if broadcasts(x.shape, y.shape)]
    op = draw(st.sampled_from(["Add", "Mul", "Sub", "Max", "Sum", "Mean", "Min"]))
    return graph.add(op, [x, draw(st.sampled_from(fits))])


@family("gated", since=28, until=28)
def gated(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """One tensor gates another."""
    same = [y for y in [x, *others] if y.shape == x.shape]
    return graph.add("SwiGLU", [x, draw(st.sampled_from(same))], alpha=1.5)


def broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether two shapes go together."""
    return all(n == m or 1 in (n, m) for n, m in zip(a[::-1], b[::-1], strict=False))
