"""What values decide: sorts, choices and branches, of which nobody knows beforehand where they find what, and draws."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_rf.access import ANYWHERE, SAME
from pytest_rf.graph import Builder
from pytest_rf.operators.pointwise import broadcast_read
from pytest_rf.operators.reads import ENDS, Ends, all_of, indexed, read_anywhere
from pytest_rf.value import Value


def from_axis(b: Builder, x: Value, axis: int, shape: Sequence[int]) -> Value:
    """Return elements from anywhere on an axis (the largest, the median); it ends where ``shape`` lacks it."""
    keeps = len(shape) == x.rank
    picked = (axis, ANYWHERE) if keeps else Ends(ANYWHERE)
    behind = range(axis + keeps, x.rank - (not keeps))
    return b.union(shape, indexed(x, *range(axis), picked, *behind) if x.rank else indexed(x))


def chosen_by_value(b: Builder, shape: Sequence[int], *operands: Value) -> Value:
    """Return elements that can come from anywhere in the operands."""
    return b.union(shape, *map(read_anywhere, operands))


def either(b: Builder, shape: Sequence[int], condition: Value, *branches: Value) -> Value:
    """Return what one of the branches gives: whatever any of them reads, and the one element of the condition."""
    return b.union(shape, all_of(condition, Ends(SAME)), *(broadcast_read(x, shape) for x in branches))


def by_row(b: Builder, x: Value, shape: Sequence[int]) -> Value:
    """Return what all elements of a row of ``x`` (..., row) decide together; ``shape`` begins with its other axes."""
    return b.union(shape, indexed(x, *range(x.rank - 1), ENDS))
