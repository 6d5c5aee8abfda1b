"""What every unit of a tensor reads along one input axis, as arrays of the tensor's shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis.field import Field
from pytest_rf.analysis.profile import profile
from pytest_rf.domains.hull import LIMIT, Hull
from pytest_rf.domains.layout import Key, carried, places
from pytest_rf.domains.stretched import is_mirrored, made
from pytest_rf.domains.unions import pieces, settled, together
from pytest_rf.errors import ModelError
from pytest_rf.limits import afford

_MOST_ELEMENTS = 1 << 59
"""Larger arrays have no place, even if all their elements are one."""

Bounds = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""First and last position that each unit reads; the first after the last where it reads nothing."""


def positions(field: Field, key: Key, shape: Sequence[int]) -> Bounds:
    """Return lo and hi of every element of a tensor of ``shape``, read-only; 0 and -1 where nothing is read.

    Raises:
        ModelError: an array of the shape cannot be.
    """
    if prod(shape) > _MOST_ELEMENTS:
        raise ModelError(
            f"a tensor of {prod(shape)} elements is more than an array can index; ask for its figures"
        )
    hull = field.hulls.get(key)
    if hull is None or 0 in shape:
        lo, hi = np.broadcast_to(np.int64(0), shape), np.broadcast_to(np.int64(-1), shape)
    else:
        hull = settled(hull)
        full = [factor.extent for axis in field.layout for factor in axis]
        grid: list[int] = []
        flat: list[int] = []
        place = 0
        for axis, extent in zip(field.layout, shape, strict=True):
            varies = any(hull.lo.shape[place + i] > 1 for i in range(len(axis)))
            grid += full[place : place + len(axis)] if varies else [1] * len(axis)
            flat.append(extent if varies else 1)
            place += len(axis)
        afford(prod(grid))
        low, high = hull.lo, hull.hi
        marks = low >= LIMIT
        if marks.any():
            low, high = np.where(marks, 0, low), np.where(marks, -1, high)
        lo, hi = np.broadcast_to(low, grid).reshape(flat), np.broadcast_to(high, grid).reshape(flat)
        lo, hi = np.broadcast_to(lo, shape), np.broadcast_to(hi, shape)
    return lo, hi


def endless(field: Field, key: Key, unit: Sequence[int | None]) -> tuple[int, int] | None:
    """Return the first and the last position that a unit reads where the input goes on beyond its borders.

    Args:
        field: the field in theory.
        key: the input axis.
        unit: along each axis of the tensor the unit's place; None for all.

    Returns:
        None where there is no such interval: the unit reads all of the axis, or nothing, or its positions lie on none
        or on several axes of the tensor.
    """
    own = profile(field, key)
    ours = [place for place, axis in zip(unit, field.layout, strict=True) if key in carried((axis,))]
    if own is None or len(ours) != 1 or ours[0] is None:
        return None
    low, high = own.at(ours[0])
    return (int(low), int(high)) if math.isfinite(low) and math.isfinite(high) and low <= high else None


def span(field: Field, key: Key) -> tuple[int, int] | None:
    """Return the first and the last position that any unit of a field reads; None where none reads anything."""
    hull = field.hulls.get(key)
    if hull is None:
        return None
    hull = settled(together(hull, range(hull.lo.ndim)))
    return (int(hull.lo.item()), int(hull.hi.item())) if hull.lo.item() < LIMIT else None


def symmetric(field: Field, key: Key, extent: int) -> bool | None:
    """Return whether the units are mirror images of each other: ``lo(i) = extent - 1 - hi(m - 1 - i)`` of all m.

    Units are mirrored along the one axis of the tensor that has the positions of the input axis; what differs along
    other axes (channels, positions of other input axes) stays where it is.

    Args:
        field: the field on the actual input.
        key: the input axis.
        extent: its extent.

    Returns:
        None where several axes of the tensor have positions of the input axis.
    """
    hull = field.kept(key)
    if hull is None:
        return True
    numbers = [n for n, axis in enumerate(field.layout) if any(key in factor.carries for factor in axis)]
    if len(numbers) > 1:  # the inner parts of blocks (windows, channels) stay where their block goes
        numbers = [n for n in numbers if any(key in factor.leads for factor in field.layout[n])]
        if len(numbers) != 1:
            return None
    dims: tuple[int, ...] = ()
    for number in numbers:
        start = sum(map(len, field.layout[:number]))
        dims = tuple(start + place for place in places(field.layout[number], key))
    if hull.stretch is not None:
        if dims == (hull.stretch.dim,):
            return is_mirrored(hull, extent)
        hull = made(hull)
    if hull.is_put_off:
        if all(one.where is None and _mirrored(one, dims, extent) for one in pieces(hull)):
            return True
        hull = settled(hull)
    return _mirrored(hull, dims, extent)


def _mirrored(hull: Hull, dims: tuple[int, ...], extent: int) -> bool:
    flip = tuple([slice(None, None, -1) if dim in dims else slice(None) for dim in range(hull.lo.ndim)])
    mirrored = (extent - 1) - hull.hi[flip]
    if bool((hull.lo == mirrored).all()):
        return True
    nothing = hull.lo >= LIMIT
    return np.array_equal(nothing, nothing[flip]) and bool(((hull.lo == mirrored) | nothing).all())
