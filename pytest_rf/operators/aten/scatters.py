"""Writes into views of ATen, as functions: the old tensor outside of a region, the new one inside."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf import access
from pytest_rf.access import SAME, Read, Relation
from pytest_rf.graph import Builder, Value
from pytest_rf.operators import views
from pytest_rf.operators.aten.call import OpCall, Rules
from pytest_rf.operators.aten.views import bounds, contiguous, storage_places
from pytest_rf.operators.pointwise import expand


def slice_scatter(call: OpCall) -> Value:
    """slice_scatter: ``src`` at a slice of one axis."""
    base, source = call.x, call.given("src")[0]
    axis = call.axis()
    start, step, count = bounds(call, base.extents[axis])
    return into_slice(call.b, base, source, axis, start, step, count)


def select_scatter(call: OpCall) -> Value:
    """select_scatter: ``src`` at one index of an axis."""
    base, source = call.x, call.given("src")[0]
    axis = call.axis()
    index = int(call["index"]) % base.extents[axis]
    wide = call.b.reshape(source, [*base.extents[:axis], 1, *base.extents[axis + 1 :]])
    return into_slice(call.b, base, wide, axis, index, 1, 1)


def into_slice(b: Builder, base: Value, source: Value, axis: int, start: int, step: int, count: int) -> Value:
    """Return ``base`` with ``source`` at ``start + step·i`` of an axis."""
    extent = base.extents[axis]
    if count == 0:
        return base
    if step == 1:
        if count == extent:
            return source
        before = views.slices(b, base, {axis: (0, 1, start)})
        after = views.slices(b, base, {axis: (start + count, 1, extent - start - count)})
        return b.join([part for part in (before, source, after) if part.extents[axis]], axis)
    if 0 <= start < step and count == -(-(extent - start) // step):  # every so many, to the end
        return _interleaved(b, base, source, axis, start, step)
    written = np.zeros(extent, np.bool_)
    written[start : start + step * (count - 1) + 1 : step] = True
    places = np.full(extent, -1, np.int64)
    places[written] = np.arange(count)
    axes: list[tuple[int | None, Relation]] = [(place, SAME) for place in range(base.rank)]
    inside = [*axes]
    inside[axis] = (axis, access.Table(places))
    kept = (~written).reshape([-1 if place == axis else 1 for place in range(base.rank)])
    return b.union(
        base.extents, Read(base.number, tuple(axes), where=kept), Read(source.number, tuple(inside))
    )


def _interleaved(b: Builder, base: Value, source: Value, axis: int, start: int, step: int) -> Value:
    """Return ``base`` with ``source`` at every place ``start + step·i`` of an axis: a pattern without end."""
    mine = access.Taps(step, 1, tuple((0,) if phase == start else () for phase in range(step)), selects=True)
    kept = tuple(() if phase == start else (phase,) for phase in range(step))
    reads = []
    for value, relation in ((base, access.Taps(step, step, kept, selects=True)), (source, mine)):
        axes: list[tuple[int | None, Relation]] = [(place, SAME) for place in range(base.rank)]
        axes[axis] = (axis, relation)
        reads.append(Read(value.number, tuple(axes)))
    return b.union(base.extents, *reads)


def diagonal_scatter(call: OpCall) -> Value:
    """diagonal_scatter: ``src`` along a diagonal."""
    base, source = call.x, call.given("src")[0]
    first, second = call.axis("dim1"), call.axis("dim2", default=1)
    flat = np.arange(prod(base.extents), dtype=np.int64).reshape(base.extents)
    return at_places(call.b, base, source, np.diagonal(flat, int(call.get("offset", 0)), first, second))


def as_strided_scatter(call: OpCall) -> Value:
    """as_strided_scatter: ``src`` at any positions."""
    base, source = call.x, call.given("src")[0]
    size, stride, offset = list(call["size"]), list(call["stride"]), int(call.get("storage_offset", 0))
    root = base.extents
    return at_places(
        call.b, base, source, storage_places(root, contiguous(root), size, stride, offset).reshape(size)
    )


def view_scatter(call: OpCall) -> Value:
    """A write through a view of any form, which is run on the numbers of the elements."""
    base, source = (value for value in call.values())
    if call.get("root_size") is not None:
        root = tuple(call["root_size"])
        size, stride, offset = call["args"]
        root_offset = int(call.get("root_offset", 0))
        places = storage_places(
            root, call.get("root_stride", contiguous(root)), size, stride, int(offset) - root_offset
        )
    else:
        places = call["places"]
    return at_places(call.b, base, source, places)


def at_places(b: Builder, base: Value, source: Value, places: npt.NDArray[np.int64]) -> Value:
    """Return ``base`` with element ``i`` of ``source`` at its flat place ``places[i]``."""
    total = prod(base.extents)
    table = np.full(total, -1, np.int64)
    flat = places.reshape(-1)
    table[flat[flat >= 0]] = np.arange(flat.size)[flat >= 0]
    line = b.reshape(expand(b, source, places.shape), [places.size])
    kept = b.reshape(base, [total])
    reads = [
        Read(kept.number, ((0, SAME),), where=table < 0),
        Read(line.number, ((0, access.Table(table)),)),
    ]
    return b.reshape(b.union([total], *reads), base.extents)


RULES: Rules = {
    "aten.slice_scatter": slice_scatter,
    "aten.select_scatter": select_scatter,
    "aten.diagonal_scatter": diagonal_scatter,
    "aten.as_strided_scatter": as_strided_scatter,
    "rf.view_scatter": view_scatter,
}
