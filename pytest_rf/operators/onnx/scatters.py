"""Operators of ONNX that write elements at constant or computed indices."""

from __future__ import annotations

from math import prod

import numpy as np

from pytest_rf.access import ANYWHERE, SAME, Read, Relation, pad
from pytest_rf.graph import Value
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.onnx.gathers import MOST, flat_rows, indices, steering
from pytest_rf.operators.scatters import write_anywhere, write_rows


def _accumulates(call: NodeCall) -> bool:
    reduction = call.text("reduction", "none")
    if reduction not in ("none", "add", "mul", "min", "max"):
        call.fail(f"reduction {reduction!r} is none of none, add, mul, min, max")
    return reduction != "none"


def scatter_elements(call: NodeCall) -> Value:
    """Scatter, ScatterElements: single elements go to an index of one axis."""
    x, picked, updates = call.x, call.operand(1), call.operand(2)
    if not x.rank or picked.rank != x.rank or updates.extents != picked.extents:
        call.fail(f"indices {picked.shape} and updates {updates.shape} do not fit data {x.shape}")
    axis = call.axis(call.integer("axis", 0), x.rank)
    shape = picked.extents
    if any(n > m for d, (n, m) in enumerate(zip(shape, x.extents, strict=True)) if d != axis):
        call.fail(f"indices {shape} reach beyond data {x.shape}")
    places = indices(call, 1, x.extents[axis])
    if places is not None and prod(x.extents) <= MOST and prod(shape) <= MOST:
        grid = list(np.indices(shape))
        grid[axis] = places
        rows = (
            np.ravel_multi_index(tuple(grid), x.extents).reshape(-1) if places.size else np.zeros(0, np.int64)
        )
        flat = call.b.reshape(updates, [prod(shape)])
        return write_rows(call.b, x, flat, rows.astype(np.int64), x.rank, _accumulates(call))
    steer = tuple((d, ANYWHERE if d == axis else _into(shape[d], x.extents[d])) for d in range(x.rank))
    reads = [Read(v.number, steer) for v in (updates, picked) if v.varies]
    return write_anywhere(call.b, x, reads)


def _into(extent: int, wanted: int) -> Relation:
    return SAME if extent == wanted else pad(0)


def scatter_nd(call: NodeCall) -> Value:
    """ScatterND: rows go to index tuples of the first axes."""
    x, picked, updates = call.x, call.operand(1), call.operand(2)
    if not x.rank or not picked.rank or not 1 <= picked.extents[-1] <= x.rank:
        call.fail(f"indices {picked.shape} do not fit data {x.shape}")
    lead = picked.extents[-1]
    rest = x.extents[lead:]
    if updates.extents != (*picked.extents[:-1], *rest):
        call.fail(f"updates {updates.shape} do not fit indices {picked.shape} and data {x.shape}")
    if picked.data is not None and prod(picked.extents) <= MOST:
        rows = flat_rows(call, 1, picked.data, (), x.extents[:lead])
        flat = call.b.reshape(updates, [rows.size, *rest])
        return write_rows(call.b, x, flat, rows, lead, _accumulates(call))
    count = updates.rank - len(rest)
    axes: list[tuple[int | None, Relation]] = [(None, ANYWHERE)] * count
    axes += [(lead + d, SAME) for d in range(len(rest))]
    reads = [Read(updates.number, tuple(axes))] if updates.varies else []
    steer = ((None, ANYWHERE),) * picked.rank
    return write_anywhere(call.b, x, [*reads, *steering(picked, steer)])


def tensor_scatter(call: NodeCall) -> Value:
    """TensorScatter: a block goes into the cache at each sample's own place."""
    x, update = call.x, call.operand(1)
    if x.rank < 2 or update.rank != x.rank:
        call.fail(f"update {update.shape} does not fit the cache {x.shape}")
    axis = call.axis(call.integer("axis", -2), x.rank)
    samples, size, extent = x.extents[0], update.extents[axis], x.extents[axis]
    others = [n for d, n in enumerate(x.extents) if d != axis]
    if axis == 0 or size > extent or others != [n for d, n in enumerate(update.extents) if d != axis]:
        call.fail(f"update {update.shape} does not fit axis {axis} of the cache {x.shape}")
    starts = call.optional(2)
    if starts is not None and starts.data is None:
        axes = tuple((d, ANYWHERE if d == axis else SAME) for d in range(x.rank))
        reads = [Read(update.number, axes)] if update.varies else []
        return write_anywhere(call.b, x, [*reads, *steering(starts, ((0, SAME),))])
    begin = np.zeros(samples, np.int64) if starts is None else np.asarray(call.numbers(2))
    if begin.shape != (samples,):
        call.fail(f"write_indices {list(begin)} do not fit {samples} samples")
    places = begin[:, None] + np.arange(size)
    if call.text("mode", "linear") == "circular":
        places = places % max(extent, 1)
    if places.size and not (places.min() >= 0 and places.max() < extent):
        call.fail(f"write_indices {list(begin)} and an update of {size} leave the cache of {extent}")
    lead = x.extents[1:axis]
    # Rows are (sample, lead..., place): each sample writes at its own places in all of its lead axes.
    block = np.arange(samples * prod(lead)).reshape(samples, prod(lead), 1) * extent
    rows = (block + places[:, None, :]).reshape(-1)
    flat = call.b.reshape(update, [rows.size, *x.extents[axis + 1 :]])
    return write_rows(call.b, x, flat, rows, axis + 1, accumulate=False)


RULES: Rules = {
    **dict.fromkeys(["Scatter", "ScatterElements"], scatter_elements),
    "ScatterND": scatter_nd,
    "TensorScatter": tensor_scatter,
}
