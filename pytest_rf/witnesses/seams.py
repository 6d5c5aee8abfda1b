"""The kept unit of a tile that shows that a tiling is not seamless: what it reads and the tile does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.element_reads import Element
from pytest_rf.errors import RFError
from pytest_rf.findings import Piece, Witness
from pytest_rf.tiles import Plan
from pytest_rf.tiles.axis import Tile
from pytest_rf.tiles.borders import Borders
from pytest_rf.tiles.judging import Miss
from pytest_rf.witnesses.looking import Claim
from pytest_rf.witnesses.seeing import Numbers, Sight, at
from pytest_rf.witnesses.table import built
from pytest_rf.witnesses.walking import middle


def of_seam(plan: Plan, axis: str, output: str, miss: Miss | None = None) -> Witness | None:
    """Return what shows that an output is not in its tiles what it is in an image of several.

    Args:
        plan: the tiling, which is not seamless.
        axis: the axis along which it is not.
        output: the output.
        miss: the first unit of a tile that is wrong, which others of it are even more; None where an operator allows no
            tiling at all.

    Returns:
        None where the model runs on no such image, several inputs have the axis, or reads show nothing.
    """
    one = next((one for one in plan.outputs[axis] if one.output == output), None)
    keys = [*plan.trial.keys(axis)]
    if one is None or len(keys) != 1:
        return None
    try:
        part = plan.trial.at(plan.tile)
        whole = plan.trial.at({**plan.tile, axis: plan.axes[axis].image})
        found = _Seam(one, whole, *(_sight(net, output, keys[0]) for net in (whole, part)))
        tiling = plan.axes[axis]
        tiles = tiling.tiles(tiling.image)
        if miss is None:
            return found.first(map(found.reading, tiles)) or found.first(map(found.moved, tiles))
        tile = next(tile for tile in tiles if tile.start == miss.start)
        return found.of_miss(tile, miss)
    except RFError:
        return None


def _sight(net: Analysis, output: str, key: tuple[str, int]) -> Sight:
    tensor = next(tensor for tensor in net.outputs if tensor.name == output)
    return Sight(tensor, tensor.field(key[0])[key[1]])


class _Seam(NamedTuple):
    """An output in an image of several tiles, and in one of them.

    Attributes:
        one: what is known of the output along the axis.
        net: the model on the image.
        whole: the output there.
        part: the output of a tile.
    """

    one: Borders
    net: Analysis
    whole: Sight
    part: Sight

    @staticmethod
    def first(found: Iterator[Witness | None]) -> Witness | None:
        """Return the first that there is."""
        return next((one for one in found if one is not None), None)

    def of_miss(self, tile: Tile, miss: Miss) -> Witness | None:
        """Return what shows that a unit misses something.

        Where it misses a position the unit that reads the furthest is taken: the first one does so by one weight alone,
        which a run can hardly show.
        """
        if miss.position is not None:
            return self.reading(tile) or self.reading(tile, given=False)
        unit = tuple(miss.unit if axis == self.one.dim else n // 2 for axis, n in enumerate(self.whole.shape))
        return self._other(tile, unit) if miss.unit in self._kept(tile) else None

    def reading(self, tile: Tile, given: bool = True) -> Witness | None:
        """Return the unit kept of a tile that reads the furthest beyond it; ``given``: of those that it gives."""
        span, kept = self.whole.certain, self._kept(tile, given)
        if span is None or not kept:
            return None
        beyond = np.maximum(tile.start - span.lo, span.hi + 1 - tile.stop)
        places = np.arange(self.whole.shape[self.one.dim])
        mine = (kept.start <= places) & (places < kept.stop)
        along = [-1 if axis == self.one.dim else 1 for axis in range(len(self.whole.shape))]
        unit = self.whole.best(beyond, (beyond > 0) & span.reads & mine.reshape(along))
        if unit is None:
            return None
        low, high = at(span.lo, unit), at(span.hi, unit)
        position = low if tile.start - low > high + 1 - tile.stop else high
        return self._of_tile(built(self.net, self.whole, Claim(unit, position, True)), tile)

    def moved(self, tile: Tile) -> Witness | None:
        """Return the unit that reads other positions in a tile than in the whole, the further the better."""
        kept, span, own = self._kept(tile), self.whole.certain, self.part.certain
        if span is None or own is None or not kept:
            return None
        places = np.arange(kept.start, kept.stop)
        inside = places - self._shift(tile)
        off = sum(
            np.abs(self._at(there, places) - self._at(here, inside) - tile.start)
            for there, here in zip(span, own, strict=True)
        )
        off = np.where(self._at(span.lo, places) <= self._at(span.hi, places), off, 0)
        if not off.any():
            return None
        place = middle(np.argwhere(off == off.max()), off.shape)
        unit = tuple(
            int(places[n]) if axis == self.one.dim else n if size > 1 else extent // 2
            for axis, (n, size, extent) in enumerate(zip(place, off.shape, self.whole.shape, strict=True))
        )
        return self._other(tile, unit) if off.shape[self.one.dim] > 1 else None

    def _at(self, array: Numbers, places: Numbers) -> Numbers:
        """Return what an array of a span holds at some places of the output's axis."""
        return array if array.shape[self.one.dim] == 1 else array.take(places, self.one.dim)

    def _kept(self, tile: Tile, given: bool = True) -> range:
        """Return the units kept of a tile; ``given``: without those that it does not give, as of a cropped output."""
        count = self.whole.shape[self.one.dim]
        first = 0 if tile.first is None else self.one.first(tile.first)
        last = count if tile.last is None else self.one.first(tile.last)
        shift = self._shift(tile)
        if given:
            first, last = max(first, shift), min(last, shift + self.one.count)
        return range(max(first, 0), min(last, count))

    def _shift(self, tile: Tile) -> int:
        return int(tile.start // self.one.rate)

    def _other(self, tile: Tile, unit: Element) -> Witness | None:
        """Return the witness of a unit that is another one in its tile, though it reads nothing beyond."""
        edge = tile.start if tile.start else tile.stop - 1
        return self._of_tile(built(self.net, self.whole, Claim(unit, edge, False)), tile)

    def _of_tile(self, found: Witness | None, tile: Tile) -> Witness | None:
        """Return a witness about the unit of a tile."""
        if found is None:
            return None
        own = list(found.unit)
        own[self.one.dim] -= self._shift(tile)
        given = own[self.one.dim] in range(self.one.count)
        return replace(found, tile=Piece(start=tile.start, stop=tile.stop, unit=tuple(own) if given else ()))
