"""The centres of an output's units lie off the centres of what they stand for.

## What it does
Takes the mean `offset` over the phases of every output with positions: 0 is the half-pixel grid, on which unit `i`
looks at the middle of the positions that it stands for. An axis that is declared causal is silent: it looks back.

## Why is this bad
Whoever maps units back to pixels (boxes, key points, masks, time stamps) assumes a grid, mostly this one. A stem of
two 3×3 convolutions with stride 2 and padding 1 looks 1.5 positions further to the front.

## Example
    Conv(kernel=3, stride=2, padding=1)       # offset -1/2

## Use instead
A kernel of even size in strided layers (4 with padding 1), or the offset where units are mapped back.

## References
- Huang, Zhu, Guo, Huang: The Devil Is in the Details: Delving Into Unbiased Data Processing for Human Pose
  Estimation. CVPR, 2020.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from pytest_rf.checks.options import OffGrid
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.checks.uneven_padding import dense, is_dense
from pytest_rf.figures import said
from pytest_rf.findings import Finding, Required


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per axis of an output whose mean offset is not 0."""
    steps = model.of(OffGrid).steps
    for place in dense(model):
        off = Fraction(place.field.offset or 0)
        if off and abs(off) > steps * (place.field.stride or 0):
            yield place.finding(
                f'units of "{place.tensor.name}" look {said(abs(off))} position{"s" * (abs(off) != 1)} '
                f"{'before' if off < 0 else 'behind'} what they stand for on axis {place.axis}",
                metric="offset",
                measured=measured(off),
                required=Required(text="0", comparator="==", value=0),
                reason=f"{place.field.chosen_by} leaves it open" if place.field.upper_bound else "",
                help="pad strided layers so that windows lie around what a unit stands for, "
                "or count the offset where units are mapped back",
            )


DOES = Does(check=check, judges=is_dense)
