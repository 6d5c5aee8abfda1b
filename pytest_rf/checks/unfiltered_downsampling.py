"""A layer that skips positions without a low-pass before it.

## What it does
Reports convolutions and max-pools with a stride above 1 whose operand no low-pass has made: an average pool, or a
depthwise convolution of stride 1 behind which only elementwise operators stand. A strided average pool, and a strided
depthwise convolution with one constant kernel of positive taps for all channels, are a low-pass themselves.

## Why is this bad
Skipping positions aliases: a shift of the image by one pixel changes the features, and with them the answer.

## Example
    MaxPool(kernel=2, stride=2)

## Use instead
A max-pool of stride 1 and a blurred downsampling behind it (BlurPool), or an average pool.

## References
- Zhang: Making Convolutional Networks Shift-Invariant Again. ICML, 2019.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.analysis.cells import operator
from pytest_rf.checks.layers import Layer, is_window, layers
from pytest_rf.checks.rule import Does
from pytest_rf.checks.subject import Subject, measured
from pytest_rf.findings import Finding, Required
from pytest_rf.node import Node
from pytest_rf.value import Value


def check(model: Subject) -> Iterator[Finding]:
    """Yield a finding per layer that downsamples without a filter."""
    makers = {
        value.number: node for node in reversed(model.analysis.graph.nodes) for value in node.outputs.values()
    }
    for layer in _downsampling(model):
        node = makers.get(layer.operand.number)
        if not _is_low_pass(layer.node) and not (
            node is not None and node is not layer.node and _is_low_pass(node)
        ):
            yield model.at(
                layer.tensor,
                f'"{layer.tensor.name}" ({operator(layer.tensor)}) skips positions of what no low-pass '
                "has filtered",
                metric="stride",
                measured=measured(max(layer.windows.stride)),
                required=Required(text="a low-pass before it"),
                help="average or blur before positions are skipped",
            )


def _downsampling(model: Subject) -> Iterator[Layer]:
    for layer in layers(model.analysis):
        picks = layer.node.role is None or layer.node.role.name == "max"
        if picks and not layer.spreads and _strides(layer):
            yield layer


def _strides(layer: Layer) -> bool:
    """Whether windows stride along an axis; one window that takes an axis whole skips nothing of it."""
    return any(
        is_window(relation) and layer.windows.stride[layer.place(axis)] > 1
        for axis, (_, relation) in enumerate(layer.read.axes)
        if layer.place(axis) >= 0
    )


def _is_average(node: Node) -> bool:
    return node.role is not None and node.role.name == "average"


def _is_low_pass(node: Node) -> bool:
    """Whether a node averages its neighbourhood: an average pool, or one positive kernel for every channel."""
    return _is_average(node) or (node.windows is not None and node.windows.groups > 1 and _blurs(node.inputs))


def _blurs(inputs: tuple[Value, ...]) -> bool:
    kernel = next((value for value in inputs[1:2] if not value.varies and value.shape is not None), None)
    taps = None if kernel is None else kernel.data
    if taps is None or not taps.size or not taps.ndim:
        return True  # it may be one: its weights are not at hand
    return bool((taps >= 0).all()) and bool((taps == taps[:1]).all())


def downsamples(model: Subject) -> bool:
    """Return whether a model has a strided convolution or max-pool."""
    return any(True for _ in _downsampling(model))


DOES = Does(check=check, judges=downsamples)
