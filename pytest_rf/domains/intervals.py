"""Intervals as a domain: what the rules of an instruction do to hulls, by the policy of a run.

Along an axis without end the periodic relations apply, elsewhere the bounded ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from math import lcm
from typing import TypeVar

import numpy as np

from pytest_rf.access import WHOLE, Taps, certain
from pytest_rf.domains import bounded, ends, hull, periodic, span, stretched, unions
from pytest_rf.domains.hull import CUT, LIMIT, NOWHERE, Hull, Positions
from pytest_rf.domains.instructions import (
    Arrange,
    Contract,
    Cut,
    Diagonal,
    Divide,
    EndToEnd,
    First,
    Follow,
    Mask,
    Policy,
    Unite,
)
from pytest_rf.domains.layout import Key

Do = TypeVar("Do")


def _of_each(
    rule: Callable[[Intervals, Hull, Do, Key], Hull],
) -> Callable[[Intervals, Hull, Do, Key], Hull]:
    """Apply a rule to each of the hulls of a union that was put off."""

    @wraps(rule)
    def over(self: Intervals, x: Hull, do: Do, key: Key) -> Hull:
        if x.rest is None and x.where is None and x.stretch is None:
            return rule(self, x, do, key)
        return unions.each(x, do, lambda one: rule(self, one, do, key))  # type: ignore[arg-type]

    return over


class Intervals:
    """For each element the smallest interval of positions that it reads."""

    def __init__(self, policy: Policy, stretches: bool = False) -> None:
        """Take what the run counts, and whether hulls of long axes with borders may be stretched."""
        self.policy = policy
        self.stretches = stretches and not policy.endless

    def point(self, key: Key, extent: int, rank: int) -> Hull:
        """Return the hull of an input: element ``i`` reads position ``i``."""
        if self.stretches and extent > hull.LONG:
            return stretched.point(extent, key[1], rank)
        return hull.point(extent, key[1], rank, key in self.policy.endless)

    def contract(self, x: Hull, do: Contract, key: Key) -> Hull:
        """Return the hull with one element along the dimension."""
        if x.ends is not None and do.extent and not (x.jump and x.jump[do.dim]):
            return x  # all elements read the same
        return self._contracted(x, do, key)

    @_of_each
    def _contracted(self, x: Hull, do: Contract, key: Key) -> Hull:
        endless = self.policy.endless
        if x.irregular:
            whole = key in do.leads and key in endless and x.irregular != "masked"
            return hull.endless(x.lo.ndim) if whole else x
        if not do.leads.isdisjoint(endless):
            return periodic.whole(x, do.dim, endless=x.moves(do.dim) != 0)
        return bounded.along(x, do.dim, WHOLE, do.extent, 1)

    def follow(self, x: Hull, do: Follow, key: Key) -> Hull:
        """Return the hull of the elements that read."""
        if x.ends is not None and not (x.jump and x.jump[do.dim]) and self._reads_on(do):
            return x  # all elements read the same
        return self._followed(x, do, key)

    def _reads_on(self, do: Follow) -> bool:
        """Whether every element reads some along an axis without end, where there is no border to miss them at."""
        relation = do.relation
        if type(relation) is not Taps or do.leads.isdisjoint(self.policy.endless):
            return False
        return relation.certain is None and all(relation.taps)

    @_of_each
    def _followed(self, x: Hull, do: Follow, key: Key) -> Hull:
        relation = do.relation if self.policy.uncertain else certain(do.relation)
        if do.leads.isdisjoint(self.policy.endless):
            return bounded.along(x, do.dim, relation, do.extent, do.output)
        new = periodic.along(x, do.dim, relation)
        return periodic.pick(new, do.dim, 0) if do.picked and not new.irregular else new

    @_of_each
    def divide(self, x: Hull, do: Divide, key: Key) -> Hull:
        """Return the hull with one dimension more."""
        new = hull.split(x, do.dim, do.outer, do.inner)
        if x.irregular or do.leads.isdisjoint(self.policy.endless):
            return new
        return hull.shortest_period(new, do.dim)

    def unite(self, x: Hull, do: Unite, key: Key) -> Hull:
        """Return the hull with fewer dimensions.

        Only the outermost of them can be without end and stay so; anything else has no periodic map.
        """
        if self._interleaves(do) and (key in do.carries or _varies(x, do)):
            x = hull.irregular("interleaved", *unions.pieces(x))
        open_ended = self.policy.is_endless(*do.leads)
        if not x.is_put_off:
            return hull.merge(x, do.dim, do.extents, open_ended)
        return unions.each(x, do, partial(hull.merge, dim=do.dim, extents=do.extents, open_ended=open_ended))

    def _interleaves(self, do: Unite) -> bool:
        """Whether something without end lies within another dimension."""
        if not self.policy.endless:
            return False
        endless = [self.policy.is_endless(leads) for leads in do.leads]
        # An outer factor of extent 1 does not interleave anything.
        leading = next((i for i, n in enumerate(do.extents) if n > 1 or endless[i]), 0)
        return any(endless[leading + 1 :])

    @_of_each
    def first(self, x: Hull, do: First, key: Key) -> Hull:
        """Return the hull of the element."""
        if x.irregular or do.leads.isdisjoint(self.policy.endless):
            return x
        return periodic.pick(x, do.dim, 0)

    @_of_each
    def arrange(self, x: Hull, do: Arrange, key: Key) -> Hull:
        """Return the hull with its dimensions in order."""
        if x.irregular:
            return hull.over(x, len(do.order))
        jump = None if x.jump is None else tuple([0 if dim is None else x.jump[dim] for dim in do.order])
        if x.ends is not None:
            return hull.one(*x.ends, len(do.order), jump)
        lo, hi, new = x.lo, x.hi, do.shape(x.lo.shape)
        if do.axes is not None:
            lo, hi = lo.transpose(do.axes), hi.transpose(do.axes)
        return Hull(lo.reshape(new), hi.reshape(new), jump)

    @_of_each
    def diagonal(self, x: Hull, do: Diagonal, key: Key) -> Hull:
        """Return the hull of the elements on the diagonal."""
        a, b = do.a, do.b
        pa, pb, ja, jb = x.period(a), x.period(b), x.moves(a), x.moves(b)
        period = lcm(pa, pb)
        place = np.arange(period)
        distance = ja * (place // pa) + jb * (place // pb)

        def along(array: Positions) -> Positions:
            sides = np.moveaxis(array, (a, b), (-2, -1))
            line = hull.shifted(sides[..., place % pa, place % pb], distance)[..., None]
            return np.moveaxis(line, (-2, -1), (a, b))

        jump = ja * (period // pa) + jb * (period // pb)
        cleared = Hull(along(x.lo), along(x.hi), x.with_jump(b, 0), x.irregular)
        return Hull(cleared.lo, cleared.hi, cleared.with_jump(a, jump), x.irregular)

    def cut(self, x: Hull, do: Cut, key: Key) -> Hull:
        """Return the hull of what counts; what reads nothing goes on so."""
        return x if self.policy.counts(do, key) else self._left_out(x, do, key)

    @_of_each
    def _left_out(self, x: Hull, do: Cut, key: Key) -> Hull:
        lo = np.where(x.lo == NOWHERE, NOWHERE, CUT)
        return hull.compress(Hull(lo, -lo))

    def mask(self, x: Hull, do: Mask, key: Key) -> Hull:
        """Return the hull of the elements that read; the others read nothing."""
        if x.irregular or self.policy.is_endless(do.leads):
            return hull.irregular("masked", *unions.pieces(x))
        if self.policy.endless:
            return hull.masked(unions.settled(x), do.where)
        return unions.mask(x, do.where)

    def union(self, a: Hull, b: Hull, key: Key) -> Hull:
        """Return the hull that holds both."""
        return unions.union(a, b)

    def end_to_end(self, parts: Sequence[Hull | None], do: EndToEnd, key: Key) -> Hull:
        """Return the hull of the whole."""
        if self.policy.is_endless(*do.leads):
            return ends.one_map(parts, do, key)
        return ends.laid(parts, do)


class Shortest(Intervals):
    """The same over the shortest path: at every merge the smaller branch wins (``rf_min``)."""

    def union(self, a: Hull, b: Hull, key: Key) -> Hull:
        """Return the smaller of two hulls."""
        return min(a, b, key=_size)

    def taps(self, a: Hull, b: Hull, key: Key) -> Hull:
        """Return the hull that holds both: taps of a window are no branches."""
        return unions.union(a, b)

    def end_to_end(self, parts: Sequence[Hull | None], do: EndToEnd, key: Key) -> Hull:
        """Return the hull of the whole; of operands that lie along no positions of the axis the smallest one."""
        if any(key in carries for carries in do.carries):
            return super().end_to_end(parts, do, key)
        known = [(x, n) for x, n in zip(parts, do.extents, strict=True) if x is not None]
        return min([bounded.along(unions.settled(x), do.dim, WHOLE, n, 1) for x, n in known], key=_size)


def _varies(x: Hull, do: Unite) -> bool:
    dims = range(do.dim, do.dim + len(do.extents))
    return any(piece.varies(dim) for piece in unions.pieces(x) for dim in dims)


def _size(one: Hull) -> float:
    """The largest field in a hull; infinite where it reads nothing, so that the other branch is taken."""
    if one.irregular:
        return float("inf")
    if one.ends is not None:
        first, last = one.ends
        return float(last - first) if abs(first) < LIMIT and abs(last) < LIMIT else float("inf")
    if one.is_put_off:
        return span.sizes(one)[1] or float("inf")
    if one.is_one:
        lo, hi = one.lo.item(), one.hi.item()
        return float(hi - lo) if abs(lo) < LIMIT and abs(hi) < LIMIT else float("inf")
    real = (np.abs(one.lo) < LIMIT) & (np.abs(one.hi) < LIMIT)
    return float((one.hi - one.lo)[real].max()) if real.any() else float("inf")
