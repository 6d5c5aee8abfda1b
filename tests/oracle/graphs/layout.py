"""What only moves elements: views, copies, cuts and joins."""

from __future__ import annotations

from math import prod

from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value, family


def any_axis(draw: Draw, x: Value) -> int:
    """Draw an axis, counted from either end."""
    return int(draw(st.integers(-x.rank, x.rank - 1)))


@family("transpose")
def transpose(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Permute the axes."""
    return graph.add("Transpose", [x], perm=draw(st.permutations(range(x.rank))))


def _factored(draw: Draw, total: int) -> list[int]:
    shape = []
    for _ in range(draw(st.integers(1, 4))):
        factor = draw(st.sampled_from([d for d in range(1, total + 1) if total % d == 0 and d <= 12] or [1]))
        shape.append(factor)
        total //= factor
    return [*shape, total]


@family("reshape")
def reshape(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Any other shape of as many elements, across the batch too; or the batch kept and the rest anew."""
    if draw(st.booleans()) or x.rank < 2:
        shape = _factored(draw, prod(x.shape))
    else:
        shape = [0, *_factored(draw, prod(x.shape[1:]))]
    if 0 not in shape and draw(st.booleans()):
        shape[draw(st.integers(0, len(shape) - 1))] = -1
    return graph.add("Reshape", [x, graph.ints(shape)])


@family("merge_axes")
def merge_axes(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Merge two neighbouring axes, or split one: what exports do around attention and windows."""
    axis = draw(st.integers(0, x.rank - 1))
    if axis + 1 < x.rank and draw(st.booleans()):
        shape = [*x.shape[:axis], x.shape[axis] * x.shape[axis + 1], *x.shape[axis + 2 :]]
    else:
        n = x.shape[axis]
        first = draw(st.sampled_from([d for d in range(1, n + 1) if n % d == 0]))
        shape = [*x.shape[:axis], first, n // first, *x.shape[axis + 1 :]]
    return graph.add("Reshape", [x, graph.ints(shape)])


@family("window_partition")
def window_partition(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Cut an axis into windows and move the windows into the batch, as windowed attention does."""
    if x.rank < 2:
        return []
    axis = draw(st.integers(1, x.rank - 1))
    n = x.shape[axis]
    size = draw(st.sampled_from([d for d in range(1, n + 1) if n % d == 0]))
    cut = graph.add("Reshape", [x, graph.ints([*x.shape[:axis], n // size, size, *x.shape[axis + 1 :]])])
    if not cut:
        return []
    moved = graph.add("Transpose", cut, perm=[0, axis, *(a for a in range(1, x.rank + 1) if a != axis)])
    if not moved:
        return []
    return graph.add("Reshape", [moved[0], graph.ints([-1, *moved[0].shape[2:]])])


@family("computed_reshape")
def computed_reshape(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Reshape to what the graph computes from the tensor's own shape, as exporters write ``view(n, -1)``."""
    shape = graph.add("Shape", [x])
    kept = (
        graph.add("Gather", [*shape, graph.ints([draw(st.integers(0, x.rank - 1))])], axis=0) if shape else []
    )
    target = graph.add("Concat", [*kept, graph.ints([-1])], axis=0) if kept else []
    return graph.add("Reshape", [x, *target]) if target else []


@family("flatten")
def flatten(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Flatten to two axes."""
    return graph.add("Flatten", [x], axis=draw(st.integers(-x.rank, x.rank)))


@family("squeeze")
def squeeze(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Drop the axes of extent 1."""
    ones = [a for a, n in enumerate(x.shape) if n == 1]
    if not ones:
        return []
    if draw(st.booleans()):
        return graph.add("Squeeze", [x])
    return graph.add("Squeeze", [x, graph.ints([draw(st.sampled_from(ones)) - x.rank])])


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


@family("shuffle")
def shuffle(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Shuffle the channels between groups."""
    if x.rank < 3:
        return []
    channels = x.shape[1]
    groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
    cut = graph.add("Reshape", [x, graph.ints([x.shape[0], groups, channels // groups, *x.shape[2:]])])
    moved = graph.add("Transpose", cut, perm=[0, 2, 1, *range(3, x.rank + 1)]) if cut else []
    return graph.add("Reshape", [*moved, graph.ints(x.shape)]) if moved else []
