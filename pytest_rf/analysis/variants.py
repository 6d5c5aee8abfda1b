"""Variants of a model, in which advice is tried before it is given: layers more, taps moved, the future masked.

A variant has the steps on the way to one tensor only, and shares the plan of what stays as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from pytest_rf.access import SAME, Prefix, Read, Relation, Taps, Whole, window
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.domains.layout import Key
from pytest_rf.domains.structure import Structure
from pytest_rf.graph import Builder, Graph, Node, Step, Union, Value


def maker(field: AxisField, number: int) -> Node | None:
    """Return the node that computes a value; None for an input."""
    return next((step.node for step in field.runs.graph.program if step.value.number == number), None)


def _on_the_way(field: AxisField) -> list[Step]:
    ancestors = field.runs.graph.ancestors(field.value.number)
    return [step for step in field.runs.graph.program if step.value.number in ancestors]


def _variant(field: AxisField, graph: Graph, value: Value) -> AxisField:
    return dataclasses.replace(field, runs=field.runs.amended(graph), value=value)


def with_layers(field: AxisField, dilations: list[int], stride: int = 1) -> AxisField | None:
    """Return the field after more layers: 3 taps each along the axis, dilated, padded to keep its length.

    None where a layer would find no axis to stand on, or be wider than it is.
    """
    axis = _axis(field, field.value.number)
    extent = field.value.extents[axis] if axis is not None else 0
    if axis is None or extent < 2 * max(dilations) + 1:
        return None
    old = field.runs.graph
    builder = Builder()
    builder.graph = dataclasses.replace(
        old, values=list(old.values), nodes=list(old.nodes), program=_on_the_way(field)
    )
    value = field.value
    for dilation in dilations:
        relation = window(3, stride, dilation, dilation)
        axes = [(n, relation if n == axis else SAME) for n in range(value.rank)]
        shape = [ceil(n / stride) if place == axis else n for place, n in enumerate(value.extents)]
        builder.begin(Node("one more layer", ""))
        value = builder.union(shape, Read(value.number, tuple(axes)))
        builder.node.outputs["one more layer"] = value
    return _variant(field, builder.graph, value)


def spacing(field: AxisField, number: int) -> Fraction | None:
    """Return how many input positions the positions are apart that a window reads.

    None where the value is not made by one window along the axis.
    """
    windows = list(_windows(field, number))
    return _stride(field, windows[0][0], windows[0][1]) if len(windows) == 1 else None


class Window(NamedTuple):
    """A value that a window makes, and how many input positions apart the positions are that it reads."""

    number: int
    apart: Fraction


def nearest_window(field: AxisField) -> Window | None:
    """Return the last window before a field, on a way without merges."""
    makers = {step.value.number: step for step in field.runs.graph.program}
    number = field.value.number
    while number in makers:
        apart = spacing(field, number)
        if apart:
            return Window(number, apart)
        if len(set(makers[number].operands)) != 1:
            return None
        number = makers[number].operands[0]
    return None


def reading_earlier(
    field: AxisField, moves: Mapping[int, int], masked: Collection[int] = ()
) -> AxisField | None:
    """Return the field with padding moved from the end to the front, and the future masked.

    Args:
        field: the field.
        moves: number of a value that a window makes -> by how many positions of its operand it reads earlier.
        masked: numbers of values whose operators read nothing ahead of the step itself.

    Returns:
        The field; None where there is nothing of the kind that could be masked.
    """
    changed: dict[int, Step] = {}
    for number, distance in moves.items():
        ((step, index, axis, window),) = _windows(field, number)
        moved = tuple(tuple(tap - distance for tap in phase) for phase in window.taps)
        changed[step.value.number] = _with(step, index, axis, None, window._replace(taps=moved))
    for number in masked:
        before = len(changed)
        for step, index, axis, relation in _relations(field, number):
            target = _future(field, step, index, axis, relation)
            if target is not None:
                step = changed.get(step.value.number, step)
                changed[step.value.number] = _with(step, index, axis, target, Prefix())
        if len(changed) == before:
            return None
    program = [changed.get(step.value.number, step) for step in _on_the_way(field)]
    return _variant(field, dataclasses.replace(field.runs.graph, program=program), field.value)


def _future(field: AxisField, step: Step, index: int, axis: int, relation: Relation) -> int | None:
    """Return the axis of a step's value from whose places on a read could be masked, if it reads ahead."""
    read = _read(step, index)
    target = read.axes[axis][0]
    if isinstance(relation, Prefix):
        return target if relation.reverse else None
    if not isinstance(relation, Whole) or read.statistic:
        return None
    places = [target] if target is not None else _axes(field, step.value.number)
    extent = field.runs.graph.values[read.operand].extents[axis]
    return places[0] if len(places) == 1 and step.value.extents[places[0]] == extent else None


def _axis(field: AxisField, number: int) -> int | None:
    """Return the axis of a value that carries the positions of the field's input axis, if one alone does."""
    found = _axes(field, number)
    known = field.runs.plan.structures.get(number)
    if len(found) != 1 or not isinstance(known, Structure):
        return None
    (factor, *more) = known.layout[found[0]]
    return found[0] if not more and factor.carries == {field.key} and not factor.mixed else None


def _axes(field: AxisField, number: int) -> list[int]:
    known = field.runs.plan.structures.get(number)
    layout = known.layout if isinstance(known, Structure) else ()
    key: Key = field.key
    return [n for n, axis in enumerate(layout) if any(key in factor.carries for factor in axis)]


def _relations(field: AxisField, number: int) -> Iterator[tuple[Step, int, int, Relation]]:
    """Yield how the node that makes a value reads: step, number of the read, operand's axis, relation."""
    node = maker(field, number)
    for step in _on_the_way(field):
        if step.node is node and isinstance(step.action, Union):
            for index, read in enumerate(step.action.reads):
                for axis in _axes(field, read.operand):
                    yield step, index, axis, read.axes[axis][1]


def _windows(field: AxisField, number: int) -> Iterator[tuple[Step, int, int, Taps]]:
    for step, index, axis, relation in _relations(field, number):
        if isinstance(relation, Taps) and not relation.selects and relation.period == 1:
            yield step, index, axis, relation


def _read(step: Step, index: int) -> Read:
    assert isinstance(step.action, Union)
    return step.action.reads[index]


def _with(step: Step, index: int, axis: int, target: int | None, relation: Relation) -> Step:
    """Return a step one of whose reads has another relation, and perhaps target, along one axis."""
    assert isinstance(step.action, Union)
    reads = list(step.action.reads)
    axes = list(reads[index].axes)
    axes[axis] = (axes[axis][0] if target is None else target, relation)
    reads[index] = reads[index]._replace(axes=tuple(axes))
    return step._replace(action=Union(tuple(reads)))


def _stride(field: AxisField, step: Step, index: int) -> Fraction:
    """Return how many input positions one tap of a read is apart from the next."""
    operand = field.runs.graph.values[_read(step, index).operand]
    return dataclasses.replace(field, value=operand).stride or Fraction(1)
