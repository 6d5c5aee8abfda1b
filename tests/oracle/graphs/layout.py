"""The same elements in another shape or order."""

from __future__ import annotations

from math import prod

from hypothesis import strategies as st

from oracle.graphs.builder import Draw, Graph, Value, family


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
    """Drop the axes of extent 1, one of which is cut out if there is none."""
    if 1 not in x.shape:
        axis = draw(st.integers(0, x.rank - 1))
        place = draw(st.integers(0, x.shape[axis] - 1))
        cut = graph.add("Slice", [x, *map(graph.ints, ([place], [place + 1], [axis]))])
        if not cut:
            return []
        x = cut[0]
    if draw(st.booleans()):
        return graph.add("Squeeze", [x])
    ones = [a for a, n in enumerate(x.shape) if n == 1]
    return graph.add("Squeeze", [x, graph.ints([draw(st.sampled_from(ones)) - x.rank])])


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
