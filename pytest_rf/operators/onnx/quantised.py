"""Quantisation of ONNX, and the operators on whole numbers that quantised exports contain."""

from __future__ import annotations

from pytest_rf.operators import quantised
from pytest_rf.operators.onnx.call import NodeCall, Rules, fitting
from pytest_rf.operators.onnx.contractions import product
from pytest_rf.operators.onnx.convolutions import convolve, with_bias
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.value import Value


def linear(call: NodeCall) -> Value:
    """QuantizeLinear, DequantizeLinear: each element, with the scale and zero point of its block."""
    x, parameters = call.x, call.given[1:]
    shared = all(value.extents in ((), (1,)) for value in parameters)
    axis = 0 if shared else call.axis(call.integer("axis", 1), x.rank)
    with fitting():
        return quantised.scaled(
            call.b, x, axis, *parameters, block=call.limited("block_size", call.integer("block_size", 0))
        )


def dynamic(call: NodeCall) -> tuple[Value, ...]:
    """DynamicQuantizeLinear: the scale is a statistic of the whole tensor."""
    y, statistic = quantised.by_range(call.b, call.x)
    return (y, statistic, statistic)[: call.outputs]


def with_parameters(call: NodeCall, y: Value, parameters: list[tuple[int, int]]) -> Value:
    """Return ``y`` with scales and zero points that are computed: (input, axis of ``y`` that they go along)."""
    live = []
    for index, axis in parameters:
        value = call.optional(index)
        if value is None or not value.varies:
            continue
        if value.rank <= 1 and 1 in (value.extents or (1,)):
            live.append(call.b.reshape(value, []))
        elif value.rank == 1 and y.rank >= -axis and value.extents[0] == y.extents[axis]:
            live.append(call.b.reshape(value, [value.extents[0], *[1] * (-axis - 1)]))
        else:
            live.append(value)
    with fitting():
        return pointwise(call.b, y, *live)


def matmul_integer(call: NodeCall) -> Value:
    """MatMulInteger: a product of whole numbers."""
    y = product(call, call.operand(0), call.operand(1))
    return with_parameters(call, y, [(2, -2), (3, -1)])


def matmul(call: NodeCall) -> Value:
    """QLinearMatMul: a product between quantisations."""
    y = product(call, call.operand(0), call.operand(3))
    return with_parameters(call, y, [(1, -2), (2, -2), (4, -1), (5, -1), (6, -2), (7, -2)])


def convolution_integer(call: NodeCall) -> Value:
    """ConvInteger: a convolution of whole numbers."""
    y = convolve(call, call.x, 1)
    return with_parameters(call, y, [(2, 0), (3, 1 - y.rank)])


def convolution(call: NodeCall) -> Value:
    """QLinearConv: a convolution between quantisations."""
    y = convolve(call, call.x, 3)
    across = 1 - y.rank
    y = with_parameters(call, y, [(1, 0), (2, 0), (4, across), (5, across), (6, 0), (7, 0)])
    return with_bias(call, y, call.optional(8))


RULES: Rules = {
    **dict.fromkeys(["QuantizeLinear", "DequantizeLinear"], linear),
    "DynamicQuantizeLinear": dynamic,
    "MatMulInteger": matmul_integer,
    "QLinearMatMul": matmul,
    "ConvInteger": convolution_integer,
    "QLinearConv": convolution,
}
