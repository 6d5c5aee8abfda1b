"""How a figure came to be: the path from the input along which it grew."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from pytest_rf.analysis.metrics import METRICS, AxisField
from pytest_rf.figures import Number

if TYPE_CHECKING:
    from pytest_rf.analysis.analysis import Analysis
    from pytest_rf.analysis.tensors import Input, Tensor

Measure = Callable[[AxisField], Number | None]
"""Reads one figure of a field; None where there is none."""


class Contribution(NamedTuple):
    """One step of the path: ``tensor`` made the figure ``growth`` larger, to ``total``."""

    tensor: Tensor
    growth: Number
    total: Number

    @property
    def factor(self) -> Fraction:
        """How many times larger the figure became, for figures that multiply."""
        return Fraction(self.total) / (Fraction(self.total) - Fraction(self.growth))


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


def owners(analysis: Analysis) -> dict[int, Tensor]:
    """Return the tensor of each named value, by its number; of those that share one, the first."""
    return {tensor.number: tensor for tensor in reversed(list(analysis))}


def trace(
    analysis: Analysis, tensor: Tensor, source: Input, axis: int, measure: Measure
) -> list[Contribution]:
    """Return the steps from an input to ``tensor`` that made a figure of its field grow.

    At every merge the path follows the operand whose figure is closest to the result's. What a layer
    takes away and a later one brings back (padding on the left, and the convolution that it is for) is
    left out, and so is what a later one undoes, and steps that change nothing. Infinite growth is that
    of the first operator that is to blame for it.
    """
    makers = {step.value.number: step for step in analysis.graph.program}
    named = owners(analysis)
    inputs = {value.number for value in analysis.graph.inputs.values()}
    known: dict[int, Number | None] = {}

    def figure(number: int) -> Number | None:
        if number not in known:
            known[number] = measure(AxisField(analysis, analysis.graph.values[number], source, axis))
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

    number, after = tensor.number, figure(tensor.number)
    # Elementwise operators pass a value on: whoever made it is to be named.
    first = named.get(number, tensor)
    chain: list[tuple[Tensor | None, Number]] = [] if after is None else [(first, after)]
    while number in makers:
        candidates = operands(number)
        if not candidates:
            break
        goal = after
        # Of equal operands the first is the main branch.
        number = min(candidates, key=lambda one: _distance(figure(one), goal))
        before = figure(number)
        if before is not None:
            chain.append((named.get(number), before))
            after = before
    return _told(chain[::-1])


def _distance(figure: Number | None, goal: Number | None) -> Number:
    if figure == goal:
        return 0
    if figure is None or goal is None:
        return math.inf
    return max(figure - goal, goal - figure)


def _told(chain: list[tuple[Tensor | None, Number]]) -> list[Contribution]:
    """Return the steps that changed a figure, without what later steps undo."""
    if chain and math.isfinite(chain[-1][1]):  # channels that read everything, and that are dropped again
        chain = [one for one in chain if math.isfinite(one[1])]
    if not chain:
        return []
    told, dip = chain[:1], chain[:0]
    for one in chain[1:]:
        level = next((n for n, before in enumerate(told) if before[1] == one[1]), None)
        if level is not None:
            told, dip = told[: level + 1], []
        elif one[1] < told[-1][1]:
            dip.append(one)
        else:
            told, dip = [*told, one], []
    steps: list[Contribution] = []
    before = chain[0][1]
    for tensor, total in [*told[1:], *dip]:
        if total != before and tensor is not None:
            steps.append(Contribution(tensor, total - before, total))
        before = total
    return steps
