"""A norm, gate or attention that breaks what the model declares.

## What it does
Of a model that declares something about an axis (`causal`, `bounded`, a bound on look-ahead or halo, a tiling, a
state): names the first operator whose statistics over the axis break it, or the first that reads what lies at no fixed
distance, as attention does. Accepted context is silent, and so is attention over the past where only what lies ahead is
declared, and what data choose: whether that breaks a declaration is left to the declaration itself.

## Why is this bad
A local field of 188 positions says nothing about a model whose group norms see the whole image: no tile and no chunk
gets what training got.

## Example
    require = ["final halo <= 96"]        # and a GroupNorm in every block

## Use instead
Norms with fixed statistics (BatchNorm in evaluation), statistics over channels alone, attention within windows or over
the past, or `accept_context` where the difference is known to be small.

## References
- The page on figures: context.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.analysis.metrics import PREDICATES
from pytest_rf.checks.declared import CAUSAL, GUARANTEES, declared
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Place, Subject, measured
from pytest_rf.findings import Finding, Required
from pytest_rf.requirements import context

_NO_CONTEXT = Required(text="no context", comparator="==", value=False)
_BOUNDED = Required(text="bounded", comparator="", value=True)


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per axis of a final tensor that such an operator feeds."""
    accepted = context.accepted(model.analysis)
    seen: set[tuple[str, str]] = set()
    for place in model.finals(guarantee=True):
        promised = GUARANTEES & declared(model, place)
        if not promised:
            continue
        statistics = context.of(place.field, accepted).remaining
        breaking = statistics or tuple(_endless(place, promised))
        if not breaking or (place.axis, breaking[0]) in seen:
            continue
        seen.add((place.axis, breaking[0]))
        others = f" (and {len(breaking) - 1} more)" if len(breaking) > 1 else ""
        said = (
            f'statistics over axis {place.axis} reach "{place.tensor.name}", first those of {breaking[0]}{others}'
            if statistics
            else f'"{breaking[0]}"{others} reads what lies at no fixed distance along axis {place.axis}, which reaches '
            f'"{place.tensor.name}"'
        )
        yield place.finding(
            said,
            metric="context" if statistics else "bounded",
            measured=measured(bool(statistics)),
            required=_NO_CONTEXT if statistics else _BOUNDED,
            context=statistics,
            help="normalise with fixed statistics or over channels alone, or list it in accept_context"
            if statistics
            else "attend within windows of a fixed size, or over the past alone",
        )


def _endless(place: Place, promised: frozenset[str]) -> list[str]:
    """Return the operators that read at no fixed distance and break what is promised, in the order of the graph."""
    if place.field.upper_bound:
        return []
    claim = PREDICATES["causal" if promised <= CAUSAL else "bounded"]
    from pytest_rf.requirements import blaming

    blamed = blaming.of(place.field, claim, place.subject.settings.origin)
    return [one.node for one in blamed if one.does == "mixes"]


def declares(model: Subject) -> bool:
    """Return whether a model declares what context can break, of an axis that it has."""
    return any(GUARANTEES & declared(model, place) for place in model.finals(guarantee=True))


DOES = Does(check=check, judges=declares)
