"""What a step does to hulls: the same for all hulls over one layout, so it is worked out once for all runs.

Dimensions of the hulls are the factors of the layout in order. Whether a factor has an end is known only
when a policy says what a run counts: along the axes in ``leads`` it has none if the policy has them
without end. There the periodic relations apply, elsewhere the bounded ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import lcm
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import WHOLE, Relation, certain
from pytest_rf.domains import bounded, hull, periodic
from pytest_rf.domains.hull import CUT, NOWHERE, Hull, Positions
from pytest_rf.domains.layout import NONE, Key, Keys


class Policy(NamedTuple):
    """What a run counts.

    Attributes:
        endless: the input axes that have no borders (none: the actual input).
        keys: the input axes whose positions are followed; None for all.
        context: whether context counts as field; else it is cut and only recorded.
        accepted: of a node's number, whether its context is cut even where context counts.
        uncertain: whether positions count that data, or rounding, may or may not choose.
        shortest: whether the smaller branch wins at a merge (``rf_min``).
    """

    endless: Keys = NONE
    keys: Keys | None = None
    context: bool = False
    accepted: Callable[[int], bool] | None = None
    uncertain: bool = True
    shortest: bool = False

    def cuts(self, node: int) -> bool:
        """Whether the context that ``node`` brings in does not count."""
        return not self.context or (self.accepted is not None and self.accepted(node))


class Change(ABC):
    """A change of a hull."""

    __slots__ = ()

    @abstractmethod
    def __call__(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the changed hull of an input axis."""


class Distributive(Change):
    """A change that can be made to each part of a union."""

    __slots__ = ()

    def __call__(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the changed hull of an input axis."""
        if old.rest is None:
            return self.part(old, key, policy)
        return hull.each(old, partial(self.part, key=key, policy=policy))

    @abstractmethod
    def part(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the changed hull, which is one part of a union."""


@dataclass(slots=True, eq=False, repr=False)
class Contract(Distributive):
    """Read all of dimension ``dim``."""

    dim: int
    extent: int
    leads: Keys

    def part(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the hull with one element along ``dim``."""
        endless = self.leads & policy.endless
        if old.irregular:
            whole = key in endless and old.irregular != "masked"
            return hull.endless(old.lo.ndim) if whole else old
        if endless:
            return periodic.whole(old, self.dim, endless=key in endless)
        return bounded.along(old, self.dim, WHOLE, self.extent, 1)


@dataclass(slots=True, eq=False, repr=False)
class Follow(Distributive):
    """Read dimension ``dim`` by a relation that gives ``output`` elements; ``picked`` keeps only the first."""

    dim: int
    relation: Relation
    extent: int
    output: int
    picked: bool
    leads: Keys

    def part(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the hull of the elements that read."""
        relation = self.relation if policy.uncertain else certain(self.relation)
        if self.leads.isdisjoint(policy.endless):
            return bounded.along(old, self.dim, relation, self.extent, self.output)
        new = periodic.along(old, self.dim, relation)
        return periodic.pick(new, self.dim, 0) if self.picked and not new.irregular else new


@dataclass(slots=True, eq=False, repr=False)
class Divide(Distributive):
    """Split dimension ``dim`` row-major in two."""

    dim: int
    outer: int
    inner: int
    leads: Keys

    def part(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the hull with one dimension more."""
        new = hull.split(old, self.dim, self.outer, self.inner)
        return new if self.leads.isdisjoint(policy.endless) else hull.shortest_period(new, self.dim)


@dataclass(slots=True, eq=False, repr=False)
class Unite(Distributive):
    """Merge the dimensions from ``dim`` on into one, row-major.

    Only the outermost of them can be without end and stay so; anything else has no periodic map.

    Attributes:
        extents: the number of elements along each.
        leads: of each the input axes along which it may be without end.
        carries: the input axes whose positions lie along any of them.
    """

    dim: int
    extents: tuple[int, ...]
    leads: tuple[Keys, ...]
    carries: Keys

    def __call__(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the hull with fewer dimensions."""
        if self._loses(policy) and (key in self.carries or self._varies(old)):
            old = hull.irregular("interleaved", *hull.parts(old))
        return Distributive.__call__(self, old, key, policy)

    def part(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the hull with fewer dimensions."""
        open_ended = not policy.endless.isdisjoint(NONE.union(*self.leads))
        return hull.merge(old, self.dim, self.extents, open_ended)

    def _loses(self, policy: Policy) -> bool:
        """Whether something without end lies within another dimension: it has no periodic map then."""
        endless = [not leads.isdisjoint(policy.endless) for leads in self.leads]
        # An outer factor of extent 1 does not interleave anything.
        leading = next((i for i, n in enumerate(self.extents) if n > 1 or endless[i]), 0)
        return any(endless[leading + 1 :])

    def _varies(self, old: Hull) -> bool:
        dims = range(self.dim, self.dim + len(self.extents))
        return any(part.varies(dim) for part in hull.parts(old) for dim in dims)


@dataclass(slots=True, eq=False, repr=False)
class First(Distributive):
    """Keep the first element along ``dim``, if it is without end: one element of it has been asked for."""

    dim: int
    leads: Keys

    def part(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the hull of the element."""
        if old.irregular or self.leads.isdisjoint(policy.endless):
            return old
        return periodic.pick(old, self.dim, 0)


@dataclass(slots=True, eq=False, repr=False)
class Arrange(Distributive):
    """Put the dimensions into ``order``; None is a new one, those left out have size 1."""

    order: Sequence[int | None]
    axes: list[int] | None = field(init=False, default=None)
    """How they are transposed first; None where they keep their order."""

    def __post_init__(self) -> None:
        kept = [dim for dim in self.order if dim is not None]
        if kept != sorted(kept):
            self.axes = kept

    def part(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the hull with its dimensions in order."""
        shape, order, lo, hi, jump = old.lo.shape, self.order, old.lo, old.hi, old.jump
        new = tuple([1 if dim is None else shape[dim] for dim in order])
        if jump is not None:
            jump = tuple([0 if dim is None else jump[dim] for dim in order])
        if self.axes is not None:
            axes = self.axes + [dim for dim in range(len(shape)) if dim not in self.axes]
            lo, hi = lo.transpose(axes), hi.transpose(axes)
        return Hull(lo.reshape(new), hi.reshape(new), jump, old.irregular)


@dataclass(slots=True, eq=False, repr=False)
class Diagonal(Distributive):
    """Keep the elements with equal places along ``a`` and ``b``; ``b`` becomes 1."""

    a: int
    b: int

    def part(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the hull of the elements on the diagonal."""
        a, b = self.a, self.b
        pa, pb, ja, jb = old.period(a), old.period(b), old.moves(a), old.moves(b)
        period = lcm(pa, pb)
        place = np.arange(period)
        distance = ja * (place // pa) + jb * (place // pb)

        def along(array: Positions) -> Positions:
            ends = np.moveaxis(array, (a, b), (-2, -1))
            line = hull.moved(ends[..., place % pa, place % pb], distance)[..., None]
            return np.moveaxis(line, (-2, -1), (a, b))

        jump = ja * (period // pa) + jb * (period // pb)
        moved = old.with_jump(b, 0)
        cleared = Hull(along(old.lo), along(old.hi), moved, old.irregular)
        return Hull(cleared.lo, cleared.hi, cleared.with_jump(a, jump), old.irregular)


@dataclass(slots=True, eq=False, repr=False)
class Cut(Distributive):
    """Make context of what is read, where the policy does not count it; what reads nothing goes on so.

    Attributes:
        context: the input axes of which no position is left, by a statistic.
        node: the node that takes it.
        uncertain: the input axes along which the data here chooses the positions.
    """

    context: Keys
    node: int
    uncertain: Keys

    def part(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the hull of what counts."""
        counts = key not in self.context or not policy.cuts(self.node)
        if counts and (policy.uncertain or key not in self.uncertain):
            return old
        lo = np.where(old.lo == NOWHERE, NOWHERE, CUT)
        return hull.compress(Hull(lo, -lo))


@dataclass(slots=True, eq=False, repr=False)
class Mask(Change):
    """Let only those elements read where ``where`` is true (broadcastable); ``leads`` of the axes it varies on."""

    where: npt.NDArray[np.bool_]
    leads: Keys

    def __call__(self, old: Hull, key: Key, policy: Policy) -> Hull:
        """Return the hull of the elements; the others read nothing."""
        if old.irregular or not self.leads.isdisjoint(policy.endless):
            return hull.irregular("masked", *hull.parts(old))
        return bounded.masked(hull.settled(old), self.where)
