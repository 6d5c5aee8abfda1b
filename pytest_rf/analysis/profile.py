"""The profile of a field: what the places of a tensor read, one after the other, as intervals."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor, gcd, isfinite, lcm, prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis.field import Field
from pytest_rf.analysis.steps import Steps
from pytest_rf.domains.hull import CUT, ENDLESS, Hull
from pytest_rf.domains.layout import Axis, Key, is_interleaved, places
from pytest_rf.domains.unions import settled, together
from pytest_rf.limits import afford

Places = npt.NDArray[np.int64]

PIECE = 1 << 16
"""So many places of a long axis are looked at together."""
Line = npt.NDArray[np.float64] | npt.NDArray[np.int64]


class Profile(NamedTuple):
    """Intervals along the tensor axis that carries the positions of one input axis.

    Place ``i`` reads ``lo[i mod p] + jump·⌊i/p⌋`` to ``hi[...] + jump·⌊i/p⌋``, where ``p`` is the length
    of the arrays. Infinite bounds are ±inf; a place that reads nothing has ``lo = inf``, ``hi = -inf``.
    Where neither comes up the arrays may be of whole numbers.
    """

    lo: Line
    hi: Line
    jump: int

    def pieces(self) -> Iterator[tuple[Places, npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
        """Yield places with what they read, so many at a time that long axes take no room of their own."""
        for first in range(0, len(self.lo), PIECE):
            piece = slice(first, first + PIECE)
            lo, hi = (side[piece].astype(np.float64, copy=False) for side in (self.lo, self.hi))
            yield np.arange(first, first + len(lo)), lo, hi

    @property
    def stride(self) -> Fraction:
        """Input positions per place; 0 where the field does not move."""
        return Fraction(abs(self.jump), len(self.lo))

    def at(self, place: int) -> tuple[float, float]:
        """Return the interval of any place."""
        rounds, phase = divmod(place, len(self.lo))
        return float(self.lo[phase] + self.jump * rounds), float(self.hi[phase] + self.jump * rounds)

    def lookahead(self, steps: Steps) -> Fraction | float:
        """Return how far a step reads ahead of the last position that it stands for, at the most."""
        ahead = [(hi * steps.scale - steps.ends(at)).max(initial=-np.inf) for at, _, hi in self.pieces()]
        return scaled(max(ahead, default=-np.inf), steps.scale)

    def lookback(self, steps: Steps) -> Fraction | float:
        """Return how far a step reads back from the first position that it stands for, at the most."""
        back = [(steps.begins(at) - lo * steps.scale).max(initial=-np.inf) for at, lo, _ in self.pieces()]
        return scaled(max(back, default=-np.inf), steps.scale)

    def unended(self, extent: int, ahead: bool) -> Profile:
        """Return the profile without the places whose reading the border of an input ends, ahead of them or back."""
        if ahead:
            return self._replace(hi=np.where(self.hi >= extent - 1, -np.inf, self.hi))
        return self._replace(lo=np.where(self.lo <= 0, np.inf, self.lo))

    def waiting(self, chunk: int, first: int) -> Profile:
        """Return the profile of what has come in when a place is answered, a chunk at a time.

        Args:
            chunk: the extent of a chunk.
            first: the last position of the first one; those of the others follow every ``chunk``.

        Raises:
            ModelError: chunks and places repeat together only after more places than are looked at.
        """
        times = chunk // gcd(chunk, abs(self.jump)) if self.jump else 1
        afford(len(self.lo) * times)
        turns = np.repeat(np.arange(times) * self.jump, len(self.lo))
        lo, hi = (np.tile(side.astype(np.float64), times) + turns for side in (self.lo, self.hi))
        return Profile(lo, first + np.ceil((hi - first) / chunk) * chunk, self.jump * times)

    def is_even(self, stride: Fraction) -> bool:
        """Whether the places of an axis with borders move by one stride, or all read the same."""
        moved = self.lo - self.lo[:1]
        even = np.arange(len(self.lo)) * stride.numerator // stride.denominator
        return bool((moved == 0).all() or (moved == even).all())

    def halo(self, align: int, least: float = 0.0) -> tuple[float, float]:
        """Return the largest reach out of a tile whose borders lie on multiples of ``align``, or ``least``.

        The largest over all borders and all phases: borders repeat against the phases after
        ``lcm(align, jump)`` input positions.
        """
        before = after = least
        stride = self.stride
        if not stride:
            return before, after
        for border in range(0, lcm(align, abs(self.jump)), align):
            first, last = ceil(border / stride), floor(border / stride) - 1
            for step in range(len(self.lo)):
                before = max(before, border - self.at(first + step)[0])
                after = max(after, self.at(last - step)[1] - (border - 1))
        return before, after

    def halo_within(self, align: int, steps: Steps, extent: int, least: float = 0.0) -> tuple[float, float]:
        """Return the same along an axis with borders, of which the line holds all places.

        A step belongs to the tile in which the first position lies that it stands for.
        """
        # What any step from a border on, or up to it, reads; most fields move forward as they are.
        lowest, highest = self.lo, self.hi
        if (lowest[1:] < lowest[:-1]).any():
            lowest = np.minimum.accumulate(lowest[::-1])[::-1]
        if (highest[1:] < highest[:-1]).any():
            highest = np.maximum.accumulate(highest)
        before = after = least
        for begin in range(align, extent, align * PIECE):
            borders = np.arange(begin, min(begin + align * PIECE, extent), align)
            first = steps.from_on(borders).clip(0, len(lowest))
            on, up = first < len(lowest), first > 0
            before = max(before, float((borders[on] - lowest[first[on]]).max(initial=least)))
            after = max(after, float((highest[first[up] - 1] - (borders[up] - 1)).max(initial=least)))
        return before, after


def scaled(number: float, scale: int) -> Fraction | float:
    """Return what was measured times ``scale``."""
    return Fraction(int(number), scale) if isfinite(number) else float(number)


def profile(field: Field, key: Key, parts: bool = True, along: int | None = None) -> Profile | None:
    """Return the profile of a field towards an input axis; ``parts`` of positions are places too.

    ``along`` is the axis of the tensor that is looked at where positions lie along others as well, as windows that
    are cut along two axes at once and put together again have them.

    None where the positions lie along no axis of the tensor, or along several (the pairs of an
    attention matrix), or are interleaved with those of another input axis in no regular way.
    """
    hull = field.hulls.get(key)
    numbers = [n for n, axis in enumerate(field.layout) if any(key in factor.carries for factor in axis)]
    numbers = numbers if along is None else [along]
    if hull is None or hull.irregular or len(numbers) != 1:
        return None
    start = sum(map(len, field.layout[: numbers[0]]))
    axis = field.layout[numbers[0]]
    if along is None and any(
        key in f.carries and ((f.mixed and not f.within) or is_interleaved(f, key)) for f in axis
    ):
        return None
    own = [start + place for place in (places(axis, key, parts) if along is None else range(len(axis)))]
    if any(hull.moves(dim) for dim in range(hull.lo.ndim) if dim != own[0]):
        return None
    lo, hi = _reduced(hull, axis, start, own, key in field.endless)
    marked = lo.size and (lo.min() <= -ENDLESS or lo.max() >= CUT or hi.min() <= -CUT or hi.max() >= ENDLESS)
    if len(lo) > PIECE and not marked:
        return Profile(lo, hi, hull.moves(own[0]))
    low, high = lo.astype(np.float64), hi.astype(np.float64)
    if marked:
        low[lo >= CUT], low[lo <= -ENDLESS] = np.inf, -np.inf
        high[hi <= -CUT], high[hi >= ENDLESS] = -np.inf, np.inf
    return Profile(low, high, hull.moves(own[0]))


def _reduced(
    hull: Hull, axis: Axis, start: int, own: list[int], endless: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return lo and hi along the dimensions ``own`` alone, in row-major order."""
    hull = settled(together(hull, [dim for dim in range(hull.lo.ndim) if dim not in own]))
    outer = axis[own[0] - start]
    first = hull.period(own[0]) if endless and outer.leads else outer.extent
    shape = [1] * hull.lo.ndim
    for dim in own:
        shape[dim] = first if dim == own[0] else axis[dim - start].extent
    wide, count = tuple(shape), prod(shape)
    lo, hi = (
        (side if side.shape == wide else np.broadcast_to(side, wide)).reshape(count)
        for side in (hull.lo, hull.hi)
    )
    return lo, hi
