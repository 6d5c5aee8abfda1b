"""How a figure came to be: the path from the input along which it grew."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.metrics import METRICS, AxisField
from pytest_rf.analysis.runs import Runs
from pytest_rf.figures import Number

Measure = Callable[[AxisField], Number | None]
"""Reads one figure of a field; None where there is none."""


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
        known = ", ".join(one.name for one in METRICS.values() if one.grows)
        raise KeyError(f"there is no path of {name!r}; there are those of {known}")
    # On the way strides are smaller: borders are where those of the tensor at the end are.
    align = end.multiple if row.tiled is not None else 1

    def measure(field: AxisField) -> Number | None:
        found = row.bare(row.read(field) if row.tiled is None else row.tiled(field, align))
        larger: Number | None = max(found) if row.form == "sides" and found is not None else found
        return larger

    return measure


class Merge(NamedTuple):
    """A value on the path that several are brought together in: the operand that was followed, and the others.

    Attributes:
        number: the value.
        followed: the operand whose figure is closest to the result's.
        left: the other operands with their figures.
    """

    number: int
    followed: int
    left: tuple[tuple[int, Number | None], ...]


class Walk(NamedTuple):
    """The way from an input to a value along which a figure came about, and where other ways joined it."""

    steps: list[Growth]
    start: Number
    merges: list[Merge]


def trace(runs: Runs, number: int, source: Input, axis: int, measure: Measure) -> list[Growth]:
    """Return the steps from an input to value ``number`` that made a figure of its field grow.

    At every merge the path follows the operand whose figure is closest to the result's. What a layer
    takes away and a later one brings back (padding on the left, and the convolution that it is for) is
    left out, and so is what a later one undoes, and steps that change nothing. Infinite growth is that
    of the first operator that is to blame for it.
    """
    return walk(runs, number, source, axis, measure).steps


def walk(runs: Runs, number: int, source: Input, axis: int, measure: Measure) -> Walk:
    """Return the same, with the figure that it began with and the branches that were not followed."""
    graph = runs.graph
    makers = {step.value.number: step for step in graph.program}
    named = {value.number for node in graph.nodes for value in node.outputs.values() if value.varies}
    inputs = {value.number for value in graph.inputs.values()}
    known: dict[int, Number | None] = {}

    def figure(number: int) -> Number | None:
        if number not in known:
            known[number] = measure(AxisField(runs, graph.values[number], source, axis))
        return known[number]

    def operands(number: int) -> list[int]:
        """Return the nearest named values that a value is computed from."""
        found: dict[int, None] = {}
        waiting = list(makers[number].operands)[::-1]
        seen = set(waiting)
        while waiting:
            operand = waiting.pop()
            if operand in named or operand in inputs:
                found[operand] = None
            elif operand in makers:
                fresh = [one for one in makers[operand].operands[::-1] if one not in seen]
                seen.update(fresh)
                waiting += fresh
        return list(found)

    merges: list[Merge] = []
    after = figure(number)
    chain: list[tuple[int | None, Number]] = [] if after is None else [(number, after)]
    while number in makers:
        candidates = operands(number)
        if not candidates:
            break
        goal = after
        # Of equal operands the first is the main branch.
        followed = min(candidates, key=lambda one: _distance(figure(one), goal))
        left = tuple((one, figure(one)) for one in candidates if one != followed)
        merges += [Merge(number, followed, left)] if left else []
        number = followed
        before = figure(number)
        if before is not None:
            chain.append((number if number in named else None, before))
            after = before
    steps = _lasting(chain[::-1])
    first = (steps[0].total - steps[0].growth) if steps else (0 if after is None else chain[0][1])
    return Walk(steps, first, merges[::-1])


def _distance(figure: Number | None, goal: Number | None) -> Number:
    if figure == goal:
        return 0
    if figure is None or goal is None:
        return math.inf
    return max(figure - goal, goal - figure)


def _lasting(chain: list[tuple[int | None, Number]]) -> list[Growth]:
    """Return the steps that changed a figure, without what later steps undo."""
    if chain and math.isfinite(chain[-1][1]):  # channels that read everything, and that are dropped again
        chain = [one for one in chain if math.isfinite(one[1])]
    if not chain:
        return []
    kept, dip = chain[:1], chain[:0]
    for one in chain[1:]:
        level = next((n for n, before in enumerate(kept) if before[1] == one[1]), None)
        if level is not None:
            kept, dip = kept[: level + 1], []
        elif one[1] < kept[-1][1]:
            dip.append(one)
        else:
            kept, dip = [*kept, one], []
    steps: list[Growth] = []
    before = chain[0][1]
    for number, total in [*kept[1:], *dip]:
        if total != before and number is not None:
            steps.append(Growth(number, total - before, total))
        before = total
    return steps
