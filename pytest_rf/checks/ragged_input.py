"""The input's extent is no multiple of the model's stride.

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
from typing import Any

from pytest_rf.checks.rule import Rule, finding, has_places
from pytest_rf.findings import Finding
from pytest_rf.requirements.select import fields
from pytest_rf.requirements.settings import Settings

CODE, NAME = "RF201", "ragged-input"


def check(analysis: Any, settings: Settings) -> Iterator[Finding]:
    """Yield a finding per input axis, at the first tensor that has the whole stride."""
    strides: dict[tuple[str, str], tuple[int, Any]] = {}
    for tensor in analysis:
        if tensor.status == "unknown":
            continue
        for source, field in fields(analysis, tensor):
            for axis, index in source.axes.items():
                stride = field[index].stride
                if not stride or stride.denominator != 1:
                    continue
                before, at = strides.get((source.name, axis), (1, tensor))
                whole = math.lcm(before, int(stride))
                strides[source.name, axis] = (whole, tensor if whole != before else at)
    for (name, axis), (stride, tensor) in strides.items():
        source = analysis.inputs[name]
        extent = source.shape[source.axes[axis]]
        if extent % stride:
            nearest = " or ".join(
                str(n) for n in (extent // stride * stride, -(-extent // stride) * stride) if n
            )
            yield finding(
                CODE,
                NAME,
                analysis,
                settings,
                tensor,
                f"input extent {extent} on axis {axis} is no multiple of the stride {stride} "
                f'(reached at tensor "{tensor.name}", {tensor.op})',
                axis=axis,
                input=name,
                measured=str(extent),
                required=f"a multiple of {stride}",
                help=f"pad or crop the input to {nearest}",
            )


RULE = Rule(code=CODE, name=NAME, doc=__doc__, check=check, subject=has_places)
