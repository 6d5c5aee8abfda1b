"""Relations along an axis with borders: the actual, finite input.

Dimension ``dim`` of a hull holds one entry per element, or 1 where the field does not vary along it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Prefix, Relation, Same, Sets, Table, Taps, Whole
from pytest_rf.domains import slices
from pytest_rf.domains.flagged import contracted
from pytest_rf.domains.hull import NOWHERE, Hull, irregular, leaner, masked, one, to_common_period
from pytest_rf.limits import afford

MANY = 1 << 22
"""Above this number of (element, tap) pairs taps are read one after the other."""
LONG = 1 << 8
"""Along longer axes windows are read as slices; along shorter ones a table that is kept is faster."""


class Gather(NamedTuple):
    """The taps of every output element: ``reads[i]`` are operand positions, ``extent`` = none."""

    reads: npt.NDArray[np.int64]
    hits: npt.NDArray[np.bool_]
    identity: bool
    complete: bool


def along(hull: Hull, dim: int, relation: Relation, extent: int, output: int) -> Hull:
    """Return the hull of ``output`` elements that read the operand's ``extent`` ones by ``relation``."""
    if isinstance(relation, Same):
        return hull
    if isinstance(relation, Whole):
        return _whole(hull, dim) if extent else _nowhere(hull, dim)
    if isinstance(relation, Prefix):
        return _prefix(hull, dim, relation.reverse)
    if isinstance(relation, Sets):
        return _sets(hull, dim, relation.reads)
    if isinstance(relation, Taps) and hull.period(dim) == 1 and slices.is_inside(relation, extent, output):
        return hull
    if isinstance(relation, Taps) and max(output, extent) > LONG:
        return slices.window(hull, dim, relation, extent, output)
    plan = gathered(relation, extent, output)
    if plan.identity or (plan.complete and hull.period(dim) == 1):
        return hull
    if hull.period(dim) == 1:
        return _where(hull, dim, plan.hits)
    return _gather(hull, dim, plan, extent)


def gathered(relation: Taps | Table, extent: int, output: int) -> Gather:
    """Return which of ``extent`` elements each of ``output`` ones reads."""
    if isinstance(relation, Table):
        return _table_gather(relation, extent)
    build = _tap_gather if max(output, extent) <= LONG else _tap_gather.__wrapped__
    return build(relation, extent, output)


@lru_cache(maxsize=4096)
def _tap_gather(relation: Taps, extent: int, output: int) -> Gather:
    width = max((len(taps) for taps in relation.taps), default=0)
    afford(max(output, relation.period) * max(width, 1))
    offsets = np.full((relation.period, max(width, 1)), np.iinfo(np.int32).max, dtype=np.int64)
    for phase, taps in enumerate(relation.taps):
        offsets[phase, : len(taps)] = taps
    place = np.arange(output, dtype=np.int64)
    offset = offsets[place % relation.period]
    reads = offset + (place // relation.period * relation.advance)[:, None]
    inside = (reads >= 0) & (reads < extent)
    if relation.border != "drop":
        real = offset < np.iinfo(np.int32).max
        reads = slices.fold(reads, extent, relation.border)
        inside = real & (extent > 0)
    reads = np.where(inside, reads, extent)
    identity = output == extent and reads.shape[1] == 1 and bool((reads[:, 0] == place).all())
    hits = np.asarray(inside.any(axis=1))
    return Gather(reads, hits, identity, bool(hits.all()))


def _table_gather(relation: Table, extent: int) -> Gather:
    reads = relation.indices[:, None]
    inside = (reads >= 0) & (reads < extent)
    return Gather(np.where(inside, reads, extent), np.asarray(inside[:, 0]), False, bool(inside.all()))


def _gather(hull: Hull, dim: int, plan: Gather, extent: int) -> Hull:
    """Read the taps of every element; a position ``extent`` stands for one that reads nothing."""
    reads, lo, hi = plan.reads, hull.lo, hull.hi
    afford(len(reads) * (lo.size // lo.shape[dim]))
    if (reads >= extent).any():
        border = [*lo.shape]
        border[dim] = 1
        lo = np.concatenate([lo, np.full(border, NOWHERE)], axis=dim)
        hi = np.concatenate([hi, np.full(border, -NOWHERE)], axis=dim)
    if reads.shape[1] == 1:
        return Hull(lo.take(reads[:, 0], axis=dim), hi.take(reads[:, 0], axis=dim), hull.jump)
    if reads.size * (hull.lo.size // max(extent, 1)) <= MANY:
        return Hull(
            lo.take(reads, axis=dim).min(axis=dim + 1), hi.take(reads, axis=dim).max(axis=dim + 1), hull.jump
        )
    low, high = lo.take(reads[:, 0], axis=dim), hi.take(reads[:, 0], axis=dim)
    for tap in range(1, reads.shape[1]):
        np.minimum(low, lo.take(reads[:, tap], axis=dim), out=low)
        np.maximum(high, hi.take(reads[:, tap], axis=dim), out=high)
    return Hull(low, high, hull.jump)


def _where(hull: Hull, dim: int, hits: npt.NDArray[np.bool_]) -> Hull:
    """A field that does not vary along ``dim``, read by those elements only that hit anything."""
    if hits.all():
        return hull
    if not hits.any():
        return _nowhere(hull, dim)
    line = hits.reshape([-1 if d == dim else 1 for d in range(hull.lo.ndim)])
    return masked(hull, line)


def end_to_end(pieces: Sequence[tuple[Hull, int, int]], dim: int, total: int) -> Hull:
    """Return the hull of pieces (hull, first place, extent) along ``dim``; between them nothing is read."""
    if alike(pieces, dim, total):
        return pieces[0][0]
    same = (
        None
        if any(one.irregular for one, _, _ in pieces)
        else to_common_period([one for one, _, _ in pieces], dim)
    )
    if same is None:
        return irregular("interleaved", *[one for one, _, _ in pieces])
    jump = next((one.jump for one in same if one.jump is not None), None)
    covered = sum(extent for _, _, extent in pieces) == total
    pieces = [(one, offset, extent) for one, (_, offset, extent) in zip(same, pieces, strict=True)]
    shape = [max(extents) for extents in zip(*[one.shape for one, _, _ in pieces], strict=True)]
    shape[dim] = total
    afford(prod(shape))
    lo, hi = np.empty(shape, np.int64), np.empty(shape, np.int64)
    if not covered:
        lo[...], hi[...] = NOWHERE, -NOWHERE
    for piece, offset, extent in pieces:
        place = (slice(None),) * dim + (slice(offset, offset + extent),)
        lo[place], hi[place] = piece.ends or (piece.lo, piece.hi)
    return leaner(Hull(lo, hi, jump))


def alike(pieces: Sequence[tuple[Hull, int, int]], dim: int, total: int) -> bool:
    """Whether all elements of pieces along ``dim`` read the same."""
    first = pieces[0][0]
    covered = sum(extent for _, _, extent in pieces) == total
    return (
        covered and first.period(dim) == 1 and all(one is first or _equal(one, first) for one, _, _ in pieces)
    )


def _equal(a: Hull, b: Hull) -> bool:
    if a.ends is not None and b.ends is not None:
        return a.jump == b.jump and a.ends == b.ends
    return (
        a.jump == b.jump
        and a.shape == b.shape
        and not (a.irregular or b.irregular)
        and np.array_equal(a.lo, b.lo)
        and np.array_equal(a.hi, b.hi)
    )


def _nowhere(hull: Hull, dim: int) -> Hull:
    shape = [1 if d == dim else n for d, n in enumerate(hull.lo.shape)]
    return Hull(np.full(shape, NOWHERE), np.full(shape, -NOWHERE), hull.jump)


def _whole(hull: Hull, dim: int) -> Hull:
    if hull.period(dim) == 1:
        return hull
    lo, hi = hull.lo, hull.hi
    if lo.size == hi.size == lo.shape[dim]:
        return one(int(np.minimum.reduce(lo, None)), int(np.maximum.reduce(hi, None)), lo.ndim, hull.jump)
    return Hull(lo.min(axis=dim, keepdims=True), hi.max(axis=dim, keepdims=True), hull.jump)


def _prefix(hull: Hull, dim: int, reverse: bool) -> Hull:
    if hull.period(dim) == 1:
        return hull
    order = tuple([slice(None)] * dim + [slice(None, None, -1 if reverse else 1)])
    lo = np.minimum.accumulate(hull.lo[order], axis=dim)[order]
    hi = np.maximum.accumulate(hull.hi[order], axis=dim)[order]
    return Hull(lo, hi, hull.jump)


def _sets(hull: Hull, dim: int, reads: npt.NDArray[np.bool_]) -> Hull:
    if hull.period(dim) == 1:
        return _where(hull, dim, np.asarray(reads.any(axis=1)))
    afford(len(reads) * (hull.lo.size // hull.lo.shape[dim]))
    flags = reads.reshape((1,) * (hull.lo.ndim - 1) + reads.shape)  # each row becomes one element
    lo, hi = (np.moveaxis(side, dim, -1)[..., None, :] for side in (hull.lo, hull.hi))
    rows = contracted(Hull(lo, hi), flags, hull.lo.ndim)
    return Hull(np.moveaxis(rows.lo[..., 0], -1, dim), np.moveaxis(rows.hi[..., 0], -1, dim), hull.jump)
