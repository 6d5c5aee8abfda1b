"""The chain of reads from a unit to an input position, element by element.

At every step the walk goes on to an element of an operand that reads the wanted position, too. As the position is the
first or the last that the unit reads, it is the first or the last of what such an element reads. Of several the
middle one is taken: most ways lead through there, so that a run of the model shows it most easily.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pytest_rf.access import Read, Relation, Whole, certain
from pytest_rf.analysis.element_reads import Element, Places, is_let_through, places_read, same_elsewhere
from pytest_rf.analysis.field import Field, Hulls
from pytest_rf.analysis.runs import Runs
from pytest_rf.analysis.units import Bounds, positions
from pytest_rf.domains.layout import Key
from pytest_rf.domains.structure import Structure
from pytest_rf.domains.unions import pieces, settled
from pytest_rf.graph import Step, Union
from pytest_rf.value import Shape


class Chain(NamedTuple):
    """A way from a unit to the element of the input that it reads.

    Attributes:
        position: the full index of that element.
        nodes: the names of the operators on the way, from the input on.
    """

    position: Element
    nodes: tuple[str, ...]


class Walker(NamedTuple):
    """What all values of a model read along one input axis, to be walked back.

    Attributes:
        runs: the runs over the model.
        key: the input axis.
        hulls: value number -> hulls.
        sure: whether only what data and rounding cannot choose away is walked.
    """

    runs: Runs
    key: Key
    hulls: Mapping[int, Hulls]
    sure: bool = False

    def bounds(self, number: int) -> Bounds | None:
        """Return the first and the last position that each element of a value reads; None where none does."""
        known, hull = self.runs.plan.structures.get(number), self.hulls.get(number, {}).get(self.key)
        shape = self.runs.graph.values[number].shape
        if not isinstance(known, Structure) or hull is None or shape is None:
            return None
        return positions(Field(known, {self.key: settled(hull)}), self.key, shape)

    def parts(self, number: int) -> list[Bounds]:
        """Return the same as parts of a union, which together could be much larger (queries × keys)."""
        known, hull = self.runs.plan.structures.get(number), self.hulls.get(number, {}).get(self.key)
        shape = self.runs.graph.values[number].shape
        if not isinstance(known, Structure) or shape is None:
            return []
        return [positions(Field(known, {self.key: one}), self.key, shape) for one in pieces(hull)]

    def walk(self, number: int, element: Element, position: int) -> Chain | None:
        """Return the way from an element to a position along the axis that is the first or last that it reads.

        None where none is found: it is not read.
        """
        end = self.runs.graph.inputs[self.key[0]].number
        nodes: list[str] = []
        while number != end:
            step = self.runs.plan.makers.get(number)
            found = None if step is None else self._back(step, element, position)
            if step is None or found is None:
                return None
            if not nodes or nodes[-1] != step.node.name:
                nodes.append(step.node.name)
            number, element = found
        return Chain(element, tuple(reversed(nodes))) if element[self.key[1]] == position else None

    def _back(self, step: Step, element: Element, position: int) -> tuple[int, Element] | None:
        """Return an operand and an element of it that an element reads and that reads the position."""
        action, shape = step.action, step.value.extents
        moved = next(same_elsewhere(self.runs.graph, step, element), None)
        if moved is not None:
            return moved
        if isinstance(action, Union):
            # What an operator reads beside its statistics is the straighter way.
            for read in sorted(action.reads, key=lambda one: one.statistic):
                found = self._read(read, element, shape, position)
                if found is not None:
                    return read.operand, found
        return None

    def _read(self, read: Read, element: Element, shape: Shape, position: int) -> Element | None:
        """Return an element of an operand that is read and that reads the position."""
        parts = self.parts(read.operand)
        if not parts or not is_let_through(read.where, element):
            return None
        extents = self._shape(read.operand)
        every = [
            self._along(relation, 0 if place is None else element[place], extent, outputs)
            for extent, (place, relation) in zip(extents, read.axes, strict=True)
            for outputs in [1 if place is None else shape[place]]
        ]
        if not all(map(len, every)):
            return None
        # Along axes on which all elements read the same, one is enough.
        arrays = [array for bounds in parts for array in bounds]
        alike = [not any(array.strides[axis] for array in arrays) for axis in range(len(extents))]
        every = [
            one[len(one) // 2 : len(one) // 2 + 1] if same else one
            for one, same in zip(every, alike, strict=True)
        ]
        # What an element reads is the union of the parts, so an end of it is the end of one of them.
        found = np.zeros([len(one) for one in every], bool)
        for bounds in parts:
            lo, hi = (array[np.ix_(*every)] if every else array for array in bounds)
            found |= ((lo == position) | (hi == position)) & (lo <= hi)
        hits = np.argwhere(found)
        if not len(hits):
            return None
        places = middle(hits, [len(one) for one in every])
        return tuple(int(one[place]) for one, place in zip(every, places, strict=True))

    def _along(self, relation: Relation, index: int, extent: int, outputs: int) -> Places:
        """Return the places along one axis of an operand that one place of the output reads."""
        if not self.sure:
            return places_read(relation, extent, outputs, index)
        if isinstance(relation, Whole) and relation.uncertain:
            return np.arange(0)
        return places_read(certain(relation), extent, outputs, index)

    def _shape(self, number: int) -> Shape:
        return self.runs.graph.values[number].extents


def middle(hits: Places, extents: Sequence[int]) -> Element:
    """Return the one of some indices that lies nearest to the middle of an array with these extents."""
    off = np.abs(2 * hits + 1 - np.array(extents, np.int64).reshape(1, -1)) / np.maximum(extents, 1)
    return tuple(int(n) for n in hits[int(off.sum(axis=1).argmin())])
