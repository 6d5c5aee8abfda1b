"""Holds a claim at a place, and says what is to blame where it does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_rf.analysis.metrics import METRICS, PREDICATES, AxisField, Metric, Origin
from pytest_rf.analysis.tensors import Contribution
from pytest_rf.findings import Blame, Finding, Measurement
from pytest_rf.requirements import advice, blaming, chosen, explain, extent, independence, measure
from pytest_rf.requirements.measure import Undecidable
from pytest_rf.requirements.places import Place
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.syntax import Claim

if TYPE_CHECKING:
    from pytest_rf.analysis.paths import Measure


def verdicts(
    place: Place, part: Claim, settings: Settings, held: list[Finding] | None = None
) -> Iterator[Finding]:
    """Yield a verdict where a claim does not hold at a place; ``held`` takes what was measured where it does."""
    holds: bool | None = None
    predicate = PREDICATES[part.predicate]
    samples = predicate.axis == "batch"
    if samples:
        holds, reason = independence.verdict(place.field, place.source, place.number)
    else:
        try:
            if why := chosen.actual(place.field, predicate):
                raise Undecidable(why)
            holds = _predicate(place.field, predicate, settings.origin)
            doubt = chosen.claim(
                place.field,
                place.tensor.name,
                predicate,
                holds,
                lambda field: _predicate(field, predicate, settings.origin),
            )
            if doubt:
                holds = None
                raise Undecidable(doubt)
            reason = f"whether it is {part.predicate} is not known"
        except Undecidable as why:
            reason = str(why)
        # What holds of an upper bound holds of all that it contains; what does not hold of it may.
        if holds is False and predicate.steady != "always" and place.field.upper_bound:
            holds, reason = None, measure.left_open(place.field)
    if holds is not None and holds is not part.negated:
        if held is not None:
            held.append(_measured(place, part, settings, holds))
        return
    measured: tuple[Measurement, ...] = ()
    if holds is not None:
        reason = ""
        measured = (Measurement(low=holds, high=holds),)
    figure = METRICS[predicate.within or "lookahead"]
    look = explain.reader(figure, None, settings.origin)
    path = place.path(look) if predicate.within else []
    note, help_ = "", ""
    blame: tuple[Blame, ...] = ()
    if holds is False and place.traced:
        blame = blaming.of(place.field, predicate, settings.origin)
    if holds is False and samples:
        note, help_ = independence.explained(place.field, place.source, place.number)
    elif holds is not None:
        note, help_ = _explained(place, part, settings, look, path, blame)
    yield replace(
        place.verdict(part, settings),
        measured=measured,
        reason=reason,
        note=note,
        blame=blame,
        figure=figure.name if path else "",
        path=explain.steps(path, figure),
        help=help_,
    )


def _measured(place: Place, part: Claim, settings: Settings, holds: bool) -> Finding:
    """Return what was measured where a claim holds: the figure that it is about, or that it is so."""
    verdict = place.verdict(part, settings)
    predicate = PREDICATES[part.predicate]
    if predicate.within:
        figure = METRICS[predicate.within]
        with suppress(Undecidable):
            readings = measure.read(place.field, figure, None, settings.origin)
            return replace(verdict, metric=figure.name, measured=measure.measurements(readings, figure))
    return replace(verdict, measured=(Measurement(low=holds, high=holds),))


def _explained(
    place: Place,
    part: Claim,
    settings: Settings,
    look: Measure,
    path: Sequence[Contribution],
    blame: Sequence[Blame],
) -> tuple[str, str]:
    """Return what is to blame for a claim that does not hold, and what would put it right."""
    predicate = PREDICATES[part.predicate]
    case = place.case(path, lambda changed: _predicate(changed, predicate, settings.origin))
    note = "" if part.negated else _blamed(place, predicate, look, blame)
    return note, advice.for_claim(case, predicate, part.negated, blame)


def _blamed(place: Place, predicate: Metric, look: Measure, blame: Sequence[Blame]) -> str:
    """Return what is to blame for a claim that does not hold."""
    if predicate.cause == "ahead":
        return blaming.ahead(blame, look(place.field))
    if not place.traced:
        return ""
    if predicate.cause == "branches":
        return explain.sides(place.field)
    first = explain.first_of(place.tensor, place.number, place.source.name, predicate.name)
    if first is None:
        return ""
    if predicate.cause == "context":
        told = explain.unbounded(first, place.number, place.source.name)
        return "; ".join([told, *blaming.more(len(blame) - 1, "does the like", "do the like")])
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
