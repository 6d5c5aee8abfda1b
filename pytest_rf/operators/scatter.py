"""Writing rows into a tensor at given places."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf.access import ANYWHERE, SAME, Read, Relation, Sets, Table
from pytest_rf.graph import Builder, Value
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
    reads = []
    if x.varies:
        old = broadcast_read(x, shape)
        kept = (
            None
            if accumulate or not written.any()
            else ~written.reshape(*shape[:lead], *[1] * (x.rank - lead))
        )
        reads.append(Read(old.operand, old.axes, where=kept))
    if updates.varies and written.any():
        placed = b.reshape(along(b, updates, {0: (relation, rows)}), shape)
        reads.append(broadcast_read(placed, shape))
    return b.union(shape, *reads)


def write_anywhere(b: Builder, x: Value, reads: Sequence[Read]) -> Value:
    """Return ``x`` overwritten where data decides: each element reads its old value and ``reads``."""
    return b.union(x.extents, Read(x.number, tuple((axis, SAME) for axis in range(x.rank))), *reads)
