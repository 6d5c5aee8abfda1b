"""Convolutions and pools of ATen."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_rf.graph import Builder
from pytest_rf.operators import windows
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.views import transpose
from pytest_rf.operators.windows import Norm, Window
from pytest_rf.value import Value


def batched(b: Builder, x: Value, rank: int) -> tuple[Value, bool]:
    """Return ``x`` with a batch axis in front, and whether it had none."""
    if x.rank == rank + 1:
        return b.reshape(x, [1, *x.extents]), True
    return x, False


def unbatched(b: Builder, y: Value, alone: bool) -> Value:
    """Take the batch axis off again."""
    return b.reshape(y, y.extents[1:]) if alone else y


def geometry_of(call: OpCall, kernel: Sequence[int]) -> list[Window]:
    """Return the windows along the spatial axes as stride, padding and dilation say."""
    rank = len(kernel)
    strides = call.listed("stride", rank)
    padding = call.get("padding", 0)
    pads = [0] * rank if isinstance(padding, str) else call.listed("padding", rank, 0)
    found = windows.geometry(kernel, strides, call.listed("dilation", rank), pads)
    return [w.same(1) for w in found] if padding == "same" else found


def convolution(call: OpCall) -> Value:
    """conv1d, conv2d, conv3d and aten.convolution, transposed or not."""
    weight = call["weight"]
    assert isinstance(weight, Value)
    kernel, bias = weight.extents[2:], call.given("bias")
    x, alone = batched(call.b, call.x, len(kernel))
    transposed = call.get("transposed", False) or call.name.startswith("conv_transpose")
    y = windows.convolved(
        call.b,
        x,
        weight,
        geometry_of(call, kernel),
        call.get("groups", 1),
        bias=bias[0] if bias else None,
        outputs=call.shape[-len(kernel) :] if transposed else None,
    )
    return unbatched(call.b, y, alone)


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


def pool(call: OpCall) -> Result:
    """max_pool, avg_pool: a window per spatial axis; the indices of a maximum read the same."""
    rank = int(call.name.split("pool")[1][0])
    x, alone = batched(call.b, call.x, rank)
    kernel = call.listed("kernel_size", rank)
    strides = call.listed("stride", rank) if call.get("stride") else kernel
    geometry = windows.geometry(
        kernel, strides, call.listed("dilation", rank), call.listed("padding", rank, 0)
    )
    takes: Norm = "max" if "max" in call.name else "average"
    y = unbatched(call.b, windows.pool(call.b, x, geometry, call.shape[-rank:], takes), alone)
    return (y,) * len(call.shapes)


def fractional_pool(call: OpCall) -> Result:
    """fractional_max_pool: windows at places that are drawn."""
    rank = int(call.name.split("pool")[1][0])
    drawn = call.given("random_samples", "_random_samples")
    kernel = call.listed("kernel_size", rank)
    y = windows.fractional_pool(call.b, call.x, kernel, call.shape[-rank:], drawn)
    return (y,) * len(call.shapes)


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
    **{f"aten.fractional_max_pool{n}d": fractional_pool for n in (2, 3)},
    "aten.conv_tbc": time_first,
}
