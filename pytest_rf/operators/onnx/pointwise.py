"""Elementwise operators of ONNX, and those that pass their input on."""

from __future__ import annotations

import numpy as np

from pytest_rf.operators.masking import choose, clamped, elementwise
from pytest_rf.operators.onnx.call import Element, NodeCall, Rules, by_shapes, fitting
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.reductions import normalise_channels, reduce
from pytest_rf.value import Value

UNARY = (
    "Abs Acos Acosh Asin Asinh Atan Atanh BitCast BitwiseNot Cast Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu "
    "HardSigmoid HardSwish IsInf IsNaN LeakyRelu Log Mish Neg Not Reciprocal Relu Round Selu Shrink Sigmoid Sign "
    "Sin Sinh Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu"
)
BINARY = (
    "Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Mod Mul "
    "Or PRelu Pow Sub SwiGLU Xor Max Min Mean Sum"
)
PASSED_ON = ("Cast", "Dropout", "Identity")
"""Operators that keep every element, masks too."""


def same(call: NodeCall) -> Value:
    """Each element reads its own."""
    return call.x if call.op in PASSED_ON else elementwise(call.b, call.op.lower(), call.x)


def where(call: NodeCall) -> Value:
    """Where: a constant condition says which operand an element reads."""
    with fitting():
        return choose(call.b, call.operand(0), call.operand(1), call.operand(2))


def broadcast(call: NodeCall) -> Value:
    """Each element reads the operands' at its place, as numpy broadcasts."""
    operands = call.given
    if call.opset < 7 and len(operands) == 2 and call.op not in ("Max", "Min", "Mean", "Sum", "PRelu"):
        operands = [operands[0], _aligned(call, *operands)]
    if call.op == "PRelu" and call.opset < 7 and operands[1].rank == 1 and operands[0].rank > 1:
        operands = [operands[0], _at_axis(call, operands[0], operands[1], 1)]
    with fitting():
        return elementwise(call.b, call.op.lower(), *operands)


def _aligned(call: NodeCall, left: Value, right: Value) -> Value:
    """Before opset 7 the second operand is aligned at the attribute ``axis`` if ``broadcast`` is set."""
    if "axis" not in call.attributes or right.rank == left.rank:
        return right
    return _at_axis(call, left, right, call.axis(call.integer("axis", 0), left.rank))


def _at_axis(call: NodeCall, left: Value, right: Value, axis: int) -> Value:
    behind = left.rank - axis - right.rank
    if behind < 0:
        call.fail(f"an operand of rank {right.rank} does not fit at axis {axis} of rank {left.rank}")
    return call.b.reshape(right, [*right.extents, *[1] * behind])


def identity(call: NodeCall) -> Element:
    """Identity: whatever its input is, a sequence too."""
    value = call.operands[0] if call.operands else None
    return call.x if value is None else value


def cast_like(call: NodeCall) -> Value:
    """CastLike: the value of the first input."""
    return call.x


def clip(call: NodeCall) -> Value:
    """Clip: each element, held between bounds, which were attributes before opset 11."""
    ends: list[Value | float | None] = [call.optional(1), call.optional(2)]
    if call.opset < 11:
        ends = [call.number(name, 0.0) if name in call.attributes else None for name in ("min", "max")]
    found = clamped(call.b, call.x, *ends)
    return pointwise(call.b, *call.given) if found is None else found


def dropout(call: NodeCall) -> tuple[Value, ...]:
    """At inference the identity; the mask reads nothing."""
    return call.x, call.b.constant(call.x.shape)


@by_shapes
def batch_normalisation(call: NodeCall) -> tuple[Value, ...]:
    """Per channel scaling; in training mode the statistics of the batch are read.

    Before opset 14 a node that has more than one output is in training mode.
    """
    x = call.x
    training = bool(call.integer("training_mode", 0)) if call.opset >= 14 else call.outputs > 1
    if not training:
        y = normalise_channels(call.b, x, (), *call.given[1:])
        return (y, *(call.b.constant(None) for _ in range(call.outputs - 1)))
    call.b.node.training = True
    axes = [axis for axis in range(x.rank) if axis != 1]
    statistic = reduce(call.b, x, axes, keep=False)
    # The running statistics move towards those of the batch; the saved ones of old opsets are the batch's.
    running = [pointwise(call.b, statistic, call.operand(index)) for index in (3, 4)]
    rest = [*running, statistic, statistic][: call.outputs - 1]
    return (normalise_channels(call.b, x, axes, call.operand(1), call.operand(2)), *rest)


def shape_of(call: NodeCall) -> Value:
    """The extents are constants, whatever the elements are."""
    rank = call.x.rank
    start, end = call.integer("start", 0), call.integer("end", rank)
    picked = call.x.extents[slice(*slice(start, end).indices(rank))] if rank else ()
    return call.constant(np.asarray(picked, np.int64))


def size_of(call: NodeCall) -> Value:
    """The number of elements is a constant."""
    return call.constant(np.asarray(int(np.prod(call.x.extents, dtype=np.int64)), np.int64))


RULES: Rules = {
    **dict.fromkeys(UNARY.split(), same),
    **dict.fromkeys(BINARY.split(), broadcast),
    "Where": where,
    "CastLike": cast_like,
    "Clip": clip,
    "Identity": identity,
    "Dropout": dropout,
    "BatchNormalization": batch_normalisation,
    "Shape": shape_of,
    "Size": size_of,
}
