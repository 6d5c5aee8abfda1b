"""How pieces that lie end to end along an axis belong together.

A concat of two levels of a detector and one of a rolled tensor's halves look alike to the engine: two maps on
one axis. What tells them apart is where the pieces come from, which the steps that made them say.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Literal, NamedTuple

from pytest_rf.access import Read, Same, Table, Taps
from pytest_rf.graph import Graph, Join, Step, Union

Kind = Literal["pieces", "padding", "rearranged"]


class Seam(NamedTuple):
    """How the operands of a join belong together.

    Attributes:
        kind: ``pieces`` of whatever kind; ``padding``: all but the main operand repeat places of that one
            beside it (a first frame before all frames); ``rearranged``: the pieces of one tensor, each once.
        main: which operand the others pad.
        circular: whether what lies at one end is fetched to the other.
    """

    kind: Kind = "pieces"
    main: int = 0
    circular: bool = False


class _Slice(NamedTuple):
    """Places of a value along one axis; ``places`` is None where it is the value as it is."""

    value: int
    places: tuple[int, ...] | None


def seam(graph: Graph, makers: Mapping[int, Step], join: Join) -> Seam:
    """Return how the operands of a join belong together.

    Args:
        graph: the graph.
        makers: value number -> the step that makes it.
        join: the join.
    """
    parts = [_source(graph, makers, number, join.axis) for number in join.parts]
    if len(parts) < 2:
        return Seam()
    main = next((place for place, part in enumerate(parts) if part.places is None), None)
    if main is not None:
        return _padding(graph, join, parts, main)
    if len({part.value for part in parts}) > 1:
        return Seam()
    extent = _extent(graph, parts[0].value, join.axis)
    places = [place for part in parts for place in part.places or ()]
    if sorted(places) != list(range(extent)):
        return Seam()
    return Seam("rearranged", circular=places != list(range(extent)))


def _padding(graph: Graph, join: Join, parts: list[_Slice], main: int) -> Seam:
    """Return the seam of operands of which ``main`` is a whole value."""
    value, last = parts[main].value, _extent(graph, parts[main].value, join.axis) - 1
    circular = False
    for place, part in enumerate(parts):
        if place != main:
            if part.value != value or part.places is None:
                return Seam()
            # Of a short axis no place is nearer to one end than to the other: the first is the front's.
            near = [(at <= last - at) == (place < main) or 2 * at == last for at in part.places]
            circular |= not all(near)
    return Seam("padding", main, circular)


def _source(graph: Graph, makers: Mapping[int, Step], number: int, axis: int) -> _Slice:
    """Follow a value back through steps that only select places along ``axis``, to what they are selected from."""
    places: tuple[int, ...] | None = None
    while number in makers:
        step = makers[number]
        if not isinstance(step.action, Union) or len(step.action.reads) != 1:
            break
        (access,) = step.action.reads
        chosen = _selected(graph, access, axis, _extent(graph, number, axis))
        if chosen is None:
            break
        places = chosen if places is None else tuple([chosen[place] for place in places])
        number = access.operand
    return _Slice(number, places)


def _selected(graph: Graph, access: Read, axis: int, output: int) -> tuple[int, ...] | None:
    """Return which places along ``axis`` a read selects, all other axes staying what they are; None: it does not."""
    shape = graph.values[access.operand].extents
    if access.where is not None or axis >= len(shape):
        return None
    chosen: tuple[int, ...] | None = None
    for number, (target, relation) in enumerate(access.axes):
        if number != axis:
            if target != number or not isinstance(relation, Same):
                return None
        elif isinstance(relation, Taps) and relation.selects and relation.border == "drop":
            taps = [tap for phase in relation.taps for tap in phase]
            if len(taps) != relation.period:
                return None
            q = relation.period
            chosen = tuple([taps[i % q] + relation.advance * (i // q) for i in range(output)])
        elif isinstance(relation, Table):
            chosen = tuple(relation.indices.tolist())
        elif isinstance(relation, Same) and target is None and shape[axis] == 1:
            chosen = (0,) * output  # one place, broadcast
        else:
            return None
    if chosen is None or not all(0 <= place < shape[axis] for place in chosen):
        return None
    return chosen


def _extent(graph: Graph, number: int, axis: int) -> int:
    shape = graph.values[number].extents
    return shape[axis] if axis < len(shape) else prod(shape)
