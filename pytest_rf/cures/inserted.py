"""A layer more: a convolution of stride 1 behind another one."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_rf.access import SAME, WHOLE, Read, window
from pytest_rf.cures.change import Draft, Size
from pytest_rf.cures.geometry import is_causal
from pytest_rf.cures.sites import Sites, name
from pytest_rf.graph import Step, Union
from pytest_rf.node import Node, Windows
from pytest_rf.value import Value


@dataclass(frozen=True)
class Inserted:
    """A convolution behind another one, with as many channels, padded as that is and to keep its length.

    Attributes:
        node: number of the node behind which it stands.
        axes: numbers of that layer's windows along which it has several taps.
        kernel: how many.
        dilation: how far apart.
    """

    node: int
    axes: tuple[int, ...]
    kernel: int
    dilation: int

    kind = "layer behind"

    def size(self, sites: Sites) -> Size:
        """Return how much it changes."""
        return Size(1, 2, self.dilation * (self.kernel - 1))

    def made(self, sites: Sites) -> Draft | None:
        """Return the graph with the layer; None behind one that is called several times."""
        layer = sites.layers.get(self.node)
        if layer is None or len(sites.calls[self.node]) > 1 or max(self.axes) >= len(layer.axes):
            return None
        step = layer.step
        if any(sites.is_chomped(layer, place) for place in layer.axes):
            (step,) = sites.readers[step.value.number]  # behind what crops it
        draft, graph, value = Draft(sites.graph), sites.graph, step.value
        windows = self._windows(sites)
        own = Value(len(graph.values), value.shape)
        label = name(layer.node)
        node = Node(
            f"{label} (behind)",
            layer.node.op,
            layer.node.module,
            windows=windows,
            inputs=(own,),
            outputs={f"{label} (behind)": value},
            index=len(graph.nodes),
        )
        axes = [(axis, SAME) for axis in range(value.rank)]
        channel = layer.axes[0] - 1
        reads: list[tuple[int | None, object]] = [*axes]
        reads[channel] = (None, WHOLE)
        for axis, place in enumerate(layer.axes):
            numbers = (windows.kernel[axis], 1, windows.dilation[axis], windows.padding[axis][0])
            reads[place] = (place, window(*numbers))
        action = Union((Read(own.number, tuple(reads), channel=channel),))  # type: ignore[arg-type]
        draft.values[own.number] = own
        draft.nodes[node.index] = node
        draft.steps[value.number] = [
            step._replace(value=own),
            Step(value, action, node, (own.number,)),
        ]
        draft.tell(label, self.kind, "", str(windows) + _around(windows))
        return draft

    def _windows(self, sites: Sites) -> Windows:
        layer = sites.layers[self.node]
        count = range(len(layer.axes))
        around = []
        for axis in count:
            total = self.dilation * (self.kernel - 1) if axis in self.axes else 0
            before = total if is_causal(sites, layer, axis) else total // 2
            around.append((before, total - before))
        return Windows(
            tuple(self.kernel if axis in self.axes else 1 for axis in count),
            (1,) * len(count),
            tuple(self.dilation if axis in self.axes else 1 for axis in count),
            padding=tuple(around),
        )


def _around(windows: Windows) -> str:
    """Return the padding in words."""
    sides = dict.fromkeys(windows.padding)
    return " padding " + "×".join(
        str(before) if before == after else f"{before} before" if not after else f"{before}+{after}"
        for before, after in sides
    )
