"""Small words that several reporters share: plurals, shapes, figures per axis."""

from __future__ import annotations

from pytest_rf.figures import per_axis, shape, span, truth

__all__ = ["count", "per_axis", "shape", "span", "truth"]


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 model``, ``2 models``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
