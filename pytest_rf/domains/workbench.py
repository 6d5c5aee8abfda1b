"""A field under construction: one axis after the other is read, split or merged in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import accumulate
from math import lcm

import numpy as np

from pytest_rf.access import WHOLE, Relation, Taps
from pytest_rf.domains import bounded, hull, periodic
from pytest_rf.domains.hull import Hull, Positions
from pytest_rf.domains.layout import (
    NONE,
    Axis,
    Factor,
    Key,
    Layout,
    Merge,
    Move,
    Split,
    halves,
    joined,
    remade,
)

Target = int | None


@dataclass(slots=True)
class Workbench:
    """Hulls over a layout that is being changed; dimensions of the hulls are the factors in order."""

    axes: list[Axis]
    hulls: dict[Key, Hull]

    def start(self, number: int) -> int:
        """Return the dimension of the first factor of axis ``number``."""
        return sum(map(len, self.axes[:number]))

    @property
    def width(self) -> int:
        """The number of factors, which is the number of dimensions of the hulls."""
        return sum(map(len, self.axes))

    def contract(self, number: int, extent: int | None) -> None:
        """Read the whole of an axis; it ends here, or goes on as an axis of ``extent`` equal elements."""
        axis, start = self.axes[number], self.start(number)
        for dim, factor in enumerate(axis, start):
            for key, old in self.hulls.items():
                self.hulls[key] = hull.each(old, partial(_contracted, key=key, dim=dim, factor=factor))
        if extent is None:
            self.axes[number] = tuple(Factor(1) for _ in axis)
            return
        if len(axis) > 1:
            # All are equal by now, so there is nothing that a merge could interleave.
            dims = [d for d in range(self.width) if not start < d < start + len(axis)]
            self._each(lambda old: _rearranged(old, dims))
        elsewhere = NONE.union(
            *[f.carries for n, other in enumerate(self.axes) if n != number for f in other]
        )
        self.axes[number] = (remade(axis, extent, elsewhere),)

    def follow(self, number: int, relation: Relation, extent: int, picked: bool) -> None:
        """Read an axis by a relation that gives ``extent`` elements; ``picked`` keeps only the first."""
        if len(self.axes[number]) > 1:
            self.merge(number, 0, len(self.axes[number]))
        (factor,), dim = self.axes[number], self.start(number)

        def follow(old: Hull) -> Hull:
            if not factor.endless:
                return bounded.along(old, dim, relation, factor.extent, extent)
            new = periodic.along(old, dim, relation)
            return periodic.pick(new, dim, 0) if picked and not new.irregular else new

        self._each(follow)
        if factor.within and isinstance(relation, Taps) and not relation.selects:
            factor = replace(factor, mixed=False, within=False)  # windows over them: they are positions
        if isinstance(relation, Taps) and relation.advance != relation.period:
            factor = replace(factor, stride=factor.stride * Fraction(abs(relation.advance), relation.period))
        self.axes[number] = (Factor(1),) if picked else (joined((factor,), extent),)

    def apply(self, number: int, move: Move) -> None:
        """Split or merge factors of axis ``number``."""
        if isinstance(move, Merge):
            self.merge(number, move.index, move.count)
        else:
            self.split(number, move)

    def split(self, number: int, move: Split) -> None:
        """Split one factor of axis ``number`` row-major in two."""
        axis, dim = self.axes[number], self.start(number) + move.index
        outer, inner = halves(axis[move.index], move.outer, move.inner)

        def split(old: Hull) -> Hull:
            new = hull.split(old, dim, move.outer, move.inner)
            return hull.shortest_period(new, dim) if outer.endless else new

        self._each(split)
        self.axes[number] = (*axis[: move.index], outer, inner, *axis[move.index + 1 :])

    def merge(self, number: int, index: int, count: int) -> None:
        """Merge ``count`` factors of axis ``number`` into one.

        Only the outermost of them can be without end and stay so; anything else has no periodic map.
        """
        axis, dim = self.axes[number], self.start(number) + index
        parts = axis[index : index + count]
        endless = [bool(part.endless) for part in parts]
        # An outer factor of extent 1 does not interleave anything.
        leading = next((i for i, part in enumerate(parts) if part.extent > 1 or part.endless), 0)
        lost = any(endless[leading + 1 :])
        touched = NONE.union(*(part.carries for part in parts)) if lost else NONE
        for key, old in self.hulls.items():
            if lost and (
                key in touched
                or any(part.varies(d) for part in hull.parts(old) for d in range(dim, dim + count))
            ):
                old = hull.irregular(old.lo.ndim)
            merge = partial(
                hull.merge, dim=dim, extents=[part.extent for part in parts], open_ended=any(endless)
            )
            self.hulls[key] = hull.each(old, merge)
        extent = int(np.prod([part.extent for part in parts]))
        self.axes[number] = (*axis[:index], joined(parts, extent), *axis[index + count :])

    def flatten(self) -> None:
        """Make one axis of all factors, without those of extent 1."""
        factors = [factor for axis in self.axes for factor in axis]
        keep = [dim for dim, factor in enumerate(factors) if factor.extent != 1]
        for dim, factor in enumerate(factors):
            if factor.extent == 1 and factor.endless:
                self._each(partial(_first, dim=dim))
        self._each(lambda old: _rearranged(old, keep))
        self.axes = [tuple(factors[dim] for dim in keep)]

    def arrange(self, targets: Sequence[Target], shape: Sequence[int]) -> Layout:
        """Order the axes as those of an output of ``shape``; return its layout.

        Args:
            targets: for each axis the output axis that it becomes, None where it has ended. Two axes
                with one target are read along their diagonal.
            shape: the output's extents. Axes that nothing targets are new: nothing varies along them.
        """
        if len(self.axes) == len(shape) and list(targets) == list(range(len(shape))):
            return tuple(self.axes)
        kept = [target for target in targets if target is not None]
        if len(set(kept)) < len(kept):
            targets = self._diagonals(list(targets))
        layout: list[Axis] = []
        order: list[int | None] = []
        starts = [0, *accumulate(map(len, self.axes))]
        sources = {target: source for source, target in enumerate(targets)}
        for place, extent in enumerate(shape):
            source = sources.get(place)
            if source is None:
                layout.append((Factor(extent),))
                order.append(None)
            else:
                layout.append(self.axes[source])
                order.extend(range(starts[source], starts[source + 1]))
        self._each(lambda old: _rearranged(old, order))
        return tuple(layout)

    def _diagonals(self, targets: list[Target]) -> list[Target]:
        """Read axes that share a target along their diagonal; the later one ends."""
        for second, target in enumerate(targets):
            first = targets.index(target)
            if target is None or first == second:
                continue
            for number in (first, second):
                if len(self.axes[number]) > 1:
                    self.merge(number, 0, len(self.axes[number]))
            a, b = self.start(first), self.start(second)
            self._each(partial(_diagonal, a=a, b=b))
            extent = self.axes[first][0].extent
            self.axes[first] = (joined((*self.axes[first], *self.axes[second]), extent),)
            self.axes[second] = (Factor(1),)
            targets[second] = None
        return targets

    def _each(self, change: Callable[[Hull], Hull]) -> None:
        self.hulls = {key: hull.each(old, change) for key, old in self.hulls.items()}


def _contracted(old: Hull, key: Key, dim: int, factor: Factor) -> Hull:
    if old.irregular:
        whole = key in factor.endless and old.irregular != "masked"
        return hull.endless(old.lo.ndim) if whole else old
    if factor.endless:
        return periodic.whole(old, dim, endless=key in factor.endless)
    return bounded.along(old, dim, WHOLE, factor.extent, 1)


def _first(old: Hull, dim: int) -> Hull:
    return old if old.irregular else periodic.pick(old, dim, 0)


def _rearranged(old: Hull, order: Sequence[int | None]) -> Hull:
    """Return the hull with dimensions in ``order``; None is a new one, those left out have size 1."""
    shape = old.lo.shape
    new = tuple(1 if dim is None else shape[dim] for dim in order)
    kept = [dim for dim in order if dim is not None]
    jump = None if old.jump is None else tuple(0 if dim is None else old.jump[dim] for dim in order)
    if kept == sorted(kept):
        if new == shape and jump == old.jump:
            return old
        return Hull(old.lo.reshape(new), old.hi.reshape(new), jump, old.irregular)
    axes = kept + [dim for dim in range(len(shape)) if dim not in kept]
    lo, hi = old.lo.transpose(axes).reshape(new), old.hi.transpose(axes).reshape(new)
    return Hull(lo, hi, jump, old.irregular)


def _diagonal(old: Hull, a: int, b: int) -> Hull:
    """Return the hull of elements with equal places along ``a`` and ``b``; ``b`` becomes 1."""
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
