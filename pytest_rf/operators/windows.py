"""Convolutions and pools, direct and transposed, over any number of spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf import access
from pytest_rf.access import SAME, WHOLE, Read, Relation
from pytest_rf.graph import Builder, Value, Windows
from pytest_rf.operators.sparsity import Box, boxes


class Window(NamedTuple):
    """A window along one spatial axis.

    Attributes:
        kernel, stride, dilation: its taps.
        before, after: padding on either side; negative crops.
    """

    kernel: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0

    @property
    def reach(self) -> int:
        """Extent of the dilated kernel."""
        return self.dilation * (self.kernel - 1) + 1

    def output(self, extent: int, ceil: bool = False) -> int:
        """Return the number of output positions (Dumoulin & Visin 2016; ONNX MaxPool for ``ceil``)."""
        room = extent + self.before + self.after - self.reach
        if not ceil:
            return max(room // self.stride + 1, 0)
        count = -(-room // self.stride) + 1
        # A window that would start in the padding behind is left out.
        return max(count - ((count - 1) * self.stride >= extent + self.before), 0)

    def transposed(self, extent: int, extra: int = 0) -> int:
        """Return the number of output positions of the transposed window with output padding ``extra``."""
        return max(self.stride * (extent - 1) + self.reach - self.before - self.after + extra, 0)

    def same(self, extent: int, upper: bool) -> Window:
        """Return the window with SAME padding for ``ceil(extent / stride)`` outputs; ``upper``: odd one behind."""
        total = max((-(-extent // self.stride) - 1) * self.stride + self.reach - extent, 0)
        half = total // 2
        before = half if upper else total - half
        return Window(self.kernel, self.stride, self.dilation, before, total - before)

    @property
    def taps(self) -> access.Taps:
        """The window as an access relation."""
        return self.taps_at(tuple(range(self.kernel)))

    def taps_at(self, taps: tuple[int, ...]) -> access.Taps:
        """Return the relation of a window of which only some taps read."""
        return access.window(taps, self.stride, self.dilation, self.before)

    def spread_at(self, taps: tuple[int, ...]) -> access.Taps:
        """Return the relation of the transposed window of which only some taps read."""
        return access.spread(taps, self.stride, self.dilation, self.before)


def live_taps(b: Builder, weights: Value) -> npt.NDArray[np.bool_] | None:
    """Return which taps of a kernel (two channel axes, spatial...) any channel uses, in weight-aware mode."""
    if not b.weights or weights.varies or weights.data is None:
        return None
    return np.asarray((weights.data != 0).any(axis=(0, 1)))


def describe(
    b: Builder, windows: Sequence[Window], groups: int = 1, *, transposed: bool = False, kind: str = ""
) -> None:
    """Give the node at hand its geometry, and say what ``kind`` it is."""
    kernel, stride = tuple(w.kernel for w in windows), tuple(w.stride for w in windows)
    dilation = tuple(w.dilation for w in windows)
    b.node.windows, b.node.kind = Windows(kernel, stride, dilation, groups, transposed), kind


def convolution(
    b: Builder,
    x: Value,
    channels: int,
    windows: Sequence[Window],
    groups: int = 1,
    outputs: Sequence[int] = (),
    live: npt.NDArray[np.bool_] | None = None,
) -> Value:
    """Return a convolution of ``x`` (N, C, spatial...) to ``channels`` output channels.

    ``live`` says which taps of the kernel read (weight-aware mode); None: all.
    """
    extents = outputs or [w.output(n) for w, n in zip(windows, x.extents[2:], strict=True)]
    reads = [
        _kernel_read(x, channels, groups, [w.taps_at(taps) for w, taps in zip(windows, box, strict=True)])
        for box in _boxes(windows, live)
    ]
    return b.union([x.extents[0], channels, *extents], *reads)


def _kernel_read(x: Value, channels: int, groups: int, along: Sequence[Relation]) -> Read:
    across = access.groups(x.extents[1], channels, groups)
    axes: list[tuple[int | None, Relation]] = [(0, SAME), (None if across == WHOLE else 1, across)]
    axes += list(enumerate(along, 2))
    return Read(x.number, tuple(axes), channel=1)


def _boxes(windows: Sequence[Window], live: npt.NDArray[np.bool_] | None) -> list[Box]:
    if live is None or live.all():
        return [tuple(tuple(range(w.kernel)) for w in windows)]
    return boxes(live)


def transposed_convolution(
    b: Builder,
    x: Value,
    channels: int,
    windows: Sequence[Window],
    outputs: Sequence[int],
    groups: int = 1,
    live: npt.NDArray[np.bool_] | None = None,
) -> Value:
    """Return a transposed convolution; an output reads every input whose window reached it."""
    reads = [
        _kernel_read(x, channels, groups, [w.spread_at(taps) for w, taps in zip(windows, box, strict=True)])
        for box in _boxes(windows, live)
    ]
    return b.union([x.extents[0], channels, *outputs], *reads)


def pool(b: Builder, x: Value, windows: Sequence[Window], outputs: Sequence[int], first: int = 2) -> Value:
    """Return a pooling of ``x`` whose spatial axes start at ``first``.

    A window that covers a whole axis and leaves one position is global pooling (SEMANTICS 2).
    """
    axes: list[tuple[int | None, Relation]] = [(axis, SAME) for axis in range(first)]
    for axis, (w, extent) in enumerate(zip(windows, outputs, strict=True), first):
        covers = extent == 1 and w.before >= 0 and w.dilation == 1 and w.kernel - w.before >= x.extents[axis]
        axes.append((None, WHOLE) if covers and x.extents[axis] > 1 else (axis, w.taps))
    return b.union([*x.extents[:first], *outputs], Read(x.number, tuple(axes), statistic=True))
