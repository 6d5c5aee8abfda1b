"""How pieces that lie end to end along an axis belong together.

A concat of two levels of a detector and one of a rolled tensor's halves look alike to the engine: two maps on
one axis. What tells them apart is where the pieces come from, which the steps that made them say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Read, Relation, Same, Table, Taps
from pytest_rf.graph import Graph, Join, Step, Union

Places = npt.NDArray[np.int64]
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
    places: range | Places


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
    chosen = [part.places for part in parts]
    extent = graph.values[parts[0].value].extents[join.axis]
    if sum(map(len, chosen)) == extent:
        in_order = _rearranged([places for places in chosen if len(places)], extent)
        if in_order is not None:
            return Seam("rearranged", circular=not in_order)
    return _padding([_listed(places) for places in chosen])


def _rearranged(parts: Sequence[range | Places], extent: int) -> bool | None:
    """Return whether parts that hold ``extent`` places hold them in order; None where they do not hold each once."""
    runs = [part for part in parts if isinstance(part, range) and (abs(part.step) == 1 or len(part) == 1)]
    if len(runs) < len(parts):
        places = np.concatenate([_listed(part) for part in parts])
        return _is_run(places, 0, 1) if np.bincount(places, minlength=extent).all() else None
    end = 0
    for first, last in sorted((min(run[0], run[-1]), max(run[0], run[-1])) for run in runs):
        if first != end:
            return None
        end = last + 1
    return all(run.step == 1 or len(run) == 1 for run in runs) and runs == sorted(
        runs, key=lambda run: run[0]
    )


def _run(first: int, step: int, count: int) -> range:
    return range(first, first + step * count, step)


def _listed(places: range | Places) -> Places:
    return np.arange(places.start, places.stop, places.step) if isinstance(places, range) else places


def _is_run(places: Places, first: int, step: int) -> bool:
    """Whether places follow each other, from the first on."""
    return np.array_equal(places, np.arange(len(places)) * step + first)


def _padding(parts: Sequence[Places]) -> Seam:
    """Return the seam of slices of one value, of which the longest may be padded by places of its own."""
    main = max(range(len(parts)), key=lambda number: len(parts[number]))
    first, last = int(parts[main][0]), int(parts[main][-1])
    if not _is_run(parts[main], first, 1):
        return Seam()
    # Seen from its own side of the main operand, both ends look alike.
    front = [(part - first)[::-1] for part in parts[:main]][::-1]
    back = [last - part for part in parts[main + 1 :]]
    kinds = {_border(np.concatenate(places), last - first) for places in (front, back) if places}
    return Seam("padding", main, "circular" in kinds) if None not in kinds else Seam()


def _border(places: Places, last: int) -> Literal["repeated", "mirrored", "circular"] | None:
    """Return what lies beside an end of places 0 to ``last``, from the end outwards; None: no border."""
    count = len(places)
    if 2 * count > last + 1:
        return None  # as long as what it would pad
    if not places.any():
        return "repeated"
    if _is_run(places, 0, 1) or _is_run(places, 1, 1):
        return "mirrored"
    return "circular" if _is_run(places, last, -1) else None


def _source(graph: Graph, makers: Mapping[int, Step], number: int, axis: int) -> _Slice:
    """Follow a value back through steps that only select places, to what they are selected from."""
    places: range | Places = range(graph.values[number].extents[axis])
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
        if isinstance(places, range) and isinstance(chosen, range):
            first = chosen.start + chosen.step * places.start
            places = _run(first, chosen.step * places.step, len(places))
        else:
            places = _listed(chosen)[_listed(places)]
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


def _chosen(read: tuple[int | None, Relation], extent: int, output: int) -> range | Places | None:
    """Return the place of an axis that each output element selects; None where it does anything else."""
    target, relation = read
    if isinstance(relation, Same) and target is not None:
        return range(output) if output <= extent else None
    if isinstance(relation, Taps) and relation.selects and relation.period == 1 and relation.advance:
        ((first, *more),) = relation.taps
        run = _run(first, relation.advance, output)
        inside = not run or (0 <= run[0] < extent and 0 <= run[-1] < extent)
        return run if inside and not more else None
    if isinstance(relation, Same):
        places = np.zeros(output, np.int64)  # without a target one place, broadcast
    elif isinstance(relation, Table):
        places = relation.indices
    elif isinstance(relation, Taps) and relation.selects and all(len(taps) == 1 for taps in relation.taps):
        phases, advance = relation.taps, relation.advance
        period, place = len(phases), np.arange(output)
        places = np.array([taps[0] for taps in phases])[place % period] + advance * (place // period)
    else:
        return None
    return places if ((places >= 0) & (places < extent)).all() else None
