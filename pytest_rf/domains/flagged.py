"""What is read of flagged elements: the least position among those of each row of a table of flags.

Queries read the keys that a mask lets through, which are a row of flags each. Where all rows look at one line of
positions it is put in order once: the least of a row is then at its first flag.
"""

from __future__ import annotations

import numpy as np

from pytest_rf.domains.hull import NOWHERE, Flags, Hull, Positions

PIECE = 1 << 21
"""So many flags are looked at together where the rows do not share one line of positions."""


def contracted(hull: Hull, reads: Flags, dim: int) -> Hull:
    """Return the hull with one element along ``dim``, which reads those that are flagged (broadcastable)."""
    return Hull(lowest(hull.lo, reads, dim), -lowest(-hull.hi, reads, dim), hull.jump)


def lowest(positions: Positions, reads: Flags, dim: int) -> Positions:
    """Return the least of the flagged positions along ``dim``, which becomes 1; NOWHERE where there are none."""
    extent = positions.shape[dim]
    if extent == 1:
        return np.where(reads.any(axis=dim, keepdims=True), positions, NOWHERE)
    if positions.size == extent:
        return _of_line(positions.reshape(-1), reads, dim)
    shape = np.broadcast_shapes(positions.shape, reads.shape)
    others = [n if d != dim else 1 for d, n in enumerate(shape)]
    rows = int(np.argmax(others))
    found = np.empty(others, np.int64)
    step = max(1, PIECE * shape[rows] // int(np.prod(shape)))
    for first in range(0, shape[rows], step):
        place = (slice(None),) * rows + (slice(first, first + step),)
        some, flags = (x[place] if x.shape[rows] > 1 else x for x in (positions, reads))
        found[place] = np.where(flags, some, NOWHERE).min(axis=dim, keepdims=True)
    return found


def _of_line(line: Positions, reads: Flags, dim: int) -> Positions:
    if reads.shape[dim] == 1:
        return np.where(reads, line.min(), NOWHERE)
    if (line[1:] < line[:-1]).any():
        order = np.argsort(line, kind="stable")
        line, reads = line[order], reads.take(order, axis=dim)
    first = reads.argmax(axis=dim, keepdims=True)
    return np.where(np.take_along_axis(reads, first, axis=dim), line[first], NOWHERE)
