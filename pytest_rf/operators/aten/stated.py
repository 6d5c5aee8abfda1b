"""Turns what users state about their operators and modules into rules."""

from __future__ import annotations

from typing import cast

from pytest_rf.graph import Undetermined, Value
from pytest_rf.operators import windows
from pytest_rf.operators.aten.call import OpCall, Result, Rule
from pytest_rf.operators.aten.pointwise import elementwise
from pytest_rf.operators.pointwise import mixture, pointwise
from pytest_rf.operators.windows import Window
from pytest_rf.registry import Stated, Statement


def rule_of(statement: Statement) -> Rule:
    """Return the rule that a registered statement means."""
    if isinstance(statement, Stated):
        stated = statement
        return lambda call: _window(call, stated)
    if statement == "elementwise":
        return elementwise
    if statement == "mixing":
        return _mixing
    if statement == "nothing":
        return lambda call: [None if shape is None else call.b.constant(shape) for shape in call.shapes]
    return cast(Rule, statement)


def _mixing(call: OpCall) -> Result:
    return [None if shape is None else mixture(call.b, shape, *call.values()) for shape in call.shapes]


def _window(call: OpCall, stated: Stated) -> Result:
    return [None if shape is None else _windowed(call, stated, shape) for shape in call.shapes]


def _windowed(call: OpCall, stated: Stated, shape: tuple[int, ...]) -> Value:
    rank = len(shape) - 2

    def numbers(given: object) -> list[int]:
        found = [given] * rank if isinstance(given, int) else list(cast("list[int]", given))
        if len(found) != rank:
            raise Undetermined(f"{call.op} is registered with {len(found)} numbers for {rank} spatial axes")
        return found

    given = (stated.kernel, stated.stride, stated.dilation, stated.padding)
    geometry = windows.geometry(*map(numbers, given))
    windows.describe(call.b, geometry)
    parts = []
    for value in call.values():
        if value.varies and value.rank == len(shape):
            _fits(call, geometry, value.extents[2:], shape[2:])
            parts.append(windows.convolution(call.b, value, shape[1], geometry, outputs=shape[2:]))
        else:
            parts.append(mixture(call.b, shape, value))
    return pointwise(call.b, call.b.constant(shape), *parts)


def _fits(call: OpCall, geometry: list[Window], given: tuple[int, ...], made: tuple[int, ...]) -> None:
    """Refuse a statement that does not even give as many positions as there are."""
    for window, before, after in zip(geometry, given, made, strict=True):
        counts = window.output(before), window.output(before, ceil=True)
        if after not in counts:
            raise Undetermined(
                f"{call.op} is registered with a window that makes {counts[0]} positions of {before}, "
                f"and it makes {after}"
            )
