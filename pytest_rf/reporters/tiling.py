"""Tilings for a reader, or as JSON: what a model allows, and what is wrong with one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from pytest_rf.figures import said
from pytest_rf.reporters.lines import Line, Span, line
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.wrapping import wrapped
from pytest_rf.requirements.units import Quantity, physical
from pytest_rf.tiles import Plan

Spacings = Mapping[str, Quantity]
NONE: Spacings = {}

#: How many times the overlap tiles are long whose cost is told.
_LENGTHS = (2, 4, 8)

#: Of units that miss something so many are told.
_MOST = 4


def lines(name: str, plan: Plan, judged: bool, screen: Screen, spacing: Spacings = NONE) -> Iterator[Line]:
    """Yield what is to be said of a plan.

    Args:
        name: the model's name.
        plan: the plan.
        judged: whether a tiling was given; else only what the model allows is told.
        screen: what it is to fit.
        spacing: axis name -> the distance of neighbours, where lengths are to be told as well.
    """
    yield from wrapped(_lines(name, plan, judged, spacing), screen.width or 0)


def _lines(name: str, plan: Plan, judged: bool, spacing: Spacings) -> Iterator[Line]:
    yield line((name, "bold"))
    yield from _verdict(plan) if judged else _obstacles(plan)
    if counted := plan.trial.analysis.graph.counted:
        yield line("  ", (counted, "dim"))
    for axes, sentences in _together(plan, spacing).items():
        for number, sentence in enumerate(sentences):
            start = Span(f"  {axes}  ", "figure") if not number else Span(" " * (len(axes) + 4))
            yield line(start, sentence)


def _verdict(plan: Plan) -> Iterator[Line]:
    if plan.seamless:
        sizes = ", ".join(f"{axis} {one.tile} every {one.step}" for axis, one in plan.axes.items())
        yield line("  ", ("seamless", "good"), f": tiles of {sizes} make the whole exactly")
    else:
        yield line("  ", ("cannot be decided" if plan.undecidable else "not seamless", "bad"))
    yield from _obstacles(plan)
    yield from _by_axes([(one.axis, one.told) for one in plan.faults])
    missed = dict.fromkeys(one.axis for one in plan.misses if not math.isinf(plan.min_overlap[one.axis]))
    yield from _by_axes([(axis, plan.lacks(axis)) for axis in missed])
    yield from _by_axes([(one.axis, one.told) for one in plan.misses])


def _obstacles(plan: Plan) -> Iterator[Line]:
    yield from _by_axes([(one.axis, one.told + (one.remedy and f"; {one.remedy}")) for one in plan.obstacles])
    if plan.accepted:
        yield line("  ", (f"context accepted: {', '.join(plan.accepted)}", "dim"))


def _by_axes(told: Sequence[tuple[str, str]]) -> Iterator[Line]:
    """Yield sentences behind the axes that they are true of: ``h, w: ...``."""
    found: dict[str, dict[str, None]] = {}
    for axis, sentence in told:
        found.setdefault(sentence, {})[axis] = None
    for sentence, axes in list(found.items())[:_MOST]:
        yield line("  ", f"{', '.join(axes)}: {sentence}")
    if len(found) > _MOST:
        yield line("  ", (f"and {len(found) - _MOST:,} more", "dim"))


def _together(plan: Plan, spacing: Spacings) -> Mapping[str, tuple[str, ...]]:
    """Return what is said of each axis; axes of which the same is true are told once."""
    found: dict[tuple[str, ...], list[str]] = {}
    for axis in plan.axes:
        found.setdefault(tuple(_allowed(plan, axis, spacing.get(axis))), []).append(axis)
    return {", ".join(axes): sentences for sentences, axes in found.items()}


def _allowed(plan: Plan, axis: str, spacing: Quantity | None) -> Iterator[str]:
    def long(count: int) -> str:
        if spacing is None:
            return str(count)
        length = physical(Fraction(count), spacing)
        return f"{count} ({said(length.number)} {length.unit})"

    one, total, sides = plan.axes[axis], plan.min_overlap[axis], plan.min_context[axis]
    more = f" and {one.remainder} more" if one.remainder else ""
    if one.multiple > 1:
        yield f"tiles begin on multiples of {one.multiple}; extents that fit are multiples of {one.multiple}{more}"
    else:
        yield "tiles begin anywhere; every extent fits"
    if math.isinf(total):
        if told := _none(plan, axis):
            yield told
        return
    half = int(total) // 2
    halves = f"{long(half)} a side" if total % 2 == 0 else f"{half} before and {int(total) - half} after"
    yield f"smallest seamless overlap: {long(int(total))} in total, {halves}"
    grid = f", on multiples of {one.multiple}" if one.multiple > 1 else ""
    yield f"smallest seamless context: {long(int(sides[0]))} before, {long(int(sides[1]))} after{grid}"
    before, after = map(int, plan.reach[axis])
    if one.multiple > 1 and (before, after) != sides:
        yield f"a part that begins anywhere reads {before} before it, and {after} behind where it ends"
    if total:
        extents = [one.fitting(int(total) * length) for length in _LENGTHS]
        costs = (f"{extent / (extent - total):.2f} times at {extent}" for extent in extents)
        yield f"positions are computed {', '.join(costs)}"


def _none(plan: Plan, axis: str) -> str:
    """Return that no overlap is known to be enough; nothing where the model does not run on such tiles at all."""
    own = [one.undecidable for one in plan.obstacles if one.axis == axis]
    return (
        ("which overlap is seamless cannot be decided" if all(own) else "no overlap is seamless")
        if own
        else ""
    )


def as_json(name: str, plan: Plan) -> str:
    """Return a plan as JSON text; an infinite number is ``"inf"``."""
    axes = {
        axis: {
            "tile": one.tile,
            "step": one.step,
            "overlap": one.before + one.after,
            "context": [one.before, one.after],
            "multiple": one.multiple,
            "remainder": one.remainder,
            "min_overlap": _number(plan.min_overlap[axis]),
            "min_context": [_number(side) for side in plan.min_context[axis]],
            "reach": [_number(side) for side in plan.reach[axis]],
        }
        for axis, one in plan.axes.items()
    }
    report: dict[str, Any] = {
        "model": name,
        "seamless": plan.seamless,
        "undecidable": plan.undecidable,
        "why": plan.why,
        "axes": axes,
        "obstacles": [one._asdict() for one in plan.obstacles],
        "misses": [one._asdict() for one in plan.misses],
        "faults": list(map(str, plan.faults)),
        "accepted": list(plan.accepted),
        "masks": plan.trial.analysis.graph.counted,
    }
    return json.dumps(report, indent=2) + "\n"


def _number(value: float) -> int | str:
    return "inf" if math.isinf(value) else int(value)
