"""The kept unit of a tile that shows that a tiling is not seamless: what it reads and the tile does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from pytest_rf.analysis import Analysis
from pytest_rf.errors import RFError, UnknownError
from pytest_rf.findings import Piece, Witness
from pytest_rf.tiles import Plan
from pytest_rf.tiles.borders import Borders
from pytest_rf.tiles.judging import Miss
from pytest_rf.witnesses.looking import Claim
from pytest_rf.witnesses.seeing import Sight, at
from pytest_rf.witnesses.table import built


class _Kept(NamedTuple):
    """Units kept of a tile, places along the output's axis in the whole; the end exclusive."""

    start: int
    stop: int
    first: int
    last: int


def of_seam(plan: Plan, axis: str, output: str, miss: Miss | None = None) -> Witness | None:
    """Return what shows that an output is not in its tiles what it is in an image of several.

    Args:
        plan: the tiling, which is not seamless.
        axis: the axis along which it is not.
        output: the output.
        miss: the first unit of a tile that is wrong, which others of it are even more; None where all may be, as behind
            statistics.

    Returns:
        None where the model runs on no such image, or several inputs have the axis.
    """
    one = next((one for one in plan.outputs[axis] if one.output == output), None)
    whole = _image(plan, axis)
    keys = [*plan.trial.keys(axis)]
    if one is None or whole is None or len(keys) != 1:
        return None
    (source, number) = keys[0]
    tensor = next(tensor for tensor in whole.outputs if tensor.name == output)
    sight = Sight(tensor, tensor.field(source)[number])
    kept = [*_kept(plan, axis, one, sight.shape[one.dim], miss)]
    try:
        read = next((found for found in (_reading(whole, sight, one, each) for each in kept) if found), None)
    except UnknownError:
        read = None
    # A table is the same in the first tile as in the whole.
    return read or (_other(whole, sight, one, kept[min(1, len(kept) - 1)]) if kept else None)


def _image(plan: Plan, axis: str) -> Analysis | None:
    """Return the model on an image of three tiles along an axis, one along others; None where it does not run."""
    try:
        return plan.trial.at({**plan.tile, axis: plan.axes[axis].image})
    except RFError:
        return None


def _kept(plan: Plan, axis: str, one: Borders, count: int, miss: Miss | None) -> Iterator[_Kept]:
    """Yield the units that are looked at: the one that is wrong, or what is kept of a tile.

    The first unit of a tile that misses anything does so by one weight alone, which a run can hardly show.
    """
    if miss is not None and miss.position is None:
        yield _Kept(miss.start, miss.stop, miss.unit, miss.unit + 1)
        return
    tiling = plan.axes[axis]
    for tile in tiling.tiles(tiling.image):
        first = 0 if tile.first is None else one.first(tile.first)
        last = count if tile.last is None else one.first(tile.last)
        if 0 <= first < last <= count and (miss is None or tile.start == miss.start):
            yield _Kept(tile.start, tile.stop, first, last)


def _reading(whole: Analysis, sight: Sight, one: Borders, kept: _Kept) -> Witness | None:
    """Return the unit that reads the furthest beyond its tile; None where none does."""
    span = sight.certain
    if span is None:
        return None
    beyond = np.maximum(kept.start - span.lo, span.hi + 1 - kept.stop)
    places = np.arange(sight.shape[one.dim])
    mine = (kept.first <= places) & (places < kept.last)
    along = [-1 if axis == one.dim else 1 for axis in range(len(sight.shape))]
    unit = sight.best(beyond, (beyond > 0) & span.reads & mine.reshape(along))
    if unit is None:
        return None
    low, high = at(span.lo, unit), at(span.hi, unit)
    position = low if kept.start - low > high + 1 - kept.stop else high
    return _as_of(built(whole, sight, Claim(unit, position, True)), one, kept)


def _other(whole: Analysis, sight: Sight, one: Borders, kept: _Kept) -> Witness | None:
    """Return a unit that is another one in its tile, whatever it reads: the middle one of those that are kept."""
    unit = tuple(
        (kept.first + kept.last) // 2 if axis == one.dim else extent // 2
        for axis, extent in enumerate(sight.shape)
    )
    edge = kept.start if kept.start else kept.stop - 1
    return _as_of(built(whole, sight, Claim(unit, edge, False)), one, kept)


def _as_of(found: Witness | None, one: Borders, kept: _Kept) -> Witness | None:
    """Return a witness about the unit of a tile."""
    if found is None:
        return None
    own = list(found.unit)
    own[one.dim] -= kept.start // one.rate
    return replace(found, tile=Piece(start=kept.start, stop=kept.stop, unit=tuple(int(n) for n in own)))
