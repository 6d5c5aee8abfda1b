"""Writing rows into a tensor at given places."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf.access import ANYWHERE, SAME, Read, Relation, Sets, Table, pad
from pytest_rf.graph import Builder, Shape, Value
from pytest_rf.operators.pointwise import broadcast_read
from pytest_rf.operators.views import along

LARGEST = 1 << 22
"""Tables of (row, update) pairs with more entries are not written out."""


def write_rows(
    b: Builder, x: Value, updates: Value, places: npt.NDArray[np.int64], lead: int, accumulate: bool
) -> Value:
    """Return ``x`` with rows replaced.

    Args:
        b: the builder.
        x: the tensor; a row stands at one place of its first ``lead`` axes.
        updates: the new rows, (count, row...).
        places: for each update the row that it replaces, in row-major order; -1 for none.
        lead: the number of axes that number the rows.
        accumulate: whether updates are combined with what is there, and with each other.
    """
    block = _block(x.extents[:lead], places)
    if block is not None and not accumulate:
        return _write_block(b, x, updates, block)
    shape = x.extents
    rows = prod(shape[:lead])
    valid = places >= 0
    written = np.zeros(rows, np.bool_)
    written[places[valid]] = True
    single = valid.sum() == written.sum()
    if single:
        table = np.full(rows, -1, np.int64)
        table[places[valid]] = np.flatnonzero(valid)
        relation: Relation = Table(table)
    elif rows * places.size <= LARGEST:
        sets = np.zeros((rows, places.size), np.bool_)
        sets[places[valid], np.flatnonzero(valid)] = True
        relation = Sets(sets)
    else:
        relation = ANYWHERE
    placed = b.constant(shape)
    if updates.varies and written.any():
        placed = b.reshape(along(b, updates, {0: (relation, rows)}), shape)
    mask = written.reshape(*shape[:lead], *[1] * (x.rank - lead))
    return _over(b, x, placed, mask if not accumulate and written.any() else None)


def _over(b: Builder, x: Value, placed: Value, written: npt.NDArray[np.bool_] | None) -> Value:
    """Return ``placed`` where it was written, and ``x`` elsewhere (everywhere, too, if that is None)."""
    reads = []
    if x.varies and (written is None or not written.all()):
        old = broadcast_read(x, x.extents)
        reads.append(Read(old.operand, old.axes, where=None if written is None else ~written))
    if placed.varies:
        reads.append(broadcast_read(placed, x.extents))
    return b.union(x.extents, *reads)


def _block(extents: Shape, places: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]] | None:
    """Return the indices per axis of which the places are all combinations, in order: slice assignment."""
    if not places.size or (places < 0).any():
        return None
    lines = [np.asarray(list(dict.fromkeys(axis.tolist()))) for axis in np.unravel_index(places, extents)]
    if prod(map(len, lines)) != places.size:
        return None
    grid = np.ravel_multi_index(np.ix_(*lines), extents).reshape(-1)
    return lines if np.array_equal(grid, places) else None


def _write_block(b: Builder, x: Value, updates: Value, lines: list[npt.NDArray[np.int64]]) -> Value:
    """Return ``x`` with a block replaced: each axis is read for itself, as its slice says."""
    lead, shape = len(lines), x.extents
    block = b.reshape(updates, [*map(len, lines), *shape[lead:]])
    written = np.ones((1,) * x.rank, np.bool_)
    relations: dict[int, tuple[Relation, int]] = {}
    for axis, line in enumerate(lines):
        extent = shape[axis]
        if np.array_equal(line, np.arange(extent)):
            continue
        flags = np.zeros(extent, np.bool_)
        flags[line] = True
        written = written & flags.reshape([-1 if d == axis else 1 for d in range(x.rank)])
        if np.array_equal(line, np.arange(line[0], line[0] + len(line))):
            relations[axis] = (pad(int(line[0])), extent)
        else:
            table = np.full(extent, -1, np.int64)
            table[line] = np.arange(len(line))
            relations[axis] = (Table(table), extent)
    placed = along(b, block, relations) if relations and block.varies else block
    return _over(b, x, placed if placed.varies else b.constant(shape), written)


def write_anywhere(b: Builder, x: Value, reads: Sequence[Read]) -> Value:
    """Return ``x`` overwritten where data decides: each element reads its old value and ``reads``."""
    return b.union(x.extents, Read(x.number, tuple((axis, SAME) for axis in range(x.rank))), *reads)
