"""Hulls: for each element of a tensor the smallest interval of input positions that it reads.

A hull belongs to one axis of one input. ``lo`` and ``hi`` have one dimension for each factor of the
tensor's layout; where the field does not depend on a factor that dimension is 1. Along a factor
without end the arrays hold one period, and ``jump`` says how far the field moves from one period to
the next: ``lo(i) = lo[i mod p] + jump·⌊i/p⌋`` (SEMANTICS 6).

Three marks are not positions. They are ordered so that a plain minimum of ``lo`` and maximum of
``hi`` is the union of fields: endless < every position < cut < nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from math import gcd, lcm, prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.limits import afford, afford_both

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LIMIT = 1 << 39
"""Positions lie below this; the marks above."""
CUT = 1 << 40
"""Reads this axis as context only (or not for certain), which this run does not count."""
NOWHERE = 1 << 41
"""Reads nothing at all: a constant, or a window that lies wholly in padding."""
ENDLESS = 1 << 42
"""The whole of an axis without end."""
ROOM = 1 << 16
"""Masks of hulls that are smaller themselves are put off if they had more elements than this."""
PAIRS = 1 << 10
"""Likewise unions, and what lies end to end: small tables grow large where their dimensions are merged with others."""
LONG = 1 << 16
"""Inputs with more positions along an axis begin as stretched hulls there."""
LARGE = 1 << 10
"""Merged hulls with more elements than this are looked through for dimensions along which they do not vary."""
LONGEST_PERIOD = 1 << 14
"""Longer periods are called irregular."""


Irregular = Literal["", "interleaved", "masked", "uneven"]
"""Why a hull has no periodic map: pieces that do not repeat together, a mask that leaves out elements, or
pieces with steps of different rates end to end, which have no common stride.

Who contracts interleaved pieces reads the whole axis; what a mask has left out stays out.
"""


class Stretch(NamedTuple):
    """Of ``extent`` elements along ``dim`` the arrays hold the first ``head``, a period, and those at the end.

    Those between repeat the period; each time the field has moved by ``jump``.
    """

    dim: int
    extent: int
    head: int
    period: int
    jump: int


@dataclass(slots=True, eq=False)
class Hull:
    """Intervals ``[lo, hi]`` for the elements of one tensor along one axis of one input.

    Attributes:
        lo, hi: first and last position read, both inclusive.
        jump: for each dimension how far the field moves per period; None if it moves along none.
        irregular: why there is no periodic map, if so; ``lo`` and ``hi`` then only tell whether something is endless.
        rest: another hull that the elements read too; see :mod:`pytest_rf.domains.unions`.
        where: which elements read at all; None: all that ``lo`` and ``hi`` say.
        stretch: of which elements the arrays are; None: of all. See :mod:`pytest_rf.domains.stretched`.
        ends: the one interval of all elements, but for how far it moves, where the hull was made of these plain
            numbers (:func:`one`); there are no arrays then until somebody looks at them.
    """

    lo: Positions
    hi: Positions
    jump: tuple[int, ...] | None = None
    irregular: Irregular = ""
    rest: Hull | None = None
    where: Flags | None = None
    stretch: Stretch | None = None
    ends: tuple[int, int] | None = field(default=None, init=False)
    _rank: int = field(default=0, init=False)

    if not TYPE_CHECKING:  # these are the only names, and they have types

        def __getattr__(self, name: str) -> Any:
            """Give the arrays of a hull that was made without them."""
            if name not in ("lo", "hi"):
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
            shape = (1,) * self._rank
            self.lo, self.hi = (np.full(shape, end, np.int64) for end in self.ends)
            return getattr(self, name)

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return self.lo.ndim if self.ends is None else self._rank

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the arrays."""
        return self.lo.shape if self.ends is None else (1,) * self._rank

    @property
    def is_put_off(self) -> bool:
        """Whether it is a union, under a mask or stretched, so that the arrays are not made."""
        return self.rest is not None or self.where is not None or self.stretch is not None

    @property
    def is_one(self) -> bool:
        """Whether there is one interval for all elements, but for how far it moves: plain numbers do then."""
        if self.ends is not None:
            return True
        return self.lo.size == 1 and self.hi.size == 1 and not self.is_put_off

    def period(self, dim: int) -> int:
        """Number of elements along ``dim`` after which the hull repeats."""
        return 1 if self.ends is not None else int(self.lo.shape[dim])

    def moves(self, dim: int) -> int:
        """How far the field moves along ``dim`` in one period."""
        return 0 if self.jump is None else self.jump[dim]

    def varies(self, dim: int) -> bool:
        """Whether the field depends on the place along ``dim``."""
        return self.period(dim) > 1 or self.moves(dim) != 0

    def with_jump(self, dim: int, jump: int) -> tuple[int, ...] | None:
        """Return the jumps with that of ``dim`` replaced."""
        if self.jump is None and jump == 0:
            return None
        old = self.jump or (0,) * self.rank
        if old[dim] == jump:
            return self.jump
        new = (*old[:dim], jump, *old[dim + 1 :])
        return new if any(new) else None


_NEW = object.__new__


def one(first: int, last: int, rank: int, jump: tuple[int, ...] | None = None) -> Hull:
    """Return the hull whose elements all read one interval, but for how far it moves, without any array.

    Most maps without end are such, and arrays of one number cost far more than the number.
    """
    made = _NEW(Hull)
    made.jump, made.irregular = jump, ""
    made.rest = made.where = made.stretch = None
    made.ends, made._rank = (first, last), rank
    return made


def plain(hull: Hull) -> Hull:
    """Return a hull of one interval as plain numbers; any other one as it is."""
    if hull.ends is not None or hull.irregular or not hull.is_one:
        return hull
    return one(hull.lo.item(), hull.hi.item(), hull.lo.ndim, hull.jump)


def point(extent: int, dim: int, rank: int, endless: bool) -> Hull:
    """Return the hull of an input along its own axis: element ``i`` reads position ``i``."""
    if endless:
        return one(0, 0, rank, tuple([int(d == dim) for d in range(rank)]))
    line = np.arange(extent, dtype=np.int64).reshape([-1 if d == dim else 1 for d in range(rank)])
    return Hull(line, line)


def constant(mark: int, rank: int) -> Hull:
    """Return the hull that is ``CUT`` or ``NOWHERE`` for every element."""
    return Hull(np.full((1,) * rank, mark), np.full((1,) * rank, -mark))


def flagged(reads: Flags) -> Hull:
    """Return the hull that is position 0 for the elements that read, and ``NOWHERE`` for the others."""
    lo = np.where(reads, 0, NOWHERE)
    return Hull(lo, -lo)


def endless(rank: int) -> Hull:
    """Return the hull of elements that all read the whole axis."""
    return Hull(np.full((1,) * rank, -ENDLESS), np.full((1,) * rank, ENDLESS))


def irregular(why: Irregular, *pieces: Hull) -> Hull:
    """Return the hull of a tensor that has no periodic map, made of ``pieces``: endless if one of them is."""
    return _irregular(why, any(map(has_endless, pieces)), pieces[0].rank)


@cache
def _irregular(why: Irregular, whole: bool, rank: int) -> Hull:
    end, shape = ENDLESS if whole else 0, (1,) * rank
    return Hull(np.full(shape, -end), np.full(shape, end), irregular=why)


def over(hull: Hull, rank: int) -> Hull:
    """Return an irregular hull over another number of dimensions: there are few of them, and none varies."""
    return _irregular(hull.irregular, has_endless(hull), rank)


def has_endless(hull: Hull) -> bool:
    """Whether some element reads without end."""
    if hull.ends is not None:
        return hull.ends[0] == -ENDLESS or hull.ends[1] == ENDLESS
    if hull.lo.size == hull.hi.size == 1:
        return bool(hull.lo.item() == -ENDLESS or hull.hi.item() == ENDLESS)
    return bool((hull.lo == -ENDLESS).any() or (hull.hi == ENDLESS).any())


def moved(end: int, distance: int) -> int:
    """Return an end of an interval, moved by a distance; a mark stays what it is."""
    return end + distance if -LIMIT < end < LIMIT else end


def shifted(positions: Positions, distance: int | Positions) -> Positions:
    """Return ``positions + distance``; marks stay what they are."""
    if isinstance(distance, int):
        if distance == 0:
            return positions
        if positions.size == 1:
            only = int(positions.flat[0])
            return positions + distance if abs(only) < LIMIT else positions
    return np.where(np.abs(positions) < LIMIT, positions + distance, positions)


def is_rigid(hull: Hull) -> bool:
    """Whether the hull holds marks only, which no jump moves."""
    if hull.ends is not None:
        return abs(hull.ends[0]) >= LIMIT and abs(hull.ends[1]) >= LIMIT
    return bool((np.abs(hull.lo) >= LIMIT).all() and (np.abs(hull.hi) >= LIMIT).all())


def tile(hull: Hull, dim: int, times: int) -> Hull:
    """Return the same hull with a ``times`` longer period along ``dim``."""
    if times == 1:
        return hull
    jump = hull.moves(dim)
    afford(hull.lo.size * times)
    lo = np.concatenate([shifted(hull.lo, jump * t) for t in range(times)], axis=dim)
    hi = np.concatenate([shifted(hull.hi, jump * t) for t in range(times)], axis=dim)
    return Hull(lo, hi, hull.with_jump(dim, jump * times))


def shortest_period(hull: Hull, dim: int) -> Hull:
    """Return the same hull over its smallest period along ``dim``."""
    period, jump = hull.period(dim), hull.moves(dim)
    for length in range(1, period):
        if period % length or (jump * length) % period:
            continue
        step = jump * length // period
        if _repeats(hull.lo, dim, length, step) and _repeats(hull.hi, dim, length, step):
            index = tuple([slice(None)] * dim + [slice(0, length)])
            return Hull(hull.lo[index], hull.hi[index], hull.with_jump(dim, step))
    return hull


def _repeats(array: Positions, dim: int, length: int, step: int) -> bool:
    head = tuple([slice(None)] * dim + [slice(0, array.shape[dim] - length)])
    tail = tuple([slice(None)] * dim + [slice(length, None)])
    return bool((shifted(array[head], step) == array[tail]).all())


def compress(hull: Hull) -> Hull:
    """Return the hull with dimension 1 wherever it does not really depend on the factor."""
    lo, hi = hull.lo, hull.hi
    for dim in range(lo.ndim):
        if lo.shape[dim] > 1 and hull.moves(dim) == 0:
            first = tuple([slice(None)] * dim + [slice(0, 1)])
            if (lo[first] == lo).all() and (hi[first] == hi).all():
                lo, hi = lo[first], hi[first]
    return hull if lo is hull.lo else Hull(lo, hi, hull.jump)


def leaner(hull: Hull) -> Hull:
    """Return a large hull compressed: where everything is read in the end, each element holds the same."""
    return compress(hull) if hull.lo.size > LARGE else hull


def masked(hull: Hull, reads: Flags) -> Hull:
    """Return the hull of those elements that read at all, NOWHERE for the others."""
    afford_both(reads.shape, hull.lo.shape)
    lo: Positions = np.where(reads, hull.lo, NOWHERE)
    hi: Positions = np.where(reads, hull.hi, -NOWHERE)
    return Hull(lo, hi, hull.jump)


def to_common_period(hulls: Sequence[Hull], apart: int | None = None) -> list[Hull] | None:
    """Bring hulls to common periods along all dimensions but ``apart``, so that their arrays broadcast.

    Returns:
        The hulls, with the same jumps but for those that no jump moves; None where they move at
        different speeds along a dimension, or never repeat together.
    """
    first = hulls[0]
    if all(one.jump == first.jump and _fits(one.shape, first.shape, apart) for one in hulls):
        return list(hulls)
    rigid = [is_rigid(one) for one in hulls]
    found = [Hull(one.lo, one.hi) if fixed else one for one, fixed in zip(hulls, rigid, strict=True)]
    for dim in range(hulls[0].lo.ndim):
        if dim == apart:
            continue
        movers = [one for one, fixed in zip(found, rigid, strict=True) if not fixed]
        if any(
            one.moves(dim) * movers[0].period(dim) != movers[0].moves(dim) * one.period(dim) for one in movers
        ):
            return None
        common = lcm(*(one.period(dim) for one in found))
        if common > LONGEST_PERIOD and any(one.moves(dim) for one in movers):
            return None
        found = [
            tile(one, dim, common // one.period(dim)) if one.varies(dim) or one.period(dim) > 1 else one
            for one in found
        ]
    return found


def _fits(shape: tuple[int, ...], other: tuple[int, ...], apart: int | None) -> bool:
    """Whether two shapes are the same but for dimension ``apart``."""
    if apart is None:
        return shape == other
    return shape[:apart] == other[:apart] and shape[apart + 1 :] == other[apart + 1 :]


def split(hull: Hull, dim: int, outer: int, inner: int) -> Hull:
    """Return the hull with dimension ``dim`` split row-major into ``outer`` × ``inner`` (layout only)."""
    if hull.irregular:
        return over(hull, hull.rank + 1)
    if not hull.varies(dim):
        jump = None if hull.jump is None else (*hull.jump[:dim], 0, *hull.jump[dim:])
        if hull.ends is not None:
            return one(*hull.ends, hull.rank + 1, jump)
        shape = hull.lo.shape
        new = (*shape[:dim], 1, *shape[dim:])
        return Hull(hull.lo.reshape(new), hull.hi.reshape(new), jump)
    period, step = hull.period(dim), hull.moves(dim)
    rows = outer
    if step or period != outer * inner:
        # One outer step moves `inner` elements: the outer period is what makes that a whole number of periods.
        rows = period // gcd(period, inner)
        hull = tile(hull, dim, rows * inner // period)
        step = step * (rows * inner // period)
    shape = hull.lo.shape
    new = (*shape[:dim], rows, inner, *shape[dim + 1 :])
    old = hull.jump
    jump = None if old is None else (*old[:dim], step, 0, *old[dim + 1 :])
    return Hull(hull.lo.reshape(new), hull.hi.reshape(new), jump)


def merge(hull: Hull, dim: int, extents: Sequence[int], open_ended: bool = False) -> Hull:
    """Return the hull with ``len(extents)`` dimensions from ``dim`` on merged row-major into one.

    Only the first of them may be without end (``open_ended``).
    """
    count = len(extents)
    if hull.irregular:
        return over(hull, hull.rank + 1 - count)
    old = hull.jump
    last = dim + count
    step = hull.moves(dim)
    jump = None if old is None else (*old[:dim], step, *old[last:])
    varies = any(hull.varies(d) for d in range(dim, last))
    if hull.ends is not None and not varies:
        return one(*hull.ends, hull.rank + 1 - count, jump)
    shape = hull.lo.shape
    if not varies:
        new = (*shape[:dim], 1, *shape[last:])
        return Hull(hull.lo.reshape(new), hull.hi.reshape(new), jump)
    full = (*shape[:dim], shape[dim] if open_ended else extents[0], *extents[1:], *shape[last:])
    new = (*shape[:dim], -1, *shape[last:])
    afford(prod(full))
    lo = np.broadcast_to(hull.lo, full).reshape(new)
    hi = np.broadcast_to(hull.hi, full).reshape(new)
    merged = Hull(lo, hi, jump)
    return shortest_period(merged, dim) if open_ended else merged
