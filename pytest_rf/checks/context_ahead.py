"""A model that is causal but for its statistics.

## What it does
Reports where no unit of a final tensor reads ahead in time (an axis that is called `t`) through its windows, but does
through statistics of the whole axis: a normalisation over time, a squeeze-and-excitation gate, a softmax over all
steps. Of a model that declares something of the axis `hidden-context` speaks instead.

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

from collections.abc import Iterator

from pytest_rf.checks.declared import GUARANTEES, declared
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.findings import Finding, Required
from pytest_rf.requirements import context
from pytest_rf.requirements.wording import listed, located

TIME = "t"
"""The axis of streams: that images are causal along one by accident says nothing."""


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per axis that context alone makes look ahead."""
    accepted = context.accepted(model.analysis)
    for place in model.finals(guarantee=True):
        sources = context.of(place.field, accepted).remaining
        ahead = place.field.lookahead
        if place.axis != TIME or GUARANTEES & declared(model, place):
            continue
        if not sources or not place.field.stride or ahead is None or ahead <= 0:
            continue
        local = place.field.without_context.lookahead
        if local is not None and local <= 0:
            yield place.finding(
                f"final looks ahead on axis {place.axis} through statistics alone: {listed(sources)}"
                f"{located(place.tensor.name, place.tensor.op)}",
                metric="lookahead",
                measured=measured(ahead),
                required=Required(text="0", comparator="<=", value=0),
                local=measured(local),
                context=sources,
                help="normalise with fixed statistics, or list them in accept_context",
            )


def has_time(model: Subject) -> bool:
    """Return whether a final tensor that is known has an axis of time: that of another does not judge a stream."""
    return any(place.axis == TIME for place in model.finals())


DOES = Does(check=check, judges=has_time)
