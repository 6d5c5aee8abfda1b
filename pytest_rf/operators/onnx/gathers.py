"""Operators of ONNX that pick elements by constant or computed indices."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf import access
from pytest_rf.access import ANYWHERE, SAME, WHOLE, Read, Relation
from pytest_rf.graph import Undetermined, Value
from pytest_rf.operators import views
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.pointwise import expand


def indices(call: NodeCall, index: int, extent: int) -> npt.NDArray[np.int64] | None:
    """Return constant indices counted from the front; None where they are computed or not known."""
    value = call.operand(index)
    if value.data is None:
        return None
    if value.data.dtype.kind not in "iu":
        call.fail(f"input {index} must hold whole numbers")
    places = value.data.astype(np.int64)
    if places.size and not (-extent <= places.min() and places.max() < extent):
        call.fail(f"an index is outside of an axis of extent {extent}")
    return np.where(places < 0, places + extent, places)


def steering(value: Value, axes: tuple[tuple[int | None, Relation], ...]) -> list[Read]:
    """Return the read of indices that are computed from the input."""
    return [Read(value.number, axes)] if value.varies else []


def gather(call: NodeCall) -> Value:
    """Gather: constant indices are read exactly, computed ones as the whole axis."""
    x, picked = call.x, call.operand(1)
    if not x.rank:
        call.fail("the data is a scalar")
    axis = call.axis(call.integer("axis", 0), x.rank)
    places = indices(call, 1, x.extents[axis])
    if places is not None:
        return views.gather(call.b, x, axis, places)
    if not x.varies:
        shape = (*x.extents[:axis], *picked.extents, *x.extents[axis + 1 :])
        placed = call.b.reshape(picked, [*[1] * axis, *picked.extents, *[1] * (x.rank - axis - 1)])
        return expand(call.b, placed, shape)
    return views.gather_anywhere(call.b, x, axis, picked)


def _below(extent: int, wanted: int) -> Relation:
    """The relation of an axis of which only the first ``wanted`` places are looked at."""
    return SAME if extent == wanted else access.progression(0)


def gather_elements(call: NodeCall) -> Value:
    """GatherElements: an index of one axis for every element of the output."""
    x, picked = call.x, call.operand(1)
    if not x.rank or picked.rank != x.rank:
        call.fail(f"indices {picked.shape} do not fit data {x.shape}")
    axis = call.axis(call.integer("axis", 0), x.rank)
    shape = picked.extents
    if any(n > m for d, (n, m) in enumerate(zip(shape, x.extents, strict=True)) if d != axis):
        call.fail(f"indices {shape} reach beyond data {x.shape}")
    places = indices(call, 1, x.extents[axis])
    if places is not None and _small(x, shape):
        line = np.moveaxis(places, axis, 0).reshape(shape[axis], -1)
        if line.size and (line == line[:, :1]).all():
            # One index for all elements at a place: a plain gather.
            cut = views.slices(call.b, x, {d: (0, 1, n) for d, n in enumerate(shape) if d != axis})
            return views.along(call.b, cut, {axis: (access.indices(line[:, 0]), shape[axis])})
        own = tuple(slice(0, n) if d != axis else slice(None) for d, n in enumerate(shape))
        return views.by_index(call.b, x, lambda flat: np.take_along_axis(flat[own], places, axis))
    axes = tuple((d, ANYWHERE if d == axis else _below(x.extents[d], shape[d])) for d in range(x.rank))
    reads = [Read(x.number, axes)] if x.varies else []
    return call.b.union(shape, *reads, *steering(picked, tuple((d, SAME) for d in range(x.rank))))


def _small(x: Value, shape: tuple[int, ...]) -> bool:
    return prod(x.extents) <= MOST and prod(shape) <= MOST


MOST = 1 << 22
"""Tables of single elements with more entries are not written out."""


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
    indexed, rest = x.extents[batch : batch + count], x.extents[batch + count :]
    shape = (*picked.extents[:-1], *rest)
    if picked.data is not None and prod(picked.extents) <= MOST:
        rows = flat_rows(call, 1, picked.data, x.extents[:batch], indexed)
        flat = call.b.reshape(x, [prod(x.extents[: batch + count]), *rest])
        taken = views.along(call.b, flat, {0: (access.indices(rows), rows.size)})
        return call.b.reshape(taken, shape)
    lead = picked.rank - 1
    alone = count == 1 and lead == batch + 1
    axes: list[tuple[int | None, Relation]] = [(d, SAME) for d in range(batch)]
    axes += [(batch if alone else None, ANYWHERE)] * count
    axes += [(lead + d, SAME) for d in range(len(rest))]
    reads = [Read(x.number, tuple(axes))] if x.varies else []
    steer: tuple[tuple[int | None, Relation], ...] = (*((d, SAME) for d in range(lead)), (None, WHOLE))
    return call.b.union(shape, *reads, *steering(picked, steer))


def flat_rows(
    call: NodeCall, index: int, data: npt.NDArray[np.int64], batch: tuple[int, ...], indexed: tuple[int, ...]
) -> npt.NDArray[np.int64]:
    """Return the numbers of the rows that index tuples (..., len(indexed)) name, batch axes first."""
    extents = np.asarray(indexed, np.int64)
    places = data.astype(np.int64)
    if places.size and not ((places >= -extents).all() and (places < extents).all()):
        call.fail(f"an index of input {index} is outside of axes of extents {list(indexed)}")
    places = np.where(places < 0, places + extents, places)
    strides = np.cumprod([1, *indexed[:0:-1]])[::-1]
    rows = (places * strides).sum(axis=-1)
    if batch:
        number = np.arange(prod(batch)).reshape(*batch, *[1] * (rows.ndim - len(batch)))
        rows = rows + number * prod(indexed)
    return np.asarray(rows, np.int64).reshape(-1)


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
    return views.along(call.b, x, {axis: (access.indices(places), places.size)})


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
        axes = tuple((d, ANYWHERE if d == time else SAME) for d in range(x.rank))
        reads = [Read(x.number, axes)] if x.varies else []
        return call.b.union(x.extents, *reads, *steering(lengths, ((batch, SAME),)))
    numbers = call.numbers(1)
    if not all(0 <= n <= steps for n in numbers):
        call.fail(f"sequence_lens {numbers} do not fit {steps} steps")
    if len(set(numbers)) == 1:
        line = np.arange(steps)
        line[: numbers[0]] = line[: numbers[0]][::-1].copy()
        return views.along(call.b, x, {time: (access.indices(line), steps)})
    rows = np.arange(steps * samples).reshape(x.extents[:2])
    for sample, n in enumerate(numbers):
        own = rows[:, sample] if time == 0 else rows[sample]
        own[:n] = own[:n][::-1].copy()
    flat = call.b.reshape(x, [steps * samples, *x.extents[2:]])
    moved = views.along(call.b, flat, {0: (access.indices(rows), rows.size)})
    return call.b.reshape(moved, x.extents)


RULES: Rules = {
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "Compress": compress,
    "ReverseSequence": reverse_sequence,
}
