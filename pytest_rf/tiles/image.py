"""Whether tiles make the whole, tried on an image of several of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.along import Along
from pytest_rf.errors import RFError
from pytest_rf.tiles.axis import AxisTiling
from pytest_rf.tiles.borders import Borders
from pytest_rf.tiles.constants import of_constants
from pytest_rf.tiles.judging import Miss, at_borders, in_whole
from pytest_rf.tiles.measuring import halves, least_overlap, measured
from pytest_rf.tiles.obstacle import Obstacle, of_ties
from pytest_rf.tiles.trial import Trial


def judged(
    trial: Trial,
    tiles: Mapping[str, int],
    axis: str,
    one: AxisTiling,
    outputs: Sequence[Borders],
    least: float,
) -> tuple[list[Obstacle], list[Miss]]:
    """Judge a tiling on an image of three tiles, the last of them moved back."""
    extent = one.image
    part = trial.at(tiles)
    whole: Analysis | None
    try:
        whole = trial.at({**tiles, axis: extent})
    except RFError:
        whole = None  # a file of fixed extents: of other images there is no whole
    obstacles: list[Obstacle] = []
    misses: list[Miss] = []
    for key, share in trial.keys(axis).items():
        outside = [] if whole is None else list(in_whole(axis, one, outputs, part, whole, key, share))
        for tensor in part.outputs:
            field = Along(part.runs, tensor.value, part.inputs[key[0]], key[1])
            states = trial.rims(part, key)
            runs = None if whole is None else whole.runs
            found = of_constants(field, tensor, states, runs, int(one.step / share))
            circular = of_ties(field, tensor.name, "circular") if found is None else None
            if circular is not None and whole is not None:
                # What is fetched from the other end is no matter where no unit that is left reads it.
                wide = in_whole(axis, _widest(one, least), outputs, part, whole, key, share)
                circular = circular if any(miss.output == tensor.name for miss in wide) else None
            found = found or circular
            obstacles += [found] if found is not None else []
        misses += outside
    told = {(miss.output, miss.before) for miss in misses}  # of these it is known what they read
    misses += [miss for miss in at_borders(axis, one, outputs) if (miss.output, miss.before) not in told]
    if whole is not None:
        obstacles += _unlike(axis, whole, outputs, extent - one.tile)
    return obstacles, misses


def of_circular(
    trial: Trial, tiles: Mapping[str, int], axis: str, one: AxisTiling, least: float, crop: Fraction | None
) -> list[Obstacle]:
    """Return what fetches from the other end of a tile that is too short to be judged, and spoils a longer one, too."""
    part = trial.at(tiles)
    fields = [
        (Along(part.runs, tensor.value, part.inputs[name], number), tensor.name)
        for name, number in trial.keys(axis)
        for tensor in part.outputs
    ]
    ties = [tie for field, output in fields if (tie := of_ties(field, output, "circular"))]
    if not ties:
        return []
    extent = one.fitting(2 * int(least) + one.multiple)
    longer = {**tiles, axis: extent}
    try:
        found = measured(trial, longer, axis, crop)
        total, _ = least_overlap(found, extent, one.multiple)
        if found.obstacles:
            return list(found.obstacles)
        tiling = AxisTiling(extent, *halves(int(total)), one.multiple, one.remainder)
        return judged(trial, longer, axis, tiling, found.outputs, total)[0]
    except RFError:
        opened = f"or export it with open extents: it does not run on a tile of {extent}, which would tell"
        return [tie._replace(remedy=f"{tie.remedy}, {opened}", undecidable=True) for tie in ties]


def _widest(one: AxisTiling, least: float) -> AxisTiling:
    """Return the same tiles with the smallest seamless overlap, where they have less and it leaves a step."""
    if not one.before + one.after < least < one.tile:
        return one
    before, after = halves(int(least))
    return replace(one, before=before, after=after)


def _unlike(axis: str, whole: Analysis, outputs: Sequence[Borders], more: int) -> list[Obstacle]:
    """Return outputs that do not grow with the image as their units say."""
    shapes = {tensor.name: tensor.value.shape for tensor in whole.outputs}
    found: list[Obstacle] = []
    for one in outputs:
        shape = shapes[one.output]
        if shape is None or shape[one.dim] - one.count != Fraction(more) / one.rate:
            reason = f"output {one.output!r} does not grow with the image by its stride"
            found.append(Obstacle(axis, one.output, "", "", reason))
    return found
