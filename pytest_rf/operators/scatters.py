"""Writing elements and rows into a tensor at given places."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf.access import ANYWHERE, Taps, pad
from pytest_rf.graph import Builder
from pytest_rf.operators import views
from pytest_rf.operators.gathers import Places, rows_of
from pytest_rf.operators.placing import axis_by_axis, lay, lay_along, meeting
from pytest_rf.operators.pointwise import expand
from pytest_rf.operators.reads import Ends, along, indexed, read_anywhere
from pytest_rf.value import Value


def write_rows(
    b: Builder,
    x: Value,
    updates: Value,
    places: npt.NDArray[np.int64],
    lead: int,
    accumulate: bool,
    in_order: bool = False,
) -> Value:
    """Return ``x`` with rows replaced.

    Args:
        b: the builder.
        x: the tensor; a row stands at one place of its first ``lead`` axes.
        updates: the new rows, (count, row...).
        places: for each update the row that it replaces, in any number of dimensions; -1 for none.
        lead: the number of axes that number the rows.
        accumulate: whether updates are combined with what is there, and with each other.
        in_order: whether the last of several updates for one row is it; else it can be any, or all of them.
    """
    shape = x.extents
    placed = b.constant(shape)
    lines = axis_by_axis(shape[:lead], places)
    if lines is not None:
        written = lines.written(shape[:lead])
        if updates.varies:
            placed = lay(b, updates, lines, shape, add=accumulate, in_order=in_order)
    else:
        flat, rows = places.reshape(-1), prod(shape[:lead])
        written = np.zeros(rows, np.bool_)
        written[flat[flat >= 0]] = True
        written = written.reshape(shape[:lead])
        if updates.varies and written.any():
            relation = meeting(rows, flat, in_order) or ANYWHERE
            placed = b.reshape(views.along(b, updates, {0: (relation, rows)}), shape)
    mask = written.reshape([*written.shape, *[1] * (x.rank - lead)])
    return _over(b, x, placed, mask if not accumulate and written.any() else None)


def _over(b: Builder, x: Value, placed: Value, written: npt.NDArray[np.bool_] | None) -> Value:
    """Return ``placed`` where it was written, and ``x`` elsewhere (everywhere, too, if that is None)."""
    reads = (
        []
        if written is not None and written.all()
        else [along(x, where=None if written is None else ~written)]
    )
    return b.union(x.extents, *reads, along(placed))


def write_elements(
    b: Builder,
    x: Value,
    updates: Value,
    places: npt.NDArray[np.int64],
    accumulate: bool = False,
    in_order: bool = True,
) -> Value:
    """Return ``x`` with elements replaced, at their ``places`` in row-major order; see ``write_rows``."""
    line = b.reshape(expand(b, updates, places.shape), [places.size])
    return write_rows(b, x, line, places, x.rank, accumulate, in_order and not accumulate)


def write_along(
    b: Builder,
    x: Value,
    axis: int,
    places: Places,
    updates: Value,
    accumulate: bool = False,
    in_order: bool = False,
) -> Value:
    """Return ``x`` with single elements replaced, each at one of ``places`` of an axis and its own of the others."""
    shape = places.extents if isinstance(places, Value) else places.shape
    if not isinstance(places, Value):
        grid = list(np.indices(shape))
        grid[axis] = places
        flat = np.ravel_multi_index(grid, x.extents) if places.size else np.zeros(shape, np.int64)
        told = axis_by_axis(x.extents, flat) or meeting(prod(x.extents), flat.reshape(-1), in_order)
        if told is not None:
            return write_elements(b, x, updates, flat, accumulate, in_order)
    axes = {
        d: ANYWHERE if d == axis else pad(0) for d, n in enumerate(shape) if d == axis or n != x.extents[d]
    }
    found = [along(value, axes) for value in (updates, places) if isinstance(value, Value)]
    return b.union(x.extents, along(x), *found)


def write_tuples(b: Builder, x: Value, places: Places, updates: Value, accumulate: bool = False) -> Value:
    """Return ``x`` with rows replaced that tuples (lead..., count) name by its first ``count`` axes."""
    *lead, count = places.extents if isinstance(places, Value) else places.shape
    rest = x.extents[count:]
    if isinstance(places, Value):
        own = indexed(updates, *[Ends(ANYWHERE)] * len(lead), *range(count, x.rank))
        return b.union(x.extents, along(x), own, read_anywhere(places))
    rows = rows_of(places, (), x.extents[:count])
    line = b.reshape(updates, [rows.size, *rest])
    return write_rows(b, x, line, rows.reshape(lead), count, accumulate)


def write_slots(b: Builder, x: Value, axis: int, starts: Places, update: Value, circular: bool) -> Value:
    """Return ``x`` with a block that goes to each sample's own place of an axis: a cache is written.

    Raises:
        ValueError: the block reaches beyond the axis.
    """
    if isinstance(starts, Value):
        return b.union(x.extents, along(x), along(update, {axis: ANYWHERE}), indexed(starts, 0))
    extent, size = x.extents[axis], update.extents[axis]
    places = starts[:, None] + np.arange(size)
    places = places % max(extent, 1) if circular else places
    if places.size and not (places.min() >= 0 and places.max() < extent):
        raise ValueError(f"an update of {size} leaves an axis of extent {extent}")
    # Rows are (sample, lead..., place): each sample writes at its own places in all of its lead axes.
    lead = prod(x.extents[1:axis])
    block = np.arange(starts.size * lead).reshape(starts.size, lead, 1) * extent
    rows = (block + places[:, None, :]).reshape(-1)
    flat = b.reshape(update, [rows.size, *x.extents[axis + 1 :]])
    return write_rows(b, x, flat, rows, axis + 1, accumulate=False)


def write_layers(
    b: Builder, x: Value, axis: int, places: Places, updates: Value, accumulate: bool = False
) -> Value:
    """Return ``x`` with layers replaced, at ``places`` of an axis."""
    if isinstance(places, Value):
        own = along(updates, {axis: Ends(ANYWHERE)})
        return b.union(x.extents, along(x), own, read_anywhere(places))
    written = np.zeros(x.extents[axis], np.bool_)
    written[places] = True
    kept = None if accumulate else ~written.reshape([-1 if d == axis else 1 for d in range(x.rank)])
    if updates.varies and places.size:
        updates = lay_along(b, updates, axis, places, written.size, add=accumulate, in_order=False)
        return _over(b, x, updates, None if kept is None else ~kept)
    return b.union(x.extents, along(x, where=kept))


def write_slice(b: Builder, x: Value, update: Value, axis: int, start: int, step: int, count: int) -> Value:
    """Return ``x`` with ``update`` at ``start + step·i`` of an axis."""
    extent = x.extents[axis]
    if count == 0:
        return x
    if step == 1:
        if count == extent:
            return update
        before = views.slices(b, x, {axis: (0, 1, start)})
        after = views.slices(b, x, {axis: (start + count, 1, extent - start - count)})
        return b.join([part for part in (before, update, after) if part.extents[axis]], axis)
    if 0 <= start < step and count == -(
        -(extent - start) // step
    ):  # every so many, to the end: it has a period
        mine = tuple((0,) if phase == start else () for phase in range(step))
        kept = tuple(() if phase == start else (phase,) for phase in range(step))
        old = along(x, {axis: Taps(step, step, kept, selects=True)})
        return b.union(x.extents, old, along(update, {axis: Taps(step, 1, mine, selects=True)}))
    return write_layers(b, x, axis, start + step * np.arange(count), update)
