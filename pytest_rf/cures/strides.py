"""Edits of strides: a stride moved from a layer to a wider one behind it, which keeps all shapes but those between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_rf.access import SAME, unmoved
from pytest_rf.cures.change import Change, Draft, Size, altered
from pytest_rf.cures.geometry import reach, taps
from pytest_rf.cures.sites import Layer, Sites, name
from pytest_rf.cures.trial import Trial
from pytest_rf.graph import Step, Union
from pytest_rf.node import Windows


@dataclass(frozen=True)
class Deferred:
    """A stride that is left to the next layer, whose window is as large, along some axes.

    Attributes:
        node: number of the node of the layer that skips; the next one follows from it.
        axes: numbers of its windows.
    """

    node: int
    axes: tuple[int, ...]

    kind = "stride"

    def size(self, sites: Sites) -> Size:
        """Return how much it changes."""
        layer = sites.layers[self.node]
        return Size(2, 0, max(layer.windows.stride[axis] - 1 for axis in self.axes))

    def made(self, sites: Sites) -> Draft | None:
        """Return the graph with the edit; None where no layer behind can take the stride and make the same shape."""
        first = sites.layers.get(self.node)
        found = None if first is None else _behind(sites, first)
        if first is None or found is None or max(self.axes) >= min(len(first.axes), len(found[1].axes)):
            return None
        between, second = found
        strides = first.windows.stride
        early, late = list(strides), list(second.windows.stride)
        for axis in self.axes:
            early[axis], late[axis] = 1, strides[axis]
            if first.axes[axis] != second.axes[axis] or second.windows.stride[axis] != 1:
                return None
            if second.windows.kernel[axis] < strides[axis]:  # it would skip as the first did
                return None
        draft = Draft(sites.graph)
        for layer, numbers in ((first, early), (second, late)):
            windows = layer.windows._replace(stride=tuple(numbers))
            draft.nodes[layer.node.index] = altered(draft.node(layer.node), windows=windows)
            draft.tell(name(layer.node), self.kind, layer.windows.stride, windows.stride)
            for axis in self.axes:
                place = layer.axes[axis]
                operand = draft.values.get(layer.operand, sites.graph.values[layer.operand])
                extent = _extent(windows, axis, operand.extents[place])
                if layer is second and extent != layer.step.value.extents[place]:
                    return None
                draft.relate(layer.step, place, taps(windows, axis), extent)
                for step in between if layer is first else ():
                    draft.relate(step, place, SAME, extent)
        return draft


def changes(trial: Trial) -> Iterator[Change]:
    """Yield strides of layers that skip what the layer of the finding skips, each left to the next layer."""
    maker = None if trial.tensor is None else trial.sites.makers.get(trial.tensor.number)
    own = None if maker is None else trial.sites.layers.get(maker.node.index)
    for layer in trial.sites.layers.values() if own is not None else ():
        windows = layer.windows
        axes = tuple(axis for axis, n in enumerate(windows.stride) if n > windows.kernel[axis])
        if own is not None and layer.operand == own.operand and axes and not windows.transposed:
            yield Deferred(layer.node.index, axes)


def _behind(sites: Sites, layer: Layer) -> tuple[list[Step], Layer] | None:
    """Return the next layer, and the steps on the way there; None where it is not the one reader of the first."""
    between: list[Step] = []
    number = layer.step.value.number
    while number not in sites.outputs and len(readers := sites.readers.get(number, [])) == 1:
        (step,) = readers
        second = sites.layers.get(step.node.index)
        if second is not None and second.step is step and second.operand == number:
            calls = len(sites.calls[layer.node.index]) + len(sites.calls[second.node.index])
            return (between, second) if calls == 2 and not second.windows.transposed else None
        if not isinstance(step.action, Union) or len(step.action.reads) != 1:
            return None
        (read,) = step.action.reads
        if read.axes != unmoved(step.value.rank) or read.where is not None or len(step.operands) != 1:
            return None
        between.append(step)
        number = step.value.number
    return None


def _extent(windows: Windows, axis: int, extent: int) -> int:
    """Return how many windows fit."""
    return (extent + sum(windows.padding[axis]) - reach(windows, axis)) // windows.stride[axis] + 1
