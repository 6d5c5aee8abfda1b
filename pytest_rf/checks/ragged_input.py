"""The input's extent is not a multiple of the model's stride.

## What it does
Compares the input's extent along each spatial axis with the largest stride of any tensor in the model.

## Why is this bad
A strided layer on an extent that it does not divide drops positions at the end or covers them with padding. In an
encoder and decoder the sizes of the skip connections then differ, and crops or resizes shift one against the
other by a fraction of a unit.

## Example
    a U-Net with four poolings (stride 16) on an input of 572 × 572: 572 = 35 · 16 + 12

## Use instead
Pad or crop the input to a multiple of the stride before the network.

## References
- Odena, Dumoulin, Olah: Deconvolution and Checkerboard Artifacts. Distill, 2016.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from pytest_rf.checks.rule import Rule, has_extents
from pytest_rf.checks.subject import Place, Subject, measured
from pytest_rf.findings import Finding, Required


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per input axis, at the first tensor that has the whole stride."""
    strides: dict[tuple[str, str], tuple[int, Place]] = {}
    for place in model.places():
        if place.number in place.input.chosen:
            continue
        step = place.field.stride
        if not step or step.denominator != 1:
            continue
        before, at = strides.get((place.input.name, place.axis), (1, place))
        whole = math.lcm(before, int(step))
        strides[place.input.name, place.axis] = (whole, place if whole != before else at)
    for stride, place in strides.values():
        extent = place.extent
        if extent % stride:
            near = [n for n in (extent // stride * stride, -(-extent // stride) * stride) if n]
            yield place.finding(
                f"input extent {extent} on axis {place.axis} is not a multiple of the stride {stride} "
                f'(reached at tensor "{place.tensor.name}", {place.tensor.op})',
                metric="extent",
                measured=measured(extent),
                required=Required(text=f"a multiple of {stride}", value=stride),
                help=f"pad or crop the input to {' or '.join(map(str, near))}",
            )


RULE = Rule(code="RF201", name="ragged-input", doc=__doc__, check=check, judges=has_extents)
