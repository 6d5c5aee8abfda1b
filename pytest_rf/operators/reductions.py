"""Reductions to statistics, and the normalisations that apply them."""

from __future__ import annotations

from collections.abc import Collection
from math import prod

import numpy as np

from pytest_rf.access import Prefix, window
from pytest_rf.graph import Builder
from pytest_rf.operators.masking import masked
from pytest_rf.operators.pointwise import broadcast_read, per_channel, pointwise
from pytest_rf.operators.reads import ENDS, along, indexed
from pytest_rf.operators.sparsity import narrow
from pytest_rf.value import Value


def reduce(b: Builder, x: Value, axes: Collection[int], keep: bool = True) -> Value:
    """Return a statistic (mean, maximum, norm, count) over ``axes``; they stay with extent 1 if ``keep``."""
    rest = [axis for axis in range(x.rank) if axis not in axes]
    shape = [n if axis in rest else 1 for axis, n in enumerate(x.extents) if keep or axis in rest]
    place = {axis: axis if keep else number for number, axis in enumerate(rest)}
    return b.union(shape, indexed(x, *(place.get(axis, ENDS) for axis in range(x.rank)), statistic=True))


def normalise(b: Builder, x: Value, axes: Collection[int], *parameters: Value) -> Value:
    """Return ``x`` scaled and shifted by statistics over ``axes`` (layer norm, softmax denominators)."""
    computed = [value for value in parameters if value.varies]
    if not axes or not x.varies:
        return pointwise(b, x, *computed)
    statistic = reduce(b, x, axes)
    return b.union(x.extents, *(broadcast_read(v, x.extents) for v in (x, statistic, *computed)))


def normalise_channels(b: Builder, x: Value, axes: Collection[int], *parameters: Value) -> Value:
    """Return ``x`` (N, C, ...) normalised over ``axes``, with parameters for each channel."""
    return normalise(b, x, axes, *(per_channel(b, value, x.rank) for value in parameters if value.varies))


def softmax(b: Builder, x: Value, axes: Collection[int], logarithm: bool = False) -> Value:
    """Return the softmax of ``x``: a score and its denominator; of a masked score it is 0, whatever else.

    Unless all are masked: then they are NaN, or, where the least finite number is the mask, all the same.
    """
    x = _scores(b, x, axes)
    if x.masked is None:
        return normalise(b, x, axes)
    reads = [broadcast_read(v, x.extents) for v in (x, reduce(b, x, axes))]
    hidden = narrow(np.broadcast_to(x.masked, x.extents))
    alive = ~hidden
    # The softmax of a single score is 1, whatever the score is.
    shared = prod([x.extents[axis] for axis in axes if hidden.shape[axis] == 1])
    count = shared * alive.sum(axis=tuple(axes), keepdims=True)
    alive = alive & (count > 1)
    y = b.union(x.extents, *(one._replace(where=alive) for one in reads))
    if logarithm:
        y.masked = x.masked
    elif not (x.low and x.finite):
        y.zero = hidden & (count > 0)
    else:
        _note_low(b)
    return y


def _scores(b: Builder, x: Value, axes: Collection[int]) -> Value:
    """Return scores without those that a large negative constant masks; where it masks all, it masks none.

    Where data can mask what it lets through, what it masks weighs as much as the rest, so that nothing is certain.
    """
    if x.faint is None:
        return x
    faint = narrow(np.broadcast_to(x.faint, x.extents))  # the same for all heads, it stays as small as it is
    hidden = faint & ~faint.all(axis=tuple(axes), keepdims=True)
    if not hidden.any():
        return x
    if x.low:
        _note_low(b)
        return x
    b.count_masks(x.faints)
    return masked(b, x, hidden)


def _note_low(b: Builder) -> None:
    note = (
        f"{b.node.op} {b.node.name!r}: a mask that is computed can hide all that a constant one lets through, and then "
        "what the constant one hides weighs as much (a row of padding): it counts as read; give the computed mask as a "
        "constant (values), or mask with -inf"
    )
    if note not in b.graph.notes:
        b.graph.notes.append(note)


def group_normalise(b: Builder, x: Value, groups: int, *parameters: Value) -> Value:
    """Return ``x`` (N, C, ...) normalised over each of ``groups`` groups of channels and all positions.

    A parameter has an element for each channel, or for each group.
    """
    parts = _grouped(b, x, groups)
    own = [value for value in parameters if value.extents == (groups,) != (x.extents[1],)]
    normed = normalise_channels(b, parts, range(2, parts.rank), *own)
    shared = [value for value in parameters if value not in own]
    return normalise_channels(b, b.reshape(normed, x.extents), (), *shared)


def group_statistic(b: Builder, x: Value, groups: int) -> Value:
    """Return the statistic of each group of channels of ``x``, (N, groups)."""
    return reduce(b, _grouped(b, x, groups), range(2, x.rank + 1), keep=False)


def _grouped(b: Builder, x: Value, groups: int) -> Value:
    n, c, *rest = x.extents
    return b.reshape(x, [n, groups, c // groups, *rest])


def accumulate(b: Builder, x: Value, axis: int, reverse: bool = False) -> Value:
    """Return a cumulative function along ``axis``: each element reads all before it."""
    return b.union(x.extents, along(x, {axis: Prefix(reverse)}))


def normalise_locally(b: Builder, x: Value, axis: int, size: int, before: int) -> Value:
    """Return ``x`` over a statistic of ``size`` neighbours along ``axis``, ``before`` of which stand before it."""
    return b.union(x.extents, along(x, {axis: window(size, pad=before)._replace(selects=True)}))


def differences(b: Builder, x: Value, axis: int, order: int) -> Value:
    """Return differences of ``order`` between elements that follow each other along ``axis``."""
    shape = [n - order * (place == axis) for place, n in enumerate(x.extents)]
    return b.union(shape, along(x, {axis: window(order + 1)}))
