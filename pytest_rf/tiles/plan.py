"""A plan of tiles: what users hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple, TypeVar

from pytest_rf.analysis.doors import notebook
from pytest_rf.errors import RFError, TilingError
from pytest_rf.tiles.axis import AxisTiling, Fault, Tile
from pytest_rf.tiles.borders import Borders
from pytest_rf.tiles.judging import Miss
from pytest_rf.tiles.obstacle import Obstacle
from pytest_rf.tiles.trial import Trial
from pytest_rf.value import Shape

Slices = tuple[slice, ...]
Shapes = Sequence[int] | Mapping[str, Sequence[int]]
"""The shape of the input, or of each by name."""
Held = TypeVar("Held")


class Window(NamedTuple):
    """One tile of an image: slices over all axes; of several inputs or outputs those of each by name.

    Attributes:
        read: what of the image the model is given.
        keep: what of its result is kept.
        write: where that stands in the whole result.
    """

    read: Any
    keep: Any
    write: Any


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """How a model is run in tiles, and whether that makes the whole (SEMANTICS 9).

    ``for w in plan.windows(x.shape): y[w.write] = model(x[w.read])[w.keep]`` is tiled inference.

    Attributes:
        trial: the model, at any extents.
        axes: axis name -> how it is tiled.
        outputs: axis name -> what is known of the outputs along it.
        min_overlap: axis name -> the smallest seamless overlap by halves, *total*; infinite where there is none.
        min_context: axis name -> the smallest seamless context ``(before, after)``, on the grid.
        reach: axis name -> how far units read beyond the borders of a part that begins and ends anywhere,
            ``(before, after)``: what such a part needs that is cut out of an image on the grid.
        obstacles: what no tiling survives.
        misses: units that are not in their tile what they are in the whole.
        faults: what else is wrong with the tiling.
        accepted: names of the operators whose context is accepted, and counts as the same in a tile as in the whole.
    """

    trial: Trial
    axes: Mapping[str, AxisTiling]
    outputs: Mapping[str, Sequence[Borders]]
    min_overlap: Mapping[str, float]
    min_context: Mapping[str, tuple[float, float]]
    reach: Mapping[str, tuple[float, float]]
    obstacles: Sequence[Obstacle] = ()
    misses: Sequence[Miss] = ()
    faults: Sequence[Fault] = ()
    accepted: Sequence[str] = field(default=())

    def __repr__(self) -> str:
        tiles = ", ".join(f"{axis} {one.tile} by {one.step}" for axis, one in self.axes.items())
        verdict = "seamless" if self.seamless else "undecidable" if self.undecidable else "not seamless"
        return f"<Plan {tiles}: {verdict}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        found: str = notebook().plan(self)
        return found

    def __bool__(self) -> bool:
        return self.seamless

    @property
    def seamless(self) -> bool:
        """Whether tiles make the whole exactly, for every image whose extents fit."""
        return not (self.obstacles or self.misses or self.faults)

    @property
    def undecidable(self) -> bool:
        """Whether tiles may make the whole: nothing is known to be wrong, but not all could be judged."""
        if self.seamless or self.misses:
            return False
        return all(one.undecidable for one in self.obstacles) and all(one.undecidable for one in self.faults)

    @property
    def tile(self) -> dict[str, int]:
        """Axis name -> the extent of a tile."""
        return {axis: one.tile for axis, one in self.axes.items()}

    @property
    def step(self) -> dict[str, int]:
        """Axis name -> how far neighbours lie apart."""
        return {axis: one.step for axis, one in self.axes.items()}

    @property
    def overlap(self) -> dict[str, int]:
        """Axis name -> what neighbours share, *total*."""
        return {axis: one.before + one.after for axis, one in self.axes.items()}

    @property
    def context(self) -> dict[str, tuple[int, int]]:
        """Axis name -> the context on either side, ``(before, after)``."""
        return {axis: (one.before, one.after) for axis, one in self.axes.items()}

    @property
    def multiple(self) -> dict[str, int]:
        """Axis name -> tiles begin on multiples of this."""
        return {axis: one.multiple for axis, one in self.axes.items()}

    @property
    def remainder(self) -> dict[str, int]:
        """Axis name -> extents that fit are multiples of ``multiple`` and so much more."""
        return {axis: one.remainder for axis, one in self.axes.items()}

    @property
    def why(self) -> str:
        """Why tiles make the whole, or what keeps them from it, in one line."""
        found = [*map(str, self.obstacles), *map(str, self.faults), *map(self._missed, self.misses)]
        if found:
            verdict = "cannot be decided" if self.undecidable else "not seamless"
            return f"{verdict}: {found[0]}" + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")
        needs = ", ".join(
            f"{axis} has a context of {one.before} before and {one.after} after and needs "
            f"{self.min_overlap[axis]:g} in total"
            for axis, one in self.axes.items()
        )
        accepted = f"; context accepted: {', '.join(self.accepted)}" if self.accepted else ""
        return f"seamless: {needs}{accepted}"

    def lacks(self, axis: str) -> str:
        """Return what would be enough along an axis, and what there is."""
        one, total = self.axes[axis], self.min_overlap[axis]
        before, after = self.min_context[axis]
        if one.before + one.after >= total:  # enough in total, on the wrong side
            return (
                f"a context of {before:g} before and {after:g} after is enough, there are {one.before} and "
                f"{one.after}"
            )
        return f"an overlap of {total:g} in total is enough, there are {one.before + one.after}"

    def _missed(self, miss: Miss) -> str:
        return f"{miss}; {self.lacks(miss.axis)}"

    # ------------------------------------------------------------------ images

    def pad_to(self, shape: Shapes) -> Any:
        """Return the shape to which an image has to be padded, at its ends, for tiles to fit.

        Args:
            shape: the image's shape; of several inputs, shapes by name.
        """
        shapes = self._shapes(shape)
        for axis, one in self.axes.items():
            extent = one.fitting(self._extent(shapes, axis))
            shapes = self.trial.shaped({axis: extent}, shapes)
        return self._alone(shapes)

    def output_shape(self, shape: Shapes) -> Any:
        """Return the shape of the whole result for an image; of several outputs, shapes by name.

        Raises:
            TilingError: the model does not run on such tiles.
        """
        shapes = self._shapes(shape)
        return self._alone(self._results(shapes))

    def windows(self, shape: Shapes) -> Iterator[Window]:
        """Yield the tiles of an image.

        Args:
            shape: the image's shape; of several inputs, shapes by name.

        Raises:
            TilingError: its extents do not fit the tiling, or the model does not run on such tiles.
        """
        shapes = self._shapes(shape)
        for axis, one in self.axes.items():
            extent = self._extent(shapes, axis)
            if one.on_grid and extent > one.tile and not one.fits(extent):
                raise TilingError(
                    f"an extent of {extent} along {axis} does not fit tiles of {one.tile}: {_fitting(one)} do; "
                    f"pad it to {one.fitting(extent)} (plan.pad_to), and crop the result"
                )
        results = self._results(shapes)
        lines = [
            [(axis, tile) for tile in one.tiles(self._extent(shapes, axis))]
            for axis, one in self.axes.items()
        ]
        for tiles in product(*lines):
            yield self._window(shapes, results, dict(tiles))

    def _window(self, shapes: dict[str, Shape], results: dict[str, Shape], tiles: dict[str, Tile]) -> Window:
        read = {name: [slice(0, extent) for extent in shape] for name, shape in shapes.items()}
        keep = {name: [slice(0, extent) for extent in shape] for name, shape in results.items()}
        write = {name: list(slices) for name, slices in keep.items()}
        for axis, tile in tiles.items():
            for (name, dim), share in self.trial.keys(axis).items():
                read[name][dim] = slice(int(tile.start / share), int(tile.stop / share))
            if tile.first is None and tile.last is None:
                continue
            for one in self.outputs[axis]:
                total = results[one.output][one.dim]
                keep[one.output][one.dim], write[one.output][one.dim] = _kept(one, tile, total)
        return Window(
            *(self._alone({name: tuple(s) for name, s in each.items()}) for each in (read, keep, write))
        )

    def _results(self, shapes: dict[str, Shape]) -> dict[str, Shape]:
        """Return the shapes of the outputs for a whole image."""
        extents = {axis: self._extent(shapes, axis) for axis in self.axes}
        # Along an axis that the units of some output do not move along evenly the whole alone tells.
        run = {
            axis: min(extent, self.axes[axis].tile) if self.outputs[axis] else extent
            for axis, extent in extents.items()
        }
        try:
            analysis = self.trial.at(run, shapes)
        except RFError as error:
            raise TilingError(f"the model does not run on such tiles: {error}") from None
        found: dict[str, Shape] = {}
        for tensor in analysis.outputs:
            result = list(tensor.value.shape or ())
            for axis, outputs in self.outputs.items():
                for one in outputs:
                    if one.output == tensor.name:
                        result[one.dim] += int((extents[axis] - run[axis]) / one.rate)
            found[tensor.name] = tuple(result)
        return found

    def _extent(self, shapes: Mapping[str, Shape], axis: str) -> int:
        name, dim = next(iter(self.trial.keys(axis)))
        return shapes[name][dim]

    def _shapes(self, shape: Shapes) -> dict[str, Shape]:
        known = self.trial.shapes
        if not isinstance(shape, Mapping) and len(known) != 1:
            raise TilingError(f"give shapes by name: the inputs are {', '.join(map(repr, known))}")
        given = shape if isinstance(shape, Mapping) else dict.fromkeys(known, shape)
        if set(given) != set(known):
            raise TilingError(f"give a shape of each input: {', '.join(map(repr, known))}")
        found = {name: tuple(int(extent) for extent in given[name]) for name in known}
        for name, one in found.items():
            if len(one) != len(known[name]):
                raise TilingError(
                    f"input {name!r} has {len(known[name])} axes, the shape {one} has {len(one)}"
                )
        return found

    @staticmethod
    def _alone(named: Mapping[str, Held]) -> Any:
        """Return the only one of some named things, or all by name."""
        return next(iter(named.values())) if len(named) == 1 else dict(named)


def _fitting(one: AxisTiling) -> str:
    rest = f" and {one.remainder} more" if one.remainder else ""
    return f"multiples of {one.multiple}{rest}"


def _kept(one: Borders, tile: Tile, total: int) -> tuple[slice, slice]:
    """Return what is kept of a tile's result, and where it stands in the whole, of ``total`` units."""
    shift = tile.start // one.rate
    first = 0 if tile.first is None else one.first(tile.first)
    last = total if tile.last is None else one.first(tile.last)
    first, last = max(first, shift, 0), min(last, shift + one.count, total)
    last = max(first, last)
    return slice(first - shift, last - shift), slice(first, last)
