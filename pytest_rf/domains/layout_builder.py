"""A layout under construction: one axis after the other is read, split or merged in place."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from math import prod

from msgspec import Struct

from pytest_rf.access import Relation, Sets, Taps, is_identity
from pytest_rf.domains.instructions import (
    Contract,
    Diagonal,
    Divide,
    First,
    Follow,
    Instruction,
    Unite,
    arrangement,
)
from pytest_rf.domains.layout import (
    NONE,
    Axis,
    Factor,
    Layout,
    Merge,
    Regrouping,
    Split,
    carried,
    halves,
    merged,
    remade,
)

Target = int | None


class LayoutBuilder(Struct, eq=False):
    """A layout that is being changed, and what that does to the hulls over it."""

    axes: list[Axis]
    instructions: list[Instruction]

    def start(self, number: int) -> int:
        """Return the dimension of the first factor of axis ``number``."""
        return sum(map(len, self.axes[:number]))

    @property
    def width(self) -> int:
        """The number of factors, which is the number of dimensions of the hulls."""
        return sum(map(len, self.axes))

    def contract(self, number: int, extent: int | None, features: bool = False) -> None:
        """Read the whole of an axis; it ends here, or goes on as an axis of ``extent`` equal elements.

        ``features``: the axis holds the features of an input, and what is made of them are features, too.
        """
        axis, start = self.axes[number], self.start(number)
        for dim, factor in enumerate(axis, start):
            if factor.extent != 1 or factor.leads:
                self.instructions.append(Contract(dim, factor.extent, factor.leads))
        if extent is None:
            self.axes[number] = (ENDED,) * len(axis)
            return
        if len(axis) > 1:
            # All are equal by now, so there is nothing that a merge could interleave.
            self._arrange([d for d in range(self.width) if not start < d < start + len(axis)])
        elsewhere = carried((*self.axes[:number], *self.axes[number + 1 :]))
        self.axes[number] = (Factor(extent) if features else remade(axis, extent, elsewhere),)

    def follow(self, number: int, relation: Relation, extent: int, picked: bool) -> None:
        """Read an axis by a relation that gives ``extent`` elements; ``picked`` keeps only the first."""
        self.fuse(number)
        (factor,) = self.axes[number]
        if picked or extent != factor.extent or not is_identity(relation):  # a 1×1 convolution moves nothing
            self.instructions.append(
                Follow(self.start(number), relation, factor.extent, extent, picked, factor.leads)
            )
        if factor.within and isinstance(relation, Taps) and not relation.selects:
            factor = factor._replace(mixed=False, within=False)  # windows over them: they are positions
        wider = Fraction(1)
        if isinstance(relation, (Taps, Sets)) and relation.fitted and extent:
            wider = Fraction(factor.extent, extent)  # the rate at which it is laid over any extent
        elif isinstance(relation, Taps) and abs(relation.advance) != relation.period:
            wider = Fraction(abs(relation.advance), relation.period)
        if wider != 1:
            factor = factor._replace(strides={key: step * wider for key, step in factor.strides.items()})
        self.axes[number] = (ENDED,) if picked else (merged((factor,), extent),)

    def apply(self, number: int, move: Regrouping) -> None:
        """Split or merge factors of axis ``number``."""
        if isinstance(move, Merge):
            self.merge(number, move.index, move.count)
        else:
            self.split(number, move)

    def split(self, number: int, move: Split) -> None:
        """Split one factor of axis ``number`` row-major in two."""
        axis, dim = self.axes[number], self.start(number) + move.index
        outer, inner = halves(axis[move.index], move.outer, move.inner)
        self.instructions.append(Divide(dim, move.outer, move.inner, outer.leads))
        self.axes[number] = (*axis[: move.index], outer, inner, *axis[move.index + 1 :])

    def fuse(self, number: int) -> None:
        """Make axis ``number`` one factor."""
        if len(self.axes[number]) > 1:
            self.merge(number, 0, len(self.axes[number]))

    def merge(self, number: int, index: int, count: int) -> None:
        """Merge ``count`` factors of axis ``number`` into one."""
        axis, dim = self.axes[number], self.start(number) + index
        parts = axis[index : index + count]
        extents = tuple([part.extent for part in parts])
        carries = NONE.union(*[part.carries for part in parts])
        self.instructions.append(Unite(dim, extents, tuple([part.leads for part in parts]), carries))
        self.axes[number] = (*axis[:index], merged(parts, prod(extents)), *axis[index + count :])

    def flatten(self) -> None:
        """Make one axis of all factors, without those of extent 1."""
        factors = [factor for axis in self.axes for factor in axis]
        for dim, factor in enumerate(factors):
            if factor.extent == 1 and factor.leads:
                self.instructions.append(First(dim, factor.leads))
        keep = [dim for dim, factor in enumerate(factors) if factor.extent != 1]
        self._arrange(keep)
        self.axes = [tuple([factors[dim] for dim in keep])]

    def arrange(self, targets: Sequence[Target], shape: Sequence[int]) -> Layout:
        """Order the axes as those of an output of ``shape``; return its layout.

        Args:
            targets: for each axis the output axis that it becomes, None where it has ended. Two axes
                with one target are read along their diagonal.
            shape: the output's extents. Axes that nothing targets are new: nothing varies along them.
        """
        places = list(range(len(shape)))
        if targets == places:
            return tuple(self.axes)
        if len(targets) == len(shape) == self.width and all(
            target is None or target == place for target, place in zip(targets, places, strict=True)
        ):
            # Axes end where they are, as the channels of a convolution do, and new ones take their places.
            return tuple(
                [
                    (Factor(extent),) if target is None else axis
                    for target, axis, extent in zip(targets, self.axes, shape, strict=True)
                ]
            )
        sources: list[int | None] = [None] * len(shape)
        for source, target in enumerate(targets):
            if target is not None:
                if sources[target] is not None:
                    return self.arrange(self._diagonals(list(targets)), shape)
                sources[target] = source
        layout: list[Axis] = []
        order: list[int | None] = []
        starts = list(accumulate(map(len, self.axes), initial=0))
        for extent, origin in zip(shape, sources, strict=True):
            if origin is None:
                layout.append((Factor(extent),))
                order.append(None)
            else:
                layout.append(self.axes[origin])
                order.extend(range(starts[origin], starts[origin + 1]))
        self._arrange(order)
        return tuple(layout)

    def _diagonals(self, targets: list[Target]) -> list[Target]:
        """Read axes that share a target along their diagonal; the later one ends."""
        for second, target in enumerate(targets):
            first = targets.index(target)
            if target is None or first == second:
                continue
            for number in (first, second):
                self.fuse(number)
            self.instructions.append(Diagonal(self.start(first), self.start(second)))
            extent = self.axes[first][0].extent
            self.axes[first] = (merged((*self.axes[first], *self.axes[second]), extent),)
            self.axes[second] = (ENDED,)
            targets[second] = None
        return targets

    def _arrange(self, order: Sequence[int | None]) -> None:
        # A dimension that is left out holds one element: one that is new in its place changes nothing.
        in_place = all(dim is None or dim == place for place, dim in enumerate(order))
        if not in_place or len(order) != self.width:
            self.instructions.append(arrangement(order, self.width))


ENDED = Factor(1)
"""What is left of an axis that goes no further."""
