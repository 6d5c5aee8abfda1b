"""Where updates go, axis by axis: frames that are laid over each other, lines and grids that are written, batches.

A table of places says little of a tensor beyond the actual input. Where each axis of the target has an index of its own
and the updates go there in windows at equal distances (overlap-and-add, a stuffing with zeros), relations say more.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf import access
from pytest_rf.access import ANYWHERE, LARGEST_TABLE, Relation, Sets, Table, pad
from pytest_rf.graph import Builder
from pytest_rf.operators import views
from pytest_rf.operators.gathers import MOST_SLICES
from pytest_rf.operators.reads import Ends, indexed
from pytest_rf.value import Shape, Value

Line = npt.NDArray[np.int64]
"""For each of the updates along one axis the index that it goes to; -1 for none."""


class Lines(NamedTuple):
    """The places of updates, told for each axis of the target by itself.

    Attributes:
        shape: the dimensions of the updates.
        dims: for each axis those along which its index changes.
        lines: and its indices, in row-major order over these dimensions.
    """

    shape: Shape
    dims: tuple[tuple[int, ...], ...]
    lines: tuple[Line, ...]

    def written(self, extents: Shape) -> npt.NDArray[np.bool_]:
        """Return which elements of axes with such extents are written, broadcastable to these."""
        flags = np.ones((1,) * len(extents), np.bool_)
        for axis, (line, extent) in enumerate(zip(self.lines, extents, strict=True)):
            own = np.zeros(extent, np.bool_)
            own[line] = True
            if own.all():
                continue
            flags = flags & own.reshape([-1 if d == axis else 1 for d in range(len(extents))])
        return flags


def axis_by_axis(extents: Shape, places: npt.NDArray[np.int64]) -> Lines | None:
    """Return flat places in axes with such extents as lines; None where axes share a dimension of the updates.

    All combinations of indices, one after the other, share none, whatever dimensions they are given in: slice
    assignment. A dimension along which no index changes holds updates that meet all: there are no lines then, either.
    """
    if not places.size or not extents or (places < 0).any():
        return None
    return _combined(extents, places.reshape(-1)) or _by_dimensions(extents, places)


def _combined(extents: Shape, places: Line) -> Lines | None:
    """Return the indices per axis of which the places are all combinations, in order; None where they are not."""
    lines = []
    for axis, extent in zip(np.unravel_index(places, extents), extents, strict=True):
        first = np.full(extent, places.size)
        first[axis[::-1]] = np.arange(places.size)[::-1]
        lines.append(np.argsort(first)[: np.count_nonzero(first < places.size)])
    counts = tuple(map(len, lines))
    if prod(counts) != places.size:
        return None
    grid = np.ravel_multi_index(np.ix_(*lines), extents).reshape(-1)
    dims = tuple((axis,) for axis in range(len(lines)))
    return Lines(counts, dims, tuple(lines)) if np.array_equal(grid, places) else None


def _by_dimensions(extents: Shape, places: npt.NDArray[np.int64]) -> Lines | None:
    """Return the indices per axis where each changes along dimensions of its own; None where they do not."""
    free = {d for d, n in enumerate(places.shape) if n > 1}
    dims, lines = [], []
    for index in np.unravel_index(places, extents):
        own = tuple(d for d in sorted(free) if (np.diff(index, axis=d) != 0).any())
        kept = tuple(slice(None) if d in own else 0 for d in range(index.ndim))
        if index[kept].size * _others(index.shape, own) != index.size or not _varies_as(index, own):
            return None
        free -= set(own)
        dims.append(own)
        lines.append(index[kept].reshape(-1))
    return None if free else Lines(places.shape, tuple(dims), tuple(lines))


def _others(shape: Shape, own: Sequence[int]) -> int:
    return prod(n for d, n in enumerate(shape) if d not in own)


def _varies_as(index: npt.NDArray[np.int64], own: Sequence[int]) -> bool:
    """Whether an index is the same along all but some dimensions."""
    return all((index == index.take([0], axis=d)).all() for d in range(index.ndim) if d not in own)


def lay(b: Builder, updates: Value, found: Lines, target: Shape, *, add: bool, in_order: bool) -> Value:
    """Return updates at their places in a tensor that is constant elsewhere.

    Args:
        b: the builder.
        updates: what is written; its rows are what its axes behind those of the places hold.
        found: the places.
        target: the extents of the tensor.
        add: whether updates that meet are put together.
        in_order: whether the last of them is what stays; else it can be any, or all.
    """
    shape, rest = found.shape, target[len(found.lines) :]
    order = [d for own in found.dims for d in own]
    order += [d for d in range(len(shape)) if d not in order]
    y = b.reshape(updates, [*shape, *rest])
    if order != sorted(order):
        y = views.transpose(b, y, [*order, *range(len(shape), y.rank)])
    y = b.reshape(y, [*(line.size for line in found.lines), *rest])
    for axis, line in enumerate(found.lines):
        y = lay_along(b, y, axis, line, target[axis], add=add, in_order=in_order)
    return y


def lay_along(
    b: Builder, updates: Value, axis: int, line: Line, extent: int, *, add: bool, in_order: bool
) -> Value:
    """Return updates at their places along one axis of ``extent`` elements; see :func:`lay`."""
    if np.array_equal(line, np.arange(extent)):
        return updates
    relation = evenly(line)
    frames = None if relation is not None else _frames(line)
    if frames is not None and (add or not in_order or np.unique(line).size == line.size):
        return frames.laid(b, updates, axis, extent)
    relation = relation or meeting(extent, line, in_order and not add) or ANYWHERE
    return views.along(b, updates, {axis: (relation, extent)})


def evenly(line: Line) -> Relation | None:
    """Return the relation of updates that lie at equal distances along an axis; None where they do not."""
    steps = np.diff(line)
    if steps.size and (steps[0] < 1 or (steps != steps[0]).any()):
        return None
    return _spread(int(line[0]), int(steps[0]) if steps.size else 1)


def _spread(first: int, step: int) -> Relation:
    """Return the relation of elements that lie ``step`` apart from ``first`` on."""
    return pad(first) if step == 1 else access.spread((0,), step, 1, -first)._replace(selects=True)


class _Frames(NamedTuple):
    """Windows at equal distances.

    Attributes:
        counts: the numbers along the two dimensions of the updates, of which one is that of the windows.
        across: the other one, along which a window lies.
        first: for each element of a window the place of the first window's.
        step: the distance of two windows.
    """

    counts: tuple[int, int]
    across: int
    first: tuple[int, ...]
    step: int

    def laid(self, b: Builder, updates: Value, axis: int, extent: int) -> Value:
        """Return windows put where they belong, and together where they overlap."""
        before, behind = updates.extents[:axis], updates.extents[axis + 1 :]
        y = b.reshape(updates, [*before, *self.counts, *behind])
        shape = [*before, extent, *behind]
        reads = []
        for tap, place in enumerate(self.first):
            pair: list[Ends | tuple[int, Relation]] = [(axis, _spread(place, self.step))]
            pair.insert(self.across, Ends(access.progression(tap)))
            reads.append(indexed(y, *range(axis), *pair, *range(axis + 1, len(shape))))
        return b.union(shape, *reads, window=True)


def _frames(line: Line) -> _Frames | None:
    """Return a line as windows at equal distances, which may overlap; None where it is none."""
    steps = np.diff(line)
    breaks = np.flatnonzero(steps != steps[0])
    inner = int(breaks[0]) + 1 if breaks.size else line.size
    if not 1 < inner < line.size or line.size % inner:
        return None
    table = line.reshape(-1, inner)
    distances = [int(table[1, 0] - table[0, 0]), int(steps[0])]
    ramps = [np.arange(n) * step for n, step in zip(table.shape, distances, strict=True)]
    if min(distances) < 1 or not (table == table[0, 0] + np.add.outer(*ramps)).all():
        return None
    across = int(ramps[1][-1] < ramps[0][-1])
    if table.shape[across] > MOST_SLICES:
        return None
    first = tuple((int(table[0, 0]) + ramps[across]).tolist())
    return _Frames((table.shape[0], inner), across, first, distances[1 - across])


def meeting(rows: int, places: Line, in_order: bool = False) -> Relation | None:
    """Return which updates each row takes, of which several may be meant for one; None if the table is too large."""
    valid = np.flatnonzero(places >= 0)
    table = np.full(rows, -1, np.int64)
    table[places[valid]] = valid
    if in_order or np.count_nonzero(table >= 0) == valid.size:
        return Table(table)
    if rows * places.size > LARGEST_TABLE:
        return None
    sets = np.zeros((rows, places.size), np.bool_)
    sets[places[valid], valid] = True
    return Sets(sets)
