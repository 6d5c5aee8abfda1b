"""Reductions to statistics, and the normalisations that apply them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from pytest_rf.access import SAME, WHOLE, Prefix, Read, Relation
from pytest_rf.graph import Builder, Value
from pytest_rf.operators.pointwise import broadcast_read, pointwise
from pytest_rf.operators.views import along


def reduce(b: Builder, x: Value, axes: Collection[int], keep: bool = True) -> Value:
    """Return a statistic (mean, maximum, norm, count) over ``axes``; they stay with extent 1 if ``keep``."""
    places: list[tuple[int | None, Relation]] = []
    shape: list[int] = []
    for axis, extent in enumerate(x.extents):
        if axis in axes:
            places.append((None, WHOLE))
            if keep:
                shape.append(1)
        else:
            places.append((len(shape), SAME))
            shape.append(extent)
    return b.union(shape, Read(x.number, tuple(places), statistic=True))


def normalise(b: Builder, x: Value, axes: Collection[int], *parameters: Value) -> Value:
    """Return ``x`` scaled and shifted by statistics over ``axes`` (layer norm, softmax denominators)."""
    if not axes or not x.varies:
        return pointwise(b, x, *parameters)
    statistic = reduce(b, x, axes)
    return b.union(
        x.extents, *(broadcast_read(v, x.extents) for v in (x, statistic, *parameters) if v.varies)
    )


def softmax(b: Builder, x: Value, axes: Collection[int], logarithm: bool = False) -> Value:
    """Return the softmax of ``x``: a score and its denominator; of a masked score it is 0, whatever else.

    Unless all are masked: then they are NaN, or, where the least finite number is the mask, all the same.
    """
    if x.masked is None:
        return normalise(b, x, axes)
    reads = [broadcast_read(v, x.extents) for v in (x, reduce(b, x, axes))]
    alive = ~np.broadcast_to(x.masked, x.extents)
    # The softmax of a single score is 1, whatever the score is.
    count = alive.sum(axis=tuple(axes), keepdims=True)
    alive = alive & (count > 1)
    y = b.union(x.extents, *(one._replace(where=alive) for one in reads))
    y.masked, y.zero = (x.masked, None) if logarithm else (None, x.masked & (count > 0))
    return y


def group_normalise(b: Builder, x: Value, groups: int, *parameters: Value) -> Value:
    """Return ``x`` (N, C, ...) normalised over each of ``groups`` groups of channels and all positions."""
    if not x.varies:
        return pointwise(b, x, *parameters)
    n, c, *rest = x.extents
    parts = b.reshape(x, [n, groups, c // groups, *rest])
    normed = normalise(b, parts, range(2, parts.rank))
    return pointwise(b, b.reshape(normed, x.extents), *parameters)


def accumulate(b: Builder, x: Value, axis: int, reverse: bool = False) -> Value:
    """Return a cumulative function along ``axis``: each element reads all before it."""
    return along(b, x, {axis: (Prefix(reverse), x.extents[axis])})
