"""Reductions, normalisations and softmax of ATen."""

from __future__ import annotations

from pytest_rf.operators import reductions
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.reductions import normalise, normalise_channels, reduce
from pytest_rf.value import Value


def reduction(call: OpCall) -> Result:
    """sum, mean, max, norm ...: a statistic over ``dim``, over everything where it is not given."""
    if call.overload in ("other", "out") and len(call.given("other")) == 1:
        return pointwise(call.b, *call.values())  # max.other is maximum
    x = call.x
    y = reduce(call.b, x, call.axes(), bool(call.get("keepdim", False)))
    if y.shape != call.shape:
        y = call.b.reshape(y, call.shape)
    return (y,) * len(call.shapes)


def softmax(call: OpCall) -> Value:
    """Softmax, log_softmax: each element and the statistic of its axis."""
    return reductions.softmax(call.b, call.x, [call.axis()], "log" in call.name) if call.x.rank else call.x


def cumulative(call: OpCall) -> Result:
    """cumsum, cumprod, cummax, logcumsumexp: all elements up to this one."""
    y = reductions.accumulate(call.b, call.x, call.axis()) if call.x.rank else call.x
    return (y,) * len(call.shapes)


def batch_norm(call: OpCall) -> Result:
    """batch_norm: per channel scaling; in training the statistics of the batch are read."""
    x = call.x
    training = bool(call.get("training", call.get("train", False)))
    if call.name == "_native_batch_norm_legit_no_training" or call.name == "_batch_norm_no_update":
        training = False
    elif call.name == "_batch_norm_with_update" or not call.given("running_mean"):
        training = True
    call.b.node.training = training and bool(call.given("running_mean"))
    names = ["weight", "bias"] if training else ["weight", "bias", "running_mean", "running_var"]
    axes = [axis for axis in range(x.rank) if axis != 1] if training else []
    y = normalise_channels(call.b, x, axes, *call.given(*names))
    statistics: list[Value | None] = []
    for shape in call.shapes[1:]:
        read = training and shape is not None and len(shape) == 1 and shape[0] > 0
        statistics.append(reduce(call.b, x, axes, keep=False) if read else call.b.constant(shape))
    return (y, *statistics)


def instance_norm(call: OpCall) -> Value:
    """instance_norm: statistics over the spatial axes unless the running ones are used."""
    x = call.x
    axes = range(2, x.rank) if call.get("use_input_stats", True) else []
    return normalise_channels(call.b, x, axes, *call.given("weight", "bias"))


def group_norm(call: OpCall) -> Result:
    """group_norm: statistics over groups of channels and all positions."""
    x, groups = call.x, int(call.get("num_groups", call.get("group")))
    y = reductions.group_normalise(call.b, x, groups, *call.given("weight", "bias"))
    return (y, *(reductions.group_statistic(call.b, x, groups) for _ in call.shapes[1:]))


def layer_norm(call: OpCall) -> Result:
    """layer_norm, rms_norm: statistics over the last axes."""
    x = call.x
    axes = range(x.rank - len(call["normalized_shape"]), x.rank)
    y = normalise(call.b, x, axes, *call.given("weight", "bias"))
    return (y, *(reduce(call.b, x, axes) for _ in call.shapes[1:]))


def weight_norm(call: OpCall) -> Result:
    """Weight normalisation: a slice of the direction over its norm, times its magnitude."""
    v, g = call.given("v", "g")
    rest = [axis for axis in range(v.rank) if axis != call.axis()]
    return normalise(call.b, v, rest, g), reduce(call.b, v, rest)


def foreach(call: OpCall) -> Result:
    """``_foreach_norm`` and its like: a statistic of each tensor."""
    return [reduce(call.b, x, range(x.rank), keep=False) for x in call["self"]]


def neighbours(call: OpCall) -> Value:
    """Diff: each element and the one behind it."""
    x, axis, order = call.x, call.axis(default=-1), int(call.get("n", 1))
    if call.given("prepend", "append"):
        x = call.b.join([*call.given("prepend"), x, *call.given("append")], axis)
    return reductions.differences(call.b, x, axis, order)


_REDUCTIONS = """
    _is_all_true _is_any_true sum mean max min amax amin aminmax prod any all norm linalg_vector_norm logsumexp var std
    var_mean std_mean argmax argmin count_nonzero nansum nanmean frobenius_norm nuclear_norm
    hash_tensor
"""
_BATCH_NORMS = """
    batch_norm native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training
    cudnn_batch_norm _batch_norm_with_update _batch_norm_no_update miopen_batch_norm
    _batch_norm_impl_index
"""

RULES: Rules = {
    **{f"aten.{name}": reduction for name in _REDUCTIONS.split()},
    **{
        f"aten.{name}": softmax
        for name in ("softmax", "_softmax", "log_softmax", "_log_softmax", "_safe_softmax")
    },
    **{f"aten.{name}": cumulative for name in ("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp")},
    **{f"aten.{name}": batch_norm for name in _BATCH_NORMS.split()},
    "aten.instance_norm": instance_norm,
    "aten.group_norm": group_norm,
    "aten.native_group_norm": group_norm,
    **{
        f"aten.{name}": layer_norm
        for name in ("layer_norm", "native_layer_norm", "rms_norm", "_fused_rms_norm")
    },
    "aten._weight_norm_interface": weight_norm,
    **{f"aten._foreach_{name}": foreach for name in ("norm", "max")},
    "aten.diff": neighbours,
}
