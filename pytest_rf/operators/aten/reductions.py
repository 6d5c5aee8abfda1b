"""Reductions, normalisations and softmax of ATen."""

from __future__ import annotations

from pytest_rf.access import ANYWHERE, SAME, Read, Relation, Taps
from pytest_rf.graph import Value
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.reductions import accumulate, group_normalise, normalise, reduce
from pytest_rf.operators.reductions import softmax as softmax_of
from pytest_rf.operators.views import along


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
    return softmax_of(call.b, call.x, [call.axis()], "log" in call.name) if call.x.rank else call.x


def cumulative(call: OpCall) -> Result:
    """cumsum, cumprod, cummax, logcumsumexp: all elements up to this one."""
    y = accumulate(call.b, call.x, call.axis()) if call.x.rank else call.x
    return (y,) * len(call.shapes)


def _per_channel(call: OpCall, x: Value, *names: str) -> list[Value]:
    return [
        call.b.reshape(value, [value.extents[0], *[1] * (x.rank - 2)])
        for value in call.given(*names)
        if value.varies and value.rank == 1
    ]


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
    y = normalise(call.b, x, axes, *_per_channel(call, x, *names))
    statistics: list[Value | None] = []
    for shape in call.shapes[1:]:
        read = training and shape is not None and len(shape) == 1 and shape[0] > 0
        statistics.append(reduce(call.b, x, axes, keep=False) if read else call.b.constant(shape))
    return (y, *statistics)


def instance_norm(call: OpCall) -> Value:
    """instance_norm: statistics over the spatial axes unless the running ones are used."""
    x = call.x
    axes = range(2, x.rank) if call.get("use_input_stats", True) else []
    return normalise(call.b, x, axes, *_per_channel(call, x, "weight", "bias"))


def group_norm(call: OpCall) -> Result:
    """group_norm: statistics over groups of channels and all positions."""
    x = call.x
    groups = int(call.get("num_groups", call.get("group")))
    y = group_normalise(call.b, x, groups, *_per_channel(call, x, "weight", "bias"))
    if len(call.shapes) == 1:
        return y
    n, c, *rest = x.extents
    statistic = reduce(
        call.b, call.b.reshape(x, [n, groups, c // groups, *rest]), range(2, x.rank + 1), keep=False
    )
    return (y, *(statistic for _ in call.shapes[1:]))


def layer_norm(call: OpCall) -> Result:
    """layer_norm, rms_norm: statistics over the last axes."""
    x = call.x
    axes = range(x.rank - len(call["normalized_shape"]), x.rank)
    parameters = [value for value in call.given("weight", "bias") if value.varies]
    y = normalise(call.b, x, axes, *parameters)
    if len(call.shapes) == 1:
        return y
    return (y, *(reduce(call.b, x, axes) for _ in call.shapes[1:]))


def weight_norm(call: OpCall) -> Result:
    """Weight normalisation: a slice of the direction over its norm, times its magnitude."""
    v, g = call.given("v", "g")
    rest = [axis for axis in range(v.rank) if axis != call.axis()]
    return normalise(call.b, v, rest, *(value for value in (g,) if value.varies)), reduce(call.b, v, rest)


def by_range(call: OpCall) -> Value:
    """Dynamic quantisation: each element, and the least and the largest of all."""
    return normalise(call.b, call.x, range(call.x.rank))


def per_axis(call: OpCall) -> Result:
    """Quantisation per channel: scales and offsets along one axis."""
    x, axis = call.x, call.axis("axis")
    own = [
        call.b.reshape(value, [value.extents[0], *[1] * (x.rank - 1 - axis)])
        for value in call.values()
        if value is not x and value.varies
    ]
    return (pointwise(call.b, x, *own),) * len(call.shapes)


def foreach(call: OpCall) -> Result:
    """``_foreach_norm`` and its like: a statistic of each tensor."""
    return [reduce(call.b, x, range(x.rank), keep=False) for x in call["self"]]


def neighbours(call: OpCall) -> Value:
    """Diff: each element and the one behind it."""
    x, axis, order = call.x, call.axis(default=-1), int(call.get("n", 1))
    if call.given("prepend", "append"):
        x = call.b.join([*call.given("prepend"), x, *call.given("append")], axis)
    taps = Taps(1, 1, (tuple(range(order + 1)),))
    return along(call.b, x, {axis: (taps, x.extents[axis] - order)})


def alignment_loss(call: OpCall) -> Result:
    """CTC loss: each sample's own scores, as far as its lengths go and of the classes that its targets have."""
    scores = call.given("log_probs")[0]
    outputs: list[Value | None] = []
    for shape in call.shapes:
        if shape is None:
            outputs.append(None)
            continue
        reads = []
        if scores.varies:
            sample: tuple[tuple[int | None, Relation], ...] = ((0, SAME),) if scores.rank == 3 else ()
            reads.append(Read(scores.number, ((None, ANYWHERE), *sample, (None, ANYWHERE))))
        for value in call.values():
            if value is not scores and value.varies:
                reads.append(Read(value.number, ((None, ANYWHERE),) * value.rank))
        outputs.append(call.b.union(shape, *reads))
    return outputs


def loss(call: OpCall) -> Value:
    """mse_loss and its like: elementwise, then a statistic over everything unless ``reduction`` is none."""
    y = pointwise(call.b, *call.values())
    return (
        y
        if call.shape == y.shape and y.rank
        else call.b.reshape(reduce(call.b, y, range(y.rank)), call.shape)
    )


_REDUCTIONS = """
    _is_all_true _is_any_true sum mean max min amax amin aminmax prod any all norm linalg_vector_norm logsumexp var std
    var_mean std_mean argmax argmin count_nonzero nansum nanmean frobenius_norm nuclear_norm
    hash_tensor
"""
_PER_AXIS = """
    quantize_per_channel fake_quantize_per_channel_affine fake_quantize_per_channel_affine_cachemask
"""
_LOSSES = """
    mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits
    soft_margin_loss
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
    "aten.quantize_per_tensor_dynamic": by_range,
    **{f"aten.{name}": per_axis for name in _PER_AXIS.split()},
    **{f"aten._foreach_{name}": foreach for name in ("norm", "max")},
    "aten._ctc_loss": alignment_loss,
    "aten.diff": neighbours,
    **{f"aten.{name}": loss for name in _LOSSES.split()},
}
