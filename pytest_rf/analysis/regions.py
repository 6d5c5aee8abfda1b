"""What one unit of a tensor reads of an input, as data that pictures draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pytest_rf.analysis.along import plain
from pytest_rf.analysis.elements import spread
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.tensors import Tensor
from pytest_rf.domains.layout import carried
from pytest_rf.errors import ModelError
from pytest_rf.figures import Number
from pytest_rf.interpreter import Ignorance


@dataclass(frozen=True, slots=True)
class Reading:
    """What a unit reads along one axis of an input.

    Attributes:
        extent: the input's extent.
        first, last: the positions between which it reads; ``first > last`` where it reads nothing.
        read: those that it reads, holes left out; None where they are too many to be told apart.
        before, after: how far the field goes beyond the input on either side, where there is padding instead.
    """

    extent: int
    first: int
    last: int
    read: frozenset[int] | None = None
    before: int = 0
    after: int = 0

    @property
    def holes(self) -> int:
        """How many positions between the first and the last are not read."""
        return 0 if self.read is None else max(self.last - self.first + 1, 0) - len(self.read)


@dataclass(frozen=True, slots=True)
class Region:
    """What one unit reads of an input.

    Attributes:
        tensor: the name of the tensor.
        unit: the unit's position along the tensor's spatial axes.
        input: the name of the input.
        axes: axis -> what it reads.
        context: axis -> first and last position that it reads if context counts, where that is more.
        effective: axis -> mean and standard deviation of its energy (SEMANTICS 8), where they are known.
        stands_for: axis -> the first and the last position that the unit stands for, where there are such.
        upper_bound: whether data or the engine chooses what is read, so that it is at most this.
    """

    tensor: str
    unit: tuple[int, ...]
    input: str
    axes: Mapping[str, Reading]
    context: Mapping[str, tuple[int, int]]
    effective: Mapping[str, tuple[float, float]]
    stands_for: Mapping[str, tuple[Number, Number]]
    upper_bound: bool = False


def readings(tensor: Tensor, unit: Sequence[int], input: str | None = None) -> dict[str, Reading]:
    """Return what a unit of a tensor reads along each spatial axis of an input, with holes and padding.

    Args:
        tensor: the tensor.
        unit: the unit's position along its spatial axes.
        input: the input's name; may be left out where the tensor depends on one only.

    Raises:
        IndexError: the position does not fit the tensor.
        UnknownError: the tensor is unknown.
        KeyError: there is no such input, or there are several.
    """
    source = tensor.field(input).input
    beyond = tensor.unclipped(unit, source.name)
    found: dict[str, Reading] = {}
    for axis, (first, last) in tensor.region(unit, source.name).items():
        extent = source.shape[source.axes[axis]]
        low, high = beyond.get(axis, (first, last)) if first <= last else (0, -1)
        read = _read(tensor, unit, axis, source.name)
        before, after = max(-low, 0), max(high - extent + 1, 0)
        found[axis] = Reading(extent, first, last, read, before, after)
    return found


def region(tensor: Tensor, unit: Sequence[int], input: str | None = None) -> Region:
    """Return all that is drawn of a unit of a tensor.

    Args:
        tensor: the tensor.
        unit: the unit's position along its spatial axes.
        input: the input's name; may be left out where the tensor depends on one only.

    Raises:
        IndexError: the position does not fit the tensor.
        UnknownError: the tensor is unknown.
        KeyError: there is no such input, or there are several.
    """
    fields = tensor.field(input)
    source = fields.input
    axes = readings(tensor, unit, source.name)
    counted = tensor.region(unit, source.name, context=True)
    effective: dict[str, tuple[float, float]] = {}
    stands_for: dict[str, tuple[Number, Number]] = {}
    for axis in axes:
        # Of ``final`` it is the field of the tensor itself: the unit is one of that.
        field = AxisField(tensor.runs, tensor.value, source, source.axes[axis])
        places = tensor.places(unit, source.name)
        energy = _energy(field, places)
        if energy is not None:
            effective[axis] = energy
        step = _stands_for(field, places)
        if step is not None:
            stands_for[axis] = step
    return Region(
        tensor.name,
        tuple(unit),
        source.name,
        axes,
        {axis: span for axis, span in counted.items() if span != (axes[axis].first, axes[axis].last)},
        effective,
        stands_for,
        tensor.status == "upper_bound",
    )


def _read(tensor: Tensor, unit: Sequence[int], axis: str, source: str) -> frozenset[int] | None:
    try:
        return frozenset(tensor.reads(unit, axis, source))
    except ModelError:  # not known, or beyond a limit
        return None


def _energy(field: AxisField, places: Sequence[int | None]) -> tuple[float, float] | None:
    """Return mean and standard deviation of a unit's energy; None where they are not known, or cost too much."""
    try:
        found = None if field.upper_bound else spread(field.runs, field.value, field.key, places)
    except ModelError:  # a limit
        return None
    return None if isinstance(found, Ignorance) else found


def _stands_for(field: AxisField, places: Sequence[int | None]) -> tuple[Number, Number] | None:
    """Return the first and the last position that a unit stands for; None where there is no such thing."""
    steps = field.steps
    layout = field.theory().layout
    own = [place for place, axis in zip(places, layout, strict=True) if field.key in carried((axis,))]
    if steps is None or len(own) != 1 or own[0] is None:
        return None
    begins, ends = steps.begins(own[0]), steps.ends(own[0])
    return plain(Fraction(begins, steps.scale)), plain(Fraction(ends, steps.scale))
