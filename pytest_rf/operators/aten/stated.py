"""Turns what users state about their operators and modules into rules."""

from __future__ import annotations

from typing import cast

from pytest_rf.access import SAME, WHOLE, Read, Relation
from pytest_rf.graph import Undetermined, Value
from pytest_rf.operators import windows
from pytest_rf.operators.aten.call import OpCall, Result, Rule
from pytest_rf.operators.aten.pointwise import elementwise
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
    return [None if shape is None else call.b.union(shape, *_whole(call, shape)) for shape in call.shapes]


def _whole(call: OpCall, shape: tuple[int, ...]) -> list[Read]:
    reads = []
    for value in call.values():
        if value.varies:
            batched = bool(shape) and value.rank > 0 and value.extents[0] == shape[0]
            first: tuple[int | None, Relation] = (0, SAME) if batched else (None, WHOLE)
            rest: list[tuple[int | None, Relation]] = [(None, WHOLE)] * (value.rank - 1)
            reads.append(Read(value.number, ((first, *rest) if value.rank else ())))
    return reads


def _window(call: OpCall, stated: Stated) -> Result:
    return [None if shape is None else _windowed(call, stated, shape) for shape in call.shapes]


def _windowed(call: OpCall, stated: Stated, shape: tuple[int, ...]) -> Value:
    rank = len(shape) - 2

    def numbers(given: object) -> list[int]:
        found = [given] * rank if isinstance(given, int) else list(cast("list[int]", given))
        if len(found) != rank:
            raise Undetermined(f"{call.op} is registered with {len(found)} numbers for {rank} spatial axes")
        return found

    geometry = [
        Window(kernel, stride, dilation, padding, padding)
        for kernel, stride, dilation, padding in zip(
            numbers(stated.kernel),
            numbers(stated.stride),
            numbers(stated.dilation),
            numbers(stated.padding),
            strict=True,
        )
    ]
    windows.describe(call.b, geometry)
    reads: list[Read] = []
    for value in call.values():
        if not value.varies:
            continue
        if value.rank == len(shape):
            _fits(call, geometry, value.extents[2:], shape[2:])
            along: list[tuple[int | None, Relation]] = [(axis, w.taps) for axis, w in enumerate(geometry, 2)]
            reads.append(Read(value.number, ((0, SAME), (None, WHOLE), *along), channel=1))
        else:
            reads += _whole(OpCall(call.b, call.op, {"x": value}, call.shapes), shape)
    return call.b.union(shape, *reads)


def _fits(call: OpCall, geometry: list[Window], given: tuple[int, ...], made: tuple[int, ...]) -> None:
    """Refuse a statement that does not even give as many positions as there are."""
    for window, before, after in zip(geometry, given, made, strict=True):
        counts = window.output(before), window.output(before, ceil=True)
        if after not in counts:
            raise Undetermined(
                f"{call.op} is registered with a window that makes {counts[0]} positions of {before}, "
                f"and it makes {after}"
            )
