"""The profile of a field on a long axis with borders, of which only the borders and a period are looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis.field import Field
from pytest_rf.analysis.profile import PIECE, Places, Profile, scaled
from pytest_rf.analysis.steps import Steps
from pytest_rf.domains import stretched
from pytest_rf.domains.hull import LIMIT, Hull
from pytest_rf.domains.layout import Key, is_interleaved, places

Sides = npt.NDArray[np.float64]


class LongProfile:
    """Intervals along the tensor axis that carries the positions of one input axis, of a stretched hull.

    It answers as the :class:`~pytest_rf.analysis.profile.Profile` of all places does: what is measured of a place and
    what it stands for goes on evenly from period to period, so it is largest in the first of them or in the last.
    """

    jump = 0
    stride = Fraction(0)

    def __init__(self, hull: Hull, written: Callable[[], Profile]) -> None:
        """Take a stretched hull, whose places between the borders all read something, and what makes the profile."""
        assert hull.stretch is not None
        self._hull, self._written = hull, written
        self._count, self._period = hull.stretch.extent, hull.stretch.period

    def lookahead(self, steps: Steps) -> Fraction | float:
        """Return how far a step reads ahead of the last position that it stands for, at the most."""
        at = self._telling(steps)
        _, hi = _reads(self._hull, at)
        return scaled((hi * steps.scale - steps.ends(at)).max(), steps.scale)

    def lookback(self, steps: Steps) -> Fraction | float:
        """Return how far a step reads back from the first position that it stands for, at the most."""
        at = self._telling(steps)
        lo, _ = _reads(self._hull, at)
        return scaled((steps.begins(at) - lo * steps.scale).max(), steps.scale)

    def waiting(self, chunk: int, first: int) -> Profile:
        """Return the profile of what has come in when a place is answered, a chunk at a time."""
        return self._written().waiting(chunk, first)

    def halo_within(self, align: int, steps: Steps, extent: int, least: float = 0.0) -> tuple[float, float]:
        """Return the largest reach out of a tile whose borders lie on multiples of ``align``, or ``least``."""
        borders = self._borders(align, steps, extent)
        if borders is None or self._reach is None:
            return self._written().halo_within(align, steps, extent, least)
        first = steps.from_on(borders).clip(0, self._count)
        on, up = first < self._count, first > 0
        lo, _ = _reads(self._reach, first[on])
        _, hi = _reads(self._reach, first[up] - 1)
        before, after = borders[on] - lo, hi - (borders[up] - 1)
        return float(before.max(initial=least)), float(after.max(initial=least))

    def _telling(self, steps: Steps) -> Places:
        """Return places among which is the one where a step and what it reads are furthest apart."""
        first, last = stretched.between(self._hull)
        period = lcm(self._period, steps.rate.denominator, steps.first.denominator, steps.last.denominator)
        if last - first <= 2 * period:
            return np.arange(self._count)
        telling: Places = np.r_[0 : first + period, last - period : self._count]
        return telling

    @cached_property
    def _reach(self) -> Hull | None:
        """What any place from one on, or up to it, reads; None where fields do not move forward between the borders."""
        first, last = stretched.between(self._hull)
        period = self._period
        if last - first <= 2 * period:
            return None
        begin = stretched.at(self._hull, np.arange(first + period + 1))
        end = stretched.at(self._hull, np.arange(last - period - 1, self._count))
        if any((side[first + 1 :] < side[first:-1]).any() for side in begin):
            return None
        lowest = [np.minimum.accumulate(lo[::-1])[::-1] for lo, _ in (begin, end)]
        highest = [np.maximum.accumulate(hi) for _, hi in (begin, end)]
        between = slice(period + 1)
        if (lowest[1][between] < end[0][between]).any() or (highest[0][first:] > begin[1][first:]).any():
            return None  # what borders read reaches into what lies between them
        lo, hi = (
            np.concatenate([head[:-1], tail[period + 1 :]]).reshape(self._hull.lo.shape)
            for head, tail in (lowest, highest)
        )
        return Hull(lo, hi, stretch=self._hull.stretch)

    def _borders(self, align: int, steps: Steps, extent: int) -> Places | None:
        """Return borders of tiles among which are those with the largest reach; None where these are too many."""
        first, last = stretched.between(self._hull)
        every = range(align, extent, align)
        # After so many positions the first step behind a border is a whole number of periods further on.
        denominator = lcm(steps.rate.denominator, steps.first.denominator)
        slope = int(steps.rate * denominator)
        turn = slope // gcd(slope, denominator)
        moved = turn * denominator // slope
        positions = steps.hop * turn * (self._period // gcd(moved, self._period))
        rounds = lcm(positions, align) // align

        def behind(border: int) -> int:
            return steps.from_on(border)

        begin, end = (bisect_left(every, place, key=behind) for place in (first + 1, last))
        if end - begin <= 2 * rounds:
            begin, end = len(every), len(every)
        else:
            begin, end = begin + rounds, end - rounds
        if begin + len(every) - end > PIECE:
            return None
        found: Places = np.r_[0:begin, end : len(every)] * align + align
        return found


def long_profile(field: Field, key: Key, written: Callable[[], Profile]) -> LongProfile | None:
    """Return the profile of a field that is kept stretched; None where it is not, or has to be written out.

    Args:
        field: the field.
        key: the input axis.
        written: what makes the profile of all places.
    """
    hull = field.kept(key)
    if hull is None or hull.stretch is None:
        return None
    numbers = [n for n, axis in enumerate(field.layout) if any(key in factor.carries for factor in axis)]
    if len(numbers) != 1:
        return None
    axis, start = field.layout[numbers[0]], sum(map(len, field.layout[: numbers[0]]))
    if any(
        key in factor.carries and ((factor.mixed and not factor.within) or is_interleaved(factor, key))
        for factor in axis
    ):
        return None
    own = [place for place in places(axis, key) if axis[place].extent > 1]
    if [start + place for place in own] != [hull.stretch.dim]:
        return None
    _, _, head, period, _ = hull.stretch
    reads = (hull.lo.reshape(-1)[head : head + period] < LIMIT).all()
    return LongProfile(hull, written) if reads else None


def _reads(hull: Hull, at: Places) -> tuple[Sides, Sides]:
    """Return what places read; from infinity to minus infinity where that is nothing."""
    lo, hi = stretched.at(hull, at)
    return np.where(lo >= LIMIT, np.inf, lo), np.where(hi <= -LIMIT, -np.inf, hi)
