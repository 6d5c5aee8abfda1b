"""Control flow: branches, loops that the graph or data ends, sequences and optionals."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from oracle.graphs.bodies import Names, step, steps
from oracle.graphs.builder import Draw, Graph, Value, family
from oracle.graphs.copies import any_axis


def _branches(draw: Draw, graph: Graph, x: Value, names: Names, result: str, depth: int) -> str:
    """Return an If whose condition is the constant ``c`` or, at the outside, what ``names`` says."""
    then = steps(draw, graph, x.shape, "x", f"{result}_t", names)
    if depth and draw(st.booleans()):
        names["inner"] = graph.constant(draw(st.booleans()), np.bool_)
        other = _branches(draw, graph, x, names, f"{result}_e", 0).replace("(c)", "(inner)")
    else:
        other = steps(draw, graph, x.shape, "x", f"{result}_e", names)
    return (
        f"{result} = If<then_branch = {result}_g () => (float {result}_t) {{ {then} }}, "
        f"else_branch = {result}_h () => (float {result}_e) {{ {other} }}>(c) "
    )


@family("if_constant")
def if_constant(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A branch that the graph chooses; perhaps with another one in it."""
    names: Names = {"x": x, "c": graph.constant(draw(st.booleans()), np.bool_)}
    return graph.script(_branches(draw, graph, x, names, "y", 1), **names)


@family("if_computed", since=9)
def if_computed(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """A branch that data chooses: by one element, or by a statistic, of this tensor or of another one."""
    names: Names = {"x": x, "z": draw(st.sampled_from(others)), "limit": graph.constant(0.1)}
    text = "m = ReduceMax<keepdims = 0>(z) c = Greater(m, limit) "
    if draw(st.booleans()):
        names |= {"last": graph.ints([-1]), "zero": graph.ints(0)}
        text = "v = Reshape(z, last) m = Gather<axis = 0>(v, zero) c = Greater(m, limit) "
    return graph.script(text + _branches(draw, graph, x, names, "y", 1), **names)


@family("loop_steps", since=9)
def loop_steps(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Turns that the graph counts, by their number or by a condition; what is outside can be read, too."""
    names: Names = {"x": x, "n": graph.ints(draw(st.integers(1, 3))), "yes": graph.constant(True, np.bool_)}
    inner = steps(draw, graph, x.shape, "s", "t", names)
    out = step(draw, graph, x.shape, "t", "u", names)
    if draw(st.booleans()):
        inner, out = inner.replace("t = ", "t_o = "), "t = Add(t_o, x) " + out
    going, trips = "d = Identity(c)", "n"
    if draw(st.booleans()):
        going, trips = "d = Less(i, n)", draw(st.sampled_from(["none", "four"]))
        names |= {
            "four": graph.ints(4),
            "none": "",
        }  # not every parser takes a first operand that is left out
    text = f"y, z = Loop<body = b (int64 i, bool c, float s) => (bool d, float t, float u) {{ {inner} {out} {going} }}>"
    return graph.script(f"{text}({trips}, yes, x)", "y z" if x.rank < 5 else "y", **names)


@family("loop_computed", since=11)
def loop_computed(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """As many turns as data says: by a number, or by a condition on the state."""
    names: Names = {"x": x, "z": draw(st.sampled_from(others)), "most": graph.ints(4)}
    names |= {"yes": graph.constant(True, np.bool_), "three": graph.ints(3), "limit": graph.constant(0.3)}
    inner = step(draw, graph, x.shape, "s", "t", names)
    going, trips = "d = Identity(c)", "n"
    text = "m = ReduceMax<keepdims = 0>(z) w = Cast<to = 7>(m) n = Mod(w, three) "
    if draw(st.booleans()):
        going, trips, text = "h = ReduceMin<keepdims = 0>(t) d = Less(h, limit)", "most", ""
    graph.choices.add("data decides how often a Loop runs")
    text += f"y = Loop<body = b (int64 i, bool c, float s) => (bool d, float t) {{ {inner} {going} }}>"
    return graph.script(f"{text}({trips}, yes, x)", **names)


@family("scan_steps", since=9)
def scan_steps(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Two sequences of which one runs backwards, into a state that steps."""
    if x.rank < 2:
        return []
    axis = draw(st.integers(0, x.rank - 1))
    rest = tuple(n for a, n in enumerate(x.shape) if a != axis)
    names: Names = {"x": x, "init": graph.weight(*rest)}
    inner = step(draw, graph, rest, "s", "v", names) + step(draw, graph, rest, "q", "w", names)
    inner += f"t = Sum(v, p, w) u = {draw(st.sampled_from(['Identity(t)', 'Add(v, q)', 'Identity(v)']))}"
    attrs = f"scan_input_axes = [{axis}, {axis}], scan_input_directions = [{draw(st.integers(0, 1))}, 1]"
    attrs += f", scan_output_axes = [{draw(st.integers(0, x.rank - 1))}], num_scan_inputs = 2"
    body = f"body = b (float s, float p, float q) => (float t, float u) {{ {inner} }}"
    return graph.script(f"y, z = Scan<{body}, {attrs}>(init, x, x)", "y z", **names)


@family("sequence", since=13)
def sequence(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Parts of an axis as a list, of which one is taken out, one put in, and all joined."""
    axis = any_axis(draw, x)
    n = x.shape[axis]
    names: Names = {"x": x, "size": graph.ints(draw(st.integers(1, 3))), "first": graph.ints(0)}
    names["i"], names["j"] = graph.ints(draw(st.integers(0, min(n, 2) - 1))), graph.ints(-1)
    given = "x" if draw(st.booleans()) else "x, size"
    keep = draw(st.integers(0, 1)) if given == "x" and x.rank > 1 else 1
    text = f"s = SplitToSequence<axis = {axis}, keepdims = {keep}>({given}) p = SequenceAt(s, i) "
    text += draw(
        st.sampled_from(["e = SequenceErase(s) ", "e = SequenceErase(s, first) ", "e = Identity(s) "])
    )
    text += draw(st.sampled_from(["f = SequenceInsert(e, p) ", "f = SequenceInsert(e, p, first) "]))
    along = draw(st.integers(0, x.rank - 1)) if given == "x" else axis
    if given == "x" and not keep:
        text += f"y = ConcatFromSequence<axis = {along}, new_axis = 1>(f)"
    else:
        text += f"y = ConcatFromSequence<axis = {along}>(f)"
    return graph.script(text, draw(st.sampled_from(["y", "p y"])), **names)


@family("sequence_loop", since=13)
def sequence_loop(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A list that starts empty and that a Loop makes longer."""
    names: Names = {
        "x": x,
        "n": graph.ints(draw(st.integers(1, min(3, x.shape[0])))),
        "yes": graph.constant(True, np.bool_),
    }
    inner = "d = Identity(c) g = Gather<axis = 0>(x, i) " + step(draw, graph, x.shape[1:], "g", "h", names)
    body = (
        f"b (int64 i, bool c, seq(float) s) => (bool d, seq(float) t) {{ {inner} t = SequenceInsert(s, h) }}"
    )
    text = f"e = SequenceEmpty() s1 = Loop<body = {body}>(n, yes, e) "
    text += "k = SequenceLength(s1) kf = Cast<to = 1>(k) j = ConcatFromSequence<axis = 0, new_axis = 1>(s1) "
    return graph.script(text + "y = Mul(j, kf)", **names)


@family("sequence_map", since=17)
def sequence_map(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """The same steps for each tensor of a list."""
    names: Names = {"x": x, "size": graph.ints(2), "w": draw(st.sampled_from(others))}
    axis = any_axis(draw, x)
    inner = draw(
        st.sampled_from(
            ["v = Neg(p)", "m = ReduceMax<keepdims = 1>(p) v = Sub(p, m)", "v = Softmax<axis = 0>(p)"]
        )
    )
    text = f"s = SplitToSequence<axis = {axis}>(x, size) "
    text += f"t = SequenceMap<body = b (float p) => (float v) {{ {inner} }}>(s) "
    return graph.script(text + f"y = ConcatFromSequence<axis = {axis}>(t)", **names)


@family("optional", since=18)
def optional(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A tensor that might not have been there, and a branch on whether it is."""
    names: Names = {"x": x}
    branches = steps(draw, graph, x.shape, "e", "t", names)
    text = "o = Optional(x) c = OptionalHasElement(o) e = OptionalGetElement(o) "
    text += f"y = If<then_branch = g () => (float t) {{ {branches} }}, "
    text += "else_branch = h () => (float r) { r = Neg(x) }>(c)"
    return graph.script(text, **names)


@family("construct", since=11)
def construct(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """A list of tensors that other nodes made."""
    same = [y for y in others if y.shape == x.shape]
    names: Names = {"x": x, "z": draw(st.sampled_from(same)), "i": graph.ints(draw(st.integers(-3, 2)))}
    text = "a = Neg(x) s = SequenceConstruct(x, z, a) "
    if draw(st.booleans()):
        return graph.script(text + "y = SequenceAt(s, i)", **names)
    new = draw(st.integers(0, 1))
    axis = draw(st.integers(0, x.rank - 1 + new))
    return graph.script(text + f"y = ConcatFromSequence<axis = {axis}, new_axis = {new}>(s)", **names)
