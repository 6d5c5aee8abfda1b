"""Convolutions, pools, unfold and fold of ATen."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from pytest_rf.access import ANYWHERE, SAME, WHOLE, Read, Relation, spread
from pytest_rf.graph import Builder, Value
from pytest_rf.operators import windows
from pytest_rf.operators.aten.call import Call, Result, Rules
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.windows import Window


def batched(b: Builder, x: Value, rank: int) -> tuple[Value, bool]:
    """Return ``x`` with a batch axis in front, and whether it had none."""
    if x.rank == rank + 1:
        return b.reshape(x, [1, *x.extents]), True
    return x, False


def unbatched(b: Builder, y: Value, alone: bool) -> Value:
    """Take the batch axis off again."""
    return b.reshape(y, y.extents[1:]) if alone else y


def _geometry(call: Call, kernel: Sequence[int], extents: Sequence[int]) -> list[Window]:
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


def _operands(call: Call) -> tuple[Value, Value]:
    x, weight = call.x, call["weight"]
    assert isinstance(weight, Value)
    return x, weight


def _with_weights(call: Call, y: Value, weight: Value) -> Value:
    """Add what computed weights read: an output channel reads its own kernel."""
    if not weight.varies:
        return y
    across: tuple[tuple[int | None, Relation], ...] = tuple((None, WHOLE) for _ in range(weight.rank))
    own = [Read(y.number, tuple((axis, SAME) for axis in range(y.rank)))] if y.varies else []
    return call.b.union(y.extents, *own, Read(weight.number, across))


def convolution(call: Call) -> Value:
    """conv1d, conv2d, conv3d and aten.convolution, transposed or not."""
    x, weight = _operands(call)
    if call.get("transposed", False) or call.name.startswith("conv_transpose"):
        return transposed(call)
    rank = weight.rank - 2
    x, alone = batched(call.b, x, rank)
    geometry = _geometry(call, weight.extents[2:], x.extents[2:])
    groups = call.get("groups", 1)
    call.label(windows.describe(geometry, groups))
    if x.varies:
        live = windows.live_taps(call.b, weight)
        y = windows.convolution(call.b, x, weight.extents[0], geometry, groups, live=live)
    else:
        y = call.b.constant((1, *call.shape) if alone else call.shape)
    return unbatched(call.b, _with_weights(call, y, weight), alone)


def transposed(call: Call) -> Value:
    """conv_transpose1d, 2d, 3d."""
    x, weight = _operands(call)
    rank = weight.rank - 2
    x, alone = batched(call.b, x, rank)
    geometry = _geometry(call, weight.extents[2:], x.extents[2:])
    groups = call.get("groups", 1)
    call.label(windows.describe(geometry, groups) + " transposed")
    outputs = call.shape[-rank:]
    if x.varies:
        live, channels = windows.live_taps(call.b, weight), weight.extents[1] * groups
        y = windows.transposed_convolution(call.b, x, channels, geometry, outputs, groups, live)
    else:
        y = call.b.constant((1, *call.shape) if alone else call.shape)
    return unbatched(call.b, _with_weights(call, y, weight), alone)


def pool(call: Call) -> Result:
    """max_pool, avg_pool: a window per spatial axis; the indices of a maximum read the same."""
    rank = int(call.name.split("pool")[1][0])
    x, alone = batched(call.b, call.x, rank)
    kernel = call.listed("kernel_size", rank)
    strides = call.listed("stride", rank) if call.get("stride") else kernel
    pads, dilations = call.listed("padding", rank, 0), call.listed("dilation", rank)
    geometry = [Window(k, s, d, p, p) for k, s, d, p in zip(kernel, strides, dilations, pads, strict=True)]
    call.label(windows.describe(geometry))
    y = unbatched(call.b, windows.pool(call.b, x, geometry, call.shape[-rank:]), alone)
    return (y,) * len(call.shapes)


def unpool(call: Call) -> Value:
    """max_unpool: a position gets a value from wherever the indices say."""
    rank = int(call.name[-2])
    x, indices = call.x, call.given("indices")[0]
    reads = []
    for value in (x, indices):
        lead = value.rank - rank
        axes: list[tuple[int | None, Relation]] = [(axis, SAME) for axis in range(lead)]
        axes += [(axis, ANYWHERE) for axis in range(lead, value.rank)]
        reads.append(Read(value.number, tuple(axes)))
    return call.b.union(call.shape, *reads)


def fractional_pool(call: Call) -> Result:
    """fractional_max_pool: windows at random places, an upper bound."""
    rank = int(call.name.split("pool")[1][0])
    x = call.x
    axes: list[tuple[int | None, Relation]] = [(axis, SAME) for axis in range(x.rank - rank)]
    axes += [(axis, ANYWHERE) for axis in range(x.rank - rank, x.rank)]
    y = call.b.union(call.shape, Read(x.number, tuple(axes)))
    return (y,) * len(call.shapes)


def unfold(call: Call) -> Value:
    """im2col: columns of windows; (N, C·kernel, positions)."""
    x, alone = batched(call.b, call.x, 2)
    kernel, dilations = call.listed("kernel_size", 2), call.listed("dilation", 2)
    pads, strides = call.listed("padding", 2, 0), call.listed("stride", 2)
    geometry = [Window(k, s, d, p, p) for k, s, d, p in zip(kernel, strides, dilations, pads, strict=True)]
    call.label(windows.describe(geometry))
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


def fold(call: Call) -> Value:
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
    call.label(windows.describe(geometry) + " transposed")
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
            from pytest_rf.operators.views import slices

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
    "aten.im2col": unfold,
    "aten.col2im": fold,
}
