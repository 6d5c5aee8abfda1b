"""What a tile gets wrong of one output at its own borders, and where the output's units stand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, prod
from typing import NamedTuple

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.along import Along
from pytest_rf.analysis.profile import Profile
from pytest_rf.analysis.profile import profile as along
from pytest_rf.domains.layout import Key, carried
from pytest_rf.domains.rims import Rim
from pytest_rf.domains.structure import Structure
from pytest_rf.errors import UnknownError
from pytest_rf.tiles.obstacle import Obstacle, of_rims, of_ties
from pytest_rf.tiles.trial import Trial


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


class Found(NamedTuple):
    """What is found of one output along one input axis; nothing where it does not depend on the axis."""

    borders: Borders | None = None
    obstacle: Obstacle | None = None


def borders(
    trial: Trial,
    analysis: Analysis,
    output: Tensor,
    axis: str,
    key: Key,
    share: Fraction,
    crop: Fraction | None,
) -> Found:
    """Return what a tile gets wrong of an output along an input axis.

    Args:
        trial: the model.
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
        return Found(obstacle=_open(axis, output, f"output {output.name!r} is unknown: {known.reason}"))
    try:
        if key not in carried(known.layout) and field.vacuous:
            return Found()  # what it reads of the axis, if anything, is context that is accepted
        states = trial.rims(analysis, key)
        rim = states.get(output.number, {}).get(key)
        units = _units(field, known)
        obstacle = of_ties(field, output.name, "grid", "window")
        if obstacle is None and rim is not None and (not isinstance(rim, Rim) or rim.flipped):
            obstacle = of_rims(field, output, states)
        if obstacle is None and units is None:
            reason = f"output {output.name!r} has no axis of its own for {axis}, on which units move evenly"
            obstacle = _open(axis, output, reason)
        if units is None:
            return Found(obstacle=obstacle)
        dim, rate = units
        before, after = _wrong(rim, field.count) if isinstance(rim, Rim) else (0, 0)
        origin = _origin(field, rate) * share if crop is None else crop
        return Found(Borders(output.name, dim, rate * share, origin, field.count, before, after), obstacle)
    except UnknownError as error:
        return Found(obstacle=_open(axis, output, str(error)))


def _open(axis: str, output: Tensor, reason: str) -> Obstacle:
    return Obstacle(axis, output.name, "", "", reason, undecidable=True)


def _units(field: Along, known: Structure) -> tuple[int, Fraction] | None:
    """Return which axis of an output has its units, and input positions from one to the next; None where none has."""
    dims = [number for number, one in enumerate(known.layout) if field.key in carried((one,))]
    rate = field.stride
    if len(dims) == 1 and rate and rate > 0 and field.count == field.value.extents[dims[0]]:
        return dims[0], rate
    dim = _led(field, known)
    if (len(dims) == 1 and rate is not None) or dim is None or profile(field, dim) is None:
        return None
    # Rolled and masked windows have no map on an axis without end: the extents tell the step, reads whether it is so.
    return dim, Fraction(field.extent, field.value.extents[dim])


def _led(field: Along, known: Structure) -> int | None:
    """Return the axis of an output that leads along the input axis, where others hold positions of it as well."""
    dims = [number for number, one in enumerate(known.layout) if any(field.key in f.leads for f in one)]
    return dims[0] if len(dims) == 1 and field.value.extents[dims[0]] else None


def profile(field: Along, dim: int) -> Profile | None:
    """Return what the units along an output's axis read on the actual input, one after the other."""
    own = field.profile(theory=False)
    if own is not None and len(own.lo) == field.value.extents[dim]:
        return own
    return along(field.counted("guaranteed", theory=False), field.key, along=dim)


def _origin(field: Along, rate: Fraction) -> Fraction:
    """Return the position that unit 0 stands for: 0, or where the centres say, if the output is cropped.

    Of units that differ the mean over one period counts.
    """
    own = field.profile(theory=True)
    if field.count * rate >= field.extent or own is None or not own.jump:
        return Fraction(0)
    ends = [*map(float, own.lo), *map(float, own.hi)]
    if not all(map(math.isfinite, ends)):
        return Fraction(0)
    places = range(len(own.lo))
    centres = sum((Fraction(int(own.lo[i]) + int(own.hi[i]), 2) - i * rate for i in places), Fraction(0))
    return centres / len(own.lo) - (rate - 1) / 2


def _wrong(rim: Rim, count: int) -> tuple[int, int]:
    """Return how many units are wrong, where a rim counts parts of them or several together."""
    elements = rim.extent * prod(rim.inner)
    places = Fraction(count, elements)
    before, after = rim.most
    return ceil(before * places), ceil(after * places)
