"""A grid that is fitted to the extent of the input, in a model with a dense output.

## What it does
Looks for operators before a dense output whose places depend on the whole extent: resizing with `align_corners`,
adaptive pooling to a fixed number of places. It goes by their geometry, not by bounds. Sources with one position and
resizes by the same whole ratio everywhere are silent.

## Why is this bad
A unit then reads other places in an image of another size: a tile does not see what the whole image sees, and a model
that was trained on crops is run on another grid.

## Example
    F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)

## Use instead
`align_corners=False`, or pooling with a fixed kernel and stride.

## References
- Parmar, Zhang, Zhu: On Aliased Resizing and Surprising Subtleties in GAN Evaluation. CVPR, 2022.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.checks.uneven_padding import dense, is_dense
from pytest_rf.findings import Finding, Required
from pytest_rf.requirements.wording import listed


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per axis of a dense output that such operators feed."""
    for place in dense(model):
        nodes = place.field.tied("grid", "window")
        if nodes:
            yield place.finding(
                f'"{place.tensor.name}" rests on a grid that is fitted to the extent of axis {place.axis}: '
                f"{listed(nodes)}",
                metric="bounded",
                measured=measured(False),
                required=Required(text="a grid that does not depend on the extent"),
                help="resize without align_corners, pool with a fixed kernel and stride",
            )


DOES = Does(check=check, judges=is_dense)
