"""What an expression counts: plain numbers, positions, lengths with a unit, or shares; and which of these go together.

Adding needs two of a kind: positions, lengths (which a spacing turns into positions) and shares of the input's
extent go together. A plain number goes with plain numbers and with positions, as in ``input - 1``; beside
``25 ms`` or ``50%`` it would be open what it counts, so that is an error.
"""

from __future__ import annotations

import enum

from pytest_rf.analysis.metric import Metric
from pytest_rf.errors import RequirementError
from pytest_rf.requirements.expressions import (
    POSITIONS,
    Expression,
    Measured,
    Negative,
    Operation,
    Value,
    beginning,
    units,
)


class Dimension(enum.Enum):
    """What a value counts, with the words that errors use."""

    NUMBER = "a plain number"
    POSITIONS = "a number of positions"
    LENGTH = "a length"
    SHARE = "a percentage"

    @property
    def is_extent(self) -> bool:
        """Whether it is so many positions, whatever it is written in."""
        return self in (Dimension.POSITIONS, Dimension.LENGTH)


class PlacedError(RequirementError):
    """A requirement is wrong at a place of its text, which whoever knows the text makes one line of.

    Attributes:
        position: where in the text, counted from 0.
    """

    def __init__(self, reason: str, position: int) -> None:
        """Remember the place."""
        super().__init__(reason)
        self.position = position


def of_unit(unit: str) -> Dimension:
    """Return what a number with a unit counts."""
    if unit == "%":
        return Dimension.SHARE
    return Dimension.POSITIONS if unit in POSITIONS else Dimension.LENGTH


def dimension(expression: Expression) -> Dimension:
    """Return what an expression counts.

    Raises:
        PlacedError: it puts together what does not go together.
    """
    if isinstance(expression, Negative):
        return dimension(expression.operand)
    if isinstance(expression, Measured):
        operand = dimension(expression.operand)
        if operand is not Dimension.NUMBER:
            raise PlacedError(
                f"{expression.operand} is {operand.value} and takes no unit", expression.position
            )
        return of_unit(expression.unit)
    if isinstance(expression, Operation):
        return _together(expression)
    return _alone(expression)


def _alone(value: Value) -> Dimension:
    if value.kind == "percent":
        return Dimension.SHARE
    if value.kind == "quantity":
        return of_unit(value.name)
    return Dimension.POSITIONS if value.kind == "input" else Dimension.NUMBER


def _together(operation: Operation) -> Dimension:
    left, right = dimension(operation.left), dimension(operation.right)
    if operation.sign in "+-":
        return _sum(operation, left, right)
    return _product(operation, left, right) if operation.sign == "*" else _quotient(operation, left, right)


def _sum(operation: Operation, left: Dimension, right: Dimension) -> Dimension:
    if left is right:
        return left
    kinds = {left, right}
    if kinds == {Dimension.NUMBER, Dimension.POSITIONS}:
        return Dimension.POSITIONS
    if Dimension.NUMBER not in kinds:
        return Dimension.LENGTH
    plain, other = (
        (operation.left, operation.right) if left is Dimension.NUMBER else (operation.right, operation.left)
    )
    shown = f"({plain})" if isinstance(plain, Operation) else str(plain)
    unit = _unit(other) or "mm"
    wanted = (
        f"{shown}% or {shown} px"
        if Dimension.SHARE in kinds
        else f"{shown} {unit}, or {shown} px for positions"
    )
    raise PlacedError(
        f"{other} is {right.value if plain is operation.left else left.value} and {plain} {Dimension.NUMBER.value}, "
        f"so what {plain} counts is open: write {wanted}",
        beginning(plain),
    )


def _unit(expression: Expression) -> str:
    return next((unit for unit in units(expression) if unit not in (*POSITIONS, "%")), "")


def _product(operation: Operation, left: Dimension, right: Dimension) -> Dimension:
    if left.is_extent and right.is_extent:
        raise PlacedError(
            f"{operation.left} and {operation.right} are both lengths, and their product is not one: "
            "multiply by a plain number",
            operation.position,
        )
    # Of a share, a product is part: 50% * input is half of the input.
    ranks = (Dimension.NUMBER, Dimension.SHARE, Dimension.POSITIONS, Dimension.LENGTH)
    return max(left, right, key=ranks.index)


def _quotient(operation: Operation, left: Dimension, right: Dimension) -> Dimension:
    if not right.is_extent:
        return Dimension.NUMBER if right is left else left
    if not left.is_extent:
        raise PlacedError(
            f"{operation.left} is {left.value}, and divided by {right.value} ({operation.right}) it counts nothing: "
            "divide a length by a length, or by a plain number",
            operation.position,
        )
    return Dimension.NUMBER


def refuse(value: Expression, metric: Metric) -> None:
    """Refuse a value that a metric cannot be compared with, whatever the model is.

    Raises:
        PlacedError: it puts together what does not go together, or counts something else than the metric.
    """
    counted, position = dimension(value), beginning(value)
    bare = isinstance(value, Value) and value.kind == "input"
    if bare and metric.kind in ("ratio", "step"):
        raise PlacedError(f"{metric.name} is not compared with the input's extent", position)
    if counted.is_extent and metric.kind == "ratio":
        raise PlacedError(f"{metric.name} is a share and has no unit", position)
    if metric.kind == "step" and "%" in units(value):
        raise PlacedError(f"{metric.name} takes no percentage", position)
