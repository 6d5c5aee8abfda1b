"""Quantisation: scales and zero points of a tensor, of the places along an axis, of blocks, or of all that it holds."""

from __future__ import annotations

from pytest_rf.access import Taps
from pytest_rf.graph import Builder
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.reductions import normalise, reduce
from pytest_rf.operators.views import along
from pytest_rf.value import Value


def scaled(b: Builder, x: Value, axis: int, *parameters: Value, block: int = 0) -> Value:
    """Return ``x`` with scales and zero points: one for all, one for each place of ``axis``, or for each block there.

    Raises:
        ValueError: they do not fit.
    """
    return pointwise(b, x, *(_laid(b, x, axis, value, block) for value in parameters if value.varies))


def _laid(b: Builder, x: Value, axis: int, value: Value, block: int) -> Value:
    """Return parameters so that they broadcast."""
    if value.extents in ((), (1,)):
        return b.reshape(value, [])
    extent = x.extents[axis]
    if value.rank == 1:
        if value.extents[0] != extent:
            raise ValueError(f"{value.extents[0]} scales for extent {extent} of axis {axis}")
        return b.reshape(value, [extent, *[1] * (x.rank - 1 - axis)])
    if value.rank != x.rank or block < 1:
        raise ValueError(f"scales of shape {value.shape} do not fit {x.shape}")
    return along(b, value, {axis: (Taps(block, 1, ((0,),) * block, selects=True), extent)})


def by_range(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return ``x`` quantised by the least and the largest of its elements, and a statistic of them."""
    return normalise(b, x, range(x.rank)), reduce(b, x, range(x.rank), keep=False)
