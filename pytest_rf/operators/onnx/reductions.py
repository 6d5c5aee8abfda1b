"""Reductions, normalisations and softmax of ONNX."""

from __future__ import annotations

from math import prod

from pytest_rf.operators import reductions
from pytest_rf.operators.onnx.call import NodeCall, Rules, by_shapes
from pytest_rf.operators.reductions import normalise, reduce
from pytest_rf.operators.views import pads
from pytest_rf.value import Value

REDUCE = "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare"


def reduction(call: NodeCall) -> Value:
    """ReduceX: a statistic over ``axes``, all of them by default."""
    since = 13 if call.op == "ReduceSum" else 18
    axes = call.axes_argument(1, since, call.x.rank)
    if not axes and call.integer("noop_with_empty_axes", 0):
        return call.x
    return reduce(call.b, call.x, axes or range(call.x.rank), bool(call.integer("keepdims", 1)))


def arg_reduction(call: NodeCall) -> Value:
    """ArgMax, ArgMin: the place of a statistic."""
    axis = call.axis(call.integer("axis", 0), call.x.rank)
    return reduce(call.b, call.x, [axis], bool(call.integer("keepdims", 1)))


def softmax(call: NodeCall) -> Value:
    """Softmax, LogSoftmax, Hardmax: each element and the statistic of its axis."""
    x = call.x
    if call.opset >= 13:
        return reductions.softmax(
            call.b, x, [call.axis(call.integer("axis", -1), x.rank)], call.op == "LogSoftmax"
        )
    # Before opset 13 the input is coerced to two dimensions at `axis`.
    number = call.integer("axis", 1)
    axis = x.rank if number == x.rank else call.axis(number, x.rank)
    return reductions.softmax(call.b, x, range(axis, x.rank), call.op == "LogSoftmax")


@by_shapes
def instance_normalisation(call: NodeCall) -> Value:
    """InstanceNormalization: statistics over the spatial axes."""
    x = call.x
    return reductions.normalise_channels(call.b, x, range(2, x.rank), *call.given[1:])


@by_shapes
def group_normalisation(call: NodeCall) -> Value:
    """GroupNormalization: statistics over groups of channels and the spatial axes."""
    x, groups = call.x, call.integer("num_groups", 1)
    if groups < 1 or x.rank < 2 or x.extents[1] % groups:
        call.fail(f"num_groups {groups} does not divide {x.shape}")
    return reductions.group_normalise(call.b, x, groups, *call.given[1:])


@by_shapes
def layer_normalisation(call: NodeCall) -> Value | tuple[Value, ...]:
    """LayerNormalization, RMSNormalization: statistics over the axes from ``axis`` on."""
    x = call.x
    axes = range(call.axis(call.integer("axis", -1), x.rank), x.rank)
    y = normalise(call.b, x, axes, *call.given[1:])
    return y if call.outputs == 1 else (y, *(reduce(call.b, x, axes) for _ in range(call.outputs - 1)))


def mean_variance_normalisation(call: NodeCall) -> Value:
    """MeanVarianceNormalization: statistics over ``axes``."""
    return normalise(call.b, call.x, call.axes(call.integers("axes", [0, 2, 3]), call.x.rank))


def lp_normalisation(call: NodeCall) -> Value:
    """LpNormalization: the norm along one axis."""
    return normalise(call.b, call.x, [call.axis(call.integer("axis", -1), call.x.rank)])


def local_response_normalisation(call: NodeCall) -> Value:
    """LRN: each element and its neighbours across channels, ``⌊(size-1)/2⌋`` before it (ONNX LRN-13)."""
    x, size = call.x, call.integer("size", 0)
    if size < 1:
        call.fail("size must be at least 1")
    return reductions.normalise_locally(call.b, x, 1, call.limited("size", size), (size - 1) // 2)


def cumulative(call: NodeCall) -> Value:
    """CumSum, CumProd: all elements up to this one (before it, if exclusive)."""
    x = call.x
    axis = call.axis(call.numbers(1)[0], x.rank)
    reverse = bool(call.integer("reverse", 0))
    y = reductions.accumulate(call.b, x, axis, reverse)
    if call.integer("exclusive", 0):
        y = pads(call.b, y, {axis: (-1, 1) if reverse else (1, -1)})
    return y


def flatten(call: NodeCall) -> Value:
    """Flatten: two axes, split at ``axis``."""
    x = call.x
    number = call.integer("axis", 1)
    axis = x.rank if number == x.rank else call.axis(number, x.rank)
    return call.b.reshape(x, [prod(x.extents[:axis]), prod(x.extents[axis:])])


RULES: Rules = {
    **{f"Reduce{name}": reduction for name in REDUCE.split()},
    **dict.fromkeys(["ArgMax", "ArgMin"], arg_reduction),
    **dict.fromkeys(["Softmax", "LogSoftmax", "Hardmax"], softmax),
    "InstanceNormalization": instance_normalisation,
    "GroupNormalization": group_normalisation,
    **dict.fromkeys(["LayerNormalization", "RMSNormalization"], layer_normalisation),
    "MeanVarianceNormalization": mean_variance_normalisation,
    "LpNormalization": lp_normalisation,
    "LRN": local_response_normalisation,
    **dict.fromkeys(["CumSum", "CumProd"], cumulative),
    "Flatten": flatten,
}
