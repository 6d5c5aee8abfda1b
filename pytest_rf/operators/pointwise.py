"""Elementwise operators with broadcasting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pytest_rf.access import SAME, Read, unmoved
from pytest_rf.graph import Builder
from pytest_rf.operators.reads import ENDS, Ends, all_of, along, indexed
from pytest_rf.value import Shape, Value


def broadcast_shape(shapes: Sequence[Shape]) -> Shape:
    """Return the common shape of operands, as numpy broadcasts them.

    Raises:
        ValueError: two extents differ and neither is 1.
    """
    if shapes and all(shape == shapes[0] for shape in shapes):
        return shapes[0]
    rank = max(map(len, shapes), default=0)
    result = [1] * rank
    for shape in shapes:
        for place, extent in enumerate(shape, rank - len(shape)):
            if result[place] != extent:
                if result[place] != 1 and extent != 1:
                    raise ValueError(f"shapes {' and '.join(map(str, shapes))} do not broadcast")
                result[place] = extent if result[place] == 1 else result[place]
    return tuple(result)


def broadcast_read(x: Value, shape: Sequence[int]) -> Read:
    """Return the read of ``x`` by elements of a tensor of ``shape`` that it broadcasts to."""
    if x.shape == shape:
        return Read(x.number, unmoved(x.rank))
    own = list(enumerate(x.extents, len(shape) - x.rank))
    return indexed(x, *(place if extent == shape[place] else Ends(SAME) for place, extent in own))


def pointwise(b: Builder, *operands: Value) -> Value:
    """Return an elementwise function of the operands."""
    if len(operands) == 1 and operands[0].varies and operands[0].is_plain:
        return operands[0]
    shape = broadcast_shape([x.extents for x in operands])
    live = [x for x in operands if x.varies]
    if len(live) == 1 and live[0].shape == shape and live[0].is_plain:
        return live[0]
    return b.union(shape, *(broadcast_read(x, shape) for x in live))


def per_channel(b: Builder, x: Value, rank: int) -> Value:
    """Return a vector with one element per channel so that it broadcasts against (N, C, ...) of ``rank``."""
    return b.reshape(x, [*x.extents, *[1] * (rank - 2)]) if x.rank == 1 and rank > 1 else x


def expand(b: Builder, x: Value, shape: Sequence[int]) -> Value:
    """Return ``x`` broadcast to ``shape``."""
    if tuple(shape) == x.shape:
        return x
    if not x.varies and x.has_data:
        return b.constant(tuple(shape), lambda: None if x.data is None else np.broadcast_to(x.data, shape))
    y = b.union(shape, broadcast_read(x, shape))
    return b.with_constants_of(y, x, lambda mask: np.broadcast_to(mask, tuple(shape)))


def steered(b: Builder, y: Value, *others: Value, by_sample: bool = False) -> Value:
    """Return ``y``, every element of which reads all of every other value too.

    ``by_sample``: of those with as many samples, its own alone.
    """
    live = [_all(x, y.extents, by_sample) for x in others if x.varies]
    return b.union(y.extents, along(y), *live) if live else y


def mixture(b: Builder, shape: Sequence[int], *operands: Value) -> Value:
    """Return a tensor of ``shape`` of which a sample reads all of its own in the operands; and all of those without."""
    return b.union(shape, *(_all(x, shape, True) for x in operands))


def _all(x: Value, shape: Sequence[int], by_sample: bool) -> Read:
    own = by_sample and x.rank > 0 and len(shape) > 0 and x.extents[0] == shape[0]
    return indexed(x, 0, *[ENDS] * (x.rank - 1)) if own else all_of(x)
