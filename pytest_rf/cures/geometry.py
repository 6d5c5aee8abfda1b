"""Edits of the geometry of one layer: kernel, dilation and the padding that keeps its shape, or padding moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from pytest_rf.access import Taps, spread, window
from pytest_rf.cures.change import Draft, Size, altered
from pytest_rf.cures.sites import Layer, Pad, Sites, name
from pytest_rf.node import Windows


class Sides(NamedTuple):
    """Positions that are added before and after; negative ones are cropped."""

    before: int
    after: int

    def grown(self, more: int) -> Sides | None:
        """Return the sides with more positions, where there are some already; None where that cannot be."""
        before, after = self
        total = before + after + more
        if total < 0 or min(before, after) < 0 or not before + after:
            return None
        if before == after:
            return Sides(total // 2, total // 2) if total % 2 == 0 else None
        if not before or not after:
            return Sides(total if before else 0, total if after else 0)
        share = Fraction(before * total, before + after)
        front = int(share) if share.denominator == 1 else before + more // 2
        return Sides(front, total - front) if 0 <= front <= total else None


def padding(sites: Sites, layer: Layer, axis: int) -> Sides:
    """Return what is padded around a window: by the layer itself, or by an operator in front that is for it alone."""
    own = Sides(*layer.windows.padding[axis])
    pad = _pad(sites, layer, axis)
    return own if pad is None else Sides(pad.before, pad.after)


def is_causal(sites: Sites, layer: Layer, axis: int) -> bool:
    """Whether a layer is padded in front alone, or what its padding behind makes is cropped."""
    before, after = padding(sites, layer, axis)
    return before > 0 and (not after or sites.is_chomped(layer, layer.axes[axis]))


def reach(windows: Windows, axis: int) -> int:
    """Return how many positions a dilated kernel spans."""
    return windows.dilation[axis] * (windows.kernel[axis] - 1) + 1


@dataclass(frozen=True)
class Geometry:
    """Another kernel or dilation of one layer along some of its axes, with the padding that its shape asks for.

    Attributes:
        kind: which of them.
        node: number of the layer's node; all its calls change.
        axes: numbers of its windows.
        value: what it becomes along these axes.
    """

    kind: Literal["kernel", "dilation"]
    node: int
    axes: tuple[int, ...]
    value: int

    def size(self, sites: Sites) -> Size:
        """Return how much it changes."""
        old = sites.layers[self.node].windows
        if self.kind == "kernel":
            return Size(1, 1, max(abs(self.value - old.kernel[axis]) for axis in self.axes))
        new = self._changed(old)
        return Size(1, 0, max(abs(reach(new, axis) - reach(old, axis)) for axis in self.axes))

    def made(self, sites: Sites) -> Draft | None:
        """Return the graph with the edit; None where no padding keeps the shape."""
        draft = Draft(sites.graph)
        calls = sites.sharing if self.kind == "kernel" else sites.calls
        for number in calls.get(self.node, ()):
            layer = sites.layers[number]
            if max(self.axes) >= len(layer.axes):
                return None
            new = self._changed(layer.windows)
            put = _Put(draft, sites, layer, new)
            if not all(put.along(axis, reach(new, axis) - reach(layer.windows, axis)) for axis in self.axes):
                return None
            label = name(layer.node)
            draft.tell(label, self.kind, getattr(layer.windows, self.kind), getattr(new, self.kind))
            put.finish()
        return draft

    def _changed(self, windows: Windows) -> Windows:
        numbers = getattr(windows, self.kind)
        changed = tuple(self.value if axis in self.axes else n for axis, n in enumerate(numbers))
        return (
            windows._replace(kernel=changed) if self.kind == "kernel" else windows._replace(dilation=changed)
        )


@dataclass(frozen=True)
class Moved:
    """Padding of one layer moved from behind to the front (or back, by less than 0), along some of its axes.

    Attributes:
        node: number of the layer's node; all its calls change.
        axes: numbers of its windows.
        by: how many positions.
    """

    node: int
    axes: tuple[int, ...]
    by: int

    kind = "padding"

    def size(self, sites: Sites) -> Size:
        """Return how much it changes; what crops is the last resort."""
        layer = sites.layers[self.node]
        crops = any(
            min(before + self.by, after - self.by) < 0
            for before, after in (padding(sites, layer, axis) for axis in self.axes)
        )
        return Size(1, 0, abs(self.by), crops)

    def made(self, sites: Sites) -> Draft | None:
        """Return the graph with the edit."""
        draft = Draft(sites.graph)
        for number in sites.calls.get(self.node, ()):
            layer = sites.layers[number]
            if layer.windows.transposed or max(self.axes) >= len(layer.axes):
                return None
            put = _Put(draft, sites, layer, layer.windows)
            for axis in self.axes:
                if not put.move(axis, self.by):
                    return None
            put.finish()
        return draft


class _Put:
    """Puts other windows in the place of a layer's, axis by axis.

    Attributes:
        windows: the geometry so far.
        sides: the padding around each window, so far.
        extra: output padding of a transposed convolution, so far.
    """

    def __init__(self, draft: Draft, sites: Sites, layer: Layer, windows: Windows) -> None:
        self.draft, self.sites, self.layer, self.windows = draft, sites, layer, windows
        self.sides = [padding(sites, layer, axis) for axis in range(len(layer.axes))]
        self.extra = [_extra(sites, layer, axis) for axis in range(len(layer.axes))]

    def along(self, axis: int, more: int) -> bool:
        """Let a window that reaches ``more`` positions further keep its shape; return whether it can."""
        layer, sides = self.layer, self.sides[axis]
        place = layer.axes[axis]
        extent = layer.step.value.extents[place]
        if self.windows.transposed:
            return self._transposed(axis, more)
        chomped = self.sites.is_chomped(layer, place)
        if chomped and sides != (reach(layer.windows, axis) - 1,) * 2:
            return False
        grown = Sides(sides.before + more, sides.after + more) if chomped else sides.grown(more)
        if grown is None or min(grown) < 0:
            return False
        return self._pad(axis, grown, extent + more if chomped else extent)

    def move(self, axis: int, by: int) -> bool:
        """Move padding to the front; return whether it can be."""
        before, after = self.sides[axis]
        extent = self.layer.step.value.extents[self.layer.axes[axis]]
        return self._pad(axis, Sides(before + by, after - by), extent)

    def finish(self) -> None:
        """Put the geometry in the place of the old one, and tell of the padding."""
        draft, layer = self.draft, self.layer
        draft.nodes[layer.node.index] = altered(draft.node(layer.node), windows=self.windows)
        label, axes = name(layer.node), range(len(layer.axes))
        old, new = [padding(self.sites, layer, axis) for axis in axes], self.sides
        by = self._pads([axis for axis in axes if old[axis] != new[axis]])
        if all(before == after for before, after in (*old, *new)):
            told = {"padding": ([one.before for one in old], [one.before for one in new])}
        else:
            told = {
                "padding before": ([one.before for one in old], [one.before for one in new]),
                "padding after": ([one.after for one in old], [one.after for one in new]),
            }
        for what, (was, becomes) in told.items():
            draft.tell(label, what, tuple(was), tuple(becomes), by)
        before = tuple(_extra(self.sites, layer, axis) for axis in axes)
        draft.tell(label, "output padding", before, tuple(self.extra))

    def _pads(self, axes: Sequence[int]) -> str:
        """Name the operator in front that pads along some axes; nothing where the layer does itself along one."""
        pads = [_pad(self.sites, self.layer, axis) for axis in axes]
        names = {"" if pad is None else pad.name for pad in pads}
        return names.pop() if len(names) == 1 else ""

    def _pad(self, axis: int, sides: Sides, extent: int) -> bool:
        """Put padding around a window: by the operator in front if there is one, else by the layer itself."""
        layer, place = self.layer, self.layer.axes[axis]
        self.sides[axis] = sides
        pad = _pad(self.sites, layer, axis)
        if pad is not None:
            relation = pad.relation
            inner = pad.step.value.extents[place] - pad.before - pad.after
            if relation.border != "drop" and not 0 <= max(sides) < inner:
                return False
            relation = relation._replace(taps=((-sides.before,),))
            self.draft.relate(pad.step, place, relation, inner + sum(sides))
        else:
            self._own(axis, sides)
        self.draft.relate(layer.step, place, taps(self.windows, axis), extent)
        return True

    def _own(self, axis: int, sides: Sides) -> None:
        around = list(self.windows.padding)
        around[axis] = (sides.before, sides.after)
        self.windows = self.windows._replace(padding=tuple(around))

    def _transposed(self, axis: int, more: int) -> bool:
        """Crop ``more`` of what a transposed window makes, first from what output padding adds."""
        sides, stride = self.sides[axis], self.windows.stride[axis]
        total = sum(sides) - self.extra[axis] + more
        if sides.before != sides.after or total < -stride:
            return False
        half = max(-(-total // 2), 0)
        extra = 2 * half - total
        if not 0 <= extra < max(stride, self.windows.dilation[axis]):
            return False
        self.sides[axis], self.extra[axis] = Sides(half, half), extra
        self._own(axis, self.sides[axis])
        self.draft.relate(self.layer.step, self.layer.axes[axis], taps(self.windows, axis))
        return True


def _pad(sites: Sites, layer: Layer, axis: int) -> Pad | None:
    """Return the operator that pads in front of a layer which adds nothing itself."""
    return None if any(layer.windows.padding[axis]) else sites.pad(layer, layer.axes[axis])


def _extra(sites: Sites, layer: Layer, axis: int) -> int:
    """Return the output padding of a transposed convolution: what it makes beyond what its windows do."""
    windows, place = layer.windows, layer.axes[axis]
    if not windows.transposed:
        return 0
    inner = windows.stride[axis] * (sites.graph.values[layer.operand].extents[place] - 1)
    return layer.step.value.extents[place] - inner - reach(windows, axis) + sum(windows.padding[axis])


def taps(windows: Windows, axis: int) -> Taps:
    """Return what a window reads of its operand along an axis."""
    relation = spread if windows.transposed else window
    return relation(
        windows.kernel[axis], windows.stride[axis], windows.dilation[axis], windows.padding[axis][0]
    )
