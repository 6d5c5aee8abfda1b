"""Convolutions, pools, unfold and fold of ATen."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor, prod

import numpy as np

from pytest_rf.access import ANYWHERE, SAME, WHOLE, Read, Relation, Sets, Taps, indices, spread
from pytest_rf.graph import Builder, Value
from pytest_rf.operators import windows
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.aten.scatters import at_places
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.views import slices, transpose
from pytest_rf.operators.windows import Window


def batched(b: Builder, x: Value, rank: int) -> tuple[Value, bool]:
    """Return ``x`` with a batch axis in front, and whether it had none."""
    if x.rank == rank + 1:
        return b.reshape(x, [1, *x.extents]), True
    return x, False


def unbatched(b: Builder, y: Value, alone: bool) -> Value:
    """Take the batch axis off again."""
    return b.reshape(y, y.extents[1:]) if alone else y


def _geometry(call: OpCall, kernel: Sequence[int], extents: Sequence[int]) -> list[Window]:
    rank = len(kernel)
    strides, dilations = call.listed("stride", rank), call.listed("dilation", rank)
    padding = call.get("padding", 0)
    if padding == "same":
        found = []
        for k, d in zip(kernel, dilations, strict=True):
            total = d * (k - 1)
            found.append(Window(k, 1, d, total // 2, total - total // 2))
        return found
    pads = [0] * rank if padding == "valid" else call.listed("padding", rank, 0)
    return [Window(k, s, d, p, p) for k, s, d, p in zip(kernel, strides, dilations, pads, strict=True)]


def _operands(call: OpCall) -> tuple[Value, Value]:
    x, weight = call.x, call["weight"]
    assert isinstance(weight, Value)
    return x, weight


def _with_weights(
    call: OpCall, y: Value, x: Value, geometry: Sequence[Window], groups: int, across: bool = False
) -> Value:
    """Add what computed weights and biases read: an output channel its own kernel, where that meets the input.

    ``across``: the convolution is transposed.
    """
    reads = []
    weight, biases = call["weight"], call.given("bias")
    if weight.varies:
        channels: list[tuple[int | None, Relation]] = [(1, SAME), (None, WHOLE)]
        if across:
            inputs, per_group = weight.extents[:2]
            own = np.arange(per_group * groups)
            there = own[:, None] // per_group == np.arange(inputs)[None, :] // (inputs // groups)
            channels = [(1, Sets(there)) if groups > 1 else (None, WHOLE), (1, indices(own % per_group))]
        taps = [
            (2 + place, _meeting(w, extent, output, across))
            for place, (w, extent, output) in enumerate(
                zip(geometry, x.extents[2:], y.extents[2:], strict=True)
            )
        ]
        reads.append(Read(weight.number, (*channels, *taps)))
    reads += [Read(bias.number, ((1, SAME),)) for bias in biases if bias.varies]
    if not reads:
        return y
    own_read = [Read(y.number, tuple((axis, SAME) for axis in range(y.rank)))] if y.varies else []
    return call.b.union(y.extents, *own_read, *reads)


def _meeting(w: Window, extent: int, output: int, across: bool) -> Relation:
    """Return which taps of a kernel an output position multiplies with an element of the input."""
    tap = w.dilation * np.arange(w.kernel)[None, :]
    if across:
        place = np.arange(output)[:, None] + w.before - tap
        return Sets((place % w.stride == 0) & (place >= 0) & (place < extent * w.stride))
    place = np.arange(output)[:, None] * w.stride - w.before + tap
    return Sets((place >= 0) & (place < extent))


def convolution(call: OpCall) -> Value:
    """conv1d, conv2d, conv3d and aten.convolution, transposed or not."""
    x, weight = _operands(call)
    if call.get("transposed", False) or call.name.startswith("conv_transpose"):
        return transposed(call)
    rank = weight.rank - 2
    x, alone = batched(call.b, x, rank)
    geometry = _geometry(call, weight.extents[2:], x.extents[2:])
    groups = call.get("groups", 1)
    windows.describe(call.b, geometry, groups)
    if x.varies:
        live = windows.live_taps(call.b, weight)
        y = windows.convolution(call.b, x, weight.extents[0], geometry, groups, live=live)
    else:
        y = call.b.constant((1, *call.shape) if alone else call.shape)
    return unbatched(call.b, _with_weights(call, y, x, geometry, groups), alone)


def time_first(call: OpCall) -> Value:
    """conv_tbc: (time, batch, channels), with a kernel (taps, channels in, channels out)."""
    b, (x, weight) = call.b, call.given("self", "weight")
    given = {
        "input": transpose(b, x, [1, 2, 0]),
        "weight": transpose(b, weight, [2, 1, 0]),
        "bias": call["bias"],
        "padding": call["pad"],
    }
    shape = tuple(call.shape[axis] for axis in (1, 2, 0))
    return transpose(b, convolution(OpCall(b, "aten.conv1d.default", given, [shape])), [2, 0, 1])


def transposed(call: OpCall) -> Value:
    """conv_transpose1d, 2d, 3d."""
    x, weight = _operands(call)
    rank = weight.rank - 2
    x, alone = batched(call.b, x, rank)
    geometry = _geometry(call, weight.extents[2:], x.extents[2:])
    groups = call.get("groups", 1)
    windows.describe(call.b, geometry, groups, transposed=True)
    outputs = call.shape[-rank:]
    if x.varies:
        live, channels = windows.live_taps(call.b, weight), weight.extents[1] * groups
        y = windows.transposed_convolution(call.b, x, channels, geometry, outputs, groups, live)
    else:
        y = call.b.constant((1, *call.shape) if alone else call.shape)
    return unbatched(call.b, _with_weights(call, y, x, geometry, groups, across=True), alone)


def pool(call: OpCall) -> Result:
    """max_pool, avg_pool: a window per spatial axis; the indices of a maximum read the same."""
    rank = int(call.name.split("pool")[1][0])
    x, alone = batched(call.b, call.x, rank)
    kernel = call.listed("kernel_size", rank)
    strides = call.listed("stride", rank) if call.get("stride") else kernel
    pads, dilations = call.listed("padding", rank, 0), call.listed("dilation", rank)
    geometry = [Window(k, s, d, p, p) for k, s, d, p in zip(kernel, strides, dilations, pads, strict=True)]
    windows.describe(call.b, geometry)
    y = unbatched(call.b, windows.pool(call.b, x, geometry, call.shape[-rank:]), alone)
    return (y,) * len(call.shapes)


def unpool(call: OpCall) -> Value:
    """max_unpool: a position gets a value from wherever the indices say; constant ones say it now."""
    rank = int(call.name[-2])
    x, chosen = call.given("self")[0], call.given("indices")[0]
    if not chosen.varies:
        size = prod(call.shape[-rank:])
        flat = call.data(chosen).astype(np.int64).reshape(-1, prod(x.extents[-rank:]))
        places = flat + size * np.arange(flat.shape[0])[:, None]
        return at_places(call.b, call.b.constant(call.shape), x, places.reshape(x.extents))
    reads = []
    for value in (x, chosen):
        lead = value.rank - rank
        axes: list[tuple[int | None, Relation]] = [(axis, SAME) for axis in range(lead)]
        axes += [(axis, ANYWHERE) for axis in range(lead, value.rank)]
        reads.append(Read(value.number, tuple(axes)))
    return call.b.union(call.shape, *reads)


def fractional_pool(call: OpCall) -> Result:
    """fractional_max_pool: output ``i`` has a window that starts at random at one of two places beside ``i·a``."""
    rank = int(call.name.split("pool")[1][0])
    x, kernel = call.x, call.listed("kernel_size", rank)
    first = x.rank - rank
    axes: list[tuple[int | None, Relation]] = [(axis, SAME) for axis in range(first)]
    for axis, k in enumerate(kernel, first):
        extent, output = x.extents[axis], call.shape[axis]
        ratio = Fraction(extent - k, output - 1) if output > 1 else Fraction(0)
        if not ratio:  # all windows lie over each other, at the end
            axes.append((axis, Taps(1, 1, (tuple(range(extent - k, extent)),))))
            continue
        rows = [range(floor(i * ratio), ceil(i * ratio) + k) for i in range(ratio.denominator)]
        axes.append((axis, Taps(ratio.denominator, ratio.numerator, tuple(map(tuple, rows)))))
    windows.describe(call.b, [Window(k) for k in kernel], kind="fractional")
    drawn = [value for value in call.given("random_samples", "_random_samples") if value.varies]
    reads = [Read(value.number, ((None, WHOLE),) * value.rank) for value in drawn]
    y = call.b.union(call.shape, Read(x.number, tuple(axes), statistic=True), *reads)
    return (y,) * len(call.shapes)


def unfold(call: OpCall) -> Value:
    """im2col: columns of windows; (N, C·kernel, positions)."""
    x, alone = batched(call.b, call.x, 2)
    kernel, dilations = call.listed("kernel_size", 2), call.listed("dilation", 2)
    pads, strides = call.listed("padding", 2, 0), call.listed("stride", 2)
    geometry = [Window(k, s, d, p, p) for k, s, d, p in zip(kernel, strides, dilations, pads, strict=True)]
    windows.describe(call.b, geometry)
    n, c = x.extents[:2]
    counts = [w.output(extent) for w, extent in zip(geometry, x.extents[2:], strict=True)]
    taps = [
        windows.Window(1, w.stride, 1, w.before - w.dilation * k).taps
        for w in geometry
        for k in range(w.kernel)
    ]

    rows = []
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            axes = ((0, SAME), (1, SAME), (3, taps[i]), (4, taps[kernel[0] + j]))
            rows.append(call.b.union([n, c, 1, *counts], Read(x.number, axes)))
    columns = call.b.join(rows, 2)
    y = call.b.reshape(columns, [n, c * prod(kernel), prod(counts)])
    return unbatched(call.b, y, alone)


def fold(call: OpCall) -> Value:
    """col2im: each pixel sums the columns that hold it."""
    x = call.x
    alone = x.rank == 2
    if alone:
        x = call.b.reshape(x, [1, *x.extents])
    size, kernel = call.listed("output_size", 2), call.listed("kernel_size", 2)
    dilations, pads, strides = (
        call.listed("dilation", 2),
        call.listed("padding", 2, 0),
        call.listed("stride", 2),
    )
    geometry = [Window(k, s, d, p, p) for k, s, d, p in zip(kernel, strides, dilations, pads, strict=True)]
    windows.describe(call.b, geometry, kind="transposed")
    counts = [w.output(extent) for w, extent in zip(geometry, size, strict=True)]
    n, c = x.extents[0], x.extents[1] // prod(kernel)
    parts = call.b.reshape(x, [n, c, *kernel, *counts])
    sums = []
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            tap = [
                spread(1, w.stride, 1, w.before - w.dilation * k)
                for w, k in zip(geometry, (i, j), strict=True)
            ]
            cell = slices(call.b, parts, {2: (i, 1, 1), 3: (j, 1, 1)})
            axes = ((0, SAME), (1, SAME), (None, SAME), (None, SAME), (2, tap[0]), (3, tap[1]))
            sums.append(call.b.union([n, c, *size], Read(cell.number, axes)))
    return unbatched(call.b, pointwise(call.b, *sums), alone)


_CONVOLUTIONS = (
    "convolution _convolution conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d"
)
_POOLS = """
    max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices
    avg_pool1d avg_pool2d avg_pool3d mkldnn_max_pool2d quantized_max_pool2d
"""

RULES: Rules = {
    **{f"aten.{name}": convolution for name in _CONVOLUTIONS.split()},
    **{f"aten.{name}": pool for name in _POOLS.split()},
    **{f"aten.max_unpool{n}d": unpool for n in (2, 3)},
    **{f"aten.fractional_max_pool{n}d": fractional_pool for n in (2, 3)},
    "aten.conv_tbc": time_first,
    "aten.im2col": unfold,
    "aten.col2im": fold,
}
