"""Holds a requirement against an analysis: every tensor that it selects, every input, every spatial axis."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from msgspec.structs import replace

from pytest_rf.analysis import Analysis, Input, Tensor
from pytest_rf.analysis.metrics import METRICS, PREDICATES, AxisField, Metric, Origin
from pytest_rf.analysis.paths import Measure
from pytest_rf.analysis.tensors import Contribution, TensorField
from pytest_rf.errors import RequirementError
from pytest_rf.figures import value
from pytest_rf.findings import Finding, Measurement, Required, Spacing
from pytest_rf.requirements import (
    advice,
    context,
    explain,
    extent,
    independence,
    measure,
    scanner,
    select,
    values,
    verdicts,
)
from pytest_rf.requirements.measure import Reading, Undecidable
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.syntax import Claim, Comparison, Requirement, RequirementTextError
from pytest_rf.requirements.units import Quantity
from pytest_rf.requirements.verdicts import Verdict


def evaluate(analysis: Analysis, requirement: Requirement, settings: Settings | None = None) -> list[Finding]:
    """Return what keeps a requirement from holding: an empty list means that it holds.

    Raises:
        RequirementError: the requirement cannot be applied to this model: it selects nothing, names an axis
            that there is not, uses a unit without a spacing, or a metric that the engine does not have.
    """
    settings = settings or Settings()
    found: list[Finding] = []
    for part in requirement.parts:
        wrong = _part(analysis, part, requirement.text, settings)
        found += verdicts.findings(analysis, wrong, requirement.text, settings.waived)
    return found


class _Place(NamedTuple):
    """Where a part is held: one axis of one input, seen from one tensor."""

    tensor: Tensor
    source: Input
    axis: str
    number: int
    field: AxisField
    context: context.Context
    traced: bool

    def beside(self, other: _Place | None) -> _Place:
        """Return the place with the fields of another one beside its own, which are read together."""
        if other is None:
            return self
        fields = (*other.field.beside, other.field)
        return self._replace(field=dataclasses.replace(self.field, beside=fields))

    def path(self, read: Measure) -> list[Contribution]:
        """Return how a figure grew along the axis, if this place is one whose path is told."""
        return self.tensor.path(self.number, self.source.name, read) if self.traced else []

    def case(
        self,
        path: Sequence[Contribution],
        read: Measure,
        holds: Callable[[AxisField], bool | None],
    ) -> advice.Case:
        """Return what advice is made from."""
        can_try = self.traced and advice.is_small(self.tensor.runs.graph)
        return advice.Case(self.tensor, self.field, self.context, can_try, path, read, holds)

    def verdict(self, part: Comparison | Claim, settings: Settings) -> Finding:
        """Return a finding at the place, of which nothing is known yet but what was required."""
        verdict = _at(self.tensor, part, settings, self.source, self.axis)
        return replace(verdict, accepted=self.context.accepted) if _is_guarantee(part) else verdict


def _at(
    tensor: Tensor,
    part: Comparison | Claim,
    settings: Settings,
    source: Input | None = None,
    axis: str | None = None,
) -> Finding:
    """Return a finding about a part of a requirement at a tensor, of which nothing is known yet."""
    return replace(
        verdicts.at(tensor, settings),
        where=str(part.where),
        metric=part.predicate if isinstance(part, Claim) else part.figure.metric,
        span=part.span,
        required=_required(part),
        input="" if source is None else source.name,
        axes=() if axis is None else (axis,),
    )


def _is_guarantee(part: Comparison | Claim) -> bool:
    """Return whether context counts in a part, unless the model's authors accept it."""
    return isinstance(part, Claim) or METRICS[part.figure.metric].guarantee


def _part(analysis: Analysis, part: Comparison | Claim, text: str, settings: Settings) -> Iterator[Verdict]:
    """Yield what is wrong with one part of a requirement."""
    subject = part.figure if isinstance(part, Comparison) else part
    position = subject.position
    batch = isinstance(part, Claim) and part.axis is None and PREDICATES[part.predicate].axis == "batch"
    reads_any, measured_any = False, False
    guarantee = _is_guarantee(part)
    joint = isinstance(part, Comparison) and METRICS[part.figure.metric].joint
    together: dict[tuple[str, int], _Place] = {}
    judged: set[tuple[int, str, int]] = set()
    accepted = context.accepted(analysis)
    for tensor in select.tensors(analysis, part.where, text):
        if tensor.status == "unknown":
            reads_any = measured_any = True
            yield _undecidable(_at(tensor, part, settings), verdicts.unknown(tensor))
            continue
        for source, field in _fields(analysis, tensor, part):
            reads_any = True
            axes = select.batch(source) if batch else select.axes(source, subject.axis)
            for axis, number in axes or ():
                measured_any = True
                try:
                    for own, axis_field, why in select.places(tensor, field, source, number, guarantee):
                        # Two outputs can have one final tensor.
                        if (id(own), source.name, number) in judged:
                            continue
                        judged.add((id(own), source.name, number))
                        if why:
                            yield _undecidable(_at(own, part, settings, source, axis), why)
                            continue
                        sources = context.of(axis_field, accepted)
                        place = _Place(own, source, axis, number, axis_field, sources, traced=False)
                        if joint:
                            together[source.name, number] = place.beside(together.get((source.name, number)))
                            continue
                        yield from _verdicts(place, part, settings)
                except RequirementTextError:
                    raise
                except RequirementError as error:
                    scanner.fail(str(error), text, position)
    for place in together.values():
        yield from _verdicts(place, part, settings)
    if not reads_any:
        scanner.fail("selects only what reads no input", text, part.where.position)
    if not measured_any and batch:
        select.no_batch(analysis.inputs.values(), text, position)
    if not measured_any:
        select.no_axis(analysis.inputs.values(), subject.axis, text, position)


def _fields(analysis: Analysis, tensor: Tensor, part: Comparison | Claim) -> list[tuple[Input, TensorField]]:
    """Return the inputs that a part is about, with the tensor's fields.

    What is final for one input can read another as context only, of which nothing computed has a position (a
    style image that is pooled at once); sizes are then about the others. Guarantees are about all.
    """
    fields = select.fields(analysis, tensor)
    if _is_guarantee(part):
        return fields
    if part.where.kind != "final" or len(fields) < 2:
        return fields
    placed = [pair for pair in fields if any(pair[1][number].stride != 0 for number in pair[0].axes.values())]
    return placed or fields


def _undecidable(found: Finding, reason: str) -> Verdict:
    """Return a verdict of which nothing but the reason is known."""
    found = replace(found, reason=reason)
    return Verdict(found, lambda: found)


def _verdicts(place: _Place, part: Comparison | Claim, settings: Settings) -> Iterator[Verdict]:
    """Yield a verdict where a part does not hold at a place; its path is looked for when it is told."""
    for found in _wrong(place, part, settings):
        yield Verdict(found, lambda: next(_wrong(place._replace(traced=True), part, settings)))


def _wrong(place: _Place, part: Comparison | Claim, settings: Settings) -> Iterator[Finding]:
    """Yield a finding where a part does not hold at a place."""
    return _claim(place, part, settings) if isinstance(part, Claim) else _comparison(place, part, settings)


def _comparison(place: _Place, part: Comparison, settings: Settings) -> Iterator[Finding]:
    """Yield a verdict where a comparison does not hold at a place."""
    metric = METRICS[part.figure.metric]
    spacing = settings.spacing.get(place.axis)
    whole = place.source.shape[place.number]
    wanted = values.resolved(part.value, metric, place.tensor.runs.graph, place.axis, whole, spacing)
    verdict = replace(place.verdict(part, settings), required=_required(part, wanted))
    try:
        readings = _read(place, part, metric, settings)
    except Undecidable as why:
        yield replace(verdict, reason=str(why))
        return
    outcomes = [measure.decide(reading, part.comparator, wanted) for reading in readings]
    if all(outcomes):
        return
    verdict = replace(
        verdict,
        measured=_measurements(readings, metric),
        local=_measurements(_without_context(place, part, metric, settings, readings), metric),
        context=place.context.remaining if metric.form == "sources" else (),
        spacing=_spacing(part, metric, spacing, readings),
    )
    worst = False if False in outcomes else None
    failing = max(
        (reading for reading, outcome in zip(readings, outcomes, strict=True) if outcome is worst),
        key=lambda reading: reading.high.upper,
    )
    read = explain.reader(
        metric, part.figure.align, settings.origin, failing.side, part.comparator[0] == ">", place.field
    )
    path = place.path(read) if metric.grows else []
    reason, note, help_ = "", "", ""
    if False in outcomes:

        def holds(changed: AxisField) -> bool:
            return _holds(place._replace(field=changed), part, metric, settings, wanted)

        note = explain.endless(path, place.number, place.source.name)
        case = place.case(path, read, holds)
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
        figure=metric.name if path else "",
        side=failing.side if path else "",
        path=explain.steps(path, metric),
        help=help_,
    )


def _holds(place: _Place, part: Comparison, metric: Metric, settings: Settings, wanted: Fraction) -> bool:
    """Return whether a comparison holds at a place for certain."""
    readings = _read(place, part, metric, settings)
    return all(measure.decide(reading, part.comparator, wanted) for reading in readings)


def _read(place: _Place, part: Comparison, metric: Metric, settings: Settings) -> list[measure.Reading]:
    """Read the figure of a comparison."""
    if metric.form == "sources":
        return measure.truth(bool(place.context.remaining))
    return measure.read(place.field, metric, part.figure.align, settings.origin)


def _without_context(
    place: _Place, part: Comparison, metric: Metric, settings: Settings, readings: list[Reading]
) -> list[Reading]:
    """Return the local figure, where context makes the guaranteed one, ``readings``, larger."""
    if not metric.guarantee or not place.context.remaining:
        return []
    try:
        local = measure.read(place.field.without_context, metric, part.figure.align, settings.origin)
    except Undecidable:
        return []
    return [] if local == readings else local


def _measurements(readings: Sequence[Reading], metric: Metric) -> tuple[Measurement, ...]:
    """Return readings as findings hold them."""
    found = []
    for reading in readings:
        low, high = reading.low, reading.high
        if metric.kind == "truth":
            found.append(Measurement(low=bool(low.upper), high=bool(high.upper), side=reading.side))
            continue
        certain = None if reading.exact else (value(low.certain), value(high.certain))
        found.append(
            Measurement(low=value(low.upper), high=value(high.upper), certain=certain, side=reading.side)
        )
    return tuple(found)


def _spacing(
    part: Comparison, metric: Metric, spacing: Quantity | None, readings: Sequence[Reading]
) -> Spacing | None:
    """Return the spacing in which a finding shows lengths; None where it has none to show."""
    finite = any(math.isfinite(end.upper) for reading in readings for end in (reading.low, reading.high))
    if spacing is None or metric.kind in ("ratio", "truth") or not finite:
        return None
    shown = part.value.name if part.value.kind == "quantity" else ""
    return Spacing(number=value(spacing.number), unit=spacing.unit, shown=shown)


def _claim(place: _Place, part: Claim, settings: Settings) -> Iterator[Finding]:
    """Yield a verdict where a claim does not hold at a place."""
    holds: bool | None = None
    predicate = PREDICATES[part.predicate]
    samples = predicate.axis == "batch"
    if samples:
        holds, reason = independence.verdict(place.field, place.source, place.number)
    else:
        try:
            holds = _predicate(place.field, predicate, settings.origin)
            reason = f"whether it is {part.predicate} is not known"
        except Undecidable as why:
            reason = str(why)
        # What holds of an upper bound holds of all that it contains; what does not hold of it may.
        if holds is False and predicate.steady != "always" and place.field.upper_bound:
            holds, reason = None, measure.left_open(place.field)
    if holds is not None and holds is not part.negated:
        return
    measured: tuple[Measurement, ...] = ()
    if holds is not None:
        reason = ""
        measured = (Measurement(low=holds, high=holds),)
    figure = METRICS[predicate.within or "lookahead"]
    look = explain.reader(figure, None, settings.origin)
    path = place.path(look) if predicate.within else []
    note, help_ = "", ""
    if holds is False and samples:
        note, help_ = independence.explained(place.field, place.source, place.number)
    elif holds is not None:
        note, help_ = _explained(place, part, settings, look, path)
    yield replace(
        place.verdict(part, settings),
        measured=measured,
        reason=reason,
        note=note,
        figure=figure.name if path else "",
        path=explain.steps(path, figure),
        help=help_,
    )


def _explained(
    place: _Place, part: Claim, settings: Settings, look: Measure, path: Sequence[Contribution]
) -> tuple[str, str]:
    """Return what is to blame for a claim that does not hold, and what would put it right."""
    predicate = PREDICATES[part.predicate]
    case = place.case(path, look, lambda changed: _predicate(changed, predicate, settings.origin))
    note = "" if part.negated else _blamed(place, predicate, look, path)
    return note, advice.for_claim(case, predicate, part.negated)


def _blamed(place: _Place, predicate: Metric, look: Measure, path: Sequence[Contribution]) -> str:
    """Return what is to blame for a claim that does not hold."""
    if predicate.cause == "ahead":
        return explain.first_ahead(path, look(place.field), place.number, place.source.name)
    if not place.traced:
        return ""
    if predicate.cause == "branches":
        return explain.sides(place.field)
    first = explain.first_of(place.tensor, place.number, place.source.name, predicate.name)
    if first is None:
        return ""
    if predicate.cause == "context":
        return explain.unbounded(first, place.number, place.source.name)
    return f"the first that is not {predicate.name} is {explain.placed(first)}"


def _predicate(axis_field: AxisField, predicate: Metric, origin: Origin) -> bool | None:
    """Return whether a predicate holds of a field; where time is counted from is the model's choice."""
    if predicate.within and origin != "end":
        (figure,) = measure.read(axis_field, METRICS[predicate.within], None, origin)
        return figure.high.upper <= 0
    if predicate.guarantee and axis_field.vacuous:
        raise Undecidable(measure.VACUOUS)
    holds: bool | None = getattr(axis_field, predicate.name)
    if holds is None and predicate.within and axis_field.uneven:
        raise Undecidable(extent.unsteady(axis_field))
    if holds is None and predicate.why is not None:
        raise Undecidable(predicate.why(axis_field))
    return holds


def _required(part: Comparison | Claim, wanted: Fraction | None = None) -> Required:
    """Return what is required, with what it comes to where that is known."""
    if isinstance(part, Claim):
        text = f"{'not ' if part.negated else ''}{part.predicate}"
        return Required(text=text, value=not part.negated)
    resolved = None if wanted is None else value(bool(wanted) if part.value.kind == "truth" else wanted)
    return Required(text=str(part.value), comparator=part.comparator, value=resolved)
