"""Only units at the border of a causal model read ahead.

## What it does
Of a model that is declared causal: reports axes along which no unit reads ahead in theory, but units at the borders
of the actual input do, because reflect or circular padding fetches what lies ahead. Replicate padding is causal.
Where interior units read ahead the requirement itself says so.

## Why is this bad
At the beginning of a stream the mirrored samples have not arrived yet. Offline evaluation never notices.

## Example
    F.pad(x, (2, 0), mode="reflect")          # unit 0 reads positions 1 and 2

## Use instead
Zeros or the first position repeated (`constant`, `replicate`).

## References
- The page on figures: guarantees are about the model that runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.profile import profile
from pytest_rf.checks.declared import CAUSAL, declared
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.findings import Finding, Required


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per axis of a model that is declared causal and reads ahead at the borders alone."""
    for place in model.finals(guarantee=True):
        ahead = place.field.without_context.lookahead
        if not CAUSAL & declared(model, place):
            continue
        if ahead is not None and ahead > 0 and _is_causal_inside(place.field):
            yield place.finding(
                f'units of "{place.tensor.name}" at the border read ahead on axis {place.axis}, others do not',
                metric="lookahead",
                measured=measured(ahead),
                required=Required(text="0", comparator="<=", value=0),
                reason=f"{place.field.chosen_by} leaves it open" if place.field.upper_bound else "",
                help="pad in front with zeros or with the first position repeated, not by reflection",
            )


def _is_causal_inside(field: AxisField) -> bool:
    """Whether no unit reads ahead on an input without end."""
    own, steps = profile(field.theory(), field.key), field.steps
    return own is not None and steps is not None and own.lookahead(steps) <= 0


def declares_causal(model: Subject) -> bool:
    """Return whether a model is required to be causal, or not to look ahead, on an axis that it has."""
    return any(CAUSAL & declared(model, place) for place in model.finals(guarantee=True))


DOES = Does(check=check, judges=declares_causal)
