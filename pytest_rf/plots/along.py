"""One axis of a picture of what a unit reads: cells, each of one position, or of several where there are very many."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis.regions import Reading, Region

Span = tuple[float, float]
"""The borders of a part of an axis: those of position 3 are 2.5 and 3.5."""

#: An axis is drawn in no more cells than this.
MOST = 1024

#: Where the field would be smaller than this share of the input, only what lies around it is drawn.
_DOT = 1 / 14

#: So many times its size is drawn on either side of its middle.
_AROUND = 1.5


class Cells(NamedTuple):
    """The cells of an axis.

    Attributes:
        span: their borders.
        read: of each the share of its positions that is read.
        density: of each how dense the effective field is: 1 at its middle; 0 where it is not known.
    """

    span: Span
    read: npt.NDArray[np.float64]
    density: npt.NDArray[np.float64]


def cells(region: Region, axis: str, drawn: Span | None = None) -> Cells:
    """Return the cells of an axis: those of the field, or those of the part of the input that is ``drawn``."""
    reading = region.axes[axis]
    start, stop = reading.first, reading.last + 1
    if drawn is not None:
        start, stop = max(math.floor(drawn[0]), 0), min(math.ceil(drawn[1]) + 1, reading.extent)
    step = -(-(stop - start) // MOST)
    count = -(-(stop - start) // step)
    marks = np.zeros(count * step)
    if reading.read is None:
        marks[max(reading.first - start, 0) : reading.last + 1 - start] = 1
    else:
        marks[[place - start for place in reading.read if start <= place < stop]] = 1
    middles = start + step * np.arange(count) + (step - 1) / 2
    density = np.zeros(count)
    if axis in region.effective:
        mean, deviation = region.effective[axis]
        density = np.exp(-(((middles - mean) / max(deviation, 0.5)) ** 2) / 2)
    return Cells((start - 0.5, start + count * step - 0.5), marks.reshape(count, step).mean(axis=1), density)


def span(reading: Reading) -> Span:
    """Return the borders of what a unit would read without those of the input."""
    return reading.first - reading.before - 0.5, reading.last + reading.after + 0.5


def told(*readings: Reading) -> str:
    """Return what a legend calls what is read."""
    return "read" if all(one.read is not None for one in readings) else "read, but for holes"


def reads_nothing(reading: Reading) -> bool:
    """Return whether a unit reads nothing along an axis."""
    return reading.first > reading.last


def around(*readings: Reading) -> float:
    """Return how much is drawn on either side of what is read, where that would be but a dot in the whole; else 0."""
    sizes = [high - low for low, high in map(span, readings)]  # with its padding
    is_dot = all(0 < size < _DOT * one.extent for size, one in zip(sizes, readings, strict=True))
    return _AROUND * max(*sizes, 3) if is_dot else 0.0


def view(reading: Reading, around: float) -> Span:
    """Return the part of an axis that is drawn: all of it and what lies beyond, or so much ``around`` a dot."""
    low, high = (0.0, 0.0) if reads_nothing(reading) else span(reading)
    if around:
        middle = (low + high) / 2
        return middle - around, middle + around
    margin = 0.03 * reading.extent + 0.5
    return min(low, -0.5) - margin, max(high, reading.extent - 0.5) + margin


def width(deviation: float) -> float:
    """Return the width of an effective field whose energy has a standard deviation (SEMANTICS 8)."""
    return math.sqrt(1 + 12 * deviation * deviation)


def effective(region: Region) -> str:
    """Return what a legend says of a unit's effective field: its width along each axis."""
    widths = (region.effective[axis][1] for axis in region.axes if axis in region.effective)
    return f"effective field, {' × '.join(f'{width(one):.3g}' for one in widths)}"
