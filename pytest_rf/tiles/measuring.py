"""What tiles get wrong of all outputs along an axis, and the overlap that makes up for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from pytest_rf.tiles.borders import Borders, borders
from pytest_rf.tiles.obstacle import Obstacle, of_unlike_inputs
from pytest_rf.tiles.trial import Trial

Sides = tuple[int, int]
"""Of an overlap what lies before a tile, and what lies after it."""


class Measured(NamedTuple):
    """What tiles get wrong along an axis.

    Attributes:
        outputs: of each output at the borders of a tile.
        obstacles: what no tiling survives.
    """

    outputs: Sequence[Borders]
    obstacles: Sequence[Obstacle]


def measured(trial: Trial, tiles: Mapping[str, int], axis: str, crop: Fraction | None) -> Measured:
    """Return what tiles get wrong of each output along an axis.

    Raises:
        ModelError: the model does not run on a tile.
    """
    analysis = trial.at(tiles)
    outputs: list[Borders] = []
    obstacles: list[Obstacle] = []
    for tensor in analysis.outputs:
        of: list[Borders] = []
        for key, share in trial.keys(axis).items():
            found = borders(trial, analysis, tensor, axis, key, share, crop)
            obstacles += [found.obstacle] if found.obstacle is not None else []
            of += [found.borders] if found.borders is not None else []
        if len({(one.dim, one.rate) for one in of}) > 1:
            obstacles.append(of_unlike_inputs(axis, tensor.name))
        elif of:
            # What one input's border spoils or another's: the worse counts. Units are laid by the first input.
            before, after = max(one.before for one in of), max(one.after for one in of)
            first = of[0]
            outputs.append(
                Borders(first.output, first.dim, first.rate, first.origin, first.count, before, after)
            )
    return Measured(outputs, obstacles)


def least_overlap(found: Measured, tile: int, multiple: int) -> tuple[float, tuple[float, float]]:
    """Return the smallest seamless overlap by halves, and the smallest context on the grid."""
    if found.obstacles:
        return math.inf, (math.inf, math.inf)
    before = max((one.need_before() for one in found.outputs), default=0)
    after = max((one.need_after(tile) for one in found.outputs), default=0)
    total = max(2 * before, 2 * after - 1, 0)
    total += (tile - total) % multiple
    first = before + -before % multiple
    return total, (first, after + (tile - first - after) % multiple)


def halves(total: int) -> Sides:
    """Return what of an overlap in total lies before a tile and after it, by halves."""
    return total // 2, total - total // 2
