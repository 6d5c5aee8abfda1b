"""Where a graph can be edited: its layers with windows, what pads them in front or crops them behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from pytest_rf.access import SAME, Taps, spread, window
from pytest_rf.graph import Graph, Step, Union
from pytest_rf.node import Node, Windows

_CALL = re.compile(r"@\d+")
"""What tells apart the calls of one PyTorch module in the names of its operators."""


class Layer(NamedTuple):
    """A convolution that is lowered to one read of a window per axis.

    Attributes:
        node: its operator.
        step: the step that reads by the windows.
        windows: its geometry.
        operand: number of the value that the windows lie over.
        axes: for each window the axis of the operand that it runs along.
    """

    node: Node
    step: Step
    windows: Windows
    operand: int
    axes: tuple[int, ...]


class Pad(NamedTuple):
    """A step that pads one axis of a value which a single layer reads; ``before`` and ``after`` are 0 or more."""

    step: Step
    relation: Taps
    before: int
    after: int

    @property
    def name(self) -> str:
        """The name of its operator, whichever call of a PyTorch module that belongs to."""
        node = self.step.node
        return name(node) if "." in node.op else node.name


class Sites:
    """What of a graph can be edited, worked out when it is first asked for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @cached_property
    def makers(self) -> dict[int, Step]:
        """Value number -> the step that makes it."""
        return {step.value.number: step for step in self.graph.program}

    @cached_property
    def outputs(self) -> set[int]:
        """The numbers of the values that the model returns."""
        return {value.number for value in self.graph.outputs.values()}

    @cached_property
    def readers(self) -> dict[int, list[Step]]:
        """Value number -> the steps that read it."""
        found: dict[int, list[Step]] = {}
        for step in self.graph.program:
            for number in dict.fromkeys(step.operands):
                found.setdefault(number, []).append(step)
        return found

    @cached_property
    def layers(self) -> dict[int, Layer]:
        """Number of a node -> the convolution that it is."""
        found = {}
        for step in self.graph.program:
            if step.node.windows is not None and step.node.index not in found:
                layer = _layer(step, step.node.windows)
                if layer is not None:
                    found[step.node.index] = layer
        return found

    @cached_property
    def calls(self) -> dict[int, tuple[int, ...]]:
        """Number of a convolution's node -> the nodes that are calls of the same layer, itself among them."""
        return self._alike(lambda node: {name(node)})

    @cached_property
    def sharing(self) -> dict[int, tuple[int, ...]]:
        """The same with the nodes that are other layers of the same weights, which have one kernel."""
        return self._alike(
            lambda node: {name(node), *(value.number for value in node.inputs[1:2] if not value.varies)}
        )

    def _alike(self, marks: Callable[[Node], set[object]]) -> dict[int, tuple[int, ...]]:
        """Return for each layer the nodes of those that have a mark in common, directly or over others."""
        like: dict[object, object] = {}  # a mark -> another one of the same layers, up to one that is its own

        def chief(mark: object) -> object:
            while (above := like.setdefault(mark, mark)) != mark:
                like[mark] = mark = like[above]
            return mark

        for layer in self.layers.values():
            first, *others = marks(layer.node)
            for mark in others:
                like[chief(mark)] = chief(first)
        groups: dict[object, list[int]] = {}
        for number, layer in sorted(self.layers.items()):
            groups.setdefault(chief(name(layer.node)), []).append(number)
        found = {number: tuple(group) for group in groups.values() for number in group}
        return {number: found[number] for number in self.layers}

    def is_inner(self, number: int, reader: Step) -> bool:
        """Whether a value is read by one step alone, and is no output of the model."""
        return number not in self.outputs and self.readers.get(number, []) == [reader]

    def pad(self, layer: Layer, axis: int) -> Pad | None:
        """Return what pads the operand of a layer along one of the operand's axes, and is read by it alone."""
        step = self.makers.get(layer.operand)
        if step is None or not self.is_inner(layer.operand, layer.step):
            return None
        if not isinstance(step.action, Union) or len(step.action.reads) != 1:
            return None
        (read,) = step.action.reads
        if read.where is not None or len(read.axes) != len(step.value.extents):
            return None
        for place, (target, relation) in enumerate(read.axes):
            moves = isinstance(relation, Taps) and relation.selects and relation[:2] == (1, 1)
            if target != place or not (relation == SAME or moves):
                return None
        relation = read.axes[axis][1]
        if not isinstance(relation, Taps):
            return None
        before = -relation.taps[0][0]
        extent = self.graph.values[read.operand].extents[axis]
        after = step.value.extents[axis] - extent - before
        return Pad(step, relation, before, after) if before >= 0 and after >= 0 else None

    def is_chomped(self, layer: Layer, axis: int) -> bool:
        """Whether the one reader of a layer takes what lies first along an axis, as many positions as came in."""
        value = layer.step.value
        readers = self.readers.get(value.number, [])
        if len(readers) != 1 or not self.is_inner(value.number, readers[0]):
            return False
        (step,) = readers
        if not isinstance(step.action, Union) or len(step.action.reads) != 1:
            return False
        (read,) = step.action.reads
        straight = all(target == place for place, (target, _) in enumerate(read.axes))
        relation = read.axes[axis][1]
        is_first = isinstance(relation, Taps) and relation[:3] == (1, 1, ((0,),)) and relation.selects
        extent = self.graph.values[layer.operand].extents[axis]
        return straight and is_first and step.value.extents[axis] == extent


def name(node: Node) -> str:
    """Return the name under which a layer is told, whichever of its calls the node is."""
    if "." in node.op:  # an operator of PyTorch, whose name begins with its module
        return _CALL.sub("", node.name)
    return node.module or node.name


def _layer(step: Step, windows: Windows) -> Layer | None:
    """Return the layer that a step computes, if its windows are those that the node tells of."""
    if not isinstance(step.action, Union) or step.value.shape is None:
        return None
    rank = len(windows.kernel)
    relation = spread if windows.transposed else window
    told = [
        relation(kernel, stride, dilation, before)
        for kernel, stride, dilation, (before, _) in zip(
            windows.kernel, windows.stride, windows.dilation, windows.padding, strict=True
        )
    ]
    for read in step.action.reads:
        axes = tuple(range(len(read.axes) - rank, len(read.axes)))
        placed = read.channel is not None and axes[0] > read.channel
        if placed and [read.axes[axis] for axis in axes] == list(zip(axes, told, strict=True)):
            return (
                Layer(step.node, step, windows, read.operand, axes) if len(step.action.reads) == 1 else None
            )
    return None
