"""Figures in words: numbers, lengths with their unit, what was measured and what was required."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from pytest_rf.figures import Number, said
from pytest_rf.requirements.measure import Known, Reading
from pytest_rf.requirements.syntax import Claim, Value
from pytest_rf.requirements.units import Quantity, physical
from pytest_rf.requirements.vocabulary import Metric


def figure(value: Number, metric: Metric, spacing: Quantity | None = None, unit: str | None = None) -> str:
    """Return a figure of a metric, with its physical length where the axis has a spacing."""
    if metric.kind == "truth":
        return "yes" if value else "no"
    if metric.kind == "ratio":
        return "inf" if value == math.inf else f"{float(value) * 100:.6g}%"
    if metric.kind == "step" and isinstance(value, Fraction) and value.denominator != 1:
        text = f"{value.numerator}/{value.denominator}"
    else:
        text = said(value)
    if spacing is None or math.isinf(value):
        return text
    length = physical(Fraction(value), spacing, unit)
    return f"{text} ({said(length.number)} {length.unit})"


def measured(
    readings: Sequence[Reading], metric: Metric, spacing: Quantity | None = None, unit: str | None = None
) -> str:
    """Return what was measured: ``427``, ``187 to 188``, ``at most 224 (certain: 31)``, …."""
    return ", ".join(
        f"{_reading(reading, metric, spacing, unit)}{reading.side and ' ' + reading.side}"
        for reading in readings
    )


def _reading(reading: Reading, metric: Metric, spacing: Quantity | None, unit: str | None) -> str:
    low, high = reading.low, reading.high

    def text(value: Number) -> str:
        return figure(value, metric, spacing, unit)

    if low == high:
        return _known(low, metric, spacing, unit)
    if reading.exact:
        return f"{text(low.upper)} to {text(high.upper)}"
    return f"{text(low.upper)} to {text(high.upper)} at most"


def _known(known: Known, metric: Metric, spacing: Quantity | None, unit: str | None) -> str:
    upper = figure(known.upper, metric, spacing, unit)
    if known.exact:
        return upper
    certain = (
        f" (certain: {figure(known.certain, metric, spacing, unit)})" if math.isfinite(known.certain) else ""
    )
    return f"at most {upper}{certain}"


def wanted(value: Value, resolved: Fraction, metric: Metric) -> str:
    """Return what was required: ``428``, ``80 mm (160)``, ``input (224)``."""
    if value.kind in ("number", "truth") or (value.kind == "percent" and metric.kind == "ratio"):
        return str(value)
    return f"{value} ({said(resolved)})"


def claim(part: Claim) -> str:
    """Return what a claim requires: ``causal`` or ``not causal``."""
    return f"{'not ' if part.negated else ''}{part.predicate}"


def listed(words: Sequence[str], most: int = 3) -> str:
    """Return a few words and how many more there are."""
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"
