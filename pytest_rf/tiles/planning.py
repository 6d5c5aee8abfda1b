"""From what users say of a tiling to a plan, judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from operator import index
from typing import SupportsIndex

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.along import Along
from pytest_rf.domains.structure import Structure
from pytest_rf.errors import RFError, TilingError
from pytest_rf.tiles import calls
from pytest_rf.tiles.axis import AxisTiling, Fault
from pytest_rf.tiles.borders import Borders
from pytest_rf.tiles.fitting import fitted, multiple_of
from pytest_rf.tiles.image import judged, of_circular
from pytest_rf.tiles.judging import Miss
from pytest_rf.tiles.measuring import Measured, Sides, halves, least_overlap, measured
from pytest_rf.tiles.obstacle import Obstacle
from pytest_rf.tiles.plan import Plan
from pytest_rf.tiles.trial import Trial


def plan(
    analysis: Analysis,
    tile: Mapping[str, int] | None = None,
    overlap: Mapping[str, int] | None = None,
    context: Mapping[str, int | Sequence[int]] | None = None,
    align: Mapping[str, int] | None = None,
    crop: Mapping[str, int | Sequence[int]] | None = None,
) -> Plan:
    """Plan how a model is run in tiles, and judge it.

    Args:
        analysis: the model.
        tile: axis name -> extent of a tile; by default the extents that it was analysed with.
        overlap: axis name -> what neighbours share, *total*; by default the smallest that is seamless.
        context: axis name -> ``(before, after)``, or one number for both, instead.
        align: axis name -> tiles begin on multiples of this, too.
        crop: axis name -> by how many positions outputs are smaller than inputs before (and after), where that is
            not what their centres say.

    Raises:
        TilingError: there is no such axis, or a number makes no sense.
    """
    trial = Trial(analysis)
    known = list(dict.fromkeys(axis for one in analysis.inputs.values() for axis in one.axes))
    streamed = calls.untiled(analysis)
    known = [axis for axis in known if axis not in streamed]
    for axis in streamed if not known else streamed.keys() & {*(tile or ())}:
        raise TilingError(streamed[axis])
    if not known:
        raise TilingError(
            "the model has no spatial axis to tile; name one where the model is described: axes = { x = { t = 1 } }"
        )
    wanted = dict(tile) if tile is not None else {axis: trial.extent(axis) for axis in known}
    given = {"tile": wanted, "overlap": overlap, "context": context, "align": align, "crop": crop}
    for what, axes in given.items():
        _checked(what, axes or {}, known, wanted)
    if both := set(overlap or ()) & set(context or ()):
        raise TilingError(f"{min(both)} has an overlap and a context: give one of them")
    wanted = {axis: index(extent) for axis, extent in wanted.items()}
    tiles: dict[str, int] = {}
    grids: dict[str, tuple[int, int]] = {}
    faults: list[Fault] = []
    for axis, extent in wanted.items():
        multiple = multiple_of(trial, axis, index((align or {}).get(axis, 1)))
        tiles[axis], remainder, fault = fitted(trial, axis, extent, multiple, tile is None)
        grids[axis] = (multiple, remainder)
        faults += fault
    return _planned(trial, tiles, grids, overlap or {}, context or {}, crop or {}, faults)


def _checked(what: str, given: Mapping[str, object], known: Sequence[str], tiled: Mapping[str, int]) -> None:
    for axis, number in given.items():
        if axis not in known:
            raise TilingError(
                f"{what}: the model has no axis {axis!r}; its axes are {', '.join(known) or 'none'}"
            )
        if axis not in tiled:
            told = f"{what}: {axis!r} is not tiled; tiles are given along {', '.join(tiled)}"
            raise TilingError(f"{told}: give the extent of one along {axis}, too")
        least, pairs = int(what in ("tile", "align")), what in ("context", "crop")
        numbers = (
            number if pairs and isinstance(number, (tuple, list)) and len(number) in (1, 2) else (number,)
        )
        if not all(_counts(one, least) for one in numbers):
            wanted = "a number or a pair (before, after)" if pairs else "a number"
            raise TilingError(f"{what}: {axis} = {number!r} is not {wanted} of positions from {least} on")


def _counts(number: object, least: int) -> bool:
    """Whether something is a whole number, Python's or an array's, from ``least`` on."""
    return isinstance(number, SupportsIndex) and not isinstance(number, bool) and index(number) >= least


def _planned(
    trial: Trial,
    tiles: dict[str, int],
    grids: Mapping[str, tuple[int, int]],
    overlap: Mapping[str, int],
    context: Mapping[str, int | Sequence[int]],
    crop: Mapping[str, int | Sequence[int]],
    faults: list[Fault],
) -> Plan:
    axes: dict[str, AxisTiling] = {}
    outputs: dict[str, Sequence[Borders]] = {}
    least: dict[str, float] = {}
    sides: dict[str, tuple[float, float]] = {}
    obstacles: list[Obstacle] = []
    misses: list[Miss] = []
    # What fits next stands for a tile that does not.
    fitting = {axis: extent + (grids[axis][1] - extent) % grids[axis][0] for axis, extent in tiles.items()}
    for axis, extent in tiles.items():
        multiple, remainder = grids[axis]
        try:
            found = measured(trial, fitting, axis, _cropped(crop.get(axis)))
        except RFError as error:
            fault = Fault(
                axis,
                f"the model does not run on a tile of {fitting[axis]}: {error}; export it with open extents, or give "
                f"a tile of {trial.extent(axis)}",
                not trial.reopens,
            )
            faults.append(fault)
            found = Measured((), ())
            least[axis], sides[axis] = math.inf, (math.inf, math.inf)
        else:
            least[axis], sides[axis] = least_overlap(found, fitting[axis], multiple)
        outputs[axis] = found.outputs
        obstacles += found.obstacles
        before, after = _sides(axis, extent, overlap, context, least[axis])
        axes[axis] = one = AxisTiling(extent, before, after, multiple, remainder)
        if one.step <= 0:
            raise TilingError(
                f"{axis}: a tile of {extent} with an overlap of {before + after} in total does not move on; give a "
                "larger tile or less overlap"
            )
        if one.step % multiple:
            down = one.step - one.step % multiple
            near = " and ".join(str(extent - step) for step in (down + multiple, down) if 0 < step <= extent)
            fault = Fault(
                axis,
                f"tiles of {extent} with an overlap of {before + after} begin every {one.step}, off the grid of "
                f"{multiple}; the nearest overlaps that fit are {near}",
            )
            faults.append(fault)
        if axis not in overlap and axis not in context and extent <= least[axis] < math.inf:
            told = f"a tile of {extent} is too small: an overlap of {least[axis]:g} in total is needed"
            tied = of_circular(trial, fitting, axis, one, least[axis], _cropped(crop.get(axis)))
            obstacles += tied
            faults += [] if tied else [Fault(axis, told)]
    if not faults:
        for axis, one in axes.items():
            if outputs[axis] and not any(each.axis == axis for each in obstacles):
                more, missed = judged(trial, tiles, axis, one, outputs[axis], least[axis])
                obstacles += more
                misses += missed
    for axis in {each.axis for each in obstacles}:
        least[axis], sides[axis] = math.inf, (math.inf, math.inf)
    accepted = _accepted(trial.analysis, tiles)
    reach = {axis: _reach(trial, tiles, axis, sides[axis]) for axis in axes}
    return Plan(trial, axes, outputs, least, sides, reach, obstacles, misses, faults, accepted)


def _reach(
    trial: Trial, tiles: Mapping[str, int], axis: str, sides: tuple[float, float]
) -> tuple[float, float]:
    """Return how far units read beyond a part that begins and ends anywhere; infinite where no tile is seamless."""
    if math.inf in sides:
        return sides
    before = after = 0.0
    analysis = trial.analysis
    for (name, number), share in trial.keys(axis).items():
        for tensor in analysis.outputs:
            field = Along(analysis.runs, tensor.value, analysis.inputs[name], number)
            own = field.profile(theory=True)
            if own is None:  # it has no map, as of rolled windows: borders of tiles are what is known
                before, after = max(before, sides[0]), max(after, sides[1])
            elif own.jump:
                first, last = own.halo(1)
                before, after = max(before, float(first * share)), max(after, float(last * share))
    return before, after


def _cropped(crop: int | Sequence[int] | None) -> Fraction | None:
    if crop is None:
        return None
    return Fraction(index(crop[0] if isinstance(crop, Sequence) else crop))


def _sides(
    axis: str,
    tile: int,
    overlap: Mapping[str, int],
    context: Mapping[str, int | Sequence[int]],
    least: float,
) -> Sides:
    if axis in context:
        sides = context[axis]
        both = sides if isinstance(sides, Sequence) else (sides, sides)
        return index(both[0]), index(both[-1])
    return halves(index(overlap.get(axis, int(least) if least < tile else 0)))


def _accepted(analysis: Analysis, axes: Mapping[str, int]) -> list[str]:
    """Return the names of operators whose context along tiled axes is accepted."""
    runs, numbers = analysis.runs, set[int]()
    for tensor in analysis.outputs:
        known = runs.structure(tensor.value)
        if isinstance(known, Structure):
            for (name, dim), nodes in known.context.items():
                if any(analysis.inputs[name].axes.get(axis) == dim for axis in axes):
                    numbers |= nodes
    found = (runs.graph.nodes[number] for number in sorted(numbers))
    return [node.name for node in found if analysis.accepts(node)]
