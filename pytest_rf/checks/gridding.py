"""Dilated layers leave holes in the final field.

## What it does
Reports axes along which the final tensor reads less than all positions inside its field (`density` below 1), if
dilated layers make it so: there is a layer with a dilation above 1 whose field is thinner than that of its operand.

## Why is this bad
Neighbouring units then read interleaved sets of positions and never the same one: a grid shows in the output, and
small objects fall through the holes.

## Example
    three 3×3 convolutions with dilation 2, 2, 2          # 7 of 13 positions are read

## Use instead
Dilations without a common divisor that grow as the layers before fill the holes (1, 2, 5), or a layer without
dilation behind them.

## References
- Wang et al.: Understanding Convolution for Semantic Segmentation. WACV, 2018 (hybrid dilated convolution).
- Yu, Koltun, Funkhouser: Dilated Residual Networks. CVPR, 2017 (section 4).
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.checks.layers import Layer, layers
from pytest_rf.checks.rule import Rule
from pytest_rf.checks.subject import Place, Subject, measured
from pytest_rf.findings import Finding, Required


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per axis of a final tensor that dilated layers leave holes in."""
    dilated = [layer for layer in layers(model.analysis) if max(layer.windows.dilation, default=1) > 1]
    for place in model.finals() if dilated else ():
        share = place.field.density
        if share is None or share >= 1:
            continue
        above = model.analysis.graph.ancestors(place.tensor.number)
        thinning = [layer for layer in dilated if layer.tensor.number in above and _thins(layer, place)]
        if thinning:
            dilations = ", ".join(str(max(layer.windows.dilation)) for layer in thinning)
            yield place.finding(
                f'"{place.tensor.name}" reads {share:.0%} of its field on axis {place.axis}: layers with dilation '
                f"{dilations} leave holes",
                metric="density",
                measured=measured(share),
                required=Required(text="1", comparator="==", value=1),
                note="dilated: "
                + ", ".join(f"{layer.tensor.name} ({layer.tensor.label})" for layer in thinning),
                reason=f"{place.field.chosen_by} leaves it open" if place.field.upper_bound else "",
                help="use dilations without a common divisor, or a layer without dilation behind them",
            )


def _thins(layer: Layer, place: Place) -> bool:
    """Whether a layer reads a smaller share of its field than its operand does."""
    for field in layer.fields():
        if field.key == place.field.key:
            own = layer.tensor.field(place.input.name)[place.number].density
            before = field.density
            return own is not None and before is not None and own < before
    return False


def has_dilation(model: Subject) -> bool:
    """Return whether a model has a dilated layer."""
    return any(
        dilation > 1 and kernel > 1
        for layer in layers(model.analysis)
        for kernel, dilation in zip(layer.windows.kernel, layer.windows.dilation, strict=True)
    )


RULE = Rule(code="RF302", name="gridding", doc=__doc__, check=check, judges=has_dilation)
