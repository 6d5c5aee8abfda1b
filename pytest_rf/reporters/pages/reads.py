"""What every unit of a tensor reads along an input axis, written so that a page can hold it for thousands of tensors.

Units lie along *lines*: factors of the tensor's axes, of which most often one matters. Sets of positions have
*patterns*, alternately how many positions are read and how many are not, and a first position. In theory a field
repeats: cell ``i mod period`` is moved by ``jump`` every period. On the actual input a unit most often reads just what
the borders leave of that; units that read something else stand in *runs* of equal patterns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import prod
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from pytest_rf.analysis.elements import of_units
from pytest_rf.analysis.runs import Runs
from pytest_rf.analysis.units import positions
from pytest_rf.domains.energy import Energy
from pytest_rf.domains.layout import Key, Layout
from pytest_rf.domains.maps import Map
from pytest_rf.domains.positions import Positions
from pytest_rf.figures import Figure
from pytest_rf.interpreter import Ignorance
from pytest_rf.value import Value

MOST_UNITS = 1 << 20
"""The sets of more units along one input axis are not looked at."""

MOST_STRETCHES = 1 << 16
"""More stretches of units that differ from what repeats are not written out."""

_length = np.frompyfunc(int.bit_length, 1, 1)
_zeros = np.frompyfunc(lambda bits: (bits & -bits).bit_length() - 1, 1, 1)


class Line(msgspec.Struct, frozen=True, array_like=True):
    """A factor along which units differ: a unit's place is ``place // inner % extent`` of that along the axis.

    Attributes:
        axis: the axis of the tensor.
        inner: how many places of the axis lie in one step of the line.
        extent: the number of its places.
    """

    axis: int
    inner: int
    extent: int


class Periodic(msgspec.Struct, frozen=True, array_like=True):
    """What repeats along lines.

    Attributes:
        periods: by line the number of cells.
        jumps: by line how far a period moves the first number of a cell.
        cells: pairs of numbers, the last line's places first.
    """

    periods: tuple[int, ...]
    jumps: tuple[int, ...]
    cells: tuple[tuple[float, float], ...]


class Stretch(msgspec.Struct, frozen=True, array_like=True):
    """Neighbouring units along the last line whose sets have one pattern.

    Attributes:
        unit: the first unit's number, the last line's places first.
        count: how many units.
        first: the first unit's first position.
        step: how much further each next unit's lies.
        pattern: the number of the pattern.
    """

    unit: int
    count: int
    first: int
    step: int
    pattern: int


class Steps(msgspec.Struct, frozen=True, array_like=True):
    """What steps stand for: step ``i`` for the positions from ``rate·i + first`` to ``rate·i + last``; as figures."""

    rate: Figure
    first: Figure
    last: Figure


class Table(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the units of a tensor read along one axis of an input.

    Attributes:
        lines: along which units differ.
        theory: the sets on an input without end, cells of a first position and the number of a pattern; None where
            none repeat.
        runs: the units that do not read just what the borders leave of that; all, where there is no theory.
        effective: mean and standard deviation of a unit's energy, in theory; None where that is not known.
        steps: what steps stand for; None where units do not move evenly.
        hulls: the sets are too large: first and last position are known, and not whether there are holes.
    """

    lines: tuple[Line, ...]
    theory: Periodic | None = None
    runs: tuple[Stretch, ...] = ()
    effective: Periodic | None = None
    steps: Steps | None = None
    hulls: bool = False


@dataclass
class Patterns:
    """The patterns of a page, each once.

    Attributes:
        known: bits of a set, its first position among them, to the number of the pattern.
    """

    known: dict[int, int] = field(default_factory=dict)

    def number(self, bits: int) -> int:
        """Return the number of the pattern of bits of which the lowest is set; 0 bits read nothing, -1 everything."""
        return self.known.setdefault(bits, len(self.known))

    def written(self) -> list[list[int]]:
        """Return the patterns in order: alternately how many positions are read and how many are not."""
        return [_alternating(bits) for bits in self.known]


def _alternating(bits: int) -> list[int]:
    if bits < 0:
        return [-1]
    found: list[int] = []
    read = 1
    while bits:
        rest = ~bits if read else bits
        length = (rest & -rest).bit_length() - 1
        found.append(length)
        bits >>= length
        read = 1 - read
    return found


def table(
    runs: Runs, value: Value, key: Key, axes: Collection[int], steps: Steps | None, patterns: Patterns
) -> Table | None:
    """Return what the units of a tensor read along an input axis; None where that is not known.

    Args:
        runs: the runs over the model.
        value: the tensor.
        key: the input axis.
        axes: the axes of the tensor along which units lie.
        steps: what steps of the tensor stand for.
        patterns: those of the page; takes new ones.
    """
    structure = runs.structure(value)
    if isinstance(structure, Ignorance):
        return None
    actual = of_units(runs, value, key, Positions, False, axes)
    theory = of_units(runs, value, key, Positions, True, axes)
    if isinstance(actual, Ignorance):
        return _hulls(runs, value, key, axes, steps, patterns)
    if actual is None:
        return Table(lines=(), runs=(Stretch(0, 1, 0, 0, patterns.number(0)),), steps=steps)
    theory = theory if isinstance(theory, Map) else None
    energy = of_units(runs, value, key, Energy, True, axes)
    effective = energy if isinstance(energy, Map) else None
    dims, lines = _lines(
        structure.layout, axes, [one for one in (actual, theory, effective) if one is not None]
    )
    if prod(line.extent for line in lines) > MOST_UNITS:
        return None
    extent = runs.inputs[key[0]].shape[key[1]]
    sets = _sets(actual, dims, lines)
    expected = None if theory is None else _clipped(_sets(theory, dims, lines), extent)
    found = tuple(islice(_stretches(sets, expected, _row(lines), patterns), MOST_STRETCHES + 1))
    if len(found) > MOST_STRETCHES:
        return None
    return Table(
        lines=tuple(lines),
        theory=None if theory is None else _periodic_sets(theory, dims, patterns),
        runs=found,
        effective=None if effective is None else _periodic_energy(effective, dims),
        steps=steps,
    )


def _hulls(
    runs: Runs, value: Value, key: Key, axes: Collection[int], steps: Steps | None, patterns: Patterns
) -> Table | None:
    """Return what is known where sets are too large: from where to where units read."""
    lo, hi = positions(runs.field(value, key), key, value.extents)
    for axis in range(len(value.extents)):
        if axis not in axes or lo.strides[axis] == hi.strides[axis] == 0:
            lo, hi = lo.min(axis=axis, keepdims=True), hi.max(axis=axis, keepdims=True)
    lines = [Line(axis, 1, extent) for axis, extent in enumerate(lo.shape) if extent > 1]
    if lo.size > MOST_UNITS:
        return None
    lengths = np.maximum(hi - lo + 1, 0).ravel()
    sets = _Sets(np.where(lengths, lo.ravel(), 0), (1 << lengths.astype(object)) - 1)
    found = tuple(islice(_stretches(sets, None, _row(lines), patterns), MOST_STRETCHES + 1))
    if len(found) > MOST_STRETCHES:
        return None
    return Table(lines=tuple(lines), runs=found, steps=steps, hulls=True)


def _row(lines: Sequence[Line]) -> int:
    """Return how many neighbours units have along the last line."""
    return lines[-1].extent if lines else 1


def _lines(layout: Layout, axes: Collection[int], maps: Sequence[Map]) -> tuple[list[int], list[Line]]:
    """Return the dimensions along which maps vary, and the lines that they are."""
    dims: list[int] = []
    lines: list[Line] = []
    dim = 0
    for number, axis in enumerate(layout):
        extents = [factor.extent for factor in axis]
        for place, extent in enumerate(extents):
            if number in axes and any(one.varies(dim) for one in maps):
                dims.append(dim)
                lines.append(Line(number, prod(extents[place + 1 :]), extent))
            dim += 1
    return dims, lines


class _Sets(NamedTuple):
    """The sets of units, the last line's places first.

    Attributes:
        first: the first position of each; 0 of what is empty or everything.
        bits: which positions from there on are read, the first among them.
    """

    first: npt.NDArray[np.int64]
    bits: npt.NDArray[np.object_]


def _sets(found: Map, dims: Sequence[int], lines: Sequence[Line]) -> _Sets:
    """Return the sets of all units."""
    first, bits = _lowest(*found.arrays)
    for dim, line in zip(dims, lines, strict=True):
        place = np.arange(line.extent)
        period, jump = found.shape[dim], found.moves(dim)
        first, bits = first.take(place % period, axis=dim), bits.take(place % period, axis=dim)
        if jump:
            shape = [-1 if d == dim else 1 for d in range(first.ndim)]
            first = first + (jump * (place // period)).reshape(shape)
    return _Sets(np.where((bits > 0).astype(bool), first, 0).ravel(), bits.ravel())


def _lowest(
    first: npt.NDArray[np.int64], bits: npt.NDArray[np.object_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]:
    """Return sets with their first positions in them."""
    lacking = ~((bits & 1) | (bits <= 0)).astype(bool)
    if lacking.any():
        first, bits = first.copy(), bits.copy()
        zeros = _zeros(bits[lacking])
        first[lacking] += zeros.astype(np.int64)
        bits[lacking] >>= zeros
    return first, bits


def _clipped(sets: _Sets, extent: int) -> _Sets:
    """Return what the borders of an input leave of sets."""
    first, bits = sets.first.copy(), sets.bits.copy()
    bits[(bits < 0).astype(bool)] = (1 << extent) - 1  # everything, one and the same number
    ends = first + np.asarray(_length(bits), np.int64)
    beyond = (bits > 0).astype(bool) & ((first < 0) | (ends > extent))
    low, cut = np.maximum(first[beyond], 0), np.maximum(-first[beyond], 0)
    within = (1 << np.maximum(extent - low, 0).astype(object)) - 1
    low, left = _lowest(low, (bits[beyond] >> cut.astype(object)) & within)
    first[beyond], bits[beyond] = np.where((left > 0).astype(bool), low, 0), left
    return _Sets(first, bits)


def _stretches(sets: _Sets, expected: _Sets | None, row: int, patterns: Patterns) -> Iterator[Stretch]:
    """Yield the runs of units that do not read what is expected."""
    first, bits = sets
    count = len(first)
    differs = np.ones(count, bool)
    if expected is not None:
        differs = (first != expected.first) | (bits != expected.bits).astype(bool)
    end = 0
    for unit in np.flatnonzero(differs).tolist():
        if unit < end:
            continue
        low, pattern = int(first[unit]), bits[unit]
        limit = unit - unit % row + row
        step = int(first[unit + 1]) - low if unit + 1 < limit else 0
        end = unit + 1
        while end < limit and first[end] == low + step * (end - unit) and bits[end] == pattern:
            end += 1
        yield Stretch(unit, end - unit, low, step if end - unit > 1 else 0, patterns.number(pattern))


def _periodic_sets(found: Map, dims: Sequence[int], patterns: Patterns) -> Periodic:
    first, bits = _sets(found, (), ())
    cells = zip(first.tolist(), map(patterns.number, bits), strict=True)
    return _periodic(found, dims, tuple(cells))


def _periodic_energy(found: Map, dims: Sequence[int]) -> Periodic | None:
    mean, mass, variance = (np.broadcast_to(array, found.shape).ravel() for array in found.arrays)
    if not ((mass > 0) & np.isfinite(variance)).all():
        return None
    deviations = np.sqrt(variance)
    return _periodic(
        found, dims, tuple(zip(mean.round(4).tolist(), deviations.round(4).tolist(), strict=True))
    )


def _periodic(found: Map, dims: Sequence[int], cells: tuple[tuple[float, float], ...]) -> Periodic:
    return Periodic(
        tuple([found.shape[dim] for dim in dims]), tuple([found.moves(dim) for dim in dims]), cells
    )
