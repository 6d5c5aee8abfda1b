"""What a tile gets wrong of one output at its own borders, and where the output's units stand."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, prod

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.along import Along
from pytest_rf.analysis.sizes import offset
from pytest_rf.domains.layout import Key, carried
from pytest_rf.domains.rims import Rim, Rims
from pytest_rf.domains.structure import Structure
from pytest_rf.errors import UnknownError
from pytest_rf.interpreter import run_total
from pytest_rf.tiles.obstacle import Obstacle, of_rims, of_ties


@dataclass(frozen=True)
class Borders:
    """What tiling along one axis means for one output. Positions are those of the first input that has the axis.

    Attributes:
        output: the output's name.
        dim: which of its axes has the units.
        rate: positions from one unit to the next.
        origin: the position that unit 0 stands for.
        count: units of a tile.
        before, after: how many of them at its beginning and end are not what they are in the whole.
    """

    output: str
    dim: int
    rate: Fraction
    origin: Fraction
    count: int
    before: int
    after: int

    def first(self, position: int | Fraction) -> int:
        """Return the first unit whose position is not before one."""
        return ceil((position - self.origin) / self.rate)

    def need_before(self) -> int:
        """Return how many positions at the beginning of a tile no kept unit may stand for."""
        return max(floor((self.before - 1) * self.rate + self.origin) + 1, 0)

    def need_after(self, tile: int) -> int:
        """Return the same at the end of a tile."""
        return max(ceil(tile - self.origin - (self.count - self.after) * self.rate), 0)


def borders(
    analysis: Analysis, output: Tensor, axis: str, key: Key, share: Fraction, crop: Fraction | None
) -> Borders | Obstacle | None:
    """Return what a tile gets wrong of an output along an input axis; None where it does not depend on the axis.

    Args:
        analysis: the model at the extent of a tile.
        output: the output.
        axis: the axis' name.
        key: the input axis.
        share: positions of the first input that has the axis, per position of this one.
        crop: the position that unit 0 stands for, where that is said.
    """
    runs = analysis.runs
    field = Along(runs, output.value, runs.inputs[key[0]], key[1])
    known = runs.structure(output.value)
    if not isinstance(known, Structure):
        return Obstacle(axis, output.name, "", "", f"output {output.name!r} is unknown: {known.reason}")
    try:
        return _borders(analysis, output, field, known, share, crop)
    except UnknownError as error:
        return Obstacle(axis, output.name, "", "", str(error))


def _borders(
    analysis: Analysis, output: Tensor, field: Along, known: Structure, share: Fraction, crop: Fraction | None
) -> Borders | Obstacle | None:
    axis, key, runs = field.axis_name, field.key, field.runs
    if key not in carried(known.layout) and field.vacuous:
        return None
    tie = of_ties(field, output.name)
    if tie is not None:
        return tie
    domain = Rims(lambda number: analysis.accepts(runs.graph.nodes[number]), 0)
    states = run_total(runs.plan, domain, frozenset({key}))
    rim = states.get(output.number, {}).get(key)
    dims = [number for number, one in enumerate(known.layout) if key in carried((one,))]
    if rim is not None and (not isinstance(rim, Rim) or rim.flipped):
        return of_rims(field, output, states)
    rate = field.stride
    if not dims and rim is None:
        return None  # all that it reads of the axis is context that is accepted
    if len(dims) != 1 or not rate or rate < 0 or field.count != output.value.extents[dims[0]]:
        reason = f"output {output.name!r} has no axis of its own for {axis}, on which units move evenly"
        return Obstacle(axis, output.name, "", "", reason)
    before, after = (0, 0) if rim is None else _units(rim, field.count)
    origin = Fraction(0)
    if field.count * rate < field.extent:  # valid convolutions and crops: units are laid by their centres
        origin = Fraction(offset(field) or 0)
    origin = origin * share if crop is None else crop
    return Borders(output.name, dims[0], rate * share, origin, field.count, before, after)


def _units(rim: Rim, count: int) -> tuple[int, int]:
    """Return how many units are wrong, where a rim counts parts of them or several together."""
    elements = rim.extent * prod(rim.inner)
    places = Fraction(count, elements)
    return ceil(int(rim.before.max()) * places), ceil(int(rim.after.max()) * places)
