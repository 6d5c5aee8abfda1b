"""How pieces that lie end to end along an axis belong together.

A concat of two levels of a detector and one of a rolled tensor's halves look alike to the engine: two maps on
one axis. What tells them apart is where the pieces come from, which the steps that made them say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from pytest_rf.access import Read, Relation, Same, Table, Taps
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
    """Places of a value along one axis; ``aside`` is what is selected along the others."""

    value: int
    aside: frozenset[tuple[int, Taps]]
    places: tuple[int, ...]


def seam(graph: Graph, makers: Mapping[int, Step], join: Join) -> Seam:
    """Return how the operands of a join belong together.

    Args:
        graph: the graph.
        makers: value number -> the step that makes it.
        join: the join.
    """
    parts = [_source(graph, makers, number, join.axis) for number in join.operands]
    if len({part[:2] for part in parts}) > 1 or len(parts) < 2:
        return Seam()
    chosen = [list(part.places) for part in parts]
    extent = graph.values[parts[0].value].extents[join.axis]
    places = [place for part in chosen for place in part]
    if sorted(places) == list(range(extent)):
        return Seam("rearranged", circular=places != list(range(extent)))
    return _padding(chosen)


def _padding(parts: list[list[int]]) -> Seam:
    """Return the seam of slices of one value, of which the longest may be padded by places of its own."""
    main = max(range(len(parts)), key=lambda number: len(parts[number]))
    first, last = parts[main][0], parts[main][-1]
    if parts[main] != list(range(first, last + 1)):
        return Seam()
    # Seen from its own side of the main operand, both ends look alike.
    front = [place - first for part in parts[:main] for place in part][::-1]
    back = [last - place for part in parts[main + 1 :] for place in part]
    kinds = {_border(places, last - first) for places in (front, back) if places}
    return Seam("padding", main, "circular" in kinds) if None not in kinds else Seam()


def _border(places: list[int], last: int) -> Literal["repeated", "mirrored", "circular"] | None:
    """Return what lies beside an end of places 0 to ``last``, from the end outwards; None: no border."""
    count = len(places)
    if 2 * count > last + 1:
        return None  # as long as what it would pad
    if places == [0] * count:
        return "repeated"
    if places in (list(range(count)), list(range(1, count + 1))):
        return "mirrored"
    return "circular" if places == list(range(last, last - count, -1)) else None


def _source(graph: Graph, makers: Mapping[int, Step], number: int, axis: int) -> _Slice:
    """Follow a value back through steps that only select places, to what they are selected from."""
    places = tuple(range(graph.values[number].extents[axis]))
    aside: frozenset[tuple[int, Taps]] = frozenset()
    while number in makers:
        step = makers[number]
        if not isinstance(step.action, Union) or len(step.action.reads) != 1:
            break
        (access,) = step.action.reads
        shape = graph.values[access.operand].extents
        others = _aside(access, axis)
        if others is None or axis >= len(shape):
            break
        chosen = _chosen(access.axes[axis], shape[axis], graph.values[number].extents[axis])
        if chosen is None:
            break
        aside |= others
        places = tuple([chosen[place] for place in places])
        number = access.operand
    return _Slice(number, aside, places)


def _aside(access: Read, axis: int) -> frozenset[tuple[int, Taps]] | None:
    """Return what a read selects along all axes but one; None where it does anything else there."""
    found: set[tuple[int, Taps]] = set()
    for number, (target, relation) in enumerate(access.axes):
        if number != axis and isinstance(relation, Taps) and relation.selects and target == number:
            found.add((number, relation))
        elif number != axis and (target != number or not isinstance(relation, Same)):
            return None
    return None if access.where is not None else frozenset(found)


def _chosen(read: tuple[int | None, Relation], extent: int, output: int) -> tuple[int, ...] | None:
    """Return the place of an axis that each output element selects; None where it does anything else."""
    target, relation = read
    places: Iterable[int]
    if isinstance(relation, Same):
        places = range(output) if target is not None else (0,) * output  # one place, broadcast
    elif isinstance(relation, Table):
        places = relation.indices.tolist()
    elif isinstance(relation, Taps) and relation.selects and all(len(taps) == 1 for taps in relation.taps):
        phases, advance = relation.taps, relation.advance
        places = [phases[i % len(phases)][0] + advance * (i // len(phases)) for i in range(output)]
    else:
        return None
    found = tuple(places)
    return found if all(0 <= place < extent for place in found) else None
