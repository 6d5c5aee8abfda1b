"""Operators of ONNX that write elements at constant or computed indices."""

from __future__ import annotations

import numpy as np

from pytest_rf.operators import scatters
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.onnx.gathers import MOST, elements, indices
from pytest_rf.value import Value


def _accumulates(call: NodeCall) -> bool:
    reduction = call.text("reduction", "none")
    if reduction not in ("none", "add", "mul", "min", "max"):
        call.fail(f"reduction {reduction!r} is none of none, add, mul, min, max")
    return reduction != "none"


def scatter_elements(call: NodeCall) -> Value:
    """Scatter, ScatterElements: single elements go to an index of one axis."""
    picked, updates = call.operand(1), call.operand(2)
    if updates.extents != picked.extents:
        call.fail(f"updates {updates.shape} do not fit indices {picked.shape}")
    axis, places = elements(call)
    return scatters.write_along(call.b, call.x, axis, places, updates, _accumulates(call))


def scatter_nd(call: NodeCall) -> Value:
    """ScatterND: rows go to index tuples of the first axes."""
    x, picked, updates = call.x, call.operand(1), call.operand(2)
    if not x.rank or not picked.rank or not 1 <= picked.extents[-1] <= x.rank:
        call.fail(f"indices {picked.shape} do not fit data {x.shape}")
    lead = picked.extents[-1]
    if updates.extents != (*picked.extents[:-1], *x.extents[lead:]):
        call.fail(f"updates {updates.shape} do not fit indices {picked.shape} and data {x.shape}")
    places = indices(call, 1, *x.extents[:lead], most=MOST)
    return scatters.write_tuples(call.b, x, places, updates, _accumulates(call))


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
    circular = call.text("mode", "linear") == "circular"
    if starts is not None and starts.data is None:
        return scatters.write_slots(call.b, x, axis, starts, update, circular)
    begin = np.zeros(samples, np.int64) if starts is None else np.asarray(call.numbers(2))
    if begin.shape != (samples,):
        call.fail(f"write_indices {list(begin)} do not fit {samples} samples")
    try:
        return scatters.write_slots(call.b, x, axis, begin, update, circular)
    except ValueError as error:
        call.fail(f"write_indices {list(begin)}: {error}")


RULES: Rules = {
    **dict.fromkeys(["Scatter", "ScatterElements"], scatter_elements),
    "ScatterND": scatter_nd,
    "TensorScatter": tensor_scatter,
}
