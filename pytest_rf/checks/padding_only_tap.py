"""A kernel tap that reads nothing but padding.

## What it does
Looks for taps of convolutions and pools that along an axis read no input from any output unit: wherever the window
lies, that tap lies in padding. What an explicit Pad operator adds is padding, too.

## Why is this bad
The tap's weights get no gradient and do nothing: a 3×3 kernel with dilation 24 on a feature map of 16 × 16 is a 1×1
kernel that costs nine times as much. The model was made for larger inputs.

## Example
    Conv(kernel=3, dilation=24, padding=24) on 16 × 16        # only the middle tap reads

## Use instead
A dilation that fits the feature map, or the larger input that the model is meant for.

## References
- Chen, Papandreou, Schroff, Adam: Rethinking Atrous Convolution for Semantic Image Segmentation. 2017, section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pytest_rf.access import Taps
from pytest_rf.analysis.cells import operator
from pytest_rf.analysis.units import positions
from pytest_rf.checks.layers import Layer, layers
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.domains.layout import Key
from pytest_rf.findings import Finding, Required


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per layer and axis with such taps."""
    for layer in layers(model.analysis):
        if layer.spreads:
            continue
        for axis, relation, key in layer.axes():
            idle = _idle(layer, axis, relation, key)
            taps = len(relation.taps[0])
            if not idle or taps < 2:
                continue
            extent = layer.operand.extents[axis]
            padding = extent - int(_real(layer, axis, key).sum())
            source = model.analysis.inputs[key[0]]
            name = next(name for name, number in source.axes.items() if number == key[1])
            yield model.at(
                layer.tensor,
                f'{idle} of {taps} taps of "{layer.tensor.name}" ({operator(layer.tensor)}) along {name} '
                f"read padding only: it lies over {extent} positions"
                + (f", {padding} of them padding" if padding else ""),
                axes=(name,),
                input=source.name,
                metric="taps",
                measured=measured(idle),
                required=Required(text="0", comparator="==", value=0),
                help="make the dilation or the kernel smaller, or check the model with a larger input",
            )


def _idle(layer: Layer, axis: int, relation: Taps, key: Key) -> int:
    """Return how many taps read no input from any output unit."""
    if relation.border != "drop" or len(relation.taps) != 1:
        return 0
    extent, outputs = layer.operand.extents[axis], layer.outputs(axis)
    real = _real(layer, axis, key)
    if not outputs or not real.any():
        return 0
    starts = np.arange(outputs) * relation.advance
    count = 0
    for tap in relation.taps[0]:
        places = starts + tap
        places = places[(places >= 0) & (places < extent)]
        count += not real[places].any()
    return count


def _real(layer: Layer, axis: int, key: Key) -> npt.NDArray[np.bool_]:
    """Return which positions of the operand's axis are more than padding: some element there reads the input."""
    shape = layer.operand.extents
    lo, hi = positions(layer.tensor.runs.field(layer.operand, key, context=True), key, shape)
    others = tuple(other for other in range(len(shape)) if other != axis)
    real = (_distinct(lo) <= _distinct(hi)).any(axis=others)
    return np.broadcast_to(real, shape[axis : axis + 1])


def _distinct(array: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return a broadcast array with one element along the axes where all are the same one in memory."""
    alike = [stride == 0 for stride in array.strides]
    return array[tuple(slice(0, 1) if one else slice(None) for one in alike)]


def has_kernels(model: Subject) -> bool:
    """Return whether a model has a layer with several taps along an axis."""
    return any(not layer.spreads and max(layer.windows.kernel) > 1 for layer in layers(model.analysis))


DOES = Does(check=check, judges=has_kernels)
