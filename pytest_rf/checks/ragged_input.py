"""An extent at which strided windows do not come out even.

## What it does
Looks for strided windows that leave positions at the end of their operand unread beyond what their stride always
skips, or that hang over the data through `ceil_mode`; and for crops, pads and resizes at a merge that would not be
needed at a neighbouring extent. The nearest extents that fit are found by trying. Being a multiple of the product of
all strides is neither needed nor enough.

## Why is this bad
Positions at the end are dropped or seen through half-empty windows. In an encoder and decoder the sizes of the skip
connections then differ, and the crop or resize that makes up for it shifts one against the other by a part of a unit.

## Example
    a valid U-Net (3×3 without padding, 2×2 pools) on 570 × 570: the second pool drops a row; 572 fits

## Use instead
An extent that fits, or padding to one before the network.

## References
- Ronneberger, Fischer, Brox: U-Net. MICCAI, 2015 (section 2: tile sizes such that all poolings are even).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from pytest_rf.access import Taps
from pytest_rf.analysis import Tensor
from pytest_rf.analysis.cells import operator
from pytest_rf.analysis.tensors import owners
from pytest_rf.checks.extents import at, nearest_of_model
from pytest_rf.checks.layers import Layer, layers
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, has_places, measured
from pytest_rf.domains.layout import Key, carried
from pytest_rf.domains.structure import Structure
from pytest_rf.findings import Finding, Required
from pytest_rf.graph import Step, Union
from pytest_rf.node import Node


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per spatial axis: at the first window that is ragged, or the first merge that needs a fit."""
    for name, source in model.analysis.inputs.items():
        for axis, number in source.axes.items():
            key = (name, number)
            fits = _needless(model, key)
            found = next(_ragged(model, key), None) or next(_fitted(model, key, fits), None)
            if found is None:
                continue
            tensor, why = found
            near = nearest_of_model(model, name, number, partial(_fits, key=key, fits=fits))
            extent = source.shape[number]
            yield model.at(
                tensor,
                f"input extent {extent} on axis {axis} does not come out even: {why}",
                axes=(axis,),
                input=name,
                metric="extent",
                measured=measured(extent),
                required=Required(text=" or ".join(map(str, near)) or "an extent that comes out even"),
                help=f"pad or crop the input to {' or '.join(map(str, near))}" if near else "",
            )


def _fits(model: Subject, key: Key, fits: Mapping[str, bool]) -> bool:
    return next(_ragged(model, key), None) is None and next(_fitted(model, key, fits), None) is None


def _ragged(model: Subject, key: Key) -> Iterator[tuple[Tensor, str]]:
    """Yield the layers whose windows do not come out even along an input axis, and how."""
    makers = {step.value.number: step for step in model.analysis.graph.program}
    for layer in layers(model.analysis):
        if layer.spreads or not layer.windows.padding:
            continue
        for axis, _, own in layer.axes():
            place = layer.place(axis)
            if own == key and layer.windows.stride[place] > 1:
                why = _uneven(layer, axis, place, _padded(makers.get(layer.operand.number), layer, axis))
                if why:
                    yield (
                        layer.tensor,
                        f'"{layer.tensor.name}" ({operator(layer.tensor)}) {why}',
                    )


def _padded(maker: Step | None, layer: Layer, axis: int) -> int:
    """Return how many positions at the end of a layer's operand an explicit pad has added."""
    if maker is None or maker.node.role is None or maker.node.role.name != "pad":
        return 0
    action = maker.action
    read = action.reads[0] if isinstance(action, Union) and len(action.reads) == 1 else None
    relation = None if read is None else next((one for place, one in read.axes if place == axis), None)
    if read is None or not isinstance(relation, Taps) or relation.period != 1:
        return 0
    source = layer.tensor.runs.graph.values[read.operand].extents[axis]
    return max(layer.operand.extents[axis] - source + relation.taps[0][0], 0)


def _uneven(layer: Layer, axis: int, place: int, padded: int) -> str:
    """Say how the windows of a layer do not come out even along an axis; nothing if they do.

    Args:
        layer: the layer.
        axis: of its operand.
        place: of the axis among those of its windows.
        padded: the positions at the end of the operand that are padding; they may go unread.
    """
    kernel, stride = layer.windows.kernel[place], layer.windows.stride[place]
    before, after = layer.windows.padding[place]
    reach = layer.windows.dilation[place] * (kernel - 1) + 1
    extent = layer.operand.extents[axis]
    end = (layer.outputs(axis) - 1) * stride + reach - before
    left = extent - padded - end - max(stride - reach, 0)
    if left > 0:
        return (
            f"leaves the last {left} of {extent} positions unread"
            if left > 1
            else f"drops the last of {extent}"
        )
    if end > extent + after:
        return f"hangs over its {extent} positions by {end - extent - after}"
    return ""


def _fitting(model: Subject, key: Key) -> Iterator[tuple[Tensor, Node, int, int]]:
    """Yield what is fitted right before a merge along an input axis: its extents before and after."""
    runs = model.analysis.runs
    own, graph = owners(runs), model.analysis.graph
    makers = {step.value.number: step for step in graph.program}
    for merge in graph.program:
        for number in merge.operands if len(set(merge.operands)) > 1 else ():
            step = makers.get(number)
            while step is not None and len(step.operands) == 1 and _is_fitting(step.node):
                known = runs.structure(step.value)
                source = graph.values[step.operands[0]]
                if isinstance(known, Structure) and source.shape is not None and own.get(step.value.number):
                    for axis, factors in enumerate(known.layout):
                        if key in carried((factors,)) and axis < len(source.shape):
                            yield (
                                own[step.value.number],
                                step.node,
                                source.shape[axis],
                                step.value.extents[axis],
                            )
                step = makers.get(step.operands[0])


def _is_fitting(node: Node) -> bool:
    """Whether a node can make a tensor as large as another."""
    return node.role is not None and node.role.name in ("resize", "pad", "slice")


def _is_even(before: int, after: int) -> bool:
    """Whether a fit changes nothing, or takes a whole number of times as many positions."""
    return before > 0 and after % before == 0


def _fitted(model: Subject, key: Key, fits: Mapping[str, bool]) -> Iterator[tuple[Tensor, str]]:
    """Yield the merges that need a crop, pad or resize which ``fits`` says could be spared."""
    for tensor, node, before, after in _fitting(model, key):
        if not _is_even(before, after) and fits.get(node.name):
            yield tensor, f'"{tensor.name}" ({tensor.op}) makes {after} positions of {before} for a merge'


def _needless(model: Subject, key: Key) -> dict[str, bool]:
    """Return the names of the nodes that fit operands of a merge, and would not have to at a neighbouring extent."""
    wanted = {node.name for _, node, before, after in _fitting(model, key) if not _is_even(before, after)}
    if not wanted:
        return {}
    extent = model.analysis.inputs[key[0]].shape[key[1]]
    analysed = at(model.analysis, *key)
    spared: dict[str, bool] = {}
    grid = model.analysis.runs.grid(key)
    for tried in (extent - extent % grid, extent - extent % grid + grid):
        other = analysed(tried)
        if other is None:
            continue
        uneven = {
            node.name
            for _, node, before, after in _fitting(Subject(other, model.settings), key)
            if not _is_even(before, after)
        }
        spared.update(dict.fromkeys(wanted - uneven, True))
    return spared


DOES = Does(check=check, judges=has_places)
