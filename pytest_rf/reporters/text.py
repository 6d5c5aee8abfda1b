"""Small words that several reporters share: plurals, shapes, figures per axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_rf.figures import Number, shown


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 model``, ``2 models``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


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
