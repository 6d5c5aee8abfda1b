"""How a field grew on the way from the input to a tensor, as data that plots and pages draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from pytest_rf.analysis.layer import Layer
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.paths import walk
from pytest_rf.analysis.tensor_field import TensorField
from pytest_rf.analysis.tensors import owners
from pytest_rf.errors import ModelError, UnknownError
from pytest_rf.figures import Number
from pytest_rf.interpreter import Ignorance

__all__ = ["Growth", "Level", "Station", "growth", "growths"]


class Level(NamedTuple):
    """What a figure at the end of the way is held against: a line across a chart.

    Attributes:
        text: the requirement as its author wrote it.
        metric: the figure, ``rf``, ``erf``, ``rf_min`` or ``stride``.
        comparator: how it is compared, ``>=``.
        value: what with, in the figure's own unit.
        holds: whether the requirement holds.
    """

    text: str
    metric: str
    comparator: str
    value: Number
    holds: bool


class Station(NamedTuple):
    """One tensor on the way, with the figures of its field; in input positions.

    Attributes:
        layer: what computes it; None for the input itself.
        rf: the size, over the longest path.
        rf_min: the size over the shortest path, which is no larger.
        stride: the stride; None where units do not move evenly.
        erf: the effective field; None where it is not known, or was not asked for.
    """

    layer: Layer | None
    rf: Number
    rf_min: Number
    stride: Number | None
    erf: float | None


@dataclass(frozen=True, slots=True)
class Growth:
    """How a field grew along one axis of an input, or along several that agree.

    At every merge the way follows the branch that makes the field: the longest path. What branches can fall short of
    it lies between ``rf_min`` and ``rf`` of each station.

    Attributes:
        model: the model's name.
        tensor: the tensor at the end.
        input: the input.
        axes: the axes, by name.
        extent: the input's extent along them.
        chosen: whether the model leaves the extent open, so that it is our choice.
        upper_bound: whether the figures at the end are upper bounds.
        stations: the input, and the tensors on the way, to the one at the end.
        levels: what the figures at the end are held against.
    """

    model: str
    tensor: str
    input: str
    axes: tuple[str, ...]
    extent: int
    chosen: bool
    upper_bound: bool
    stations: tuple[Station, ...]
    levels: tuple[Level, ...] = ()


def growth(field: AxisField, effective: bool = True) -> Growth:
    """Return how a field grew on the way to its tensor.

    Args:
        field: the field along one axis.
        effective: whether effective fields are told, which cost more than sizes.

    Raises:
        UnknownError: the tensor is unknown.
    """
    runs, values = field.runs, field.runs.graph.values
    known = owners(runs)
    outcome = runs.structure(field.value)
    owner = known.get(field.value.number)
    name = owner.name if owner is not None else field.input.name
    if isinstance(outcome, Ignorance):
        raise UnknownError(f"{name!r} is unknown: {outcome.reason}")
    way = walk(runs, field.value.number, field.input, field.axis, lambda one: one.rf)
    numbers = [number for number, _ in way.stations]
    runs.expect(values[number] for number in numbers)
    given = {value.number for value in runs.graph.inputs.values()}

    def station(number: int) -> Station:
        own = AxisField(runs, values[number], field.input, field.axis)
        maker = None if number in given else known.get(number)
        return Station(
            None if maker is None else maker.layer,
            own.rf,
            own.rf_min,
            own.stride,
            _effective(own) if effective else None,
        )

    return Growth(
        model=runs.about.name,
        tensor=name,
        input=field.input.name,
        axes=(field.axis_name,),
        extent=field.extent,
        chosen=field.axis in field.input.chosen,
        upper_bound=field.upper_bound,
        stations=tuple(map(station, numbers)),
    )


def _effective(field: AxisField) -> float | None:
    try:
        return field.erf
    except ModelError:  # a limit, which sizes keep within
        return None


def growths(
    field: TensorField, levels: Mapping[str, tuple[Level, ...]] | None = None, effective: bool = True
) -> list[Growth]:
    """Return how the fields of a tensor grew; axes along which all is the same share one.

    Args:
        field: the fields towards one input.
        levels: axis name -> what the figures at the end are held against.
        effective: whether effective fields are told.

    Raises:
        UnknownError: the tensor is unknown.
    """
    found: dict[Growth, list[Growth]] = {}
    for axis in map(str, field):
        own = replace(growth(field[axis], effective), levels=(levels or {}).get(axis, ()))
        found.setdefault(_look(own), []).append(own)
    return [
        replace(same[0], axes=tuple(axis for own in same for axis in own.axes)) for same in found.values()
    ]


def _look(own: Growth) -> Growth:
    """Return a growth as those of other axes look that agree: effective fields agree but for rounding."""
    stations = (
        one._replace(erf=None if one.erf is None else float(f"{one.erf:.9g}")) for one in own.stations
    )
    return replace(own, axes=(), stations=tuple(stations))
