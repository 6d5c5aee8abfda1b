"""Operators of ATen that write: at constant or computed indices, or into views (the old tensor outside of a region)."""

from __future__ import annotations

from math import prod

import numpy as np

from pytest_rf.operators import scatters, views
from pytest_rf.operators.aten.call import OpCall, Rules
from pytest_rf.operators.aten.gathers import constants, lifted, places
from pytest_rf.operators.aten.views import bounds, contiguous, storage_places
from pytest_rf.operators.masking import replaced
from pytest_rf.operators.ordering import chosen_by_value
from pytest_rf.operators.pointwise import expand, pointwise
from pytest_rf.operators.reductions import accumulate
from pytest_rf.value import Value


def index_put(call: OpCall) -> Value:
    """``x[i, j] = v``, added to what was there if ``accumulate``."""
    x, source, known = call.x, call.given("values")[0], constants(call)
    if known is None:
        steering = [one for one in call["indices"] if isinstance(one, Value) and one.varies]
        mask = steering[0]
        if len(steering) == 1 and mask.extents == x.extents[: mask.rank] and not source.rank:
            wide = call.b.reshape(mask, [*mask.extents, *[1] * (x.rank - mask.rank)])
            return pointwise(call.b, x, wide, source)
        return pointwise(call.b, x, chosen_by_value(call.b, x.extents, *steering, source))
    key = tuple(slice(None) if array is None else array for array in known)
    flat = np.arange(prod(x.extents), dtype=np.int64).reshape(x.extents)[key]
    if call.b.weights and not call.get("accumulate") and not source.rank:
        over = np.zeros(prod(x.extents), np.bool_)
        over[flat.reshape(-1)] = True
        found = replaced(call.b, x, over.reshape(x.extents), source)
        if found is not None:
            return found
    return scatters.write_elements(call.b, x, source, flat, bool(call.get("accumulate")))


def scatter(call: OpCall) -> Value:
    """Scatter: each element keeps its own or takes one of the source along an axis."""
    x, chosen, axis = call.x, call.given("index")[0], call.axis()
    shape = chosen.extents
    source = next(iter(call.given("src")), None) or call.b.constant(shape)
    adds = "add" in call.name or "reduce" in call.name or call.get("reduce") is not None
    cut = views.slices(call.b, source, {d: (0, 1, n) for d, n in enumerate(shape)})
    where = places(call, chosen, x.extents[axis])
    keeps = adds and bool(call.get("include_self", True))
    return scatters.write_along(call.b, x, axis, where, cut, keeps, in_order=not adds)


def layers(call: OpCall) -> Value:
    """index_add, index_copy, index_fill, index_reduce: rows of the source at positions of one axis."""
    x, chosen, axis = call.x, call.given("index")[0], call.axis()
    keeps = call.name == "index_add" or (call.name == "index_reduce" and bool(call["include_self"]))
    shape = [prod(chosen.extents) if d == axis else n for d, n in enumerate(x.extents)]
    source = next(iter(call.given("source", "value")), None) or call.b.constant(tuple(shape))
    where = places(call, call.b.reshape(chosen, [prod(chosen.extents)]), x.extents[axis])
    return scatters.write_layers(call.b, x, axis, where, expand(call.b, source, shape), keeps)


def masked_scatter(call: OpCall) -> Value:
    """masked_scatter: the source's elements, in order, where a mask says; a constant mask says it now."""
    x, mask, source = call.x, call.given("mask")[0], call.given("source")[0]
    if mask.varies:  # the number of an element is how many are chosen before it
        flat = call.b.reshape(expand(call.b, mask, call.shape), [prod(call.shape)])
        before = call.b.reshape(accumulate(call.b, flat, 0), call.shape)
        return pointwise(call.b, x, before, chosen_by_value(call.b, call.shape, source))
    chosen = np.flatnonzero(np.broadcast_to(call.data(mask).astype(np.bool_), call.shape))
    line = call.b.reshape(source, [prod(source.extents)])
    used = views.slices(call.b, line, {0: (0, 1, chosen.size)})
    return scatters.write_elements(call.b, expand(call.b, x, call.shape), used, chosen)


def put(call: OpCall) -> Value:
    """Put: elements written into the flattened tensor."""
    x, chosen, source = call.x, call.given("index")[0], call.given("source")[0]
    where = places(call, chosen, prod(x.extents))
    if isinstance(where, Value):
        return pointwise(call.b, x, chosen_by_value(call.b, x.extents, chosen, source))
    return scatters.write_elements(call.b, x, source, where, bool(call.get("accumulate")))


def slice_scatter(call: OpCall) -> Value:
    """slice_scatter: ``src`` at a slice of one axis."""
    base, axis = call.x, call.axis()
    return scatters.write_slice(call.b, base, call.given("src")[0], axis, *bounds(call, base.extents[axis]))


def select_scatter(call: OpCall) -> Value:
    """select_scatter: ``src`` at one index of an axis."""
    base, axis = call.x, call.axis()
    wide = call.b.reshape(call.given("src")[0], [*base.extents[:axis], 1, *base.extents[axis + 1 :]])
    return scatters.write_slice(call.b, base, wide, axis, int(call["index"]) % base.extents[axis], 1, 1)


def diagonal_scatter(call: OpCall) -> Value:
    """diagonal_scatter: ``src`` along a diagonal."""
    base, source = call.x, call.given("src")[0]
    first, second = call.axis("dim1"), call.axis("dim2", default=1)
    flat = np.arange(prod(base.extents), dtype=np.int64).reshape(base.extents)
    line = np.diagonal(flat, int(call.get("offset", 0)), first, second)
    return scatters.write_elements(call.b, base, source, line)


def as_strided_scatter(call: OpCall) -> Value:
    """as_strided_scatter: ``src`` at any positions."""
    base, source = call.x, call.given("src")[0]
    size, stride, offset = list(call["size"]), list(call["stride"]), int(call.get("storage_offset", 0))
    where = storage_places(base.extents, contiguous(base.extents), size, stride, offset)
    return scatters.write_elements(call.b, base, source, where.reshape(size))


def view_scatter(call: OpCall) -> Value:
    """A write through a view of any form, which is run on the numbers of the elements."""
    base, source = (value for value in call.values())
    if call.get("root_size") is not None:
        root = tuple(call["root_size"])
        size, stride, offset = call["args"]
        root_offset = int(call.get("root_offset", 0))
        where = storage_places(
            root, call.get("root_stride", contiguous(root)), size, stride, int(offset) - root_offset
        )
    else:
        where = call["places"]
    return scatters.write_elements(call.b, base, source, where)


_LAYERS = ("index_add", "index_copy", "index_fill", "index_reduce")

RULES: Rules = {
    **{f"aten.{name}": index_put for name in ("index_put", "_index_put_impl", "_unsafe_index_put")},
    **{f"aten.{name}": lifted(scatter) for name in ("scatter", "scatter_add", "scatter_reduce")},
    **{f"aten.{name}": lifted(layers) for name in _LAYERS},
    "aten.put": put,
    "aten.masked_scatter": masked_scatter,
    "aten.slice_scatter": slice_scatter,
    "aten.select_scatter": select_scatter,
    "aten.diagonal_scatter": diagonal_scatter,
    "aten.as_strided_scatter": as_strided_scatter,
    "rf.view_scatter": view_scatter,
}
