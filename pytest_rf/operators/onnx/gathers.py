"""Operators of ONNX that pick elements by constant or computed indices."""

from __future__ import annotations

from math import prod

import numpy as np

from pytest_rf.operators import gathers
from pytest_rf.operators.gathers import Places
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.value import Undetermined, Value

MOST = 1 << 22
"""Tables of single elements with more entries are not looked at: what they hold counts as computed."""


def indices(call: NodeCall, index: int, *extents: int, most: int | None = None) -> Places:
    """Return constant indices counted from the front; the value itself where they are computed or not known.

    Args:
        call: the node.
        index: the input that holds them.
        extents: of the axis that they point into; of several axes if there is an index of each in the last axis.
        most: the largest number of elements that are looked at.
    """
    value = call.operand(index)
    if (most is not None and prod(value.extents) > most) or value.data is None:
        return value
    if value.data.dtype.kind not in "iu":
        call.fail(f"input {index} must hold whole numbers")
    places, limits = value.data.astype(np.int64), np.asarray(extents if len(extents) > 1 else extents[0])
    if places.size and not ((-limits <= places) & (places < limits)).all():
        call.fail(f"an index of input {index} is outside of extent {', '.join(map(str, extents))}")
    return np.where(places < 0, places + limits, places)


def gather(call: NodeCall) -> Value:
    """Gather: constant indices are read exactly, computed ones as the whole axis."""
    x = call.x
    if not x.rank:
        call.fail("the data is a scalar")
    axis = call.axis(call.integer("axis", 0), x.rank)
    return gathers.gather(call.b, x, axis, indices(call, 1, x.extents[axis]))


def elements(call: NodeCall) -> tuple[int, Places]:
    """Return the axis and the indices of GatherElements and ScatterElements: one for every element."""
    x, shape = call.x, call.operand(1).extents
    if not x.rank or len(shape) != x.rank:
        call.fail(f"indices {shape} do not fit data {x.shape}")
    axis = call.axis(call.integer("axis", 0), x.rank)
    if any(n > m for d, (n, m) in enumerate(zip(shape, x.extents, strict=True)) if d != axis):
        call.fail(f"indices {shape} reach beyond data {x.shape}")
    most = MOST if prod(x.extents) <= MOST else 0
    return axis, indices(call, 1, x.extents[axis], most=most)


def gather_elements(call: NodeCall) -> Value:
    """GatherElements: an index of one axis for every element of the output."""
    return gathers.gather_elements(call.b, call.x, *elements(call))


def gather_nd(call: NodeCall) -> Value:
    """GatherND: indices of several axes at once; the axes behind them are kept."""
    x, picked = call.x, call.operand(1)
    batch = call.integer("batch_dims", 0)
    if not x.rank or not picked.rank:
        call.fail("data and indices must have axes")
    count = picked.extents[-1]
    if not 0 <= batch < min(x.rank, picked.rank) or not 1 <= count <= x.rank - batch:
        call.fail(f"batch_dims {batch} and indices {picked.shape} do not fit data {x.shape}")
    if x.extents[:batch] != picked.extents[:batch]:
        call.fail(f"indices {picked.shape} and data {x.shape} differ in their first {batch} axes")
    places = indices(call, 1, *x.extents[batch : batch + count], most=MOST)
    return gathers.gather_tuples(call.b, x, batch, places)


def compress(call: NodeCall) -> Value:
    """Compress: the positions, or elements, at which a constant condition holds."""
    x, condition = call.x, call.operand(1)
    if condition.data is None:
        why = "is computed" if condition.varies else condition.missing or "has no known values"
        raise Undetermined(f"the condition of Compress {why}: data decides how many elements there are")
    if "axis" not in call.attributes:
        x, axis = call.b.reshape(x, [prod(x.extents)]), 0
    else:
        axis = call.axis(call.integer("axis", 0), x.rank)
    places = np.flatnonzero(condition.data)
    if places.size and places.max() >= x.extents[axis]:
        call.fail(f"the condition is longer than axis {axis} of extent {x.extents[axis]}")
    return gathers.gather(call.b, x, axis, places)


def reverse_sequence(call: NodeCall) -> Value:
    """ReverseSequence: the first steps of each sample backwards, as many as it has."""
    x, lengths = call.x, call.operand(1)
    time = call.axis(call.integer("time_axis", 0), x.rank)
    batch = call.axis(call.integer("batch_axis", 1), x.rank)
    if {time, batch} != {0, 1}:
        call.fail(f"time_axis {time} and batch_axis {batch} must be the first two axes")
    steps, samples = x.extents[time], x.extents[batch]
    if lengths.extents != (samples,):
        call.fail(f"sequence_lens {lengths.shape} do not fit {samples} samples")
    if lengths.data is None:
        return gathers.reverse_sequences(call.b, x, time, lengths)
    numbers = call.numbers(1)
    if not all(0 <= n <= steps for n in numbers):
        call.fail(f"sequence_lens {numbers} do not fit {steps} steps")
    return gathers.reverse_sequences(call.b, x, time, np.asarray(numbers, np.int64))


RULES: Rules = {
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "Compress": compress,
    "ReverseSequence": reverse_sequence,
}
