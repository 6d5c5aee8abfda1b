"""What every unit of a tensor reads along an input axis, written so that a page can hold it for thousands of tensors.

Units lie along *lines*: factors of the tensor's axes, of which most often one matters. Sets of positions have
*patterns*, alternately how many positions are read and how many are not, and a first position. In theory a field
repeats: cell ``i mod period`` is moved by ``jump`` every period. On the actual input a unit most often reads just what
the borders leave of that; units that read something else stand in *runs* of equal patterns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

import msgspec
import numpy as np

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

MOST_UNITS = 1 << 16
"""The sets of more units are not written out."""


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
    sets = list(_sets(actual, dims, lines))
    expected = None if theory is None else [_clipped(*one, extent) for one in _sets(theory, dims, lines)]
    return Table(
        lines=tuple(lines),
        theory=None if theory is None else _periodic_sets(theory, dims, patterns),
        runs=tuple(_stretches(sets, expected, lines[-1].extent if lines else 1, patterns)),
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
    pairs = zip(lo.ravel().tolist(), hi.ravel().tolist(), strict=True)
    sets = [(low, (1 << (high - low + 1)) - 1) if low <= high else (0, 0) for low, high in pairs]
    row = lines[-1].extent if lines else 1
    found = tuple(_stretches(sets, None, row, patterns))
    return Table(lines=tuple(lines), runs=found, steps=steps, hulls=True)


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


def _sets(found: Map, dims: Sequence[int], lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Yield the first position and the bits of every unit's set, the last line's places first."""
    first, bits = found.arrays
    for dim, line in zip(dims, lines, strict=True):
        place = np.arange(line.extent)
        period, jump = found.shape[dim], found.moves(dim)
        first, bits = first.take(place % period, axis=dim), bits.take(place % period, axis=dim)
        if jump:
            shape = [-1 if d == dim else 1 for d in range(first.ndim)]
            first = first + (jump * (place // period)).reshape(shape)
    for low, mask in zip(first.ravel().tolist(), bits.ravel().tolist(), strict=True):
        yield _lowest(low, mask)


def _lowest(first: int, bits: int) -> tuple[int, int]:
    """Return a set with its first position in it; 0 where it is empty or everything."""
    if bits <= 0:
        return 0, bits
    zeros = (bits & -bits).bit_length() - 1
    return first + zeros, bits >> zeros


def _clipped(first: int, bits: int, extent: int) -> tuple[int, int]:
    """Return what the borders of an input leave of a set."""
    if bits < 0:
        return 0, (1 << extent) - 1
    if first < 0:
        first, bits = 0, bits >> -first
    return _lowest(first, bits & ((1 << max(extent - first, 0)) - 1))


def _stretches(
    sets: Sequence[tuple[int, int]],
    expected: Sequence[tuple[int, int]] | None,
    row: int,
    patterns: Patterns,
) -> Iterator[Stretch]:
    """Yield the runs of units that do not read what is expected."""
    unit, count = 0, len(sets)
    while unit < count:
        if expected is not None and sets[unit] == expected[unit]:
            unit += 1
            continue
        first, bits = sets[unit]
        end = unit - unit % row + row
        step = sets[unit + 1][0] - first if unit + 1 < end else 0
        last = unit + 1
        while last < end and sets[last] == (first + step * (last - unit), bits):
            last += 1
        yield Stretch(unit, last - unit, first, step if last - unit > 1 else 0, patterns.number(bits))
        unit = last


def _periodic_sets(found: Map, dims: Sequence[int], patterns: Patterns) -> Periodic:
    pairs = zip(found.arrays[0].ravel().tolist(), found.arrays[1].ravel().tolist(), strict=True)
    cells = ((first, patterns.number(bits)) for first, bits in (_lowest(*pair) for pair in pairs))
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
