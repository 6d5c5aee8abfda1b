"""Where tiles lie along one axis, and which part of each is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Tile(NamedTuple):
    """One tile along one axis, in input positions, ends exclusive.

    Attributes:
        start, stop: what is read.
        first, last: what the kept units stand for: from ``first`` on, up to ``last``; None where it is the
            image's border up to which everything is kept.
    """

    start: int
    stop: int
    first: int | None
    last: int | None


class Fault(NamedTuple):
    """What is wrong with how an axis is tiled, whatever its units read.

    Attributes:
        axis: the axis' name.
        told: what is wrong, and what would be right.
        undecidable: whether it may be right: the model cannot be analysed on such tiles.
    """

    axis: str
    told: str
    undecidable: bool = False

    def __str__(self) -> str:
        return f"{self.axis}: {self.told}"


@dataclass(frozen=True)
class AxisTiling:
    """How one axis is tiled. All in input positions.

    Attributes:
        tile: the extent of a tile.
        before, after: the context on either side.
        multiple: tiles begin on multiples of it.
        remainder: extents that fit are multiples of it and so much more.
    """

    tile: int
    before: int
    after: int
    multiple: int
    remainder: int

    @property
    def step(self) -> int:
        """How far neighbours lie apart."""
        return self.tile - self.before - self.after

    @property
    def image(self) -> int:
        """The extent of an image of three tiles, the last of which is moved back where the grid lets it."""
        return self.tile + self.step + (self.multiple if self.step > self.multiple else self.step)

    @property
    def on_grid(self) -> bool:
        """Whether tiles begin on the grid and have an extent that fits."""
        return self.step % self.multiple == 0 and self.fits(self.tile)

    def fits(self, extent: int) -> bool:
        """Whether an image of an extent can be laid with tiles that begin on the grid."""
        return (extent - self.remainder) % self.multiple == 0

    def fitting(self, extent: int) -> int:
        """Return the next extent that fits, from this one on."""
        return extent + (self.remainder - extent) % self.multiple

    def tiles(self, extent: int) -> list[Tile]:
        """Return the tiles of an image: one every step, the last one moved back to the border."""
        if extent <= self.tile:
            return [Tile(0, extent, None, None)]
        starts = [*range(0, extent - self.tile, self.step), extent - self.tile]
        found: list[Tile] = []
        first: int | None = None
        for start in starts:
            last = None if start == starts[-1] else start + self.tile - self.after
            found.append(Tile(start, start + self.tile, first, last))
            first = last
        return found
