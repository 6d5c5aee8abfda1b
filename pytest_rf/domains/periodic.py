"""Relations along an axis without end: the theoretical field, which no border clips.

Dimension ``dim`` of a hull holds one period; the maps stay quasi-affine under every relation that
repeats (SEMANTICS 6), and what does not repeat is irregular.
"""

from __future__ import annotations

from math import gcd
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Prefix, Relation, Same, Sets, Table, Taps, Whole, window_of
from pytest_rf.domains.hull import (
    CUT,
    ENDLESS,
    LONGEST_PERIOD,
    NOWHERE,
    Hull,
    endless,
    irregular,
    moved,
    one,
    plain,
    shifted,
    shortest_period,
)
from pytest_rf.limits import afford


def along(hull: Hull, dim: int, relation: Relation) -> Hull:
    """Return the hull of elements that read the operand's by ``relation``, nothing being a border."""
    if isinstance(relation, Taps) and not hull.irregular:  # nearly all
        return _taps(hull, dim, relation)
    if isinstance(relation, Same):
        return hull
    if hull.irregular:
        return (
            irregular(hull.irregular, hull, endless(hull.lo.ndim)) if isinstance(relation, Prefix) else hull
        )
    if isinstance(relation, Whole):
        return whole(hull, dim, endless=hull.moves(dim) != 0)
    assert not isinstance(relation, Taps)
    if not hull.varies(dim):
        return hull
    if isinstance(relation, Prefix):
        return _prefix(hull, dim, relation.reverse)
    taps = repeating(relation)
    if taps is not None:
        return _taps(hull, dim, taps)
    if isinstance(relation, Sets):
        return irregular("masked", hull)
    return irregular("interleaved" if is_rearrangement(relation) else "uneven", hull)


def whole(hull: Hull, dim: int, endless: bool) -> Hull:
    """Return the hull of an element that reads all of dimension ``dim``."""
    jump = hull.with_jump(dim, 0)
    if hull.ends is not None:
        first, last = hull.ends
        if endless:
            first, last = -ENDLESS if first < CUT else first, ENDLESS if last > -CUT else last
        return one(first, last, hull.rank, jump)
    lo, hi = hull.lo.min(axis=dim, keepdims=True), hull.hi.max(axis=dim, keepdims=True)
    if endless:
        # What is only context, or nothing, does not become a position by being repeated.
        lo, hi = np.where(lo < CUT, -ENDLESS, lo), np.where(hi > -CUT, ENDLESS, hi)
    return Hull(lo, hi, jump)


def pick(hull: Hull, dim: int, index: int) -> Hull:
    """Return the hull of the one element ``index`` along ``dim``."""
    if hull.ends is not None and not index:
        return one(*hull.ends, hull.rank, hull.with_jump(dim, 0))
    lo, hi = _at(hull, dim, np.array([index]))
    return Hull(lo, hi, hull.with_jump(dim, 0))


def _at(
    hull: Hull, dim: int, places: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return ``lo`` and ``hi`` of the elements ``places`` (of any shape) along ``dim``."""
    period, jump = hull.period(dim), hull.moves(dim)
    afford(hull.lo.size // period * places.size)
    lo, hi = hull.lo.take(places % period, axis=dim), hull.hi.take(places % period, axis=dim)
    if jump:
        distance = jump * (places // period)
        distance = distance.reshape([1] * dim + [*places.shape] + [1] * (hull.lo.ndim - dim - 1))
        lo, hi = shifted(lo, distance), shifted(hi, distance)
    return lo, hi


def _taps(hull: Hull, dim: int, relation: Taps) -> Hull:
    filled = all(relation.taps)
    period, jump = hull.period(dim), hull.moves(dim)
    if period == 1 and not jump and filled:
        return hull  # it does not vary
    if period == relation.period == 1 and filled:
        # The classic case of one size, stride and start: the outermost taps are all that matters.
        taps = relation.taps[0]
        first, last = jump * min(taps), jump * max(taps)
        if first > last:
            first, last = last, first
        jumps = hull.with_jump(dim, jump * relation.advance)
        hull = plain(hull)
        if hull.ends is not None:
            return one(moved(hull.ends[0], first), moved(hull.ends[1], last), hull.rank, jumps)
        return Hull(shifted(hull.lo, first), shifted(hull.hi, last), jumps)
    repeats = period // gcd(period, relation.advance)
    length = relation.period * repeats
    if length > LONGEST_PERIOD:
        return irregular("interleaved", hull)
    width = max(len(taps) for taps in relation.taps)
    if width == 0:
        mark = np.full_like(hull.lo, NOWHERE)
        return Hull(mark, -mark, hull.with_jump(dim, 0))
    afford(relation.period * width)
    # Phases with fewer taps repeat their first one; phases with none are blotted out below.
    table = np.array(
        [taps + taps[:1] * (width - len(taps)) if taps else (0,) * width for taps in relation.taps]
    )
    place = np.arange(length)
    reads = table[place % relation.period] + (place // relation.period * relation.advance)[:, None]
    lo, hi = _at(hull, dim, reads)
    lo, hi = lo.min(axis=dim + 1), hi.max(axis=dim + 1)
    if not filled:
        hits = np.array([bool(taps) for taps in relation.taps])[place % relation.period]
        hits = hits.reshape([-1 if d == dim else 1 for d in range(lo.ndim)])
        lo, hi = np.where(hits, lo, NOWHERE), np.where(hits, hi, -NOWHERE)
    moves = jump * relation.advance * repeats // period
    return shortest_period(Hull(lo, hi, hull.with_jump(dim, moves)), dim)


def _prefix(hull: Hull, dim: int, reverse: bool) -> Hull:
    """Everything up to an element: as far back as the axis goes, and the furthest of one period."""
    period, jump = hull.period(dim), hull.moves(dim)
    if not jump:
        return whole(hull, dim, endless=False)
    back = np.arange(period)[:, None] + np.arange(period)[None, :] * (1 if reverse else -1)
    lo, hi = _at(hull, dim, back)
    lo, hi = lo.min(axis=dim + 1), hi.max(axis=dim + 1)
    if (jump > 0) != reverse:
        lo = np.where(lo < CUT, -ENDLESS, lo)
    else:
        hi = np.where(hi > -CUT, ENDLESS, hi)
    return shortest_period(Hull(lo, hi, hull.jump), dim)


def is_rearrangement(relation: Table) -> bool:
    """Whether a table reads each position once: they are rolled or shuffled, and none is left out."""
    return bool((np.sort(relation.indices) == np.arange(relation.indices.size)).all())


def rotation(relation: Table) -> int:
    """Return by how many places a table rolls an axis, by less than half of it; 0 where it does anything else."""
    places = relation.indices
    extent = places.size
    shift = int(-places[0]) % extent if extent else 0
    if 2 * shift == extent or not np.array_equal(places, (np.arange(extent) - shift) % extent):
        return 0
    return shift if 2 * shift < extent else shift - extent


def repeating(relation: Table | Sets) -> Taps | None:
    """Return the taps that a table or a set of reads repeats, if it does.

    Only the inner part counts: what a border clips says nothing about the axis without end.
    """
    if isinstance(relation, Sets):
        return window_of(relation.reads)
    if relation not in _REPEATING:
        places = relation.indices
        period = _period(places)
        taps = tuple([(place,) if place >= 0 else () for place in places[:period].tolist()])
        _REPEATING[relation] = (
            Taps(period, int(places[period] - places[0]), taps, selects=True) if period else None
        )
    return _REPEATING[relation]


_REPEATING: WeakKeyDictionary[Table, Taps | None] = WeakKeyDictionary()
"""What tables repeat, as far as it is known: every run asks again."""


def _period(places: npt.NDArray[np.int64]) -> int:
    """Return the least number of places after which all have moved equally far, of at most half of them; 0: none.

    What reads nothing (-1) does so again, and what leaves the axis at its front reads nothing.
    """
    half = len(places) // 2
    if not half or places[0] < 0:
        return 0
    moved = places[1 : half + 1] - places[0]
    allowed = (places[1 : half + 1] >= 0) & (moved != 0)
    likely = _again(_steps(places))[:half]
    if (places < 0).any():
        likely = likely | (moved < 0)
    for period in np.flatnonzero(allowed & likely) + 1:
        if _is_period(places, int(period)):
            return int(period)
    return 0


def _steps(places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how far each place after the first lies from the last one before it that reads anything."""
    reads = places >= 0
    last = places[np.maximum.accumulate(np.where(reads, np.arange(len(places)), 0))]
    return np.where(reads[1:], places[1:] - last[:-1], NOWHERE)


_PRIME, _BASE = (1 << 31) - 1, 1_000_003


def _again(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return for each distance from 1 whether a line, moved on by it, is likely to be itself: by sums of its parts."""
    count = len(numbers)
    powers = np.ones(count + 1, np.int64)
    known = 1
    while known <= count:
        more = powers[: min(known, count + 1 - known)] * pow(_BASE, known, _PRIME) % _PRIME
        powers[known : known + len(more)] = more
        known += len(more)
    sums = np.zeros(count + 1, np.int64)
    np.cumsum(numbers % _PRIME * powers[:count] % _PRIME, out=sums[1:])
    sums %= _PRIME
    return np.asarray((sums[-1] - sums[1:]) % _PRIME == sums[-2::-1] * powers[1:] % _PRIME)


def _is_period(places: npt.NDArray[np.int64], period: int) -> bool:
    """Whether all places have moved equally far after ``period``; most that have not show it soon."""
    advance, first, size = places[period] - places[0], 0, 1 << 6
    while first < len(places) - period:
        before = places[first : min(first + size, len(places) - period)]
        after = places[first + period : first + period + len(before)]
        if (after != np.where(before >= 0, before + advance, before)).any():
            return False
        first, size = first + size, 2 * size
    return True
