"""Functions of the model: their attributes, functions in functions, bodies in functions."""

from __future__ import annotations

from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value, family
from oracle.graphs.copies import any_axis


@family("function", since=13)
def function(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A function with an attribute, called once or behind itself."""
    body = draw(st.sampled_from([
        "t = Softmax<axis: int = @axis>(x) y = Mul(t, w)",
        "n = Constant<value_int: int = @axis>() t = CumSum(x, n) y = Sub(t, w)",
        "i = Constant<value_ints = [0, 0]>() t = Gather<axis: int = @axis>(x, i) y = Mul(t, w)",
    ]))  # fmt: skip
    name = graph.function("f", f"<axis> (x, w) => (y) {{ {body} }}")
    text = f"y = local.{name}<axis = {any_axis(draw, x)}>(x, w)"
    if draw(st.booleans()):
        text = text.replace("y =", "z =") + f" y = local.{name}<axis = {any_axis(draw, x)}>(z, w)"
    return graph.script(text, x=x, w=graph.weight(1))


@family("nested_function", since=13)
def nested_function(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A function that hands its attribute on to another one, which has a default for its second."""
    inner = graph.function(
        "inner",
        "<axis, keep: int = 1> (x) => (y) { a = Constant<value_int: int = @axis>() b = CumSum(x, a) y = Tanh(b) }",
    )
    outer = graph.function(
        "outer",
        f"<axis> (x, z) => (y, u) {{ u = local.{inner}<axis: int = @axis>(x) v = Relu(z) "
        f"t = Add(u, v) y = local.{inner}<axis = 0>(t) }}",
    )
    axis = draw(st.integers(0, x.rank - 1))
    return graph.script(
        f"y, u = local.{outer}<axis = {axis}>(x, x)", draw(st.sampled_from(["y", "y u"])), x=x
    )


@family("function_with_branch", since=13)
def function_with_branch(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A function that branches on the number of its operand's axes."""
    name = graph.function(
        "branching",
        """(x) => (y) {
            s = Shape(x) r = Size(s) three = Constant<value_int = 3>() c = Less(r, three) z = Constant<value_int = 0>()
            y = If<then_branch = g () => (float t) { t = CumSum(x, z) },
                   else_branch = h () => (float e) { e = Softmax<axis = -1>(x) }>(c)
        }""",
    )
    return graph.script(f"y = local.{name}(x)", x=x)


@family("function_of_shapes", since=13)
def function_of_shapes(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A function that computes the shape it reshapes to, as exporters write ``view``."""
    name = graph.function(
        "view",
        """<place> (x) => (y) {
            s = Shape(x) p = Constant<value_int: int = @place>() n = Gather<axis = 0>(s, p)
            m = Constant<value_int = -1>() z = Constant<value_ints = [0]>()
            a = Unsqueeze(n, z) b = Unsqueeze(m, z) t = Concat<axis = 0>(b, a)
            y = Reshape(x, t)
        }""",
    )
    return graph.script(f"y = local.{name}<place = {draw(st.integers(0, x.rank - 1))}>(x)", x=x)
