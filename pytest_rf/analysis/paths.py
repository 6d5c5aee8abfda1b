"""How a figure came to be: the path from the input along which it grew."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from pytest_rf.analysis.branches import Alone, operands
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.metrics import METRICS, AxisField, Metric
from pytest_rf.analysis.runs import Runs
from pytest_rf.figures import Number
from pytest_rf.interpreter import Ignorance

Measure = Callable[[AxisField], Number | None]
"""Reads one figure of a field; None where there is none."""

GROWING = tuple(row.name for row in METRICS.values() if row.grows)
"""The figures that grow from layer to layer."""


class Growth(NamedTuple):
    """One step of the path: the value ``number`` made the figure ``growth`` larger, to ``total``."""

    number: int
    growth: Number
    total: Number


def figure(name: str, end: AxisField) -> Measure:
    """Return the measure of a figure by its name, for the path to a tensor whose field is ``end``.

    Of a halo it is the larger side.

    Raises:
        KeyError: there is no such figure, or nothing of it grows from layer to layer.
    """
    row = METRICS.get(name)
    if row is None or not row.grows:
        raise KeyError(f"there is no path of {name!r}; there are those of {', '.join(GROWING)}")
    # On the way strides are smaller: borders are where those of the tensor at the end are.
    align = end.multiple if row.tiled is not None else 1
    row = METRICS.get(row.waits, row)

    def measure(field: AxisField) -> Number | None:
        field = field.in_samples if end.framed else field
        found = row.bare(row.read(field) if row.tiled is None else row.tiled(field, align))
        larger: Number | None = max(found) if row.form == "sides" and found is not None else found
        return larger

    return measure


def traced(metric: Metric, end: AxisField) -> Metric:
    """Return the metric whose path tells where a figure comes from.

    It is the figure's own but for a centre behind an upsampling. Units look to either side there, unit 0 to one; not
    the layer that reads its neighbours made that, but the strides that the upsampling does not centre: the offset.
    """
    if metric.name != "center" or end.offset is None or end.stride is None:
        return metric
    even = end.center == end.offset + Fraction(end.stride - 1, 2)
    return metric if even else METRICS["offset"]


class Merge(NamedTuple):
    """A value on the path that several are brought together in: the operand that was followed, and the others."""

    number: int
    followed: int
    others: tuple[int, ...]


class Walk(NamedTuple):
    """The way from an input to a value along which a figure came about, and where other ways joined it.

    Attributes:
        stations: the values on the way with their figures, from the input on; those that have none are left out.
        merges: where other ways joined it.
    """

    stations: list[tuple[int, Number]]
    merges: list[Merge]


def trace(runs: Runs, number: int, source: Input, axis: int, measure: Measure) -> list[Growth]:
    """Return the steps from an input to value ``number`` that made a figure of its field grow.

    At every merge the path follows the operand that made the figure. What a layer takes away and a later one brings
    back (padding on the left, and the convolution that it is for) is left out, and so is what a later one undoes, and
    steps that change nothing. Infinite growth is that of the first operator that is to blame for it.
    """
    stations = walk(runs, number, source, axis, measure).stations
    return lasting(stations, lambda one: AxisField(runs, runs.graph.values[one], source, axis))


def walk(runs: Runs, number: int, source: Input, axis: int, measure: Measure) -> Walk:
    """Return the way from an input to value ``number`` along which a figure of its field came about.

    At every merge it follows the operand that alone would have made the result's figure; where none would, since
    the ends of a field are from several, the one that alone would have come closest.
    """
    known: dict[int, Number | None] = {}

    def figure(number: int) -> Number | None:
        if number not in known:
            known[number] = measure(AxisField(runs, runs.graph.values[number], source, axis))
        return known[number]

    merges: list[Merge] = []
    after = figure(number)
    stations: list[tuple[int, Number]] = [] if after is None else [(number, after)]
    while number in runs.plan.transfers:
        candidates = [one for one in operands(runs, number)[0] if _reads(runs, one, source)]
        if not candidates:
            break
        goal = known[number]
        # Those first that are likely to have made it; of equal ones the first is the main branch.
        candidates.sort(key=lambda one: _distance(figure(one), after if goal is None else goal))
        followed = candidates[0]
        if len(candidates) > 1 and goal is not None:
            alone = (alone_figure(runs, number, one, source, axis, measure) for one in candidates)
            followed = _closest(candidates, alone, goal)
            others = tuple(one for one in operands(runs, number)[0] if one in candidates and one != followed)
            merges.append(Merge(number, followed, others))
        number = followed
        before = figure(number)
        if before is not None:
            stations.append((number, before))
            after = before
    return Walk(stations[::-1], merges[::-1])


def alone_figure(
    runs: Runs, number: int, operand: int, source: Input, axis: int, measure: Measure
) -> Number | None:
    """Return what a figure of a value would be if it read one of its operands and nothing else."""
    return measure(AxisField(Alone(runs, number, operand), runs.graph.values[number], source, axis))


def _reads(runs: Runs, number: int, source: Input) -> bool:
    known = runs.structure(runs.graph.values[number])
    return not isinstance(known, Ignorance) and source.name in known.inputs


def _closest(candidates: Sequence[int], alone: Iterable[Number | None], goal: Number) -> int:
    """Return the first candidate that alone reaches a figure, or the one that comes closest."""
    best = candidates[0]
    least: Number = math.inf
    for one, found in zip(candidates, alone, strict=True):
        distance = _distance(found, goal)
        if distance < least:
            best, least = one, distance
        if not distance:
            break
    return best


def _distance(figure: Number | None, goal: Number | None) -> Number:
    if figure == goal:
        return 0
    if figure is None or goal is None:
        return math.inf
    return max(figure - goal, goal - figure)


def growths(stations: Sequence[tuple[int, Number]]) -> tuple[Number, list[Growth]]:
    """Return what a figure began with, and every step that changes it: together they add up to the last one.

    What is infinite on the way to a finite figure are channels that read everything and are dropped again, or a
    layout on the way that has no steps of its own: no layer on the way to the figure added that.
    """
    if not stations:
        return 0, []
    last = stations[-1][1]
    kept = [one for one in stations if math.isfinite(one[1])]
    if not math.isfinite(last):
        blamed = len(stations) - 1
        while blamed and stations[blamed - 1][1] == last:
            blamed -= 1
        kept = [one for one in stations[:blamed] if math.isfinite(one[1])] + [stations[blamed]]
    return kept[0][1], _steps(kept)


def lasting(stations: Sequence[tuple[int, Number]], field: Callable[[int], AxisField]) -> list[Growth]:
    """Return the steps that changed a figure from one station to the next, without what later steps undo.

    Args:
        stations: the values on the way with their figures.
        field: returns the field of a value.
    """
    chain = _padded(stations, field)
    if chain and math.isfinite(chain[-1][1]):  # channels that read everything, and that are dropped again
        chain = [one for one in chain if math.isfinite(one[1])]
    if not chain:
        return []
    kept, dip = chain[:1], chain[:0]
    levels = {kept[0][1]: 0}  # figure -> its place in what is kept
    for one in chain[1:]:
        if one[1] in levels:
            for _, later in kept[levels[one[1]] + 1 :]:
                del levels[later]
            kept, dip = kept[: levels[one[1]] + 1], []
        elif one[1] < kept[-1][1]:
            dip.append(one)
        else:
            levels[one[1]] = len(kept)
            kept.append(one)
            dip = []
    return _steps([*kept, *dip])


def _padded(
    stations: Sequence[tuple[int, Number]], field: Callable[[int], AxisField]
) -> list[tuple[int, Number]]:
    """Return stations of which a window and the padding that it is for are one, whichever of the two comes first.

    Between them there are more places than the input has, or fewer, and the figure is off by the padding.
    """
    found: list[tuple[int, Number]] = []
    rest = list(stations)
    for place, (number, level) in enumerate(stations):
        if found and place + 1 < len(rest):
            before, after = found[-1][1], rest[place + 1][1]
            if (level < before <= after or before < level > after) and not _is_whole(field(number)):
                if before < after < level:  # it is the window that grew
                    rest[place + 1] = number, after
                continue
        found.append(rest[place])
    return found


def _is_whole(field: AxisField) -> bool:
    """Whether a tensor has as many steps as it takes to stand for the input."""
    steps = field.steps
    return steps is None or steps.fits(field.count, field.input.shape[field.axis])


def _steps(stations: Sequence[tuple[int, Number]]) -> list[Growth]:
    return [
        Growth(number, total - before, total)
        for (_, before), (number, total) in pairwise(stations)
        if total != before
    ]
