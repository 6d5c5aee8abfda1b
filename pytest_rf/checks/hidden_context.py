"""A norm, gate or attention that breaks what the model declares.

## What it does
Of a model that declares something about an axis (`causal`, `bounded`, a bound on look-ahead or halo, a tiling, a
state): names the first operator whose statistics over the axis break it. Accepted context is silent.

## Why is this bad
A local field of 188 positions says nothing about a model whose group norms see the whole image: no tile and no chunk
gets what training got.

## Example
    require = ["final halo <= 96"]        # and a GroupNorm in every block

## Use instead
Norms with fixed statistics (BatchNorm in evaluation), statistics over channels alone, or `accept_context` where the
difference is known to be small.

## References
- The page on figures: context.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.checks.declared import GUARANTEES, declared
from pytest_rf.checks.rule import Rule
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.findings import Finding, Required
from pytest_rf.requirements import context


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per axis of a final tensor that such an operator feeds."""
    accepted = context.accepted(model.analysis)
    seen: set[tuple[str, str]] = set()
    for place in model.finals(guarantee=True):
        if not GUARANTEES & declared(model, place):
            continue
        sources = context.of(place.field, accepted).remaining
        if not sources or (place.axis, sources[0]) in seen:
            continue
        seen.add((place.axis, sources[0]))
        more = len(sources) - 1
        yield place.finding(
            f'statistics over axis {place.axis} reach "{place.tensor.name}", first those of {sources[0]}'
            + (f" (and {more} more)" if more else ""),
            metric="context",
            measured=measured(True),
            required=Required(text="no context", comparator="==", value=False),
            context=sources,
            help="normalise with fixed statistics or over channels alone, or list it in accept_context",
        )


def declares(model: Subject) -> bool:
    """Return whether a model declares what context can break, of an axis that it has."""
    return any(GUARANTEES & declared(model, place) for place in model.finals(guarantee=True))


RULE = Rule(code="RF402", name="hidden-context", doc=__doc__, check=check, judges=declares, streams=True)
