"""What floating point makes of places: engines compute them in several forms, of which none is exact.

A place that is an integer, a tie or a border by its formula can come out on either side of it. Where all forms
that engines use agree, that is what is read; elsewhere *rounding decides*: what any of them reads is an upper
bound, and what all of them read is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Sets, Taps

Numbers = npt.NDArray[Any]
Formula = Callable[[npt.NDArray[np.int64]], Numbers]
"""The places of output indices as one engine computes them, in the type of its numbers."""
Rule = Callable[[Numbers], tuple[Numbers, Numbers]]
"""The first and the last neighbour that is read at places."""

RIM = 2.0**-12
"""How near to a kernel's rim a neighbour is that may be left out: nearer than any that is not at it."""
FLOATS: tuple[Any, ...] = (np.float32, np.float64)


def is_exact(*numbers: Fraction) -> bool:
    """Whether numbers are 0 or powers of two, which scale places without any rounding."""
    return all(n.numerator & (n.numerator - 1) == 0 == n.denominator & (n.denominator - 1) for n in numbers)


def rounded(number: Fraction, dtype: Any) -> Any:
    """Return a fraction as a number of floating point."""
    return dtype(number.numerator) / dtype(number.denominator)


def fused(factor: Any, by: Numbers, plus: float) -> Numbers:
    """Return ``factor·by + plus``, rounded once, as processors with such an instruction do."""
    wide: Any = np.float64 if by.dtype == np.float32 else np.longdouble
    return np.asarray(wide(factor) * by.astype(wide) + wide(plus)).astype(by.dtype)


def kernels(radius: int, widening: Fraction) -> list[Rule]:
    """Return how engines find the ends of a kernel of ``radius`` that is widened.

    They take distances from a place, from its whole part and its rest, or from its centre, which is half a position
    on; and divide them by the widening, or multiply by its inverse.
    """

    def ends(
        place: Numbers, distance: Callable[[Numbers, Numbers], Numbers], scaling: int
    ) -> tuple[Numbers, Numbers]:
        wide, narrow = (rounded(number, place.dtype.type) for number in (widening, 1 / widening))
        far = rounded(radius * widening, place.dtype.type)

        def weighs(end: Numbers) -> Any:
            away = abs(distance(end, place))
            return (away / wide, away * narrow, away * (1 / wide), away / wide + RIM)[scaling] < radius

        # Those at the rim itself are tried out.
        low, high = np.rint(place - far), np.rint(place + far)
        return low + ~weighs(low), high - ~weighs(high)

    ways = [partial(ends, distance=one, scaling=way) for one in _DISTANCES for way in range(3)]
    # Some leave out what lies at the rim before they weigh it.
    return [*ways, partial(ends, distance=_DISTANCES[0], scaling=3)]


_DISTANCES: tuple[Callable[[Numbers, Numbers], Numbers], ...] = (
    lambda end, place: end - place,
    lambda end, place: (end - np.floor(place)) - (place - np.floor(place)),
    lambda end, place: end - (place + place.dtype.type(0.5)) + place.dtype.type(0.5),
)


class Spans(NamedTuple):
    """The first and the last neighbours of places; the last lies before the first where none is read.

    Attributes:
        low, high: of those that any engine reads.
        first, last: of those that all of them read.
    """

    low: Numbers
    high: Numbers
    first: Numbers
    last: Numbers

    @property
    def agree(self) -> bool:
        """Whether all engines read the same."""
        return bool((self.low == self.first).all() and (self.high == self.last).all())


def spans(
    formulas: Sequence[Formula], rules: Sequence[Rule], extent: int, output: int, cropped: bool
) -> Spans:
    """Return what engines read of an axis of ``extent`` positions at the places of ``output`` indices.

    Args:
        formulas: the forms in which they compute places.
        rules: the forms in which they find the neighbours of a place.
        extent: the axis; places beyond it stand for what lies at its border.
        output: the number of indices.
        cropped: whether places outside of the axis read nothing at all instead.
    """
    index = np.arange(output)
    lows, highs = [], []
    for formula in formulas:
        place = formula(index)
        outside = (place < 0) | (place > extent - 1) if cropped else np.False_
        for rule in rules:
            low, high = rule(place)
            lows.append(np.where(outside, extent, np.clip(low, 0, extent - 1)).astype(np.int64))
            highs.append(np.where(outside, -1, np.clip(high, 0, extent - 1)).astype(np.int64))
    low, high = np.asarray(lows), np.asarray(highs)
    return Spans(low.min(axis=0), high.max(axis=0), low.max(axis=0), high.min(axis=0))


def along_phases(exact: Taps, found: Spans, extent: int) -> Taps | None:
    """Return taps that hold what engines read beside the ones that are exact; None where they differ by more."""
    index = np.arange(len(found.low))
    phase, moved = index % exact.period, index // exact.period * exact.advance
    ends = [np.asarray([taps[end] for taps in exact.taps])[phase] + moved for end in (0, -1)]
    ends = [np.clip(end, 0, extent - 1) for end in ends]
    off = [values - end for values, end in zip(found, (*ends, *ends), strict=True)]
    if not any(values.any() for values in off):
        return exact
    if any(abs(values).max() > 1 for values in off):
        return None
    low, high, first, last = (
        _by_phase(values, exact.period, least)
        for values, least in zip(off, (np.minimum, np.maximum, np.maximum, np.minimum), strict=True)
    )
    taps, certain = [*exact.taps], [*exact.taps]
    for place in np.flatnonzero((low != 0) | (high != 0) | (first != 0) | (last != 0)):
        own = exact.taps[place]
        taps[place] = tuple(range(own[0] + int(low[place]), own[-1] + int(high[place]) + 1))
        certain[place] = tuple(range(own[0] + int(first[place]), own[-1] + int(last[place]) + 1))
    return exact._replace(taps=tuple(taps), certain=None if taps == certain else tuple(certain))


def _by_phase(values: Numbers, period: int, least: np.ufunc) -> Numbers:
    """Return the least, or the most, of the values of each phase; 0 for those that have none."""
    whole = len(values) - len(values) % period
    rest, found = values[whole:], np.zeros(period, np.int64)
    if whole:
        found = least.reduce(values[:whole].reshape(-1, period), axis=0)
        rest = least(rest, found[: len(rest)])
    found[: len(rest)] = rest
    return found


def by_index(found: Spans, extent: int) -> Sets:
    """Return what engines read, each output by itself."""
    place = np.arange(extent)

    def between(low: Numbers, high: Numbers) -> npt.NDArray[np.bool_]:
        return np.asarray((place >= low[:, None]) & (place <= high[:, None]))

    return Sets(between(found.low, found.high), None if found.agree else between(found.first, found.last))
