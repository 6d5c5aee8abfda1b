"""Reads figures from an analysis and decides comparisons about them.

A figure differs between units (phases, irregular tensors), and where indices depend on data it is known
between bounds only. So a reading holds two numbers twice: the smallest and the largest over all units, each
as what is certain and as the upper bound. A lower bound is held against the smallest, an upper bound against
the largest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from pytest_rf.errors import RequirementError
from pytest_rf.figures import Number
from pytest_rf.requirements import extent
from pytest_rf.requirements.syntax import Comparator
from pytest_rf.requirements.vocabulary import METRICS, PREDICATES, Metric

#: Figures that are computed in floating point (density, erf) may be off by this share of the figure.
_TOLERANCE = 1e-9


VACUOUS = "nothing reads the axis here, so the guarantee says nothing"


class Undecidable(Exception):
    """A figure that has no value here; the text says why."""


@dataclass(frozen=True, slots=True)
class Known:
    """A number between what is certain and an upper bound, which are one number where it is exact."""

    certain: Number
    upper: Number

    @property
    def exact(self) -> bool:
        """Return whether the number is known."""
        return self.certain == self.upper


@dataclass(frozen=True, slots=True)
class Reading:
    """The smallest and the largest of a figure over all units; ``side`` tells a halo's two sides apart."""

    low: Known
    high: Known
    side: Literal["", "before", "after"] = ""

    @property
    def exact(self) -> bool:
        """Return whether both numbers are known."""
        return self.low.exact and self.high.exact


def read(axis_field: Any, metric: Metric, align: int | None, origin: str) -> list[Reading]:
    """Read a metric from the field of an axis: one reading, or one per side of a halo.

    Raises:
        RequirementError: the engine does not have this metric.
        Undecidable: it has, but there is no such figure here.
    """
    if metric.guarantee and attribute(axis_field, "vacuous"):
        raise Undecidable(VACUOUS)
    if metric.name == "coverage":
        return [_coverage(axis_field)]
    if metric.name == "halo" and align is not None:
        value = attribute(axis_field, "halo_for")(align)
    else:
        value = attribute(axis_field, "rf_range" if metric.name == "rf" else metric.name)
    if value is None:
        raise Undecidable(_absent(axis_field, metric))
    if metric.name == "halo":
        before, after = value
        return [
            _bounded(axis_field, metric, before, before, "before"),
            _bounded(axis_field, metric, after, after, "after"),
        ]
    low, high = value if isinstance(value, tuple) else (value, value)
    if metric.name in ("lookahead", "lookback") and origin != "end":
        shift = _shift(axis_field, metric, origin)
        low, high = low + shift, high + shift
    return [_bounded(axis_field, metric, low, high)]


def attribute(axis_field: Any, name: str) -> Any:
    """Return an attribute that the engine may not have yet.

    Raises:
        RequirementError: it has not; what cannot be measured never passes.
    """
    # Not "except AttributeError": that would take a bug inside a figure for a figure that is not there.
    if hasattr(type(axis_field), name) or name in getattr(axis_field, "__dict__", ()):
        return getattr(axis_field, name)
    known = METRICS.get(name) or PREDICATES.get(name)
    what = f"{name} ({known.meaning})" if known else name
    raise RequirementError(f"{what} is not available yet in this version of pytest-rf")


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
    return False if any(_near(value, wanted, slack) for value in known) else None


def truth(value: bool) -> list[Reading]:
    """Return the reading of a yes or no."""
    known = Known(int(value), int(value))
    return [Reading(known, known)]


def _bounded(
    axis_field: Any, metric: Metric, low: Number, high: Number, side: Literal["", "before", "after"] = ""
) -> Reading:
    """Return a reading; where the field is an upper bound, with what is certain of the metric."""
    steady = metric.steady or (metric.name == "stride" and attribute(axis_field, "rounded"))
    if steady or not attribute(axis_field, "upper_bound"):
        return Reading(Known(low, low), Known(high, high), side)
    if metric.name == "rf":
        sure_low, sure_high = attribute(axis_field, "rf_certain")
        return Reading(Known(sure_low, low), Known(sure_high, high), side)
    if metric.monotone:
        return Reading(Known(-math.inf, low), Known(-math.inf, high), side)
    raise Undecidable(left_open(axis_field, metric.name))


def left_open(axis_field: Any, what: str = "it") -> str:
    """Say that a figure is an upper bound, and by what."""
    return f"{attribute(axis_field, 'chosen_by')} leaves {what} open"


def _coverage(axis_field: Any) -> Reading:
    """Return the receptive field as a share of the input's extent."""
    field = read(axis_field, METRICS["rf"], None, "end")[0]
    whole = attribute(axis_field, "extent")
    if not whole:
        raise Undecidable("the input is empty along this axis")

    def share(known: Known) -> Known:
        return Known(_share(known.certain, whole), _share(known.upper, whole))

    return Reading(share(field.low), share(field.high))


def _share(value: Number, extent: int) -> Number:
    return value if isinstance(value, float) else Fraction(int(value), int(extent))


def _shift(axis_field: Any, metric: Metric, origin: str) -> Number:
    """Return what look-ahead or look-back gain when an output step stands for another of its input steps.

    A step covers the input steps ``[i·stride, (i+1)·stride - 1]``. Look-ahead counts from the last of them
    with ``end``, from the first with ``start``, from the middle with ``center``; look-back counts from the
    first, and from the middle with ``center``.
    """
    steps = attribute(axis_field, "steps")
    if steps is None:
        raise Undecidable(_absent(axis_field, metric))
    stride = steps.rate
    if origin == "center":
        return Fraction(stride - 1) / 2
    return stride - 1 if metric.name == "lookahead" else 0


def _absent(axis_field: Any, metric: Metric) -> str:
    """Say why there is no figure."""
    if getattr(axis_field, "uneven", False):
        return extent.unsteady(axis_field)
    if getattr(axis_field, "irregular", False):
        return f"the field is irregular and has no {metric.name}"
    return f"there is no {metric.name} here"
