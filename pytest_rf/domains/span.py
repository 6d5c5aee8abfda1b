"""The smallest and the largest field in a hull, also in one whose arrays are put off.

Of a union of lines the table of all pairs is not made. It is cut into blocks; for each of them the ends of the parts
say between which sizes all of its fields lie, and only blocks that could hold a smaller field than the smallest found
so far, or a larger one than the largest, are looked into.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.domains.hull import CUT, ENDLESS, NOWHERE, Hull, Positions
from pytest_rf.domains.unions import cut, pieces, settled, shape

BLOCK = 1 << 16
"""Fields that are looked at together; hulls with fewer are one block."""

Sizes = npt.NDArray[np.float64]


def sizes(one: Hull) -> tuple[float, float]:
    """Return the smallest and the largest field of all elements in one period: 0 where nothing is read, or infinite."""
    if not one.is_put_off or prod(shape(one)) <= BLOCK:
        return _ends(settled(one))
    blocks = _Blocks(one)
    smallest, largest = np.inf, -np.inf
    for place in np.argsort(blocks.least, axis=None, kind="stable"):
        if blocks.least.flat[place] >= smallest:
            break
        low, high = _ends(blocks.block(place))
        smallest, largest = min(smallest, low), max(largest, high)
    for place in np.argsort(-blocks.most, axis=None, kind="stable"):
        if blocks.most.flat[place] <= largest:
            break
        largest = max(largest, _ends(blocks.block(place))[1])
    return smallest, largest


def _ends(made: Hull) -> tuple[float, float]:
    if made.is_one:
        lo, hi = made.ends or (made.lo.item(), made.hi.item())
        only = 0.0 if max(lo, -hi) >= CUT else np.inf if lo == -ENDLESS or hi == ENDLESS else hi - lo + 1.0
        return only, only
    found = _sizes(made.lo, made.hi)
    return float(found.min()), float(found.max())


def _sizes(lo: Positions, hi: Positions) -> Sizes:
    """Return the sizes of fields; infinite ones are so whatever their other end is."""
    nothing = np.maximum(lo, -hi) >= CUT
    size = np.where(nothing, 0.0, (hi - lo + 1).astype(float))
    return np.where((lo == -ENDLESS) | (hi == ENDLESS), np.inf, size)


class _Blocks:
    """A hull that is put off, cut into blocks along all dimensions.

    Attributes:
        least: for each block, which none of its fields is smaller than.
        most: which none of them is larger than.
    """

    def __init__(self, one: Hull) -> None:
        self.one = one
        full = shape(one)
        self.edges = [np.arange(0, n, side) for n, side in zip(full, _sides(full), strict=True)]
        ends = [_Ends.of(part, self.edges) for part in pieces(one)]
        low = (
            _all_of(np.minimum, [one.low for one in ends]),
            _all_of(np.minimum, [one.low_most for one in ends]),
        )
        high = (
            _all_of(np.maximum, [one.high for one in ends]),
            _all_of(np.maximum, [one.high_least for one in ends]),
        )
        self.most = _sizes(low[0], high[0])
        # A block with an element that reads nothing has the field 0; others have at least one position.
        self.least = np.where((low[1] >= CUT) | (high[1] <= -CUT), 0.0, np.maximum(high[1] - low[1] + 1, 1))

    def block(self, number: int) -> Hull:
        """Return one block, made."""
        place = np.unravel_index(number, self.most.shape)
        places = [
            slice(edges[at], edges[at + 1] if at + 1 < len(edges) else None)
            for at, edges in zip(place, self.edges, strict=True)
        ]
        return settled(cut(self.one, places))


class _Ends(NamedTuple):
    """Of a part in each block the least and the largest first position, and the same of the last position."""

    low: Positions
    low_most: Positions
    high: Positions
    high_least: Positions

    @classmethod
    def of(cls, part: Hull, edges: Sequence[Positions]) -> _Ends:
        found = [
            _reduced(least, side, edges)
            for side, least in (
                (part.lo, np.minimum),
                (part.lo, np.maximum),
                (part.hi, np.maximum),
                (part.hi, np.minimum),
            )
        ]
        if part.where is None:
            return cls(*found)
        some, every = (_reduced(kind, part.where, edges) for kind in (np.logical_or, np.logical_and))
        marks = (some, NOWHERE), (every, NOWHERE), (some, -NOWHERE), (every, -NOWHERE)
        return cls(*[np.where(flags, side, mark) for side, (flags, mark) in zip(found, marks, strict=True)])


def _sides(shape: Sequence[int]) -> list[int]:
    """Return the sides of blocks: the longest dimension is halved until a block is small enough."""
    sides = list(shape)
    while prod(sides) > BLOCK:
        longest = max(range(len(sides)), key=sides.__getitem__)
        sides[longest] = -(-sides[longest] // 2)
    return sides


def _reduced(least: np.ufunc, array: npt.NDArray[Any], edges: Sequence[Positions]) -> npt.NDArray[Any]:
    for dim, first in enumerate(edges):
        if array.shape[dim] > 1 and len(first) < array.shape[dim]:
            array = least.reduceat(array, first, axis=dim)
    return array


def _all_of(least: np.ufunc, arrays: Sequence[Positions]) -> Positions:
    found = arrays[0]
    for array in arrays[1:]:
        found = least(found, array)
    return found
