"""Convolutions and pools, direct and transposed, and windows as columns, over any number of spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import ceil, floor, prod
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf import access
from pytest_rf.access import ANYWHERE, LARGEST_TABLE, WHOLE, Read, Relation, Sets, Taps
from pytest_rf.graph import Builder
from pytest_rf.node import Role, Windows
from pytest_rf.operators.reads import ENDS, Ends, all_of, along, indexed
from pytest_rf.operators.scatters import write_rows
from pytest_rf.operators.sparsity import boxes
from pytest_rf.operators.views import transpose
from pytest_rf.value import Shape, Value

Norm = Literal["max", "average", "norm"]
"""What a pool takes of its windows."""


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

    def same(self, extent: int, upper: bool = True) -> Window:
        """Return the window with SAME padding for ``ceil(extent / stride)`` outputs; ``upper``: odd one behind."""
        return self.padded(max((-(-extent // self.stride) - 1) * self.stride + self.reach - extent, 0), upper)

    def padded(self, total: int, upper: bool = True) -> Window:
        """Return the window with ``total`` padding, perhaps negative; ``upper``: the odd one is behind."""
        half = total // 2
        before = half if upper else total - half
        return Window(self.kernel, self.stride, self.dilation, before, total - before)

    @property
    def taps(self) -> access.Taps:
        """The window as an access relation."""
        return access.window(self.kernel, self.stride, self.dilation, self.before)

    @property
    def spread(self) -> access.Taps:
        """The transposed window as an access relation."""
        return access.spread(self.kernel, self.stride, self.dilation, self.before)

    def taps_at(self, taps: tuple[int, ...]) -> access.Taps:
        """Return the relation of a window of which only some taps read."""
        return access.window(taps, self.stride, self.dilation, self.before)

    def spread_at(self, taps: tuple[int, ...]) -> access.Taps:
        """Return the relation of the transposed window of which only some taps read."""
        return access.spread(taps, self.stride, self.dilation, self.before)


def geometry(
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    before: Sequence[int],
    after: Sequence[int] | None = None,
) -> list[Window]:
    """Return a window for each spatial axis; without ``after`` the padding is the same on both sides."""
    return [Window(*each) for each in zip(kernel, stride, dilation, before, after or before, strict=True)]


def live_taps(b: Builder, weights: Value) -> npt.NDArray[np.bool_] | None:
    """Return which taps of a kernel (two channel axes, spatial...) any channel uses, in weight-aware mode."""
    if not b.weights or weights.varies or weights.data is None:
        return None
    return np.asarray((weights.data != 0).any(axis=(0, 1)))


def describe(
    b: Builder, windows: Sequence[Window], groups: int = 1, *, transposed: bool = False, kind: str = ""
) -> None:
    """Give the node at hand its geometry, and say what ``kind`` it is."""
    kernel, stride, dilation, before, after = zip(*windows, strict=True)
    padding = tuple(zip(before, after, strict=True))
    b.node.windows, b.node.kind = Windows(kernel, stride, dilation, groups, transposed, padding), kind


def convolved(
    b: Builder,
    x: Value,
    weights: Value,
    windows: Sequence[Window],
    groups: int = 1,
    *,
    bias: Value | None = None,
    outputs: Sequence[int] | None = None,
    factors: bool = True,
    kind: str = "",
) -> Value:
    """Return ``x`` (N, C, spatial...) convolved with a kernel and a bias that may be computed themselves.

    Args:
        b: the builder.
        x: the image.
        weights: the kernels, output channels first; input channels first if the convolution is transposed.
        windows: a window per spatial axis.
        groups: the number of groups of channels.
        bias: a number for each output channel.
        outputs: the extents of a transposed convolution; None for a direct one.
        factors: whether a weight of 0 is a factor, as it is not where a zero point is taken off first.
        kind: what kind of convolution it is, in a word.
    """
    describe(b, windows, groups, transposed=outputs is not None, kind=kind)
    live = live_taps(b, weights) if factors and x.varies else None
    if outputs is None:
        y = convolution(b, x, weights.extents[0], windows, groups, live=live)
    else:
        y = transposed_convolution(b, x, weights.extents[1] * groups, windows, outputs, groups, live)
    if not weights.varies:
        return biased(b, y, bias)
    if outputs is not None:  # let an output channel have its kernel in a row, as in a direct convolution
        inputs, each, *taps = weights.extents
        apart = b.reshape(weights, [groups, inputs // groups, each, *taps])
        turned = transpose(b, apart, [0, 2, 1, *range(3, apart.rank)])
        weights = b.reshape(turned, [groups * each, inputs // groups, *taps])
    met = [
        _met(axis, w, x.extents[axis], y.extents[axis], outputs is not None)
        for axis, w in enumerate(windows, 2)
    ]
    return biased(b, y, bias, indexed(weights, 1, ENDS, *met))


def _met(axis: int, w: Window, extent: int, output: int, transposed: bool) -> tuple[int, Relation] | Ends:
    """Return which taps of a kernel an output position multiplies with an element of the input."""
    if not transposed and w.before <= 0 and (output - 1) * w.stride - w.before + w.reach <= extent:
        return ENDS
    if output * w.kernel > LARGEST_TABLE:
        return Ends(ANYWHERE)
    tap = w.dilation * np.arange(w.kernel)[None, :]
    if transposed:
        place = np.arange(output)[:, None] + w.before - tap
        return axis, Sets((place % w.stride == 0) & (place >= 0) & (place < extent * w.stride))
    place = np.arange(output)[:, None] * w.stride - w.before + tap
    return axis, Sets((place >= 0) & (place < extent))


def biased(b: Builder, y: Value, bias: Value | None, *reads: Read) -> Value:
    """Return ``y`` (N, C, ...) with one number added per channel, or one for all, and what else is read."""
    if bias is not None and bias.varies:
        reads = (*reads, indexed(bias, 1 if bias.extents[0] == y.extents[1] else ENDS))
    return b.union(y.extents, along(y), *reads) if reads else y


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
    if live is None or live.all():
        kernels = [[w.taps for w in windows]]
    else:
        kernels = [[w.taps_at(taps) for w, taps in zip(windows, box, strict=True)] for box in boxes(live)]
    reads = [_kernel_read(x, channels, groups, kernel) for kernel in kernels]
    return b.union([x.extents[0], channels, *extents], *reads, window=True)


def _kernel_read(x: Value, channels: int, groups: int, windows: Sequence[Relation]) -> Read:
    return along(x, {1: across(x, channels, groups), **dict(enumerate(windows, 2))}, channel=1)


def across(x: Value, channels: int, groups: int) -> Relation | Ends:
    """Return how ``channels`` output channels of a convolution in groups read those of ``x``."""
    relation = access.groups(x.extents[1], channels, groups)
    return ENDS if relation is WHOLE else relation


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
    if live is None or live.all():
        kernels = [[w.spread for w in windows]]
    else:
        kernels = [[w.spread_at(taps) for w, taps in zip(windows, box, strict=True)] for box in boxes(live)]
    reads = [_kernel_read(x, channels, groups, kernel) for kernel in kernels]
    return b.union([x.extents[0], channels, *outputs], *reads, window=True)


def pool(b: Builder, x: Value, windows: Sequence[Window], outputs: Sequence[int], takes: Norm) -> Value:
    """Return a pooling of ``x`` (N, C, spatial...) that ``takes`` a norm of its windows.

    A window that covers a whole axis and leaves one position is global pooling (SEMANTICS 2).
    """
    describe(b, windows)
    b.node.role = Role(takes, tuple(range(2, x.rank)))
    over: dict[int, Relation | Ends] = {}
    for axis, (w, extent) in enumerate(zip(windows, outputs, strict=True), 2):
        covers = extent == 1 and w.before >= 0 and w.dilation == 1 and w.kernel - w.before >= x.extents[axis]
        over[axis] = ENDS if covers and x.extents[axis] > 1 else w.taps
    return b.union([*x.extents[:2], *outputs], along(x, over, statistic=True))


def fractional_pool(
    b: Builder, x: Value, kernel: Sequence[int], outputs: Sequence[int], drawn: Sequence[Value]
) -> Value:
    """Return a pooling whose output ``i`` has a window at one of two places beside ``i·a``, as numbers ``drawn`` say.

    ``a`` lays the first window at the start of an axis and the last one at its end (Graham 2014).
    """
    describe(b, [Window(k) for k in kernel], kind="fractional")
    over = {}
    for axis, (k, output) in enumerate(zip(kernel, outputs, strict=True), x.rank - len(kernel)):
        room = x.extents[axis] - k
        ratio = Fraction(room, output - 1) if output > 1 else Fraction(0)
        rows = [range(floor(i * ratio), ceil(i * ratio) + k) for i in range(ratio.denominator)]
        over[axis] = Taps(ratio.denominator, ratio.numerator, tuple(map(tuple, rows)))
        if not ratio:  # all windows lie over each other, at the end
            over[axis] = Taps(1, 1, (tuple(range(room, room + k)),))
    shape = (*x.extents[: x.rank - len(kernel)], *outputs)
    return b.union(shape, along(x, over, statistic=True), *map(all_of, drawn))


def unfold(b: Builder, x: Value, windows: Sequence[Window]) -> Value:
    """Return the windows of ``x`` (N, C, spatial...) as columns: (N, C·taps, windows)."""
    describe(b, windows)
    b.node.role = Role("unfold", tuple(range(2, x.rank)))
    counts = [w.output(extent) for w, extent in zip(windows, x.extents[2:], strict=True)]
    columns = []
    for taps in product(*(range(w.kernel) for w in windows)):
        places = [
            (axis, w.taps_at((tap,))) for axis, (w, tap) in enumerate(zip(windows, taps, strict=True), 3)
        ]
        columns.append(b.union([*x.extents[:2], 1, *counts], indexed(x, 0, 1, *places)))
    return b.reshape(b.join(columns, 2), [x.extents[0], x.extents[1] * len(columns), prod(counts)])


def fold(b: Builder, x: Value, windows: Sequence[Window], image: Sequence[int]) -> Value:
    """Return columns (N, C·taps, windows) put back into an image, added where windows overlap: (N, C, image...)."""
    describe(b, windows, kind="transposed")
    b.node.role = Role("fold", (2,))
    kernel, rank = [w.kernel for w in windows], len(windows)
    counts = [w.output(extent) for w, extent in zip(windows, image, strict=True)]
    lead = (x.extents[0], x.extents[1] // prod(kernel))
    y = b.reshape(x, [*lead, *kernel, *counts])
    for left, w, extent in zip(range(rank, 0, -1), windows, image, strict=True):
        # The taps of this axis stand at 2, those of the axes that are left behind them, then windows in this order.
        last = y.rank - 2
        shape = [*y.extents[:2], *y.extents[3 : left + 2], *y.extents[left + 3 :], extent]
        reads = [
            indexed(
                y,
                0,
                1,
                Ends(access.progression(tap)),
                *range(2, left + 1),
                (last, w.spread_at((tap,))),
                *range(left + 1, last),
            )
            for tap in range(w.kernel)
        ]
        y = b.union(shape, *reads, window=True)
    return y


def unpool(
    b: Builder,
    x: Value,
    picked: Value,
    shape: Shape,
    lead: int,
    places: npt.NDArray[np.int64] | None = None,
) -> Value:
    """Return a tensor of ``shape`` that holds the elements of ``x`` where the indices of a maximum say.

    Args:
        b: the builder.
        x: the elements.
        picked: the indices, of the shape of ``x``.
        shape: the result's.
        lead: how many of the first axes an element does not leave, whatever its index.
        places: for each element its flat place, if that is known.
    """
    if places is not None and prod(shape) <= LARGEST_TABLE:
        flat, latest = places.reshape(-1), np.full(prod(shape), -1)
        latest[flat] = np.arange(flat.size)  # of several elements at one place the last one stays
        flat = np.where(latest[flat] == np.arange(flat.size), flat, -1)
        return write_rows(b, b.constant(shape), b.reshape(x, [flat.size]), flat, len(shape), False)
    anywhere = dict.fromkeys(range(lead, x.rank), ANYWHERE)
    return b.union(shape, along(x, anywhere), along(picked, anywhere))
