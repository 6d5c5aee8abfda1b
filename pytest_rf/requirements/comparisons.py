"""Holds a comparison at a place: reads the figure, resolves what it is compared with, and says what is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction

from msgspec.structs import replace

from pytest_rf.analysis.metrics import METRICS, AxisField, Metric
from pytest_rf.analysis.paths import traced
from pytest_rf.figures import value
from pytest_rf.findings import Finding, Spacing
from pytest_rf.requirements import chosen, frames, measure, values
from pytest_rf.requirements.dimensions import Dimension, dimension
from pytest_rf.requirements.expressions import POSITIONS, SAMPLES, STEPS, units
from pytest_rf.requirements.measure import Reading, Undecidable
from pytest_rf.requirements.places import Place, required
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.syntax import Comparison
from pytest_rf.requirements.units import Quantity


def verdicts(
    place: Place, part: Comparison, settings: Settings, held: list[Finding] | None = None
) -> Iterator[Finding]:
    """Yield a verdict where a comparison does not hold at a place; ``held`` takes what was measured where it does."""
    metric = METRICS[part.figure.metric]
    spacing = settings.spacing.get(place.axis)
    along = _along(place, part, spacing)
    if along.framing is not None and dimension(part.value) is Dimension.LENGTH:
        place, spacing = place.in_samples, frames.distance(along.framing, spacing)
    elif place.field.frontend is not None:
        spacing = None  # a position was computed from more than lies between it and the next
    verdict = place.verdict(part, settings)

    def wanted_at(extent: int) -> Fraction:
        return values.resolved(part.value, metric, replace(along, extent=extent))

    try:
        wanted = wanted_at(along.extent)
        verdict = replace(verdict, required=required(part, wanted))
        if why := chosen.actual(place.field, metric):
            raise Undecidable(why)
        readings = _read(place, part, metric, settings)
    except Undecidable as why:
        yield replace(verdict, reason=str(why))
        return
    doubt = chosen.comparison(
        place.field,
        place.tensor.name,
        part,
        readings,
        lambda field: _read(replace(place, field=field), part, metric, settings),
        wanted_at,
    )
    if doubt:
        yield replace(verdict, measured=measure.measurements(readings, metric), reason=doubt)
        return
    outcomes = [measure.decide(reading, part.comparator, wanted) for reading in readings]
    verdict = replace(
        verdict,
        measured=measure.measurements(readings, metric),
        spacing=_spacing(part, metric, spacing, readings),
    )
    if all(outcomes):
        if held is not None:
            held.append(verdict)
        return
    from pytest_rf.requirements import advice, explain

    verdict = replace(
        verdict,
        local=measure.measurements(_without_context(place, part, metric, settings, readings), metric),
        context=place.context.remaining if metric.form == "sources" else (),
    )
    worst = False if False in outcomes else None
    failing = max(
        (reading for reading, outcome in zip(readings, outcomes, strict=True) if outcome is worst),
        key=lambda reading: reading.high.upper,
    )
    grown = traced(metric, place.field)
    read = explain.reader(
        grown, _align(place, part), settings.origin, failing.side, part.comparator[0] == ">", place.field
    )
    path = place.path(read) if grown.grows else []
    told = explain.budget(path, read, grown, place.field, failing.high.upper) if place.traced else ()
    reason, note, help_ = "", "", ""
    if False in outcomes:

        def holds(changed: AxisField) -> bool:
            return _holds(replace(place, field=changed), part, metric, settings, wanted)

        note = explain.endless(path, place.number, place.source.name)
        case = place.case(path, holds)
        low, high = failing.low.upper, failing.high.upper
        help_ = advice.for_comparison(case, metric, part.comparator, low, high, wanted)
    elif all(reading.exact for reading in readings):
        reason = "units differ, and whether one has just this figure is not known"
    else:
        reason = measure.left_open(place.field)
    yield replace(
        verdict,
        reason=reason,
        note=note,
        figure=grown.name if told else "",
        side=failing.side if told else "",
        path=told,
        help=help_,
    )


def _along(place: Place, part: Comparison, spacing: Quantity | None) -> values.Along:
    """Return the axis along which the value of a comparison is resolved."""
    framing = place.field.frontend if values.is_of_signal(part.value) else None
    stride = None
    if any(unit in STEPS for unit in units(part.value)):
        with suppress(Undecidable):
            field = place.field if framing is None else place.field.in_samples
            (reading,) = measure.read(field, METRICS["stride"], None, "end")
            stride = Fraction(reading.low.upper) if reading.exact else None
    extent = place.source.shape[place.number]
    return values.Along(place.axis, extent, spacing, stride, place.references, framing)


def _holds(place: Place, part: Comparison, metric: Metric, settings: Settings, wanted: Fraction) -> bool:
    """Return whether a comparison holds at a place for certain."""
    readings = _read(place, part, metric, settings)
    return all(measure.decide(reading, part.comparator, wanted) for reading in readings)


def _read(place: Place, part: Comparison, metric: Metric, settings: Settings) -> list[measure.Reading]:
    """Read the figure of a comparison."""
    if metric.form == "sources":
        return measure.truth(bool(place.context.remaining))
    return measure.read(place.field, metric, _align(place, part), settings.origin)


def _align(place: Place, part: Comparison) -> int | None:
    """Return what a halo's borders are multiples of, in what the field is counted in; as written, it is positions."""
    align = part.figure.align
    return align * place.field.framing.hop if align is not None and place.field.framed else align


def _without_context(
    place: Place, part: Comparison, metric: Metric, settings: Settings, readings: list[Reading]
) -> list[Reading]:
    """Return the local figure, where context makes the guaranteed one, ``readings``, larger."""
    if not metric.guarantee or not place.context.remaining:
        return []
    try:
        local = measure.read(place.field.without_context, metric, _align(place, part), settings.origin)
    except Undecidable:
        return []
    return [] if local == readings else local


def _spacing(
    part: Comparison, metric: Metric, spacing: Quantity | None, readings: Sequence[Reading]
) -> Spacing | None:
    """Return the spacing in which a finding shows lengths; None where it has none to show."""
    finite = any(math.isfinite(end.upper) for reading in readings for end in (reading.low, reading.high))
    if spacing is None or metric.kind in ("ratio", "truth") or not finite:
        return None
    counted = ("%", *POSITIONS, *STEPS, *SAMPLES)
    shown = next((unit for unit in units(part.value) if unit not in counted), "")
    return Spacing(number=value(spacing.number), unit=spacing.unit, shown=shown)
