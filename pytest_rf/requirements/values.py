"""What the value of a comparison comes to at a place: a share, a length, an extent or arithmetic, as a number."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_rf.errors import RequirementError
from pytest_rf.figures import said
from pytest_rf.requirements import frames
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
    units,
)
from pytest_rf.requirements.measure import Undecidable
from pytest_rf.requirements.references import References
from pytest_rf.requirements.units import Quantity, example, positions, samples
from pytest_rf.requirements.vocabulary import Metric

if TYPE_CHECKING:
    from pytest_rf.framing import Framing

#: No figure of a model is larger, and no fraction finer.
_LARGEST = 10**60


class Along(Struct, frozen=True):
    """The axis along which a value is resolved.

    Attributes:
        axis: its name, for errors.
        extent: the input's extent along it.
        spacing: the distance between neighbours on it, if it has one.
        stride: how many positions a step of the tensor is; None where that is not known, 0 where it has no position.
        framing: what makes positions of samples, if a front-end does; lengths are then counted in samples.
        references: the figures that the model declares.
    """

    axis: str
    extent: int
    spacing: Quantity | None
    stride: Fraction | None
    references: References
    framing: Framing | None = None

    @property
    def hop(self) -> int:
        """How many of what lengths are counted in a position is."""
        return 1 if self.framing is None else self.framing.hop


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


def is_of_signal(value: Expression) -> bool:
    """Return whether a value has lengths that a front-end counts in samples: samples themselves, and times."""
    return any(unit not in ("%", *POSITIONS, *STEPS) for unit in units(value))


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
    kinds = dimension(value.left), dimension(value.right)
    if kinds[0] is not kinds[1] and (value.sign in "+-" or all(kind.is_extent for kind in kinds)):
        # Of two shares the sum is a share; beside a length a share is one of the input's extent.
        counted = value.sign == "/" or dimension(value) is Dimension.LENGTH
        hop = along.hop if counted else 1
        scale = {Dimension.SHARE: along.extent * hop, Dimension.POSITIONS: hop}
        left, right = left * scale.get(kinds[0], 1), right * scale.get(kinds[1], 1)
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
    if along.framing is not None:
        return _of_signal(Quantity(number, unit), along, along.framing, value)
    if along.spacing is None:
        raise PlacedError(
            f"axis {along.axis} has no spacing, so {value} means nothing: "
            f'state one for the model, as in spacing = {{ {along.axis} = "{example(unit)}" }}, or write positions (px)'
            f"{_frontend(along.axis) if example(unit).endswith(' s') else ''}",
            beginning(value),
        )
    convert = samples if unit in SAMPLES else positions
    try:
        return convert(Quantity(number, unit), along.spacing, along.axis)
    except RequirementError as error:
        raise PlacedError(str(error), beginning(value)) from None


def _of_signal(length: Quantity, along: Along, framing: Framing, value: Value | Measured) -> Fraction:
    """Return how many samples of a front-end a length is."""
    if length.unit in SAMPLES:
        return length.number
    apart = frames.distance(framing, along.spacing)
    if apart is None:
        raise PlacedError(
            f"the front-end of axis {along.axis} says nothing of time, so {value} means nothing: "
            "state its rate, as in frames(400, 160, rate = 16000), or write samples",
            beginning(value),
        )
    try:
        return positions(length, apart, along.axis)
    except RequirementError as error:
        raise PlacedError(str(error), beginning(value)) from None


def _frontend(axis: str) -> str:
    """Return what to state beside a spacing where positions are made of samples."""
    return f'; of frames, state frontend = {{ {axis} = "frames(400, 160, rate = 16000)" }}'
