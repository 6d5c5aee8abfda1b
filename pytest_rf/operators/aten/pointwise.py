"""Elementwise operators of ATen, and those that pass their input on or read nothing."""

from __future__ import annotations

import numpy as np

from pytest_rf.operators import masking, views
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.ordering import by_row
from pytest_rf.operators.pointwise import broadcast_shape, expand, per_channel, pointwise
from pytest_rf.value import Shape, Value

# Elementwise without the tag that says so (torch.Tag.pointwise has the others).
UNTAGGED = """
    bernoulli poisson _to_copy _conj _neg_view clone contiguous detach alias lift_fresh resolve_conj resolve_neg to
    type_as dropout feature_dropout alpha_dropout feature_alpha_dropout _prelu_kernel rrelu
    rrelu_with_noise hardswish hardsigmoid hardtanh relu relu6 selu celu elu leaky_relu mish silu
    gelu softplus softshrink hardshrink threshold log_sigmoid nan_to_num lerp addcmul
    addcdiv clamp_max copysign complex polar real imag angle abs positive square
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
ARITHMETIC = {"subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div"}
"""Other names of operators."""


def elementwise(call: OpCall) -> Result:
    """Each element of every output reads the operands' at its place, as numpy broadcasts."""
    if call.name in PASSED_ON and call.x.shape == call.shape:
        return call.x
    operands, other, alpha = list(call.values()), call.get("other"), call.get("alpha", 1)
    if (
        not isinstance(alpha, (int, float)) or alpha <= 0
    ):  # times a negative number, masked scores are no longer so
        return each(call, pointwise(call.b, *operands))
    op = ARITHMETIC.get(call.name, call.name)
    if op in masking.ARITHMETIC and len(operands) == 1 and isinstance(other, (int, float)):
        operands.append(call.b.array(np.asarray(other)))
    return each(call, masking.elementwise(call.b, op, *operands))


def each(call: OpCall, y: Value) -> Result:
    """Return every output as ``y``, broadcast.

    Raises:
        ValueError: it does not broadcast to an output: the operator is not elementwise.
    """
    return tuple(_expanded(call, y, shape) for shape in call.shapes)


def _expanded(call: OpCall, y: Value, shape: Shape | None) -> Value | None:
    if shape is not None and broadcast_shape([y.extents, shape]) != shape:
        raise ValueError(f"{y.shape} does not broadcast to {shape}")
    return None if shape is None else expand(call.b, y, shape)


def clamp(call: OpCall) -> Result:
    """clamp, clamp_min: each element, held between bounds."""
    found = masking.clamped(call.b, call.x, call.get("min"), call.get("max"))
    return each(call, pointwise(call.b, *call.values()) if found is None else found)


def foreach(call: OpCall) -> Result:
    """``_foreach_`` operators: one elementwise operator for each tensor of the lists."""
    lists = [
        v for v in call.arguments.values() if isinstance(v, list) and any(isinstance(i, Value) for i in v)
    ]
    lone = [value for value in call.arguments.values() if isinstance(value, Value)]
    return [
        _expanded(call, pointwise(call.b, *row, *lone), shape)
        for row, shape in zip(zip(*lists, strict=True), call.shapes, strict=True)
    ]


def prelu(call: OpCall) -> Value:
    """prelu: each element reads its own, and a computed slope that of its channel."""
    return pointwise(call.b, call.x, per_channel(call.b, call["weight"], call.x.rank))


def with_mask(call: OpCall) -> tuple[Value | None, ...]:
    """Dropout in training: the result and a mask that reads nothing."""
    return call.x, call.b.constant(call.shapes[1])


def fill(call: OpCall) -> Result:
    """masked_fill: a constant mask says which elements are overwritten and read nothing but what fills them."""
    return each(call, masking.choose(call.b, call["mask"], call["value"], call.x))


def select(call: OpCall) -> Result:
    """Where: a constant condition says which operand an element reads."""
    return each(call, masking.choose(call.b, call.x, call.get("self", 0), call.get("other", 0)))


def copied(call: OpCall) -> Value:
    """``copy_``, ``fill_`` with a tensor of one element, ``bernoulli_``: another tensor, not what was there."""
    (value,) = call.given("src", "value", "p")
    return expand(call.b, value, call.shape) if value.varies else call.nothing()


def nothing(call: OpCall) -> tuple[Value, ...]:
    """Shapes and random numbers: no element is read."""
    return tuple(call.b.constant(shape) for shape in call.shapes)


def gate(call: OpCall) -> Value:
    """GLU: the first half of an axis, gated by the second."""
    x, axis = call.x, call.axis(default=-1)
    half = x.extents[axis] // 2
    return pointwise(call.b, *views.split(call.b, x, [half, half], axis))


def to_pairs(call: OpCall) -> Value:
    """view_as_real: a last axis with the two parts of each number."""
    return expand(call.b, call.b.reshape(call.x, [*call.x.extents, 1]), call.shape)


def from_pairs(call: OpCall) -> Value:
    """view_as_complex: the pairs of the last axis become numbers."""
    return by_row(call.b, call.x, call.shape)


RULES: Rules = {
    **{f"aten.{name}": elementwise for name in UNTAGGED.split()},
    **{f"aten.{name}": nothing for name in NOTHING.split()},
    **{f"aten.{name}": elementwise for name in _DRAWN.split()},
    **dict.fromkeys(["aten.clamp", "aten.clamp_min"], clamp),
    "aten.prelu": prelu,
    **dict.fromkeys(["aten.copy", "aten.fill.Tensor", "aten.bernoulli.Tensor"], copied),
    "aten.masked_fill": fill,
    **{f"aten._foreach_{name}": foreach for name in _FOREACH.split()},
    "aten.native_dropout": with_mask,
    "aten.log_sigmoid_forward": with_mask,
    "aten.where": select,
    "aten.glu": gate,
    "aten.view_as_real": to_pairs,
    "aten.view_as_complex": from_pairs,
}
