"""The output's fields are not mirror images of each other.

## What it does
Asks of every output with positions whether it is `symmetric` along each spatial axis at the declared input, and
tries the extents around it. An axis that is declared causal is silent: what looks back alone mirrors nothing.

## Why is this bad
A stride-2 3×3 convolution with padding 1 on an even extent pads on one side only: its grid is shifted against the
image's, and a flipped image gives another answer than the flipped answer. Heat maps that are averaged with those of
the flipped image come out shifted.

## Example
    Conv(kernel=3, stride=2, padding=1) on 224 positions      # symmetric at 225

## Use instead
An extent of the form n · stride + 1, or padding that is even on both sides.

## References
- Islam et al.: How Much Position Information Do Convolutional Neural Networks Encode? ICLR, 2020.
- Alsallakh et al.: Mind the Pad: CNNs Can Develop Blind Spots. ICLR, 2021.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.checks.declared import CAUSAL, declared
from pytest_rf.checks.extents import nearest
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Place, Subject, measured
from pytest_rf.findings import Finding, Required


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per axis of an output that has positions for it."""
    for place in dense(model):
        if place.field.symmetric is False:
            near = nearest(place, _is_symmetric)
            hint = " and ".join(map(str, near))
            yield place.finding(
                f'the fields of "{place.tensor.name}" are not symmetric on axis {place.axis} at {place.extent}',
                metric="symmetric",
                measured=measured(False),
                required=Required(text="symmetric"),
                help=f"it is symmetric at {hint}" if near else "pad evenly on both sides",
            )


def dense(model: Subject) -> Iterator[Place]:
    """Yield the spatial axes of the outputs that have positions for them, but those that are declared causal."""
    outputs = {tensor.number for tensor in model.analysis.outputs}
    for place in model.finals():
        if place.tensor.number in outputs and place.field.stride != 0 and not CAUSAL & declared(model, place):
            yield place


def _is_symmetric(place: Place) -> bool:
    return place.field.symmetric is True


def is_dense(model: Subject) -> bool:
    """Return whether a model has an output with positions."""
    return any(True for _ in dense(model))


DOES = Does(check=check, judges=is_dense)
