"""Whether every kept unit reads in its tile what it reads in the whole, by the same operations (SEMANTICS 9)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.along import Along
from pytest_rf.analysis.profile import Profile
from pytest_rf.domains.layout import Key
from pytest_rf.errors import UnknownError
from pytest_rf.tiles.axis import AxisTiling, Tile
from pytest_rf.tiles.borders import Borders, profile


class Miss(NamedTuple):
    """A unit that is not in its tile what it is in the whole.

    Attributes:
        axis: the axis' name.
        output: the output.
        unit: the unit's place along the output's axis, in the whole.
        start, stop: the tile that it is kept of, in input positions, the end exclusive.
        position: what it reads in the whole and its tile does not have, in input positions; None where it reads inside
            the tile and an operator on the way meets the tile's border.
        before: whether what it misses lies before the tile.
    """

    axis: str
    output: str
    unit: int
    start: int
    stop: int
    position: int | None
    before: bool

    @property
    def told(self) -> str:
        """What it misses, without its axis."""
        tile = f"unit {self.unit} of {self.output!r}, kept of the tile {self.start} to {self.stop - 1}"
        if self.position is None:
            side = "beginning" if self.before else "end"
            return f"{tile}, rests on what the tile's {side} changes on the way"
        return f"{tile}, reads position {self.position}"

    def __str__(self) -> str:
        return f"{self.axis}: {self.told}"


def at_borders(axis: str, tiling: AxisTiling, outputs: Sequence[Borders]) -> Iterator[Miss]:
    """Yield units that the borders of tiles change: the second tile's first one, and the first tile's last."""
    step, tile = tiling.step, tiling.tile
    for one in outputs:
        first = one.first(tiling.before)
        if first < max(one.before, 0):
            unit = first + int(step / one.rate)
            yield Miss(axis, one.output, unit, step, step + tile, None, True)
        last = one.first(tile - tiling.after)
        if last > one.count - one.after:
            yield Miss(axis, one.output, last - 1, 0, tile, None, False)


def in_whole(
    axis: str,
    tiling: AxisTiling,
    outputs: Sequence[Borders],
    part: Analysis,
    whole: Analysis,
    key: Key,
    share: Fraction,
) -> Iterator[Miss]:
    """Yield units of an image of several tiles that read what lies outside of theirs.

    Args:
        axis: the axis' name.
        tiling: how it is tiled.
        outputs: what is known of the outputs.
        part: the model at the extent of a tile.
        whole: the model at the extent of the image.
        key: the input axis.
        share: positions of the first input that has the axis, per position of this one.
    """
    extent = int(whole.inputs[key[0]].shape[key[1]] * share)
    tensors = {tensor.name: tensor for tensor in whole.outputs}
    pieces = {tensor.name: tensor for tensor in part.outputs}
    for one in outputs:
        field = Along(whole.runs, tensors[one.output].value, whole.inputs[key[0]], key[1])
        try:
            actual, theory = profile(field, one.dim), field.profile(theory=True)
        except UnknownError:
            continue
        if actual is None:
            continue
        inside = profile(Along(part.runs, pieces[one.output].value, part.inputs[key[0]], key[1]), one.dim)
        further = _further(one, tiling, theory, share)
        for tile in tiling.tiles(extent):
            miss = _outside(axis, one, tile, actual, share, further) or (
                None if inside is None else _elsewhere(axis, one, tile, actual, inside, share)
            )
            if miss is not None:
                yield miss


def _further(
    one: Borders, tiling: AxisTiling, theory: Profile | None, share: Fraction
) -> tuple[Fraction, Fraction]:
    """Return how much further what a border spoils reaches than units read, before and after."""
    if theory is None or not theory.jump:
        return Fraction(0), Fraction(0)
    before, after = (
        Fraction(int(side)) * share if math.isfinite(side) else Fraction(0)
        for side in theory.halo(max(int(tiling.multiple / share), 1))
    )
    return max(one.need_before() - before, Fraction(0)), max(one.need_after(tiling.tile) - after, Fraction(0))


def _outside(
    axis: str, one: Borders, tile: Tile, actual: Profile, share: Fraction, further: tuple[Fraction, Fraction]
) -> Miss | None:
    """Return the first unit kept of a tile that reads what lies outside of it."""
    count = len(actual.lo)
    begin = 0 if tile.first is None else min(max(one.first(tile.first), 0), count)
    end = count if tile.last is None else min(max(one.first(tile.last), 0), count)
    low, high = actual.lo[begin:end], actual.hi[begin:end]
    something = low <= high
    # Where the image ends units can see a mirror of what lies inside, which the tile's other border spoils.
    middle = one.first(Fraction(tile.start + tile.stop, 2)) - begin
    beyond = np.arange(begin, end) - begin >= middle
    # The share is a number of positions, or a part of one: what is read of either is compared in whole numbers.
    part, whole = share.denominator, share.numerator
    least = np.full(len(low), tile.start * part)
    most = np.full(len(low), tile.stop * part)
    if tile.last is None:
        least = least + beyond * int(further[0] * part)
    if tile.first is None:
        most = most - ~beyond * int(further[1] * part)
    before = something & (low * whole < least) & (tile.first is not None)
    after = something & ((high + 1) * whole > most) & (tile.last is not None)
    wrong = np.flatnonzero(before | after)
    if not len(wrong):
        return None
    at = int(wrong[0])
    place = low[at] if before[at] else high[at]
    return _missed(axis, one, begin + at, tile, float(place), share, bool(before[at]))


def _elsewhere(
    axis: str, one: Borders, tile: Tile, actual: Profile, inside: Profile, share: Fraction
) -> Miss | None:
    """Return the first unit kept of a tile that reads other positions in it than in the whole, though inside of it."""
    shift, start = tile.start // one.rate, int(tile.start / share)
    begin = max(0 if tile.first is None else one.first(tile.first), shift)
    end = len(actual.lo) if tile.last is None else one.first(tile.last)
    end = min(end, len(actual.lo), shift + len(inside.lo))
    if begin >= end:
        return None
    low, high = actual.lo[begin:end], actual.hi[begin:end]
    own = slice(begin - shift, end - shift)
    wrong = np.flatnonzero(
        (low <= high) & ((low != inside.lo[own] + start) | (high != inside.hi[own] + start))
    )
    if not len(wrong):
        return None
    at = int(wrong[0])
    return Miss(axis, one.output, begin + at, tile.start, tile.stop, None, bool(2 * at < len(low)))


def _missed(
    axis: str, one: Borders, unit: int, tile: Tile, place: float, share: Fraction, before: bool
) -> Miss:
    position = int(place * share) if math.isfinite(place) else None
    if position is not None and tile.start <= position < tile.stop:
        position = None
    return Miss(axis, one.output, unit, tile.start, tile.stop, position, before)
