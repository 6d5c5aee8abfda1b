"""The final receptive field is larger than the input.

## What it does
Compares the theoretical field of the final feature map with the extent of the input that the model is analysed
with.

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

from collections.abc import Iterator
from typing import Any

from pytest_rf.checks.rule import Rule, finals, finding, grown, has_places
from pytest_rf.figures import said
from pytest_rf.findings import Finding
from pytest_rf.requirements.settings import Settings

CODE, NAME = "RF101", "field-exceeds-input"


def check(analysis: Any, settings: Settings) -> Iterator[Finding]:
    """Yield a finding per axis along which the smallest field of the final tensor exceeds the input."""
    for tensor, source, axis, index, field in finals(analysis):
        size, extent = field.rf_range[0], source.shape[index]
        if size <= extent:
            continue
        yield finding(
            CODE,
            NAME,
            analysis,
            settings,
            tensor,
            f'final rf is {said(size)} on axis {axis}, the input has {extent} (tensor "{tensor.name}")',
            axis=axis,
            input=source.name,
            measured=said(size),
            required=f"<= {extent}",
            **grown(tensor, index, source),
            help="take a stride out, or check the model with the input size that it is meant for",
        )


RULE = Rule(code=CODE, name=NAME, doc=__doc__, check=check, subject=has_places)
