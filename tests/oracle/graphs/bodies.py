"""What goes into the bodies of branches, loops and functions: a few nodes that keep a shape, as text."""

from __future__ import annotations

from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value

Names = dict[str, "Value | str"]


def step(draw: Draw, graph: Graph, shape: tuple[int, ...], source: str, result: str, names: Names) -> str:
    """Return one or two nodes from ``source`` to ``result``, both of one shape; ``names`` gets their weights."""
    kinds = ["Relu", "Mul", "Gather", "Gather", "Max", "MatMul", "Softmax"]
    kind = draw(st.sampled_from([*kinds, *(["CumSum", "Trilu"] if graph.opset >= 14 else [])]))
    if not shape or kind == "Relu":
        return f"{result} = Relu({source}) "
    axis = draw(st.integers(0, len(shape) - 1))
    weight = f"{result}_w"
    if kind == "Softmax":
        return f"{result} = Softmax<axis = {axis}>({source}) "
    if kind == "Max":
        return f"{result}_m = ReduceMax<keepdims = 1>({source}) {result} = Sub({source}, {result}_m) "
    if kind == "Mul":
        names[weight] = graph.weight(*(n if draw(st.booleans()) else 1 for n in shape))
    elif kind == "Gather":
        n = shape[axis]
        names[weight] = graph.ints([draw(st.integers(0, n - 1)) for _ in range(n)])
        return f"{result} = Gather<axis = {axis}>({source}, {weight}) "
    elif kind == "CumSum":
        names[weight] = graph.ints(axis)
    elif kind == "Trilu":
        names[weight] = graph.ints(draw(st.integers(-1, 1)))
        return f"{result} = Trilu({source}, {weight}) " if len(shape) > 1 else f"{result} = Neg({source}) "
    else:
        names[weight] = graph.weight(shape[-1], shape[-1])
    return f"{result} = {kind}({source}, {weight}) "


def steps(draw: Draw, graph: Graph, shape: tuple[int, ...], source: str, result: str, names: Names) -> str:
    """Return one or two steps behind each other."""
    if draw(st.booleans()):
        return step(draw, graph, shape, source, result, names)
    first = step(draw, graph, shape, source, f"{result}_a", names)
    return first + step(draw, graph, shape, f"{result}_a", result, names)
