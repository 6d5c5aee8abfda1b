"""Holds the tilings that a configuration states against an analysis: what becomes of each, and what was found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from pytest_rf import tiles, witnesses
from pytest_rf.analysis import Analysis
from pytest_rf.calling import absent
from pytest_rf.checks import TILING_SEAMS
from pytest_rf.config.declared import Tiling
from pytest_rf.errors import PlacedConfigError
from pytest_rf.figures import value
from pytest_rf.findings import Finding, Measurement, Required, Spacing, Witness
from pytest_rf.paths import place
from pytest_rf.requirements import Settings
from pytest_rf.requirements.verdicts import UNDECIDABLE, at
from pytest_rf.requirements.wording import measured, on_axes
from pytest_rf.results import Held, RequirementResult, status
from pytest_rf.tiles import Plan
from pytest_rf.tiles.judging import Miss
from pytest_rf.tiles.obstacle import Obstacle

#: What a plan says that is wrong goes by these names in findings.
TOTAL, SIDES = "min_overlap", "min_context"


class _Wrong(NamedTuple):
    """What is wrong along an axis, for one output or for all."""

    axis: str
    output: str
    told: str
    remedy: str
    undecidable: bool
    cause: Miss | Obstacle | None = None


def hold(
    analysis: Analysis, tiling: Tiling, settings: Settings, number: int
) -> tuple[RequirementResult, list[Finding]]:
    """Return what becomes of a tiling, and what was found.

    Args:
        analysis: the model.
        tiling: the tiling and its place.
        settings: what the model's authors state about it.
        number: the tiling's place among what is stated of the model.

    Raises:
        ConfigError: the model has no such axis.
        TilingError: no tiles can be laid.
    """
    for axis, told in absent(analysis, tiling.tile).items():
        line, column = tiling.places.get(("tile", axis), tiling.place)
        raise PlacedConfigError(f"{place(tiling.file, line, column)}tiling: {told}", line=line, column=column)
    made = tiles.plan(
        analysis,
        tiling.tile,
        overlap=tiling.overlap,
        context=tiling.context,
        align=tiling.align,
        crop=tiling.crop,
    )
    first = analysis.outputs[0].name
    found = _merged(made, (_finding(analysis, made, tiling, settings, one) for one in _wrong(made, first)))
    found = [replace(one, number=number, message=_sentence(one)) for one in found]
    outcome = RequirementResult(
        text=tiling.text,
        status=status(found),
        file=tiling.file,
        line=tiling.line,
        column=tiling.column,
        held=() if found else tuple(_held(analysis, made, tiling, settings)),
    )
    return outcome, found


def _wrong(plan: Plan, first: str) -> Iterator[_Wrong]:
    """Yield what is wrong along each axis, of each output what weighs most: what is known goes before what is not.

    Args:
        plan: the tiling, judged.
        first: the first output, which stands for all where something is wrong whatever they read.
    """
    remedies = {one.axis: one.remedy for one in reversed(plan.obstacles)}  # where no overlap is enough
    for axis in plan.axes:
        found = [
            *(
                _Wrong(one.axis, one.output, one.told, one.remedy, one.undecidable, one)
                for one in plan.obstacles
            ),
            *(_Wrong(one.axis, first, one.told, "", one.undecidable) for one in plan.faults),
            *(
                _Wrong(one.axis, one.output, one.told, remedies.get(one.axis, ""), False, one)
                for one in plan.misses
            ),
        ]
        told: dict[str, _Wrong] = {}
        for one in sorted((one for one in found if one.axis == axis), key=lambda one: one.undecidable):
            told.setdefault(one.output or first, one)
        yield from told.values()


def _finding(analysis: Analysis, plan: Plan, tiling: Tiling, settings: Settings, wrong: _Wrong) -> Finding:
    axis = wrong.axis
    tensor = next((one for one in analysis.outputs if one.name == wrong.output), next(iter(analysis.outputs)))
    code, rule = UNDECIDABLE if wrong.undecidable else (TILING_SEAMS.code, TILING_SEAMS.name)
    key = _key(tiling, axis)
    line, column = tiling.places.get((key, axis), tiling.place)
    metric, needs, required = _measured(plan, tiling, axis)
    return replace(
        at(tensor, settings),
        code=code,
        rule=rule,
        message=wrong.told,
        file=tiling.file,
        line=line,
        column=column,
        requirement=tiling.text,
        span=tiling.span(key, axis),
        axes=(axis,),
        input=_input(analysis, axis),
        metric="" if wrong.undecidable else metric,
        measured=() if wrong.undecidable else needs,
        required=required,
        spacing=_spacing(settings, axis),
        reason=wrong.told if wrong.undecidable else "",
        undecidable=wrong.undecidable,
        help=wrong.remedy,
        accepted=tuple(plan.accepted),
        witness=_witness(plan, wrong),
    )


def _witness(plan: Plan, wrong: _Wrong) -> Witness | None:
    """Return what shows it; None of a tiling whose numbers do not fit, as no unit has to be wrong then."""
    if wrong.undecidable or wrong.cause is None:
        return None
    miss = wrong.cause if isinstance(wrong.cause, Miss) else None
    return witnesses.of_seam(plan, wrong.axis, wrong.output, miss)


def _merged(plan: Plan, found: Iterator[Finding]) -> list[Finding]:
    """Return findings with those that say the same of several axes as one, at the first one's place."""
    merged: dict[Finding, list[Finding]] = {}
    for one in found:
        merged.setdefault(replace(one, axes=(), line=0, column=0, span=None, witness=None), []).append(one)
    return [_of_axes(plan, alike[0], [one.axes[0] for one in alike]) for alike in merged.values()]


def _of_axes(plan: Plan, found: Finding, axes: Sequence[str]) -> Finding:
    """Return a finding about several axes that need the same, with what would be enough."""
    total, (before, after) = plan.min_overlap[axes[0]], plan.min_context[axes[0]]
    enough: list[str] = []
    if not (found.help or found.undecidable or math.isinf(total)):
        if found.metric == TOTAL:
            enough.append(_table("overlap", axes, f"{total:g}"))
        if found.metric == SIDES or before + after < total:
            enough.append(_table("context", axes, f"[{before:g}, {after:g}]"))
    return replace(found, axes=tuple(axes), help=found.help or ", or ".join(enough))


def _table(key: str, axes: Sequence[str], size: str) -> str:
    return f"{key} = {{ {', '.join(f'{axis} = {size}' for axis in axes)} }}"


def _sentence(found: Finding) -> str:
    verdict = "cannot be decided" if found.undecidable else "not seamless"
    needs = (
        f"; {measured(found)}" if found.measured and "inf" not in (one.low for one in found.measured) else ""
    )
    return f"{found.requirement}: {verdict}{on_axes(found.axes)}: {found.message}{needs}"


def _held(analysis: Analysis, plan: Plan, tiling: Tiling, settings: Settings) -> Iterator[Held]:
    """Yield what each axis needs; axes that need the same share one."""
    groups: dict[Held, list[str]] = {}
    for axis in plan.axes:
        if not plan.outputs[axis]:
            continue
        tensor = next(one for one in analysis.outputs if one.name == plan.outputs[axis][0].output)
        metric, needs, required = _measured(plan, tiling, axis)
        one = Held(
            metric=metric,
            measured=needs,
            required=required,
            spacing=_spacing(settings, axis),
            tensor=tensor.name,
            op=tensor.op,
            input=_input(analysis, axis),
        )
        groups.setdefault(one, []).append(axis)
    for one, axes in groups.items():
        yield replace(one, axes=tuple(axes))


def _key(tiling: Tiling, axis: str) -> str:
    """Return the key that says how much context there is along an axis."""
    return "overlap" if axis in tiling.overlap else "context" if axis in tiling.context else "tile"


def _measured(plan: Plan, tiling: Tiling, axis: str) -> tuple[str, tuple[Measurement, ...], Required]:
    """Return what an axis needs: in total, or on either side where that is how the tiling says it."""
    if axis in tiling.context:
        both = zip(("before", "after"), plan.min_context[axis], strict=True)
        needs = tuple(Measurement(low=_whole(size), high=_whole(size), side=side) for side, size in both)
        before, after = plan.context[axis]
        return SIDES, needs, Required(text=f"{before} before, {after} after")
    total = _whole(plan.min_overlap[axis])
    allowed = plan.overlap[axis] if axis in tiling.overlap else plan.tile[axis] - 1
    required = Required(text=f"{allowed}", comparator="<=", value=allowed)
    return TOTAL, (Measurement(low=total, high=total),), required


def _whole(size: float) -> int | float | str:
    found: int | float | str = value(size if math.isinf(size) else int(size))
    return found


def _spacing(settings: Settings, axis: str) -> Spacing | None:
    spacing = settings.spacing.get(axis)
    return None if spacing is None else Spacing(number=value(spacing.number), unit=spacing.unit)


def _input(analysis: Analysis, axis: str) -> str:
    return next(name for name, one in analysis.inputs.items() if axis in one.axes)
