"""Statistics over segments of an axis, and over bags of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pytest_rf.access import ANYWHERE, Sets
from pytest_rf.graph import Builder
from pytest_rf.operators.reads import ENDS, Ends, along, indexed
from pytest_rf.value import Value

Members = npt.NDArray[np.bool_]
"""(segments, places): which places of an axis belong to a segment."""


def members(first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], extent: int) -> Members:
    """Return which places of an axis lie in segments that begin at ``first`` and end before ``last``."""
    place = np.arange(extent)
    return np.asarray((place >= first[:, None]) & (place < last[:, None]))


def reduce_segments(b: Builder, x: Value, axis: int, count: int, inside: Members | None) -> Value:
    """Return a statistic over each of ``count`` segments of an axis; ``inside`` is None where data bounds them."""
    shape = [count if d == axis else n for d, n in enumerate(x.extents)]
    how = ENDS if inside is None else Sets(inside)
    return b.union(shape, along(x, {axis: how}, statistic=True))


def reduce_bags(
    b: Builder,
    table: Value,
    rows: Value,
    numbers: npt.NDArray[np.int64] | None,
    weights: Sequence[Value],
    inside: Members,
) -> Value:
    """Return sums, means or maxima over bags of a table's rows.

    Args:
        b: the builder.
        table: (rows, features).
        rows: which rows are in the bags, one after the other.
        numbers: its elements; None where data gives them.
        weights: a number for each of ``rows``, if it has one.
        inside: which of ``rows`` are in each bag.
    """
    reads = [indexed(one, (0, Sets(inside))) for one in (rows, *weights)]
    if numbers is None:
        reads.append(indexed(table, Ends(ANYWHERE), 1))
    else:
        named = np.zeros((len(inside), table.extents[0]), np.bool_)
        bag, member = np.nonzero(inside)
        named[bag, numbers[member]] = True
        reads.append(indexed(table, (0, Sets(named)), 1))
    return b.union([len(inside), table.extents[1]], *reads)
