"""Operators that move elements and compute nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf import access
from pytest_rf.access import ANYWHERE, SAME, Border, Read, Relation
from pytest_rf.graph import Builder, Value
from pytest_rf.operators.pointwise import broadcast_read


def along(b: Builder, x: Value, relations: Mapping[int, tuple[Relation, int]]) -> Value:
    """Return ``x`` read by a relation on some axes: ``{axis: (relation, output extent)}``."""
    shape = list(x.extents)
    axes: list[tuple[int | None, Relation]] = [(axis, SAME) for axis in range(x.rank)]
    for axis, (relation, extent) in relations.items():
        shape[axis], axes[axis] = extent, (axis, relation)
    return b.union(shape, Read(x.number, tuple(axes)))


def transpose(b: Builder, x: Value, order: Sequence[int]) -> Value:
    """Return ``x`` with axis ``order[i]`` at place ``i``."""
    places = {axis: place for place, axis in enumerate(order)}
    shape = [x.extents[axis] for axis in order]
    if list(order) == list(range(x.rank)):
        return x
    y = b.union(shape, Read(x.number, tuple((places[axis], SAME) for axis in range(x.rank))))
    return b.with_constants_of(y, x, lambda mask: mask.transpose(order))


def take_axis(b: Builder, x: Value, axis: int, index: int) -> Value:
    """Return the elements at one index of an axis; the axis ends."""
    axes: list[tuple[int | None, Relation]] = []
    for place in range(x.rank):
        if place == axis:
            axes.append((None, access.progression(index)))
        else:
            axes.append((place - (place > axis), SAME))
    return b.union([*x.extents[:axis], *x.extents[axis + 1 :]], Read(x.number, tuple(axes)))


def slices(b: Builder, x: Value, axes: dict[int, tuple[int, int, int]]) -> Value:
    """Return a slice: ``{axis: (start, step, extent)}``; start lies inside, a negative step flips."""
    wanted = {
        axis: (access.progression(start, step), extent)
        for axis, (start, step, extent) in axes.items()
        if (start, step, extent) != (0, 1, x.extents[axis])
    }
    if not wanted:
        return x

    def cut(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        for axis, (start, step, extent) in axes.items():
            mask = mask.take(start + step * np.arange(extent), axis=axis)
        return mask

    return b.with_constants_of(along(b, x, wanted), x, cut)


def pads(b: Builder, x: Value, amounts: dict[int, tuple[int, int]], border: Border = "drop") -> Value:
    """Return ``x`` padded: ``{axis: (before, after)}``; negative amounts crop."""
    if border == "wrap":  # what is cropped is gone before the rest goes round
        x = pads(b, x, {axis: (min(before, 0), min(after, 0)) for axis, (before, after) in amounts.items()})
        amounts = {axis: (max(before, 0), max(after, 0)) for axis, (before, after) in amounts.items()}
    wanted = {
        axis: (access.pad(before, border), x.extents[axis] + before + after)
        for axis, (before, after) in amounts.items()
        if before or after
    }
    return along(b, x, wanted) if wanted else x


def stack(b: Builder, parts: Sequence[Value], axis: int) -> Value:
    """Return the parts along a new axis."""
    widened = [b.reshape(x, [*x.extents[:axis], 1, *x.extents[axis:]]) for x in parts]
    return b.join(widened, axis)


def split(b: Builder, x: Value, sizes: Sequence[int], axis: int) -> tuple[Value, ...]:
    """Return consecutive parts of ``sizes`` along ``axis``."""
    starts = np.cumsum([0, *sizes]).tolist()
    return tuple(slices(b, x, {axis: (start, 1, size)}) for start, size in zip(starts, sizes, strict=False))


def gather(b: Builder, x: Value, axis: int, indices: npt.NDArray[np.int64]) -> Value:
    """Return the elements at constant ``indices`` (any shape, none negative) of ``axis``.

    The axis is replaced by the axes of ``indices``.
    """
    if indices.ndim == 0:
        return take_axis(b, x, axis, int(indices))
    flat = along(b, x, {axis: (access.indices(indices), indices.size)})
    return b.reshape(flat, [*x.extents[:axis], *indices.shape, *x.extents[axis + 1 :]])


def gather_anywhere(b: Builder, x: Value, axis: int, indices: Value) -> Value:
    """Return the elements of ``axis`` at indices that data decides: an upper bound."""
    rank = indices.rank
    shape = [*x.extents[:axis], *indices.extents, *x.extents[axis + 1 :]]
    own: list[tuple[int | None, Relation]] = []
    for place in range(x.rank):
        if place == axis:
            own.append((axis, ANYWHERE) if rank else (None, ANYWHERE))
        else:
            own.append((place if place < axis else place + rank - 1, SAME))
    steer = tuple((axis + place, SAME) for place in range(rank))
    return b.union(shape, Read(x.number, tuple(own)), Read(indices.number, steer))


def tile(b: Builder, x: Value, repeats: Sequence[int]) -> Value:
    """Return ``x`` repeated ``repeats[axis]`` times along each axis."""
    wide = [n for extent, times in zip(x.extents, repeats, strict=True) for n in (times, extent)]
    single = b.reshape(x, [n for extent in x.extents for n in (1, extent)])
    if single.shape == tuple(wide):
        return x
    grown = b.union(wide, broadcast_read(single, wide))
    return b.reshape(grown, [times * extent for extent, times in zip(x.extents, repeats, strict=True)])


def shuffle(
    b: Builder, x: Value, split_to: Sequence[int], order: Sequence[int], shape: Sequence[int]
) -> Value:
    """Return ``x`` reshaped, transposed by ``order`` and reshaped again: pixel and channel shuffles."""
    return b.reshape(transpose(b, b.reshape(x, split_to), order), shape)


def roll(b: Builder, x: Value, shifts: dict[int, int]) -> Value:
    """Return ``x`` moved cyclically: element ``i`` reads ``i - shift``."""
    relations: dict[int, tuple[Relation, int]] = {}
    for axis, shift in shifts.items():
        extent = x.extents[axis]
        if extent and shift % extent:
            relations[axis] = (access.Table((np.arange(extent) - shift) % extent), extent)
    return along(b, x, relations) if relations else x


def by_index(b: Builder, x: Value, move: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]]) -> Value:
    """Return a view that is described by running it on the array of flat element numbers.

    For views of any other form (as_strided): element ``i`` of the result is ``x``'s element ``move(...)[i]``.
    """
    places = move(np.arange(prod(x.extents), dtype=np.int64).reshape(x.extents))
    flat = b.reshape(x, [prod(x.extents)])
    return b.reshape(along(b, flat, {0: (access.indices(places), places.size)}), places.shape)
