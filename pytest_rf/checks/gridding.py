"""Dilated layers leave holes in the final field.

## What it does
Reports axes along which the final tensor reads less than all positions inside its field (`density` below 1), if
dilated layers make it so: there is a layer with a dilation above 1 whose field is thinner than that of its operand.

Where layers on a finer grid have filled the holes towards the input, a group of layers on one grid that leaves some
towards its own operand is `info`: neighbouring units share pixels, but not the features that the group begins with.

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

from collections.abc import Iterator, Sequence

from pytest_rf.analysis.tensors import owners
from pytest_rf.checks.groups import Group, groups, is_dilated
from pytest_rf.checks.layers import Layer, layers
from pytest_rf.checks.options import Gridding
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Place, Subject, measured
from pytest_rf.domains.layout import Key
from pytest_rf.findings import Finding, Required


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per axis of a final tensor that dilated layers leave holes in, and per group of others."""
    every = list(layers(model.analysis))
    dilated = [layer for layer in every if is_dilated(layer)]
    least, told = model.of(Gridding).density, set[Key]()
    for place in model.finals() if dilated else ():
        share = place.field.density
        if share is None or share >= least:
            continue
        above = model.analysis.graph.ancestors(place.tensor.number)
        thinning = [layer for layer in dilated if layer.tensor.number in above and _thins(layer, place)]
        if thinning:
            told.add(place.field.key)
            yield place.finding(
                f'"{place.tensor.name}" reads {share:.0%} of its field on axis {place.axis}: layers with dilation '
                f"{_dilations(thinning)} leave holes",
                metric="density",
                measured=measured(share),
                required=Required(text="1", comparator="==", value=1),
                note=_named(thinning),
                reason=f"{place.field.chosen_by} leaves it open" if place.field.upper_bound else "",
                help="use dilations without a common divisor, or a layer without dilation behind them",
            )
    for group in groups(model.analysis.graph, every) if dilated else ():
        if group.key not in told and group.density < least:
            yield _within(model, group)


def _within(model: Subject, group: Group) -> Finding:
    """Return what there is to say of a group that leaves holes in its own operand alone."""
    tensor = owners(model.analysis.runs).get(group.value, group.layers[-1].tensor)
    source = model.analysis.inputs[group.key[0]]
    axis = next(name for name, number in source.axes.items() if number == group.key[1])
    return model.at(
        tensor,
        f'"{tensor.name}" reads {group.density:.0%} of the features that its group begins with on axis {axis}: layers '
        f"with dilation {_dilations(group.layers)} leave holes that layers on a finer grid have filled",
        axes=(axis,),
        input=source.name,
        metric="density",
        measured=measured(group.density),
        required=Required(text="1", comparator="==", value=1),
        note=_named(group.layers),
        severity="info",
    )


def _dilations(layers: Sequence[Layer]) -> str:
    return ", ".join(str(max(layer.windows.dilation)) for layer in layers)


def _named(layers: Sequence[Layer]) -> str:
    return "dilated: " + ", ".join(f"{layer.tensor.name} ({layer.tensor.label})" for layer in layers)


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
    return any(map(is_dilated, layers(model.analysis)))


DOES = Does(check=check, judges=has_dilation)
