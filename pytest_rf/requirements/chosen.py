"""What can be said along axes that the model leaves open and nobody gave, whose extents are our choice (CONTRACT).

Figures in theory need no extent, but they can rest on one all the same: of a model that resizes whatever it gets to a
fixed size, or that fits a grid to it. So what is read there is read again at other extents, and holds if it agrees.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

from pytest_rf.analysis import Input
from pytest_rf.analysis.metrics import METRICS, AxisField, Metric
from pytest_rf.errors import RFError
from pytest_rf.figures import said
from pytest_rf.given import option
from pytest_rf.requirements.measure import Reading, Undecidable, decide
from pytest_rf.requirements.syntax import Comparator, Comparison

FAR = 2**31
"""No input is larger; what holds at the smallest and at this extent holds at all."""

Read = TypeVar("Read")


def actual(field: AxisField, metric: Metric) -> str:
    """Say why a metric that is taken on the actual input is not known along an axis; empty where it is."""
    return _unknown(field, metric.name) if metric.actual and field.axis in field.input.chosen else ""


def comparison(
    field: AxisField,
    tensor: str,
    part: Comparison,
    readings: Sequence[Reading],
    read: Callable[[AxisField], Sequence[Reading]],
    wanted: Callable[[int], Fraction],
) -> str:
    """Say why a comparison is not decided where extents are our choice; empty where it is.

    Args:
        field: the field of a tensor along an axis.
        tensor: the tensor's name.
        part: the comparison.
        readings: the figure there.
        read: reads the figure of another field.
        wanted: returns what it is compared with where the input has an extent.
    """
    metric = METRICS[part.figure.metric]
    if field.axis in field.input.chosen and wanted(1) != wanted(FAR):
        outcomes = {_decided(readings, part.comparator, wanted(extent)) for extent in (1, FAR)}
        # Between the two an extent can be just what is compared with.
        if len(outcomes) > 1 or (part.comparator in ("==", "!=") and None not in outcomes):
            return _unknown(field, f"{metric.name} {part.comparator} {part.value}")
    return _unsteady(field, tensor, metric.name, read, readings)


def _decided(readings: Sequence[Reading], comparator: Comparator, number: Fraction) -> bool | None:
    outcomes = [decide(reading, comparator, number) for reading in readings]
    return all(outcomes) if all(outcomes) or False in outcomes else None


def claim(
    field: AxisField,
    tensor: str,
    predicate: Metric,
    holds: bool | None,
    read: Callable[[AxisField], bool | None],
) -> str:
    """Say why a claim is not decided where extents are our choice; the arguments are as of :func:`comparison`."""
    return _unsteady(field, tensor, f"whether it is {predicate.name}", read, holds)


def _unsteady(
    field: AxisField, tensor: str, what: str, read: Callable[[AxisField], Read], found: Read
) -> str:
    """Say how what is read of a field differs at other extents than those that were chosen; empty where it agrees.

    Args:
        field: the field.
        tensor: the name of the tensor whose it is.
        what: what is read, in words.
        read: reads it.
        found: what it is at the chosen extents.
    """
    other = _elsewhere(field, tensor)
    if other is None:
        return ""
    try:
        again = read(other)
    except (Undecidable, RFError):
        return _differs(field, other, what, "")
    return "" if again == found else _differs(field, other, what, _values(found, again, field, other))


def _values(found: object, again: object, field: AxisField, other: AxisField) -> str:
    first, second = _shown(found), _shown(again)
    if not first or first == second:
        return ""
    return f": {first} at {field.extent}, {second} at {other.extent}"


def _shown(read: object) -> str:
    if isinstance(read, bool):
        return "yes" if read else "no"
    readings = [one for one in read if isinstance(one, Reading)] if isinstance(read, Sequence) else []
    return " and ".join(_span(one) for one in readings)


def _span(reading: Reading) -> str:
    low, high = said(reading.low.upper), said(reading.high.upper)
    return low if low == high else f"{low} to {high}"


def _differs(field: AxisField, other: AxisField, what: str, values: str) -> str:
    return f"{what} depends on the input's extents{values}; {_open(field.runs.inputs.values())}"


def _unknown(field: AxisField, what: str) -> str:
    if field.runs.about.stream is not None:
        return f"{what} needs the input's extent, and {field.axis_name} of {field.input.name} is a stream, which has none"
    return f"{what} needs the input's extent; {_open([field.input])}"


def _open(sources: Iterable[Input]) -> str:
    """Return what is open, what was chosen, and how to give it."""
    source = next(source for source in sources if source.chosen)
    names = {number: name for name, number in source.axes.items()}
    axes = " and ".join(names.get(axis, f"axis {axis}") for axis in source.chosen)
    extents = dict.fromkeys(source.shape[axis] for axis in source.chosen)
    return (
        f"the model leaves {axes} of {source.name} open and {' and '.join(map(str, extents))} was chosen; "
        f"give its shape as inputs ({option(source.name, source.shape)})"
    )


def _elsewhere(field: AxisField, tensor: str) -> AxisField | None:
    """Return a tensor's field at other extents; None where all are given, or the model runs at no others."""
    other = field.runs.elsewhere
    if other is None:
        return None
    value = other.named.get(tensor)
    if value is None or field.input.name not in other.inputs:
        return None
    source = other.inputs[field.input.name]
    return dataclasses.replace(field, runs=other, value=value, input=source, beside=())
