"""A model that is causal but for its statistics.

## What it does
Reports axes along which no unit of a final tensor reads ahead through its windows, but does through statistics
of the whole axis: a normalisation over time, a squeeze-and-excitation gate, a softmax over all steps.

## Why is this bad
All convolutions were padded to be causal, so the model is meant for streams; but in a stream the statistics are
those of the past alone, and the answers differ from those of training.

## Example
    causal convolution -> GroupNorm over channels and time -> causal convolution

## Use instead
BatchNorm with its fixed statistics, a normalisation over channels only, or a running one. If the difference is
known and accepted, list the operators in accept_context.

## References
- The documentation's page on context.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pytest_rf.checks.rule import Rule, finals, finding
from pytest_rf.figures import said
from pytest_rf.findings import Finding
from pytest_rf.requirements import context
from pytest_rf.requirements.settings import Settings
from pytest_rf.requirements.wording import listed

CODE, NAME = "RF401", "context-ahead"


def check(analysis: Any, settings: Settings) -> Iterator[Finding]:
    """Yield a finding per axis that context alone makes look ahead."""
    accepted = context.accepted(analysis)
    for tensor, source, axis, _, field in finals(analysis, guarantee=True):
        sources = context.of(field, accepted).remaining
        ahead = field.lookahead
        if not sources or not field.stride or ahead is None or ahead <= 0:
            continue
        local = field.without_context.lookahead
        if local is None or local > 0:
            continue
        beside = "" if math.isinf(local) else f" ({said(local)} without context)"
        yield finding(
            CODE,
            NAME,
            analysis,
            settings,
            tensor,
            f"final looks ahead on axis {axis} through statistics alone: {listed(sources)} "
            f'(tensor "{tensor.name}")',
            axis=axis,
            input=source.name,
            measured=f"lookahead {said(ahead)}{beside}",
            required="<= 0",
            help="normalise with fixed statistics, or list them in accept_context",
        )


def has_time(analysis: Any) -> bool:
    """Return whether a final tensor that is known has an axis of time: that of another does not judge a stream."""
    return any(place.axis == "t" for place in finals(analysis))


RULE = Rule(code=CODE, name=NAME, doc=__doc__, check=check, subject=has_time)
