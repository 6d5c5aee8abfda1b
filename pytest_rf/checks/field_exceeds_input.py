"""The final receptive field is larger than the input.

## What it does
Compares the theoretical field of the final feature map with the extent of the input that the model is analysed
with. What mixes a whole axis reads as much as there is, and no more.

## Why is this bad
Every unit then reads padding, at the borders or on all sides: layers behind the point where the field covers the
input add computation and no context, and the model's answers depend on how it pads. A network of another input
size is often pasted like this: a ResNet for 224×224 images at 32×32.

## Example
    final rf 427 on an input of 32 × 32

## Use instead
Fewer or smaller strides for a small input; for classification of whole images, where a field that covers the
input is the aim, leave the rule off.

## References
- Richter et al.: (Input) Size Matters for CNN Classifiers. ICANN, 2021.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from pytest_rf.checks.options import FieldExceedsInput
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, has_places, measured
from pytest_rf.figures import said
from pytest_rf.findings import Finding, Required
from pytest_rf.requirements.wording import located


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per axis along which the smallest field of the final tensor exceeds the input."""
    times = model.of(FieldExceedsInput).times
    for place in model.finals():
        low, high = place.field.rf_range
        if place.extent * times < low < math.inf:
            decided = not place.field.upper_bound or place.extent * times < place.field.rf_certain[0]
            yield place.finding(
                f"final rf is {said(low)} on axis {place.axis}, the input has {place.extent}"
                f"{located(place.tensor.name, place.tensor.op)}",
                metric="rf",
                measured=measured(low, high),
                required=Required(text=str(place.extent), comparator="<=", value=place.extent),
                help="take a stride out, or check the model with the input size that it is meant for",
                reason="" if decided else f"{place.field.chosen_by} leaves it open",
                grown=True,
            )


DOES = Does(check=check, judges=has_places)
