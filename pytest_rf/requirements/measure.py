"""Reads figures from an analysis and decides comparisons about them.

A figure differs between units (phases, irregular tensors), and where indices depend on data it is known
between bounds only. So a reading holds two numbers twice: the smallest and the largest over all units, each
as what is certain and as the upper bound. A lower bound is held against the smallest, an upper bound against
the largest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal

from msgspec import Struct

from pytest_rf.analysis.metrics import METRICS, Metric, Origin
from pytest_rf.figures import Number, value
from pytest_rf.findings import Measurement
from pytest_rf.requirements import extent
from pytest_rf.requirements.syntax import Comparator

#: Figures that are computed in floating point (density, erf) may be off by this share of the figure.
_TOLERANCE = 1e-9


VACUOUS = "nothing reads the axis here, so the guarantee says nothing"


class Undecidable(Exception):
    """A figure that has no value here; the text says why."""


class Known(Struct, frozen=True):
    """A number between what is certain and an upper bound, which are one number where it is exact."""

    certain: Number
    upper: Number

    @property
    def exact(self) -> bool:
        """Return whether the number is known."""
        return self.certain == self.upper


class Reading(Struct, frozen=True):
    """The smallest and the largest of a figure over all units; ``side`` tells a halo's two sides apart."""

    low: Known
    high: Known
    side: Literal["", "before", "after"] = ""

    @property
    def exact(self) -> bool:
        """Return whether both numbers are known."""
        return self.low.exact and self.high.exact


def read(axis_field: Any, metric: Metric, align: int | None, origin: Origin) -> list[Reading]:
    """Read a metric from the field of an axis: one reading, or one per side of a tile.

    Raises:
        Undecidable: there is no such figure here.
    """
    if metric.guarantee and axis_field.vacuous:
        raise Undecidable(VACUOUS)
    if metric.share_of:
        return [_share(axis_field, METRICS[metric.share_of])]
    attribute = metric.attribute if align is None else f"{metric.name}_for"
    figure = getattr(axis_field, attribute)
    figure = figure if align is None else figure(align)
    if figure is None:
        raise Undecidable(_absent(axis_field, metric))
    if metric.form == "sides":
        before, after = figure
        return [
            _bounded(axis_field, metric, before, before, "before"),
            _bounded(axis_field, metric, after, after, "after"),
        ]
    if metric.form == "sources":
        return truth(bool(figure))
    low, high = figure if metric.ranged else (figure, figure)
    if metric.shift is not None and origin != "end":
        shift = _shift(axis_field, metric, origin)
        low, high = low + shift, high + shift
    return [_bounded(axis_field, metric, low, high)]


def measurements(readings: Sequence[Reading], metric: Metric) -> tuple[Measurement, ...]:
    """Return readings as findings hold them."""
    found = []
    for reading in readings:
        low, high = reading.low, reading.high
        if metric.kind == "truth":
            found.append(Measurement(low=bool(low.upper), high=bool(high.upper), side=reading.side))
            continue
        certain = None if reading.exact else (value(low.certain), value(high.certain))
        found.append(
            Measurement(low=value(low.upper), high=value(high.upper), certain=certain, side=reading.side)
        )
    return tuple(found)


def decide(reading: Reading, comparator: Comparator, wanted: Number) -> bool | None:
    """Return whether a comparison holds for every unit; None where that is not known."""
    low, high = reading.low, reading.high
    slack = _TOLERANCE * max(1.0, abs(float(wanted))) if isinstance(low.upper, float) else 0
    if comparator in (">=", ">"):
        strict = comparator == ">"
        if _above(low.certain, wanted, strict, slack):
            return True
        return None if _above(low.upper, wanted, strict, slack) else False
    if comparator in ("<=", "<"):
        strict = comparator == "<"
        if _above(wanted, high.upper, strict, slack):
            return True
        return None if _above(wanted, high.certain, strict, slack) else False
    equal = _equal(reading, wanted, slack)
    return equal if comparator == "==" else _unequal(reading, wanted, slack)


def _above(a: Any, b: Any, strict: bool, slack: float) -> bool:
    """Return whether ``a >= b`` or, strictly, ``a > b``; figures in floating point get some slack."""
    if slack:
        a, b = float(a), float(b)
        return bool(a > b + slack if strict else a >= b - slack)
    return bool(a > b if strict else a >= b)


def _near(a: Any, b: Any, slack: float) -> bool:
    """Return whether two figures are one."""
    return bool(abs(a - b) <= slack)


def _equal(reading: Reading, wanted: Number, slack: float) -> bool | None:
    """Return whether every unit has exactly this figure."""
    smallest, largest = reading.low.certain, reading.high.upper
    if _near(smallest, wanted, slack) and _near(largest, wanted, slack):
        return True
    surely_other = reading.high.certain > wanted + slack or reading.low.upper < wanted - slack
    return False if surely_other or reading.exact else None


def _unequal(reading: Reading, wanted: Number, slack: float) -> bool | None:
    """Return whether no unit has this figure."""
    if reading.low.certain > wanted + slack or reading.high.upper < wanted - slack:
        return True
    known = [side.upper for side in (reading.low, reading.high) if side.exact]
    # Strictly between the smallest and the largest, a unit may or may not have it.
    return False if any(_near(one, wanted, slack) for one in known) else None


def truth(holds: bool) -> list[Reading]:
    """Return the reading of a yes or no."""
    known = Known(int(holds), int(holds))
    return [Reading(known, known)]


def _bounded(
    axis_field: Any, metric: Metric, low: Number, high: Number, side: Literal["", "before", "after"] = ""
) -> Reading:
    """Return a reading; where the field is an upper bound, with what is certain of the metric."""
    steady = metric.steady == "always" or (metric.steady == "rounded" and axis_field.rounded)
    if steady or not axis_field.upper_bound:
        return Reading(Known(low, low), Known(high, high), side)
    if metric.certain is not None:
        sure_low, sure_high = getattr(axis_field, f"{metric.name}_certain")
        return Reading(Known(sure_low, low), Known(sure_high, high), side)
    if metric.monotone:
        return Reading(Known(-math.inf, low), Known(-math.inf, high), side)
    raise Undecidable(left_open(axis_field, metric.name))


def left_open(axis_field: Any, what: str = "it") -> str:
    """Say that a figure is an upper bound, and by what."""
    return f"{axis_field.chosen_by} leaves {what} open"


def _share(axis_field: Any, metric: Metric) -> Reading:
    """Return a metric as a share of the input's extent."""
    (field,) = read(axis_field, metric, None, "end")
    whole = axis_field.extent
    if not whole:
        raise Undecidable("the input is empty along this axis")

    def share(known: Known) -> Known:
        return Known(_part(known.certain, whole), _part(known.upper, whole))

    return Reading(share(field.low), share(field.high))


def _part(length: Number, extent: int) -> Number:
    return length if isinstance(length, float) else Fraction(int(length), int(extent))


def _shift(axis_field: Any, metric: Metric, origin: Origin) -> Number:
    """Return what a metric gains when an output step stands for another of its input steps."""
    steps = axis_field.steps
    if steps is None or metric.shift is None:
        raise Undecidable(_absent(axis_field, metric))
    return metric.shift(steps.pace, origin)


def _absent(axis_field: Any, metric: Metric) -> str:
    """Say why there is no figure."""
    if metric.why is not None and (reason := metric.why(axis_field)):
        return reason
    if axis_field.uneven:
        return extent.unsteady(axis_field)
    if axis_field.irregular:
        return f"the field is irregular and has no {metric.name}"
    return f"there is no {metric.name} here"
