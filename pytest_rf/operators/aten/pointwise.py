"""Elementwise operators of ATen, and those that pass their input on or read nothing."""

from __future__ import annotations

import numpy as np

from pytest_rf.access import SAME, Read
from pytest_rf.graph import Value
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.masking import combined, replaced, vanished
from pytest_rf.operators.pointwise import (
    broadcast_read,
    broadcast_shape,
    expand,
    per_channel,
    pointwise,
)
from pytest_rf.operators.views import slices

# Elementwise without the tag that says so (torch.Tag.pointwise has the others).
UNTAGGED = """
    bernoulli poisson _to_copy _conj _neg_view clone contiguous detach alias lift_fresh resolve_conj resolve_neg to
    type_as dropout feature_dropout alpha_dropout feature_alpha_dropout _prelu_kernel rrelu
    rrelu_with_noise hardswish hardsigmoid hardtanh relu relu6 selu celu elu leaky_relu mish silu
    gelu softplus softshrink hardshrink threshold log_sigmoid nan_to_num lerp addcmul
    addcdiv clamp clamp_min clamp_max copysign complex polar real imag angle abs positive square
    isnan isinf isfinite maximum minimum fmod remainder floor_divide true_divide divide multiply
    subtract nextafter float_power frexp
    fake_quantize_per_tensor_affine fake_quantize_per_tensor_affine_cachemask
    _fake_quantize_per_tensor_affine_cachemask_tensor_qparams _fake_quantize_learnable_per_tensor_affine
    binomial _standard_gamma
    quantize_per_tensor dequantize
    linspace logspace
 __lshift__ __rshift__ pow rsub logical_not logical_and logical_or
    one_plus _autocast_to_reduced_precision _autocast_to_full_precision int_repr
"""
NOTHING = """
    fill.Scalar zero zeros_like ones_like full_like empty_like rand_like randn_like randint_like
    new_zeros new_ones new_full new_empty new_empty_strided bernoulli.p bernoulli.float normal normal_functional
    uniform exponential random log_normal geometric cauchy eye
"""
# Random numbers whose distribution is given element by element.
_DRAWN = "normal.Tensor_float normal.float_Tensor normal.Tensor_Tensor"


_FOREACH = """
    abs acos add addcdiv addcmul asin atan ceil clamp_max clamp_min copy cos cosh div erf erfc exp expm1 floor frac
    lerp lgamma log log10 log1p log2 maximum minimum mul neg pow reciprocal round rsqrt sigmoid sign sin sinh sqrt
    sub tan tanh trunc
"""

PASSED_ON = ("_to_copy", "clone", "contiguous", "detach", "alias", "to", "type_as", "dropout")
"""Operators that keep every element, masks too."""
VANISHING = ("exp", "exp2", "sigmoid", "relu", "softplus")
"""Functions that are 0 at -inf."""
THROUGH_0 = frozenset(
    ["relu", "elu", "leaky_relu", "gelu", "silu", "tanh", "abs", "neg", "square", "sqrt", "sin", "sign"]
)
"""Functions that are 0 at 0."""


def elementwise(call: OpCall) -> Result:
    """Each element of every output reads the operands' at its place, as numpy broadcasts."""
    if call.b.weights or any(value.zero is not None for value in call.values()):
        if call.name in PASSED_ON and call.x.shape == call.shape:
            return call.x
        if call.name in VANISHING and call.x.masked is not None:
            return vanished(call.b, call.x, call.x.masked)
        if call.name in THROUGH_0 and call.x.zero is not None:
            return vanished(call.b, call.x, call.x.zero)
        found = _masked(call)
        if found is not None:
            return found
    return each(call, pointwise(call.b, *call.values()))


def each(call: OpCall, y: Value) -> Result:
    """Return every output as ``y``, broadcast.

    Raises:
        ValueError: it does not broadcast to an output: the operator is not elementwise.
    """
    for shape in call.shapes:
        if shape is not None and broadcast_shape([y.extents, shape]) != shape:
            raise ValueError(f"{y.shape} does not broadcast to {shape}")
    return [None if shape is None else expand(call.b, y, shape) for shape in call.shapes]


def _masked(call: OpCall) -> Value | None:
    """Return what is left where constants cut something off; None where they do not."""
    operands = list(call.values())
    op = {"subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div"}.get(
        call.name, call.name
    )
    alpha = call.get("alpha", 1)
    if op not in ("add", "sub", "mul", "div") or not isinstance(alpha, (int, float)) or alpha <= 0:
        return None
    other = call.get("other")
    if len(operands) == 1 and isinstance(other, (int, float)):
        operands.append(call.b.array(np.asarray(other)))
    return combined(call.b, op, *operands) if len(operands) == 2 else None


def foreach(call: OpCall) -> Result:
    """``_foreach_`` operators: one elementwise operator for each tensor of the lists."""
    lists = [
        v for v in call.arguments.values() if isinstance(v, list) and any(isinstance(i, Value) for i in v)
    ]
    lone = [value for value in call.arguments.values() if isinstance(value, Value)]
    found: list[Value] = []
    for row, shape in zip(zip(*lists, strict=True), call.shapes, strict=True):
        assert shape is not None
        y = pointwise(call.b, *row, *lone)
        if broadcast_shape([y.extents, shape]) != shape:
            raise ValueError(f"{y.shape} does not broadcast to {shape}")
        found.append(expand(call.b, y, shape))
    return found


def prelu(call: OpCall) -> Value:
    """prelu: each element reads its own, and a computed slope that of its channel."""
    slope = call.given("weight")[0]
    if not slope.varies:
        return pointwise(call.b, call.x)
    return pointwise(
        call.b, call.x, slope if slope.extents == (1,) else per_channel(call.b, slope, call.x.rank)
    )


def with_mask(call: OpCall) -> tuple[Value | None, ...]:
    """Dropout in training: the result and a mask that reads nothing."""
    return call.x, call.b.constant(call.shapes[1])


def fill(call: OpCall) -> Result:
    """masked_fill: a constant mask says which elements are overwritten and read nothing but what fills them."""
    mask = call.given("mask")[0]
    if mask.varies:
        return elementwise(call)
    over, number = call.data(mask).astype(np.bool_), call.get("value")
    found = replaced(call.b, call.x, over, number) if call.b.weights else None
    if found is not None:
        return found
    reads = []
    for value, where in ((call.x, ~over), *((value, over) for value in call.given("value"))):
        if value.varies and where.any():
            read = broadcast_read(value, call.shape)
            reads.append(Read(read.operand, read.axes, where=np.broadcast_to(where, call.shape)))
    return call.b.union(call.shape, *reads)


def select(call: OpCall) -> Result:
    """Where: a constant condition says which operand an element reads."""
    condition = call.x
    operands = [value for name in ("self", "other") for value in call.given(name)]
    if condition.varies or len(operands) < 1:
        return elementwise(call)
    mask = condition.data
    if mask is None or mask.dtype != np.bool_:
        return elementwise(call)
    for name, beside, over in (("self", "other", ~mask), ("other", "self", mask)) if call.b.weights else ():
        found = replaced(call.b, call[name], over, call[beside]) if call.given(name) else None
        if found is not None:
            return found
    reads = []
    for name, used in (("self", mask), ("other", ~mask)):
        for value in call.given(name):
            if not value.varies or not used.any():
                continue
            read = broadcast_read(value, call.shape)
            place = None if used.all() else np.broadcast_to(used, call.shape)
            reads.append(Read(read.operand, read.axes, where=place))
    return call.b.union(call.shape, *reads)


def copied(call: OpCall) -> Value:
    """``copy_``: the source, broadcast and cast."""
    source = call.given("src")[0]
    return expand(call.b, source, call.shape) if source.varies else call.nothing()


def filled(call: OpCall) -> Value:
    """``fill_`` with a tensor of one element."""
    (value,) = call.given("value")
    return expand(call.b, value, call.shape) if value.varies else call.nothing()


def drawn(call: OpCall) -> Value:
    """``bernoulli_`` with probabilities: they are read, not what was there."""
    (value,) = call.given("p")
    return expand(call.b, value, call.shape) if value.varies else call.nothing()


def nothing(call: OpCall) -> tuple[Value, ...]:
    """Shapes and random numbers: no element is read."""
    return tuple(call.b.constant(shape) for shape in call.shapes)


def gate(call: OpCall) -> Value:
    """GLU: the first half of an axis, gated by the second."""
    x, axis = call.x, call.axis(default=-1)
    half = x.extents[axis] // 2
    return pointwise(
        call.b, slices(call.b, x, {axis: (0, 1, half)}), slices(call.b, x, {axis: (half, 1, half)})
    )


def to_pairs(call: OpCall) -> Value:
    """view_as_real: a last axis with the two parts of each number."""
    x = call.x
    return call.b.union(call.shape, Read(x.number, tuple((axis, SAME) for axis in range(x.rank))))


def from_pairs(call: OpCall) -> Value:
    """view_as_complex: the pairs of the last axis become numbers."""
    from pytest_rf.access import WHOLE

    x = call.x
    axes = tuple((axis, SAME) for axis in range(x.rank - 1))
    return call.b.union(call.shape, Read(x.number, (*axes, (None, WHOLE))))


RULES: Rules = {
    **{f"aten.{name}": elementwise for name in UNTAGGED.split()},
    **{f"aten.{name}": nothing for name in NOTHING.split()},
    **{f"aten.{name}": elementwise for name in _DRAWN.split()},
    "aten.prelu": prelu,
    "aten.fill.Tensor": filled,
    "aten.bernoulli.Tensor": drawn,
    "aten.masked_fill": fill,
    **{f"aten._foreach_{name}": foreach for name in _FOREACH.split()},
    "aten.native_dropout": with_mask,
    "aten.log_sigmoid_forward": with_mask,
    "aten.where": select,
    "aten.copy": copied,
    "aten.glu": gate,
    "aten.view_as_real": to_pairs,
    "aten.view_as_complex": from_pairs,
}
