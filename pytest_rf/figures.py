"""Figures as text, in one place: exact in reports and tables, short in sentences.

A figure is a whole number, a fraction, or a float, which is infinite or was computed in floating point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated

import msgspec

FORMAT = 1
"""Version of the JSON reports' form; it grows when a reader of the old form could misread the new one."""

Number = int | float | Fraction

Text = Annotated[str, msgspec.Meta(pattern=r"^(-?inf|-?[0-9]+/[0-9]+)$")]
"""A figure that JSON has no number for: a fraction (``"1/2"``) or ``"inf"``."""

Figure = int | Text
"""An exact figure as the JSON reports write it."""

Value = bool | int | float | Text
"""What JSON holds of a figure that is exact, computed in floating point, or a truth."""

#: Sentences write fractions of more characters than this as a rounded decimal.
_LONGEST = 8


def figure(value: Number) -> Figure:
    """Return a figure as the JSON reports write it."""
    if type(value) is int:
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return "inf" if value > 0 else "-inf"
    exact = Fraction(value)
    return exact.numerator if exact.denominator == 1 else f"{exact.numerator}/{exact.denominator}"


def value(found: Number) -> Value:
    """Return a figure as JSON can hold it: like :func:`figure`, but truths and broken floats as they are."""
    if isinstance(found, bool) or (isinstance(found, float) and math.isfinite(found) and found % 1):
        return found
    return figure(found)


def number(found: Value) -> Number:
    """Return the number that JSON holds, which undoes :func:`value`."""
    if not isinstance(found, str):
        return found
    return float(found) if found.endswith("inf") else Fraction(found)


def shown(value: Number | None) -> str:
    """Return a figure as tables show it: exactly, ``1/2``, with ``inf`` for the whole axis and ``–`` for none."""
    if value is None:
        return "–"
    return _floating(value) if isinstance(value, float) else str(value)


def shape(extents: Sequence[int] | None) -> str:
    """Return a shape as people write it: ``1×3×224×224``; ``?`` where it is not known."""
    if extents is None:
        return "?"
    return "×".join(map(str, extents)) if extents else "scalar"


def span(low: Number, high: Number) -> str:
    """Return one figure, or ``187 to 188`` where they differ."""
    return shown(high) if low == high else f"{shown(low)} to {shown(high)}"


def per_axis(figures: Mapping[str, str]) -> str:
    """Return a figure once where all axes agree, else per axis: ``h 427, w 215``."""
    if len(set(figures.values())) <= 1:
        return next(iter(figures.values()), "")
    return ", ".join(f"{axis} {text}" for axis, text in figures.items())


def truth(value: bool | None) -> str:
    """Return an answer: ``yes``, ``no``, or ``?`` where it is not known."""
    return "?" if value is None else "yes" if value else "no"


def said(value: Number) -> str:
    """Return a figure as sentences say it: whole, a short decimal or fraction; ``inf`` for the whole axis."""
    if isinstance(value, float):
        return _floating(value)
    exact = Fraction(value)
    text = written(exact)
    return text if len(text) <= _LONGEST or exact.denominator == 1 else f"{float(exact):.6g}"


def written(value: Fraction) -> str:
    """Return a number exactly as the requirement language writes it: ``80``, ``0.5``, ``1/3``."""
    if value.denominator == 1:
        return str(value.numerator)
    for places in range(1, 16):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
            return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"
    return f"{value.numerator}/{value.denominator}"


def _floating(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else "inf" if value > 0 else "-inf"
