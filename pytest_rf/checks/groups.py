"""Groups of dilated layers, and what share of its own operand a group reads.

A group is all layers between two changes of the grid (a stride, a resize, a reshape), so a layer without dilation
before or behind the dilated ones belongs to it and fills holes (Wang et al. 2018). Within it every element reads the
group's operand at fixed distances, which are added up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from pytest_rf.access import Read, Relation, Same, Taps
from pytest_rf.checks.layers import Layer
from pytest_rf.domains.layout import Key
from pytest_rf.graph import Graph, Join, Step, Union


class Root(NamedTuple):
    """The operand that a group begins at: the number of its value, and the axis."""

    value: int
    axis: int


class Distances(NamedTuple):
    """At which distances an element reads the operand of a group: bit ``i`` of ``bits`` for ``low + i``."""

    low: int
    bits: int

    @property
    def density(self) -> float:
        """The share of the positions between the first and the last that are read."""
        return self.bits.bit_count() / self.bits.bit_length() if self.bits else 1.0

    def union(self, other: Distances) -> Distances:
        """Return the distances of both."""
        low = min(self.low, other.low)
        return Distances(low, self.bits << self.low - low | other.bits << other.low - low)

    def then(self, taps: tuple[int, ...]) -> Distances:
        """Return the distances of an element that reads elements with these at some taps."""
        first, bits = min(taps), 0
        for tap in taps:
            bits |= self.bits << tap - first
        return Distances(self.low + first, bits)


class Group(Struct, frozen=True):
    """A group of dilated layers, as seen from the value at its end that reads the smallest share.

    Attributes:
        key: the spatial axis of an input that it lies along.
        value: the number of that value.
        density: the share of the group's own operand that it reads, within the first and the last position.
        layers: the dilated layers on the way.
    """

    key: Key
    value: int
    density: float
    layers: tuple[Layer, ...]


#: What is known of a value by root; None where it reads the operand in another way.
States = dict[Root, Distances | None]


def groups(graph: Graph, layers: Sequence[Layer]) -> Iterator[Group]:
    """Yield the groups with dilated layers that read less than all of their operand.

    Args:
        graph: the program.
        layers: its layers with windows.
    """
    roots: dict[Root, tuple[Key, list[Layer]]] = {}
    begun: dict[int, list[tuple[int, Key, Layer]]] = {}
    for layer in layers:
        for axis, relation, key in layer.axes():
            if len(relation.taps[0]) > 1:
                begun.setdefault(layer.tensor.number, []).append((axis, key, layer))
    states: dict[int, States] = {}
    inside: dict[Root, set[int]] = {}
    for step in graph.program:
        for axis, key, layer in begun.get(step.value.number, ()):
            own = states.setdefault(layer.operand.number, {})
            live = [root for root, known in own.items() if known is not None and root.axis == axis]
            root = live[0] if live else Root(layer.operand.number, axis)
            own.setdefault(root, Distances(0, 1))
            roots.setdefault(root, (key, []))[1].append(layer)
        states[step.value.number] = found = _after(step, states)
        for root, known in found.items():
            if known is not None:
                ends = inside.setdefault(root, set())
                ends.difference_update(step.operands)
                ends.add(step.value.number)
    for root, (key, members) in roots.items():
        shares = [(_density(states, number, root), number) for number in sorted(inside.get(root, ()))]
        density, number = min(shares, default=(1.0, 0))
        if density < 1:
            above = graph.ancestors(number)
            dilated = tuple(one for one in members if one.tensor.number in above and is_dilated(one))
            if dilated:
                yield Group(key, number, density, dilated)


def is_dilated(layer: Layer) -> bool:
    """Whether the taps of a layer lie apart."""
    return any(
        dilation > 1 and kernel > 1
        for kernel, dilation in zip(layer.windows.kernel, layer.windows.dilation, strict=True)
    )


def _density(states: Mapping[int, States], number: int, root: Root) -> float:
    known = states[number].get(root)
    return 1.0 if known is None else known.density


def _after(step: Step, states: Mapping[int, States]) -> States:
    """Return what is known of the value that a step makes."""
    found: States = {}

    def add(root: Root, known: Distances | None) -> None:
        other = found.get(root, known)
        found[root] = None if known is None or other is None else known.union(other)

    if isinstance(step.action, Union):
        for read in step.action.reads:
            for root, known in states.get(read.operand, {}).items():
                if root.axis >= len(read.axes):  # a Reshape has left fewer axes
                    add(root, None)
                elif not _is_statistic(read, root.axis):
                    add(root, _through(read.axes[root.axis], root.axis, known))
    else:
        joined = isinstance(step.action, Join)
        for number in step.operands:
            for root, known in states.get(number, {}).items():
                along = isinstance(step.action, Join) and step.action.axis == root.axis
                add(root, known if joined and not along else None)
    return found


def _is_statistic(read: Read, axis: int) -> bool:
    """Whether a read leaves no position of an axis: what it brings is context."""
    return read.statistic and read.axes[axis][0] is None


def _through(read: tuple[int | None, Relation], axis: int, known: Distances | None) -> Distances | None:
    place, relation = read
    if known is None or place != axis:
        return None
    if isinstance(relation, Same):
        return known
    if isinstance(relation, Taps) and relation.period == relation.advance == 1 and relation.taps[0]:
        return known.then(relation.taps[0])
    return None
