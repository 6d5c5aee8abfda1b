"""What the value of a comparison comes to at a place: a share, a length, an extent or arithmetic, as a number."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from pytest_rf.errors import RequirementError
from pytest_rf.figures import said
from pytest_rf.requirements.arithmetic import OPERATIONS
from pytest_rf.requirements.dimensions import Dimension, PlacedError, dimension
from pytest_rf.requirements.expressions import (
    POSITIONS,
    SAMPLES,
    STEPS,
    Expression,
    Measured,
    Negative,
    Operation,
    Value,
    beginning,
)
from pytest_rf.requirements.measure import Undecidable
from pytest_rf.requirements.references import References
from pytest_rf.requirements.units import Quantity, example, positions, samples
from pytest_rf.requirements.vocabulary import Metric

#: No figure of a model is larger, and no fraction finer.
_LARGEST = 10**60


class Along(NamedTuple):
    """The axis along which a value is resolved.

    Attributes:
        axis: its name, for errors.
        extent: the input's extent along it.
        spacing: the distance between neighbours on it, if it has one.
        stride: how many positions a step of the tensor is; None where that is not known, 0 where it has no position.
        references: the figures that the model declares.
    """

    axis: str
    extent: int
    spacing: Quantity | None
    stride: Fraction | None
    references: References


def resolved(value: Expression, metric: Metric, along: Along) -> Fraction:
    """Return the number that a figure is held against.

    Args:
        value: the value as its author wrote it.
        metric: what is compared with it.
        along: where.

    Raises:
        PlacedError: a length has no spacing, the model does not declare such a figure, or a divisor is 0.
        Undecidable: it is in steps, and the tensor has no common stride.
    """
    number = _number(value, along)
    return number * along.extent if dimension(value) is Dimension.SHARE and metric.kind != "ratio" else number


def _number(value: Expression, along: Along) -> Fraction:
    if isinstance(value, Operation):
        return _operation(value, along)
    if isinstance(value, Negative):
        return -_number(value.operand, along)
    if isinstance(value, Measured):
        return _measured(_number(value.operand, along), value.unit, along, value)
    if value.kind == "input":
        return Fraction(along.extent)
    if value.kind in ("percent", "quantity"):
        return _measured(value.number, value.name or "%", along, value)
    return value.number if value.kind in ("number", "truth") else along.references.number(value)


def _operation(value: Operation, along: Along) -> Fraction:
    left, right = _number(value.left, along), _number(value.right, along)
    if value.sign in "+-":
        # Of two shares the sum is a share; beside a length a share is one of the input's extent.
        kinds = dimension(value.left), dimension(value.right)
        if kinds[0] is not kinds[1]:
            left, right = (
                number * along.extent if kind is Dimension.SHARE else number
                for number, kind in zip((left, right), kinds, strict=True)
            )
    if value.sign == "/" and not right:
        raise PlacedError(f"division by zero: {value.right} is 0", beginning(value.right))
    found = OPERATIONS[value.sign](left, right)
    if max(abs(found.numerator), found.denominator) > _LARGEST:
        raise PlacedError("the number is out of range", value.position)
    return found


def _measured(number: Fraction, unit: str, along: Along, value: Value | Measured) -> Fraction:
    """Return what a number of a unit is: a share of 1, or positions."""
    if unit == "%":
        return number / 100
    if unit in POSITIONS:
        return number
    if unit in STEPS:
        if not along.stride:
            raise Undecidable(
                f"{said(number)} {unit} are so many strides, and there is no common stride here"
            )
        return number * along.stride
    if along.spacing is None:
        raise PlacedError(
            f"axis {along.axis} has no spacing, so {value} means nothing: "
            f'state one for the model, as in spacing = {{ {along.axis} = "{example(unit)}" }}, or write positions (px)',
            beginning(value),
        )
    convert = samples if unit in SAMPLES else positions
    try:
        return convert(Quantity(number, unit), along.spacing, along.axis)
    except RequirementError as error:
        raise PlacedError(str(error), beginning(value)) from None
