"""Neighbouring output units have receptive fields of different sizes.

## What it does
Compares the fields of the final tensor's units over one period, where the model upsamples.

## Why is this bad
After upsampling, one output pixel may read 187 input positions and its neighbour 188. The two are then computed
by different effective filters, which shows as a pattern that repeats with the upsampling factor.

## Example
    ConvTranspose(kernel=3, stride=2)       # every other unit reads one position more

## Use instead
A transposed convolution whose kernel is a multiple of its stride, or a resize followed by a convolution. A
resize by nearest neighbours in front of a convolution also gives uneven phases; a model with such a decoder may
leave the rule off.

## References
- Odena, Dumoulin, Olah: Deconvolution and Checkerboard Artifacts. Distill, 2016.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_rf.checks.rule import Rule, finals, finding, grown, has_places
from pytest_rf.figures import said
from pytest_rf.findings import Finding
from pytest_rf.requirements.settings import Settings

CODE, NAME = "RF301", "uneven-phases"


def check(analysis: Any, settings: Settings) -> Iterator[Finding]:
    """Yield a finding per axis of a final tensor whose smallest and largest field differ."""
    for tensor, source, axis, index, field in finals(analysis):
        low, high = field.rf_range
        if low == high or field.irregular or field.upper_bound:
            continue
        measured = f"{said(low)} to {said(high)}"
        yield finding(
            CODE,
            NAME,
            analysis,
            settings,
            tensor,
            f'final rf is {measured} on axis {axis}: it differs between units (tensor "{tensor.name}")',
            axis=axis,
            input=source.name,
            measured=measured,
            required="one size",
            **grown(tensor, index, source),
        )


RULE = Rule(code=CODE, name=NAME, doc=__doc__, check=check, subject=has_places)
