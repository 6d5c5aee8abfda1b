"""Some of the elements, some of them more than once: cuts, joins and repetitions."""

from __future__ import annotations

from math import prod

from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value, family


def any_axis(draw: Draw, x: Value) -> int:
    """Draw an axis, counted from either end."""
    return int(draw(st.integers(-x.rank, x.rank - 1)))


@family("unsqueeze")
def unsqueeze(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Add an axis of extent 1, and perhaps repeat it."""
    if x.rank > 5:
        return []
    axis = draw(st.integers(0, x.rank))
    made = graph.add("Unsqueeze", [x, graph.ints([axis])])
    if made and draw(st.booleans()):
        shape = [1] * (x.rank + 1)
        shape[axis] = draw(st.integers(1, 3))
        return graph.add("Expand", [*made, graph.ints(shape)])
    return made


@family("tile")
def tile(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Repeat along some axes."""
    return graph.add("Tile", [x, graph.ints([draw(st.sampled_from([1, 1, 2, 3])) for _ in x.shape])])


@family("gather")
def gather(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Gather constant indices: repeated, from the end, one (which drops the axis) or a table of them."""
    axis = any_axis(draw, x)
    n = x.shape[axis]
    index = st.integers(-n, n - 1)
    shape = draw(st.sampled_from([(), (1,), (3,), (5,), (2, 2)]))
    flat = [draw(index) for _ in range(prod(shape))]
    table = flat[0] if not shape else [flat[i * 2 : i * 2 + 2] for i in range(2)] if len(shape) == 2 else flat
    return graph.add("Gather", [x, graph.ints(table)], axis=axis)


@family("slice")
def slice_(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Slice with steps of either sign and ends that lie outside."""
    axes = sorted(draw(st.sets(st.integers(0, x.rank - 1), min_size=1, max_size=2)))
    starts, ends, steps = [], [], []
    for axis in axes:
        n = x.shape[axis]
        step = draw(st.sampled_from([1, 1, 2, 3, -1, -2]))
        start, end = draw(st.integers(-n - 1, n + 1)), draw(st.integers(-n - 1, n + 1))
        starts.append(start)
        ends.append(end if draw(st.booleans()) else (2**31 if step > 0 else -(2**31)))
        steps.append(step)
    return graph.add("Slice", [x, *map(graph.ints, (starts, ends, [a - x.rank for a in axes], steps))])


@family("split")
def split(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Cut an axis in parts and join some of them again, in any order."""
    axis = any_axis(draw, x)
    n = x.shape[axis]
    if n < 2:
        return []
    if draw(st.booleans()):
        first = draw(st.integers(1, n - 1))
        parts = graph.add("Split", [x, graph.ints([first, n - first])], 2, axis=axis)
    else:
        parts = graph.add("Split", [x], 2, axis=axis, num_outputs=2)
    if parts and draw(st.booleans()):
        return graph.add("Concat", draw(st.permutations([*parts, draw(st.sampled_from(parts))])), axis=axis)
    return parts


@family("concat")
def concat(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """Join with another tensor or a constant, along any axis on which they may differ."""
    fits = [
        (y, axis)
        for y in others
        if y.rank == x.rank
        for axis in range(x.rank)
        if all(a == axis or n == m for a, (n, m) in enumerate(zip(x.shape, y.shape, strict=True)))
    ]
    y, axis = draw(st.sampled_from(fits))
    parts: list[Value | str] = [x, y]
    if draw(st.integers(0, 3)) == 0:
        parts.append(graph.weight(*(2 if a == axis else n for a, n in enumerate(x.shape))))
    return graph.add("Concat", draw(st.permutations(parts)), axis=axis)
