"""From what users say of a tiling to a plan, judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import lcm
from operator import index
from typing import NamedTuple, SupportsIndex

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.along import Along
from pytest_rf.domains.structure import Structure
from pytest_rf.errors import RFError, TilingError
from pytest_rf.tiles import calls
from pytest_rf.tiles.axis import AxisTiling, Fault
from pytest_rf.tiles.borders import Borders, borders
from pytest_rf.tiles.constants import of_constants
from pytest_rf.tiles.judging import Miss, at_borders, in_whole
from pytest_rf.tiles.obstacle import Obstacle, of_ties, of_unlike_inputs
from pytest_rf.tiles.plan import Plan
from pytest_rf.tiles.trial import Trial

Sides = tuple[int, int]


class _Measured(NamedTuple):
    outputs: Sequence[Borders]
    obstacles: Sequence[Obstacle]


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
        multiple = _multiple(trial, axis, index((align or {}).get(axis, 1)))
        tiles[axis], remainder, fault = _fitted(trial, axis, extent, multiple, tile is None)
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


def _multiple(trial: Trial, axis: str, align: int) -> int:
    """Return what tiles begin on multiples of: what strides and windows on the way to outputs demand."""
    runs, found = trial.analysis.runs, align
    for key, share in trial.keys(axis).items():
        for tensor in trial.analysis.outputs:
            own = runs.multiple(tensor.value, key)
            known = runs.structure(tensor.value)
            if isinstance(known, Structure):
                own = lcm(own, Along(runs, tensor.value, runs.inputs[key[0]], key[1]).multiple)
            found = lcm(found, (own * share).numerator)
        found = lcm(found, share.numerator)
    return found


def _fitted(trial: Trial, axis: str, extent: int, multiple: int, free: bool) -> tuple[int, int, list[Fault]]:
    """Return the extent of a tile, the remainder that extents have, and what is wrong with it."""
    own = trial.extent(axis) % multiple
    remainder = next(
        (rest for rest in dict.fromkeys((0, own)) if _runs(trial, axis, extent, multiple, rest)), 0
    )
    if free:
        extent = max(extent - (extent - remainder) % multiple, min(extent, multiple + remainder))
    if extent % multiple == own and extent % multiple != remainder:
        remainder = own  # it was analysed at such extents
    off = (extent - remainder) % multiple
    if not off:
        return extent, remainder, []
    near = [one for one in (extent - off, extent - off + multiple) if one > 0]
    rest = f" and {remainder} more" if remainder else ""
    fault = (
        f"a tile of {extent} is off the grid: extents that fit are multiples of {multiple}{rest}; "
        f"the nearest are {' and '.join(map(str, near))}"
    )
    return extent, remainder, [Fault(axis, fault)]


def _runs(trial: Trial, axis: str, extent: int, multiple: int, rest: int) -> bool:
    """Whether the model runs at an extent near that of a tile with such a remainder."""
    near = extent + (rest - extent) % multiple
    try:
        trial.at({axis: near})
    except RFError:
        return near == trial.extent(axis)
    return True


def _measured(trial: Trial, tiles: Mapping[str, int], axis: str, crop: Fraction | None) -> _Measured:
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
    return _Measured(outputs, obstacles)


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
            found = _measured(trial, fitting, axis, _cropped(crop.get(axis)))
        except RFError as error:
            fault = Fault(
                axis,
                f"the model does not run on a tile of {fitting[axis]}: {error}; export it with open extents, or give "
                f"a tile of {trial.extent(axis)}",
                not trial.reopens,
            )
            faults.append(fault)
            found = _Measured((), ())
            least[axis], sides[axis] = math.inf, (math.inf, math.inf)
        else:
            least[axis], sides[axis] = _least(found, fitting[axis], multiple)
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
            tied = _circular(trial, fitting, axis, one, least[axis], _cropped(crop.get(axis)))
            obstacles += tied
            faults += [] if tied else [Fault(axis, told)]
    if not faults:
        for axis, one in axes.items():
            if outputs[axis] and not any(each.axis == axis for each in obstacles):
                more, missed = _judged(trial, tiles, axis, one, outputs[axis], least[axis])
                obstacles += more
                misses += missed
    for axis in {each.axis for each in obstacles}:
        least[axis], sides[axis] = math.inf, (math.inf, math.inf)
    accepted = _accepted(trial.analysis, tiles)
    reach = {axis: _reach(trial, tiles, axis, sides[axis]) for axis in axes}
    return Plan(trial, axes, outputs, least, sides, reach, obstacles, misses, faults, accepted)


def _circular(
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
        found = _measured(trial, longer, axis, crop)
        total, _ = _least(found, extent, one.multiple)
        if found.obstacles:
            return list(found.obstacles)
        tiling = AxisTiling(extent, *_halves(int(total)), one.multiple, one.remainder)
        return _judged(trial, longer, axis, tiling, found.outputs, total)[0]
    except RFError:
        opened = f"or export it with open extents: it does not run on a tile of {extent}, which would tell"
        return [tie._replace(remedy=f"{tie.remedy}, {opened}", undecidable=True) for tie in ties]


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
    return _halves(index(overlap.get(axis, int(least) if least < tile else 0)))


def _halves(total: int) -> Sides:
    return total // 2, total - total // 2


def _least(found: _Measured, tile: int, multiple: int) -> tuple[float, tuple[float, float]]:
    """Return the smallest seamless overlap by halves, and the smallest context on the grid."""
    if found.obstacles:
        return math.inf, (math.inf, math.inf)
    before = max((one.need_before() for one in found.outputs), default=0)
    after = max((one.need_after(tile) for one in found.outputs), default=0)
    total = max(2 * before, 2 * after - 1, 0)
    total += (tile - total) % multiple
    first = before + -before % multiple
    return total, (first, after + (tile - first - after) % multiple)


def _judged(
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


def _widest(one: AxisTiling, least: float) -> AxisTiling:
    """Return the same tiles with the smallest seamless overlap, where they have less and it leaves a step."""
    if not one.before + one.after < least < one.tile:
        return one
    before, after = _halves(int(least))
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
