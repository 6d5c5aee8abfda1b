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

from pytest_rf.checks.options import UnevenPhases
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, has_places, measured
from pytest_rf.figures import said
from pytest_rf.findings import Finding, Required
from pytest_rf.requirements.wording import located


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per axis of a final tensor whose smallest and largest field differ."""
    most = model.of(UnevenPhases).positions
    for place in model.finals():
        low, high = place.field.rf_range
        if high - low > most and not place.field.irregular:
            yield place.finding(
                f"final rf is {said(low)} to {said(high)} on axis {place.axis}: it differs between units"
                f"{located(place.tensor.name, place.tensor.op)}",
                metric="rf",
                measured=measured(low, high),
                required=Required(text="one size"),
                reason=f"{place.field.chosen_by} leaves it open" if place.field.upper_bound else "",
                grown=True,
            )


DOES = Does(check=check, judges=has_places)
