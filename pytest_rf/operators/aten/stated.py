"""Turns what users state about their operators and modules into rules."""

from __future__ import annotations

from typing import cast

from pytest_rf.operators.aten.call import OpCall, Result, Rule
from pytest_rf.operators.aten.pointwise import elementwise
from pytest_rf.operators.pointwise import mixture
from pytest_rf.operators.stated import geometry, windowed
from pytest_rf.registry import Stated, Statement


def rule_of(statement: Statement) -> Rule:
    """Return the rule that a statement means."""
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
    operands = list(call.values())
    return [
        None
        if shape is None
        else windowed(call.b, shape, geometry(call.op, stated, len(shape) - 2), operands)
        for shape in call.shapes
    ]
