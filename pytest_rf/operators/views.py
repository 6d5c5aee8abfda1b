"""Operators that move elements and compute nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from pytest_rf import access
from pytest_rf.access import SAME, Border, Relation
from pytest_rf.graph import Builder
from pytest_rf.operators import reads
from pytest_rf.operators.masking import zeroed
from pytest_rf.operators.pointwise import broadcast_read
from pytest_rf.operators.reads import Ends, all_of, indexed
from pytest_rf.value import Value


def along(b: Builder, x: Value, relations: Mapping[int, tuple[Relation, int]]) -> Value:
    """Return ``x`` read by a relation on some axes: ``{axis: (relation, output extent)}``."""
    shape = [relations[axis][1] if axis in relations else n for axis, n in enumerate(x.extents)]
    return b.union(shape, reads.along(x, {axis: relation for axis, (relation, _) in relations.items()}))


def transpose(b: Builder, x: Value, order: Sequence[int]) -> Value:
    """Return ``x`` with axis ``order[i]`` at place ``i``."""
    if list(order) == list(range(x.rank)):
        return x
    if not x.varies and x.has_data:
        shape = tuple(x.extents[axis] for axis in order)
        return b.constant(shape, lambda: None if x.data is None else x.data.transpose(order))
    y = b.union([x.extents[axis] for axis in order], indexed(x, *map(order.index, range(x.rank))))
    return b.with_constants_of(y, x, lambda mask: mask.transpose(order))


def take_axis(b: Builder, x: Value, axis: int, index: int) -> Value:
    """Return the elements at one index of an axis; the axis ends."""
    before, after = x.extents[:axis], x.extents[axis + 1 :]
    own = indexed(x, *range(axis), Ends(access.progression(index)), *range(axis, x.rank - 1))
    return b.with_constants_of(
        b.union([*before, *after], own), x, lambda mask: np.asarray(mask.take(index, axis=axis))
    )


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


def pads(
    b: Builder,
    x: Value,
    amounts: dict[int, tuple[int, int]],
    border: Border = "drop",
    fill: Value | None = None,
) -> Value:
    """Return ``x`` padded: ``{axis: (before, after)}``; negative amounts crop, what is padded reads ``fill``."""
    if border == "wrap":  # what is cropped is gone before the rest goes round
        x = pads(b, x, {axis: (min(before, 0), min(after, 0)) for axis, (before, after) in amounts.items()})
        amounts = {axis: (max(before, 0), max(after, 0)) for axis, (before, after) in amounts.items()}
    wanted = {
        axis: (access.pad(before, border), x.extents[axis] + before + after)
        for axis, (before, after) in amounts.items()
        if before or after
    }
    y = along(b, x, wanted) if wanted else x
    if fill is None or not fill.varies:
        return y
    found = [reads.along(y)]
    for axis, (before, after) in amounts.items():
        outside = np.ones(y.extents[axis], np.bool_)
        outside[max(before, 0) : max(y.extents[axis] - max(after, 0), 0)] = False
        if outside.any():
            line = outside.reshape([-1 if d == axis else 1 for d in range(x.rank)])
            found.append(all_of(fill, Ends(SAME))._replace(where=line))
    return b.union(y.extents, *found)


def stack(b: Builder, parts: Sequence[Value], axis: int) -> Value:
    """Return the parts along a new axis."""
    widened = [b.reshape(x, [*x.extents[:axis], 1, *x.extents[axis:]]) for x in parts]
    return b.join(widened, axis)


def split(b: Builder, x: Value, sizes: Sequence[int], axis: int) -> tuple[Value, ...]:
    """Return consecutive parts of ``sizes`` along ``axis``."""
    starts = np.cumsum([0, *sizes]).tolist()
    return tuple(slices(b, x, {axis: (start, 1, size)}) for start, size in zip(starts, sizes, strict=False))


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


def depth_to_space(b: Builder, x: Value, size: int, blocks_first: bool = False) -> Value:
    """Return (..., C, H, W) with blocks of channels as ``size × size`` positions of a pixel.

    The channels of a pixel follow one another, unless those of a block do (``blocks_first``, "DCR").
    """
    *lead, c, h, w = x.extents
    n, deep = len(lead), c // size**2
    parts = [size, size, deep] if blocks_first else [deep, size, size]
    inner = (n + 2, n + 3, n, n + 4, n + 1) if blocks_first else (n, n + 3, n + 1, n + 4, n + 2)
    return shuffle(b, x, [*lead, *parts, h, w], [*range(n), *inner], [*lead, deep, h * size, w * size])


def space_to_depth(b: Builder, x: Value, size: int, blocks_first: bool = False) -> Value:
    """Return (..., C, H, W) with the positions of ``size × size`` blocks as channels: ``depth_to_space`` backwards."""
    *lead, c, h, w = x.extents
    n, (high, wide) = len(lead), (h // size, w // size)
    inner = (n + 2, n + 4, n, n + 1, n + 3) if blocks_first else (n, n + 2, n + 4, n + 1, n + 3)
    parts = [*lead, c, high, size, wide, size]
    return shuffle(b, x, parts, [*range(n), *inner], [*lead, c * size**2, high, wide])


def roll(b: Builder, x: Value, shifts: dict[int, int]) -> Value:
    """Return ``x`` moved cyclically: element ``i`` reads ``i - shift``."""
    relations: dict[int, tuple[Relation, int]] = {}
    for axis, shift in shifts.items():
        extent = x.extents[axis]
        if extent and shift % extent:
            relations[axis] = (_rolled(extent, shift % extent), extent)
    return along(b, x, relations) if relations else x


_ROLLED: WeakValueDictionary[tuple[int, int], access.Table] = WeakValueDictionary()
"""Extent and shift -> the roll: what blocks have in common is told by its being one object."""


def _rolled(extent: int, shift: int) -> access.Table:
    known = _ROLLED.get((extent, shift))
    if known is None:
        places = (np.arange(extent) - shift) % extent
        places.flags.writeable = False
        known = _ROLLED[extent, shift] = access.Table(places)
    return known


def by_index(b: Builder, x: Value, move: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]]) -> Value:
    """Return a view that is described by running it on the array of flat element numbers.

    For views of any other form (as_strided): element ``i`` of the result is ``x``'s element ``move(...)[i]``.
    """
    places = move(np.arange(prod(x.extents), dtype=np.int64).reshape(x.extents))
    flat = b.reshape(x, [prod(x.extents)])
    return b.reshape(along(b, flat, {0: (access.indices(places), places.size)}), places.shape)


def triangle(b: Builder, x: Value, shift: int, upper: bool) -> Value:
    """Return ``x`` (..., rows, columns) with 0 on one side of a diagonal, which lies ``shift`` above the main one."""
    rows, columns = x.extents[-2:]
    inside = np.ones((rows, columns), np.bool_)
    shift = min(max(shift, -rows - 1), columns + 1)
    kept = np.triu(inside, shift) if upper else np.tril(inside, shift)
    return zeroed(b, x, ~kept.reshape(*[1] * (x.rank - 2), rows, columns))
