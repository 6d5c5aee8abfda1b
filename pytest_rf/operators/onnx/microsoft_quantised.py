"""com.microsoft: operators on quantised numbers, as onnxruntime's quantiser writes them.

Scales and zero points are constants in such models; where they are not, they are read as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_rf.operators import pointwise as each
from pytest_rf.operators.onnx import convolutions, reductions
from pytest_rf.operators.onnx.call import NodeCall, Rules, fitting
from pytest_rf.operators.onnx.contractions import product, product_sum
from pytest_rf.operators.onnx.convolutions import convolve, with_bias
from pytest_rf.operators.onnx.microsoft import channels_last
from pytest_rf.operators.onnx.quantised import linear
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.reductions import normalise
from pytest_rf.operators.views import transpose
from pytest_rf.value import Value


def steered(call: NodeCall, y: Value, data: Sequence[int]) -> Value:
    """Return ``y``, which reads the inputs ``data`` already, with all others read as a whole."""
    others = [call.optional(index) for index in range(len(call.operands)) if index not in data]
    return each.steered(call.b, y, *(value for value in others if value is not None))


def binary(call: NodeCall) -> Value:
    """QLinearAdd, QLinearMul: elementwise in inputs 0 and 3."""
    with fitting():
        return steered(call, pointwise(call.b, call.operand(0), call.operand(3)), (0, 3))


def where(call: NodeCall) -> Value:
    """QLinearWhere: elementwise in inputs 0, 1 and 4."""
    return steered(call, pointwise(call.b, *(call.operand(index) for index in (0, 1, 4))), (0, 1, 4))


def unary(call: NodeCall) -> Value:
    """QLinearSigmoid, QLinearLeakyRelu: elementwise in input 0."""
    return steered(call, call.x, (0,))


def softmax(call: NodeCall) -> Value:
    """QLinearSoftmax: over one axis, or all from it on in models of old opsets."""
    x = call.x
    axis = call.axis(call.integer("axis", -1), x.rank)
    axes = [axis] if call.integer("opset", 13) >= 13 else range(axis, x.rank)
    return steered(call, normalise(call.b, x, axes), (0,))


def concat(call: NodeCall) -> Value:
    """QLinearConcat: (tensor, scale, zero point) triples behind the output's own pair."""
    parts = [call.operand(index) for index in range(2, len(call.operands), 3)]
    if not parts:
        call.fail("has no inputs")
    axis = call.axis(call.integer("axis", 0), parts[0].rank)
    return steered(call, call.join(parts, axis), range(2, len(call.operands), 3))


def alone(rule: Callable[[NodeCall], object]) -> Callable[[NodeCall], Value]:
    """Return the rule of an operator on its first input alone, with the channels first or last."""

    def apply(call: NodeCall) -> Value:
        operands, rank = call.operands, call.x.rank
        last, (inward, outward) = call.integer("channels_last", 0), channels_last(rank)
        call.operands = [transpose(call.b, call.x, inward) if last else call.x]
        y = rule(call)
        y = y[0] if isinstance(y, tuple) else y
        assert isinstance(y, Value)
        call.operands = operands
        if last and y.rank == rank:
            y = transpose(call.b, y, outward)
        return steered(call, y, (0,))

    return apply


def reduce_mean(call: NodeCall) -> Value:
    """QLinearReduceMean: ReduceMean with its axes in an attribute."""
    operands = call.operands
    call.operands, call.opset = operands[:1], 13
    y = reductions.reduction(call)
    call.operands = operands
    assert isinstance(y, Value)
    return steered(call, y, (0,))


def convolution(call: NodeCall) -> Value:
    """QLinearConv with the channels first or last."""
    last, (inward, outward) = call.integer("channels_last", 0), channels_last(call.x.rank)
    x = transpose(call.b, call.x, inward) if last else call.x
    y = with_bias(call, convolve(call, x, 3), call.optional(8))
    y = transpose(call.b, y, outward) if last else y
    return steered(call, y, (0, 3, 8))


def quantised_gemm(call: NodeCall) -> Value:
    """QGemm: matrices in inputs 0 and 3, a bias in input 6."""
    operands = call.operands
    call.operands = [operands[0], operands[3], *operands[6:7]]
    y = product_sum(call)
    call.operands = operands
    return steered(call, y, (0, 3, 6))


def float_product(call: NodeCall) -> Value:
    """MatMulIntegerToFloat: a product of whole numbers, scaled, and a bias."""
    y = product(call, call.operand(0), call.operand(1))
    bias = call.optional(6)
    y = y if bias is None else pointwise(call.b, y, bias)
    return steered(call, y, (0, 1, 6))


def dynamic_product(call: NodeCall) -> Value:
    """DynamicQuantizeMatMul: the left operand is quantised by a statistic of the whole of it."""
    x = call.x
    y = product(call, normalise(call.b, x, range(x.rank)), call.operand(1))
    bias = call.optional(4)
    y = y if bias is None else pointwise(call.b, y, bias)
    return steered(call, y, (0, 1, 4))


RULES: Rules = {
    f"com.microsoft::{name}": rule
    for name, rule in {
        **dict.fromkeys(["QLinearAdd", "QLinearMul"], binary),
        "QLinearWhere": where,
        **dict.fromkeys(["QLinearSigmoid", "QLinearLeakyRelu"], unary),
        "QLinearSoftmax": softmax,
        "QLinearConcat": concat,
        "QLinearAveragePool": alone(convolutions.average_pool),
        "QLinearGlobalAveragePool": alone(convolutions.global_pool),
        "QLinearReduceMean": reduce_mean,
        "QLinearConv": convolution,
        "QGemm": quantised_gemm,
        "MatMulIntegerToFloat": float_product,
        "DynamicQuantizeMatMul": dynamic_product,
        **dict.fromkeys(["QuantizeLinear", "DequantizeLinear"], linear),
    }.items()
}
