"""Elements read and written by constant indices: one by one, in rows, backwards, in triangles, in blocks."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from oracle.graphs.bodies import Names
from oracle.graphs.builder import Draw, Graph, Value, family


def _indices(draw: Draw, shape: tuple[int, ...], extent: int) -> np.ndarray:
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    return rng.integers(-extent, extent, shape)


@family("gather_elements")
def gather_elements(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """An index of one axis for every element, or one for all elements at a place."""
    axis = draw(st.integers(0, x.rank - 1))
    shape = tuple(
        draw(st.integers(1, n)) if a != axis else draw(st.integers(1, 5)) for a, n in enumerate(x.shape)
    )
    if draw(st.booleans()):
        line = [n if a == axis else 1 for a, n in enumerate(shape)]
        places = np.broadcast_to(_indices(draw, tuple(line), x.shape[axis]), shape)
    else:
        places = _indices(draw, shape, x.shape[axis])
    return graph.add("GatherElements", [x, graph.ints(places)], axis=axis - x.rank)


@family("gather_nd")
def gather_nd(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Rows by tuples of indices, with batch axes or without."""
    if x.rank < 2:
        return []
    batch = draw(st.integers(0, min(1, x.rank - 1)))
    count = draw(st.integers(1, min(2, x.rank - batch)))
    lead = (*x.shape[:batch], *[draw(st.integers(1, 3)) for _ in range(draw(st.integers(1 - batch, 2)))])
    places = np.stack([_indices(draw, lead, x.shape[batch + k]) for k in range(count)], axis=-1)
    return graph.add("GatherND", [x, graph.ints(places)], batch_dims=batch)


@family("scatter_elements")
def scatter_elements(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """Elements of a tensor, or of weights, written over others or added to them."""
    axis = draw(st.integers(0, x.rank - 1))
    same = [
        y for y in others if y.rank == x.rank and all(a <= b for a, b in zip(y.shape, x.shape, strict=True))
    ]
    y = draw(st.sampled_from(same))
    reduction = draw(st.sampled_from(["none", "add"]))
    line = np.array(draw(st.permutations(range(x.shape[axis]))))[: y.shape[axis]]
    places = np.broadcast_to(line.reshape([-1 if a == axis else 1 for a in range(x.rank)]), y.shape)
    if reduction == "add":
        places = _indices(draw, y.shape, x.shape[axis])
    return graph.add("ScatterElements", [x, graph.ints(places), y], axis=axis, reduction=reduction)


@family("scatter_nd")
def scatter_nd(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Rows of the tensor itself, or of weights, written to other rows."""
    lead = draw(st.integers(1, min(2, x.rank)))
    rows = int(np.prod(x.shape[:lead]))
    count = draw(st.integers(1, min(rows, 4)))
    places = np.array(draw(st.permutations(range(rows))))[:count]
    tuples = np.stack(np.unravel_index(places, x.shape[:lead]), axis=-1)
    weights = graph.weight(count, *x.shape[lead:])
    return graph.add("ScatterND", [x, graph.ints(tuples), weights])


@family("reverse_sequence")
def reverse_sequence(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """The first steps of each sample backwards."""
    if x.rank < 2:
        return []
    time = draw(st.integers(0, 1))
    lengths = [draw(st.integers(1, x.shape[time])) for _ in range(x.shape[1 - time])]
    return graph.add("ReverseSequence", [x, graph.ints(lengths)], time_axis=time, batch_axis=1 - time)


@family("triangle")
def triangle(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """One side of a diagonal."""
    if x.rank < 2:
        return []
    return graph.add("Trilu", [x, graph.ints(draw(st.integers(-3, 3)))], upper=draw(st.integers(0, 1)))


@family("cumulative")
def cumulative(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Sums, or products, of all that came before."""
    op = draw(st.sampled_from(["CumSum", "CumProd"])) if graph.opset >= 26 else "CumSum"
    axis = graph.ints(draw(st.integers(-x.rank, x.rank - 1)))
    return graph.add(op, [x, axis], exclusive=draw(st.integers(0, 1)), reverse=draw(st.integers(0, 1)))


@family("centre")
def centre(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Axes cropped or padded around their middle."""
    axes = sorted(draw(st.sets(st.integers(0, x.rank - 1), min_size=1, max_size=2)))
    wanted = [draw(st.integers(1, x.shape[axis] + 3)) for axis in axes]
    return graph.add("CenterCropPad", [x, graph.ints(wanted)], axes=axes)


@family("compress")
def compress(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Some places of an axis."""
    axis = draw(st.integers(0, x.rank - 1))
    flags = [draw(st.booleans()) for _ in range(x.shape[axis])]
    return graph.add("Compress", [x, graph.constant(flags, np.bool_)], axis=axis)


@family("fold")
def fold(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Columns put back as overlapping blocks of an image."""
    kernel = [draw(st.integers(1, 3)), draw(st.integers(1, 2))]
    strides = [draw(st.integers(1, 2)) for _ in kernel]
    pads = [draw(st.integers(0, 1)) for _ in range(4)]
    image = [draw(st.integers(4, 6)) for _ in kernel]
    taps = kernel[0] * kernel[1]
    if x.rank != 3 or x.shape[1] % taps:
        return []
    blocks = 1
    for n, k, s, before, after in zip(image, kernel, strides, pads[:2], pads[2:], strict=True):
        blocks *= max((n + before + after - k) // s + 1, 0)
    if not 0 < blocks <= 40:
        return []
    wide = graph.add("CenterCropPad", [x, graph.ints([blocks])], axes=[2])
    inputs = [*wide, graph.ints(image), graph.ints(kernel)]
    return graph.add("Col2Im", inputs, strides=strides, pads=pads) if wide else []


@family("counted", since=13)
def counted(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Positions where a constant is not zero, or of boxes that do not overlap: constants, so their number is known."""
    axis = draw(st.integers(0, x.rank - 1))
    n = x.shape[axis]
    marks = graph.choice(n, below=2)
    marks[draw(st.integers(0, n - 1))] = 1
    names: Names = {"x": x, "m": graph.ints(marks), "last": graph.ints([-1]), "two": graph.ints(2)}
    if draw(st.booleans()):
        text = f"p = NonZero(m) i = Reshape(p, last) y = Gather<axis = {axis}>(x, i)"
        return graph.script(text, **names)
    lefts = graph.choice(n, below=4)
    names["b"] = graph.constant([[[0.0, left, 1.0, left + 1.5] for left in lefts]])
    names["s"] = graph.constant([[0.1 + 0.2 * graph.choice(n, below=4)]])
    names["k"], names["t"] = graph.ints([draw(st.integers(1, 4))]), graph.constant([0.3])
    text = "p = NonMaxSuppression(b, s, k, t) i = Gather<axis = 1>(p, two) "
    return graph.script(text + f"y = Gather<axis = {axis}>(x, i)", **names)
