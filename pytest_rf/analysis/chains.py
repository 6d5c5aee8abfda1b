"""The chain of units through which one unit reads the first or the last position of its field.

A unit's field is the union of those of the elements that it reads, so one of these has the same first position, and
of what that one reads one has it again, down to the input. Every link is found in what the step before it reads, as
the program says, and is held against the intervals that the engine has of all values; where none of them has the
position, the chain ends, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, NamedTuple

import numpy as np

from pytest_rf.access import Read, Relation, Taps
from pytest_rf.analysis.element_reads import Element, Places, is_let_through, places_read, same_elsewhere
from pytest_rf.analysis.field import Field, Hulls
from pytest_rf.analysis.runs import Counting, Runs
from pytest_rf.analysis.units import Bounds, positions
from pytest_rf.domains.instructions import Cut, Policy
from pytest_rf.domains.layout import Axis, Key, Layout, carried, is_interleaved, places
from pytest_rf.domains.structure import Structure
from pytest_rf.domains.unions import settled
from pytest_rf.graph import Step, Union
from pytest_rf.interpreter import run_total
from pytest_rf.value import Shape, Value

Side = Literal["first", "last"]
"""Which end of a field is looked for."""

Outside = tuple[int, int]
"""How many taps lie before the first place of an axis, and behind the last one."""


class Link(NamedTuple):
    """One unit of a chain.

    Attributes:
        number: the number of its value.
        element: the element of it.
        reads: the first and the last position that it reads.
        padding: how many of the elements that it would read beyond the next one of the chain are padding.
    """

    number: int
    element: Element
    reads: tuple[int, int]
    padding: int


@dataclass(frozen=True, slots=True)
class Chain:
    """The way on which a unit reads one end of its field.

    Attributes:
        position: the position of the input.
        links: the units from the unit itself to the element of the input; only those of tensors with a name.
        whole: whether it goes down to the input. A mask, or an operator whose reads are bounds on what it reads, can
            leave no element that alone reads the position.
    """

    position: int
    links: tuple[Link, ...]
    whole: bool


class Chains:
    """Chains of the units of one tensor towards one input axis."""

    def __init__(self, runs: Runs, number: int, key: Key, counting: Counting) -> None:
        """Work out what all values on the way read.

        Args:
            runs: the runs over the model.
            number: the number of the tensor's value.
            key: the input axis.
            counting: what counts.
        """
        self.runs, self.number, self.key = runs, number, key
        domain = runs.domain(counting, theory=False)
        self._policy: Policy = domain.policy
        wanted = runs.graph.ancestors(number)
        self._hulls: Mapping[int, Hulls] = run_total(runs.plan, domain, frozenset({key}), wanted)
        self._known: dict[int, Bounds] = {}

    def of(self, index: Sequence[int | slice], side: Side) -> Chain | None:
        """Return the chain of a unit; None where it reads nothing.

        Args:
            index: the elements of the tensor that are the unit: a place along its own axes, all along others.
            side: which end of the field is looked for.
        """
        taken = [
            np.arange(n)[place] if isinstance(place, slice) else np.array([place])
            for place, n in zip(index, self.bounds(self.number)[0].shape, strict=True)
        ]
        found = self._extreme(self.number, taken, side)
        return None if found is None else self._followed(*found, side)

    def bounds(self, number: int) -> Bounds:
        """Return the first and the last position that every element of a value reads."""
        if number not in self._known:
            structure = self.runs.structure(self.runs.graph.values[number])
            assert isinstance(structure, Structure)
            hulls = self._hulls.get(number, {})
            hulls = {self.key: settled(hulls[self.key])} if self.key in hulls else {}
            shape = self.runs.graph.values[number].extents
            self._known[number] = positions(Field(structure, hulls), self.key, shape)
        return self._known[number]

    def _extreme(self, number: int, taken: Sequence[Places], side: Side) -> tuple[Element, int] | None:
        """Return of some elements of a value, by their places along each axis, one that reads furthest, and how far."""
        if not all(map(len, taken)):
            return None
        lo, hi = self.bounds(number)
        few = [
            some if varies or len(some) == 1 else self._middle(some, axis)
            for some, varies, axis in zip(taken, map(bool, lo.strides), self._layout(number), strict=True)
        ]
        block = np.ix_(*few)
        low, high = lo[block], hi[block]
        reads = low <= high
        if not reads.any():
            return None
        far = np.where(reads, -low, np.iinfo(np.int64).min) if side == "first" else np.where(reads, high, -1)
        # Of equal ones the outermost: the last place along the input axis, the first along all others.
        back = tuple(
            slice(None, None, -1 if side == "last" and any(self.key in one.carries for one in axis) else 1)
            for axis in self._layout(number)
        )
        at = np.unravel_index(int(far[back].argmax()), far.shape)
        element = tuple(int(one[order][place]) for one, order, place in zip(few, back, at, strict=True))
        return element, abs(int(far[back][at]))

    def _middle(self, some: Places, axis: Axis) -> Places:
        """Return one of places along which nothing varies: of positions the middle one, of channels the first."""
        place = (len(some) - 1) // 2 if carried((axis,)) & self.runs.spatial else 0
        return some[place : place + 1]

    def _followed(self, element: Element, position: int, side: Side) -> Chain:
        number, at, padding = self.number, (self.number, element), 0
        links: list[Link] = []
        while (found := self._before(number, element, position, side)) is not None:
            number, element, missed = found
            padding += missed
            if self.runs.is_named(number):
                links.append(Link(*at, self._interval(*at), padding))
                at, padding = (number, element), 0
        links.append(Link(*at, self._interval(*at), padding))
        return Chain(position, tuple(links), number not in self.runs.plan.makers)

    def _interval(self, number: int, element: Element) -> tuple[int, int]:
        lo, hi = self.bounds(number)
        return int(lo[element]), int(hi[element])

    def _before(
        self, number: int, element: Element, position: int, side: Side
    ) -> tuple[int, Element, int] | None:
        """Return what one element reads that has a position as its own first or last, and how much lies in padding."""
        step = self.runs.plan.makers.get(number)
        for operand, taken, outside in () if step is None else self._reads(step, element):
            found = self._extreme(operand, taken, side)
            if found is not None and found[1] == position:
                return operand, found[0], self._missed(operand, taken, outside, found[0], side)
        return None

    def _missed(
        self, number: int, taken: Sequence[Places], outside: Sequence[Outside], element: Element, side: Side
    ) -> int:
        """Return how many of the elements that would be read beyond one of them are padding, along the input axis.

        They lie outside of the tensor, or are constant.
        """
        lo, hi = self.bounds(number)
        count = 0
        for axis, factors in enumerate(self._layout(number)):
            if not any(self.key in factor.carries for factor in factors):
                continue
            every = tuple(slice(None) if n == axis else place for n, place in enumerate(element))
            low, reads = lo[every], lo[every] <= hi[every]
            order = low[reads]
            ahead = (side == "last") == bool(order[0] <= order[-1])  # what was flipped runs the other way
            beyond = taken[axis] > element[axis] if ahead else taken[axis] < element[axis]
            count += int((beyond & ~reads[taken[axis]]).sum()) + outside[axis][ahead]
        return count

    def _reads(self, step: Step, element: Element) -> Iterator[tuple[int, list[Places], list[Outside]]]:
        """Yield what an element reads: an operand, its places along each axis, and how many taps lie outside there."""
        action, values = step.action, self.runs.graph.values
        for operand, inside in same_elsewhere(self.runs.graph, step, element):
            yield operand, *_single(inside)
        if isinstance(action, Union):
            branches = self.runs.plan.transfers[step.value.number].branches
            for access, branch in zip(action.reads, branches, strict=True):
                cuts = [one for one in branch.instructions if isinstance(one, Cut)]
                if all(self._policy.counts(cut, self.key) for cut in cuts) and is_let_through(
                    access.where, element
                ):
                    yield access.operand, *_read(access, values, step.value.extents, element)

    def _layout(self, number: int) -> Layout:
        found = self.runs.structure(self.runs.graph.values[number])
        assert isinstance(found, Structure)
        return found.layout

    def place(self, number: int, element: Element) -> int | None:
        """Return which of a tensor's steps along the input axis an element lies in; None where it has no such steps."""
        layout = self._layout(number)
        axes = [n for n, axis in enumerate(layout) if any(self.key in factor.carries for factor in axis)]
        if len(axes) != 1:
            return None
        axis = layout[axes[0]]
        carriers = [factor for factor in axis if self.key in factor.carries]
        if any((one.mixed and not one.within) or is_interleaved(one, self.key) for one in carriers):
            return None
        extents = [factor.extent for factor in axis]
        parts = np.unravel_index(element[axes[0]], extents)
        found = 0
        for one in places(axis, self.key):
            found = found * extents[one] + int(parts[one])
        return found if prod(extents) else None


def _single(element: Sequence[Any]) -> tuple[list[Places], list[Outside]]:
    return [np.array([int(place)]) for place in element], [(0, 0)] * len(element)


def _read(
    access: Read, values: Sequence[Value], output: Shape, element: Element
) -> tuple[list[Places], list[Outside]]:
    """Return which places of an operand an element of the output reads along each axis, and how many lie outside."""
    taken: list[Places] = []
    outside: list[Outside] = []
    for extent, (target, relation) in zip(values[access.operand].extents, access.axes, strict=True):
        place, places = (0, 1) if target is None else (element[target], output[target])
        taken.append(places_read(relation, extent, places, place))
        outside.append(_outside(relation, extent, place))
    return taken, outside


def _outside(relation: Relation, extent: int, place: int) -> Outside:
    """Return how many taps of an element lie before and behind the operand, where they read nothing."""
    if not isinstance(relation, Taps) or relation.border != "drop":
        return 0, 0
    rounds, phase = divmod(place, relation.period)
    reads = [tap + relation.advance * rounds for tap in relation.taps[phase]]
    return sum(one < 0 for one in reads), sum(one >= extent for one in reads)
