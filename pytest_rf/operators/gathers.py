"""Picking elements: those at constant places are read exactly, those at places that data gives as whole axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf import access
from pytest_rf.access import ANYWHERE
from pytest_rf.graph import Builder
from pytest_rf.operators import views
from pytest_rf.operators.pointwise import broadcast_read, broadcast_shape
from pytest_rf.operators.reads import ENDS, Ends, along, indexed
from pytest_rf.value import Shape, Value

MOST_SLICES = 1 << 10
"""Windows with more elements are not taken apart into slices."""

Places = npt.NDArray[np.int64] | Value
"""Where to pick or to write: numbers that are counted from the front, or the tensor that gives them in a run."""


def gather(b: Builder, x: Value, axis: int, places: Places) -> Value:
    """Return the elements at some places of ``axis``, which is replaced by the axes of ``places``; -1 reads nothing."""
    if isinstance(places, Value):
        rank = places.rank
        picked = (axis, ANYWHERE) if rank else Ends(ANYWHERE)
        own = indexed(x, *range(axis), picked, *range(axis + rank, x.rank + rank - 1))
        shape = [*x.extents[:axis], *places.extents, *x.extents[axis + 1 :]]
        return b.union(shape, own, indexed(places, *range(axis, axis + rank)))
    if places.ndim == 0:
        return views.take_axis(b, x, axis, int(places))
    windows = _windows(places)
    if windows is not None:
        across, parts = windows
        return views.stack(b, [views.slices(b, x, {axis: part}) for part in parts], axis + across)
    line = places.reshape(-1)
    flat = views.along(b, x, {axis: (access.repeating(line), line.size)})
    if (line >= 0).all():
        flat = b.with_constants_of(flat, x, lambda mask: mask.take(line, axis=axis))
    return b.reshape(flat, [*x.extents[:axis], *places.shape, *x.extents[axis + 1 :]])


def _windows(places: npt.NDArray[np.int64]) -> tuple[int, list[tuple[int, int, int]]] | None:
    """Return a table of places as windows that lie at equal distances; None where it is none, or a plain reshape.

    So frames are written that are taken apart by indices, and so exporters write every unfold.

    Returns:
        The axis of the table along which one window lies, the shorter one; for each of its elements the start, step and
        number of the slice that all windows have of it.
    """
    if places.ndim != 2 or 1 in places.shape or not places.size or places.min() < 0:
        return None
    steps = [int(places[1, 0] - places[0, 0]), int(places[0, 1] - places[0, 0])]
    line = [np.arange(count) * step for count, step in zip(places.shape, steps, strict=True)]
    if 0 in steps or steps[0] == places.shape[1] * steps[1]:
        return None
    if not (places == places[0, 0] + np.add.outer(*line)).all():
        return None
    reach = [abs(int(one[-1])) for one in line]
    across = int(reach[1] < reach[0])
    if reach[0] == reach[1] or places.shape[across] > MOST_SLICES:
        return None
    return across, [
        (int(places[0, 0] + at), steps[1 - across], places.shape[1 - across]) for at in line[across]
    ]


def gather_elements(b: Builder, x: Value, axis: int, places: Places) -> Value:
    """Return for each of ``places`` the element at that place of ``axis``, and at its own of the others."""
    shape = places.extents if isinstance(places, Value) else places.shape
    cut = {d: (0, 1, n) for d, n in enumerate(shape) if d != axis}
    if isinstance(places, Value):
        return b.union(shape, along(views.slices(b, x, cut), {axis: ANYWHERE}), along(places))
    line = np.moveaxis(places, axis, 0).reshape(shape[axis], -1)
    if line.size and (line == line[:, :1]).all():  # one for all: a plain gather
        return gather(b, views.slices(b, x, cut), axis, line[:, 0])
    own = tuple(slice(0, n) if d != axis else slice(None) for d, n in enumerate(shape))
    return views.by_index(b, x, lambda flat: np.take_along_axis(flat[own], places, axis))


def gather_tuples(b: Builder, x: Value, batch: int, places: Places) -> Value:
    """Return rows that tuples (batch..., lead..., count) name by the ``count`` axes that follow ``batch`` of them."""
    *lead, count = places.extents if isinstance(places, Value) else places.shape
    indexed_axes, rest = x.extents[batch : batch + count], x.extents[batch + count :]
    if isinstance(places, Value):
        alone = count == 1 and len(lead) == batch + 1
        picked = [(batch, ANYWHERE) if alone else Ends(ANYWHERE)] * count
        own = indexed(x, *range(batch), *picked, *range(len(lead), len(lead) + len(rest)))
        return b.union([*lead, *rest], own, indexed(places, *range(len(lead)), ENDS))
    rows = rows_of(places, x.extents[:batch], indexed_axes)
    flat = b.reshape(x, [prod(x.extents[: batch + count]), *rest])
    return gather(b, flat, 0, rows.reshape(lead))


def rows_of(places: npt.NDArray[np.int64], batch: Shape, extents: Shape) -> npt.NDArray[np.int64]:
    """Return the numbers of the rows, in row-major order, that tuples (batch..., lead..., axes) of places name."""
    rows = (places * np.cumprod([1, *extents[:0:-1]])[::-1]).sum(axis=-1)
    if batch:
        number = np.arange(prod(batch)).reshape(*batch, *[1] * (rows.ndim - len(batch)))
        rows = rows + number * prod(extents)
    return np.asarray(rows, np.int64).reshape(-1)


def index_anywhere(b: Builder, x: Value, places: Mapping[int, Value], shape: Sequence[int]) -> Value:
    """Return ``x[i, :, j]`` by tensors that data fills, axis by axis, as numpy places their common axes."""
    common = broadcast_shape([value.extents for value in places.values()])
    axes = sorted(places)
    adjacent = axes == list(range(axes[0], axes[-1] + 1))
    first = axes[0] if adjacent else 0
    rest = iter([d for d in range(len(shape)) if not first <= d < first + len(common)])
    own = indexed(x, *(Ends(ANYWHERE) if axis in places else next(rest) for axis in range(x.rank)))
    behind = len(shape) - first - len(common)
    steer = [b.reshape(value, [*value.extents, *[1] * behind]) for value in places.values()]
    return b.union(shape, own, *(broadcast_read(value, shape) for value in steer))


def reverse_sequences(b: Builder, x: Value, time: int, lengths: Places) -> Value:
    """Return ``x`` with the first steps of each sample backwards; time and samples are its first two axes."""
    steps = x.extents[time]
    if isinstance(lengths, Value):
        return b.union(x.extents, along(x, {time: ANYWHERE}), indexed(lengths, 1 - time))
    line = np.arange(steps)[:, None]
    rows = np.where(line < lengths, lengths - 1 - line, line)
    if len(set(lengths.tolist())) == 1:
        return gather(b, x, time, rows[:, 0])
    samples = np.arange(lengths.size)
    rows = rows * lengths.size + samples if time == 0 else (rows + samples * steps).T
    flat = b.reshape(x, [rows.size, *x.extents[2:]])
    return b.reshape(gather(b, flat, 0, rows.reshape(-1)), x.extents)
