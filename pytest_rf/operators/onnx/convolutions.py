"""Convolutions and pools of ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pytest_rf import limits
from pytest_rf.operators import windows
from pytest_rf.operators.onnx.call import NodeCall, Rules, by_shapes
from pytest_rf.operators.reductions import reduce
from pytest_rf.operators.views import pads
from pytest_rf.operators.windows import Norm, Window
from pytest_rf.value import Value


def geometry_of(call: NodeCall, x: Value, kernel: list[int]) -> list[Window]:
    """Return the windows along the spatial axes as strides, dilations and pads say."""
    rank = x.rank - 2
    if rank < 1:
        call.fail(f"needs an input of rank 3 or more, not {x.rank}")
    if len(kernel) != rank:
        call.fail(f"the kernel has {len(kernel)} axes, the input has {rank} spatial ones")
    ones = [1] * rank
    strides = call.integers("strides", ones, rank)
    dilations = call.integers("dilations", ones, rank)
    pads = call.integers("pads", [0] * (2 * rank), 2 * rank)
    most = limits.current().kernel
    for name, numbers in (("kernel", kernel), ("stride", strides), ("dilation", dilations)):
        if min(numbers) < 1:
            call.fail(f"{name} {min(numbers)} must be at least 1")
        if max(numbers) > most:
            call.limited(name, max(numbers))
    auto = call.text("auto_pad", "NOTSET")
    if auto not in ("", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
        call.fail(f"auto_pad {auto!r} is none of NOTSET, VALID, SAME_UPPER, SAME_LOWER")
    if auto not in ("", "NOTSET"):
        if any(pads):
            call.fail(f"auto_pad {auto} and explicit pads exclude each other")
        pads = [0] * (2 * rank)
    plain = windows.geometry(kernel, strides, dilations, pads[:rank], pads[rank:])
    if auto.startswith("SAME"):
        return [w.same(n, auto == "SAME_UPPER") for w, n in zip(plain, x.extents[2:], strict=True)]
    return plain


def fit(call: NodeCall, x: Value, geometry: Sequence[Window], outputs: Sequence[int]) -> None:
    """Hold that there is a window along each axis: engines refuse an input that is too small for one."""
    for axis, (window, output, extent) in enumerate(zip(geometry, outputs, x.extents[2:], strict=True), 2):
        if output < 1 or not extent:
            pads = f"{window.before} before, {window.after} after"
            call.fail(
                f"extent {extent} of axis {axis} is too small for a window of {window.reach} with pads "
                f"{pads}; give a larger input"
            )


def _weights(call: NodeCall, index: int = 1) -> tuple[Value, list[int]]:
    weights = call.operand(index)
    kernel = list(weights.extents[2:])
    if "kernel_shape" in call.attributes and call.integers("kernel_shape") != kernel:
        call.fail(f"kernel_shape {call.integers('kernel_shape')} is not that of the weights {kernel}")
    return weights, kernel


@by_shapes
def convolution(call: NodeCall) -> Value:
    """Conv: a window per spatial axis; the channels of a group are contracted."""
    return with_bias(call, convolve(call, call.x, 1, factors=True), call.optional(2))


def convolve(call: NodeCall, x: Value, index: int, *, factors: bool = False) -> Value:
    """Return ``x`` convolved with the weights of input ``index``.

    ``factors``: whether a weight of 0 is a factor, as it is not where a zero point is taken off first.
    """
    weights, kernel = _weights(call, index)
    geometry = geometry_of(call, x, kernel)
    group = call.integer("group", 1)
    _, read, *extents = x.extents
    channels, each = call.limited("channels", weights.extents[0]), weights.extents[1]
    if group < 1 or read % group or channels % group:
        call.fail(f"group {group} does not divide {read} input and {channels} output channels")
    if each * group != read:
        call.fail(f"the weights expect {each * group} input channels, the input has {read}")
    fit(call, x, geometry, [w.output(n) for w, n in zip(geometry, extents, strict=True)])
    return windows.convolved(call.b, x, weights, geometry, group, factors=factors)


def with_bias(call: NodeCall, y: Value, bias: Value | None) -> Value:
    """Return ``y`` with one number added per channel."""
    _check_bias(call, bias, y.extents[1])
    return windows.biased(call.b, y, bias)


def _check_bias(call: NodeCall, bias: Value | None, channels: int) -> None:
    if bias is not None and bias.varies and (bias.rank != 1 or bias.extents[0] not in (1, channels)):
        call.fail(f"a bias of shape {bias.shape} does not fit {channels} channels")


@by_shapes
def transposed_convolution(call: NodeCall) -> Value:
    """ConvTranspose: every input whose window reaches the output; output_shape and SAME give the pads."""
    x, (weights, kernel) = call.x, _weights(call)
    auto = call.text("auto_pad", "NOTSET")
    same = auto.startswith("SAME")
    if same:
        call.attributes = {**call.attributes, "auto_pad": "NOTSET"}
    geometry = geometry_of(call, x, kernel)
    rank = len(kernel)
    group = call.integer("group", 1)
    if group < 1 or x.extents[1] % group or weights.extents[0] != x.extents[1]:
        call.fail(f"weights {weights.shape} in {group} groups do not fit {x.extents[1]} input channels")
    channels = call.limited("channels", weights.extents[1] * group)
    extra = call.integers("output_padding", [0] * rank, rank)
    wanted = call.integers("output_shape", count=None)[-rank:] if call.attr("output_shape") else None
    if wanted is None and same:
        wanted = [n * w.stride for n, w in zip(x.extents[2:], geometry, strict=True)]
    outputs = wanted or [w.transposed(n, e) for w, n, e in zip(geometry, x.extents[2:], extra, strict=True)]
    if wanted is not None:  # pads, perhaps negative, that give it (ConvTranspose-11)
        geometry = [
            w.padded(w.stride * (n - 1) + e + w.reach - output, auto == "SAME_UPPER")
            for w, n, e, output in zip(geometry, x.extents[2:], extra, wanted, strict=True)
        ]
    bias = call.optional(2)
    _check_bias(call, bias, channels)
    fit(call, x, geometry, outputs)
    return windows.convolved(call.b, x, weights, geometry, group, bias=bias, outputs=outputs)


def causal(call: NodeCall) -> tuple[Value, ...]:
    """CausalConvWithState: each channel on its own, over this position and those before it."""
    x, weights, past = call.x, call.operand(1), call.optional(3)
    if x.rank != 3 or weights.rank != 3 or weights.extents[:2] != (x.extents[1], 1) or not weights.extents[2]:
        call.fail(f"weights {weights.shape} do not fit {x.shape}")
    kernel = call.limited("kernel", weights.extents[2])
    if past is not None and past.extents != (*x.extents[:2], kernel - 1):
        call.fail(f"a past state of shape {past.shape} does not fit {x.shape}")
    whole = x if past is None else call.b.join([past, x], 2)
    geometry = [Window(kernel, before=0 if past is not None else kernel - 1)]
    bias = call.optional(2)
    _check_bias(call, bias, x.extents[1])
    y = windows.convolved(call.b, whole, weights, geometry, x.extents[1], bias=bias, kind="causal")
    # The state is what lies last, with zeros in front where there is too little.
    state = pads(call.b, whole, {2: (kernel - 1 - whole.extents[2], 0)})
    return (y, state)[: call.outputs]


@by_shapes
def pool(call: NodeCall, takes: Norm = "max") -> tuple[Value, ...] | Value:
    """MaxPool, AveragePool, LpPool."""
    x = call.x
    geometry = geometry_of(call, x, call.integers("kernel_shape"))
    # The text rounds down for VALID whatever ceil_mode says; onnx's shape inference and ONNX Runtime heed it.
    ceil = bool(call.integer("ceil_mode", 0)) and not call.text("auto_pad", "NOTSET").startswith("SAME")
    outputs = [w.output(n, ceil) for w, n in zip(geometry, x.extents[2:], strict=True)]
    fit(call, x, geometry, outputs)
    y = windows.pool(call.b, x, geometry, outputs, takes)
    # The places of the largest elements read what those read.
    return (y,) * call.outputs if call.outputs > 1 else y


average_pool = by_shapes(partial(pool, takes="average"))


@by_shapes
def global_pool(call: NodeCall) -> Value:
    """Global pools: a statistic over all spatial axes."""
    if not all(call.x.extents[2:]):
        call.fail(f"an input of shape {call.x.shape} has nothing to pool; give a larger input")
    return reduce(call.b, call.x, range(2, call.x.rank))


RULES: Rules = {
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
    "CausalConvWithState": causal,
    "MaxPool": pool,
    "AveragePool": average_pool,
    "LpPool": partial(pool, takes="norm"),
    **dict.fromkeys(["GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool"], global_pool),
}
