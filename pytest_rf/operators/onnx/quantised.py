"""Quantisation of ONNX, and the operators on whole numbers that quantised exports contain."""

from __future__ import annotations

from pytest_rf.access import SAME, Read, Relation, Taps
from pytest_rf.graph import Value
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.onnx.contractions import product
from pytest_rf.operators.onnx.convolutions import convolve, with_bias
from pytest_rf.operators.pointwise import broadcast_read, pointwise
from pytest_rf.operators.reductions import normalise, reduce


def linear(call: NodeCall) -> Value:
    """QuantizeLinear, DequantizeLinear: each element, with the scale and zero point of its block."""
    x = call.x
    axis = call.integer("axis", 1)
    reads = [_parameter(call, value, x, axis) for value in call.given[1:] if value.varies]
    if not reads:
        return x if x.varies else call.b.constant(x.extents)
    own = [broadcast_read(x, x.extents)] if x.varies else []
    return call.b.union(x.extents, *own, *reads)


def _parameter(call: NodeCall, value: Value, x: Value, number: int) -> Read:
    if value.rank == 0 or value.shape == (1,):
        return Read(value.number, tuple((None, SAME) for _ in range(value.rank)))
    axis = call.axis(number, x.rank)
    if value.rank == 1:
        if value.extents[0] != x.extents[axis]:
            call.fail(f"{value.extents[0]} scales for extent {x.extents[axis]} of axis {axis}")
        return Read(value.number, ((axis, SAME),))
    block = call.integer("block_size", 0)
    if value.rank != x.rank or block < 1:
        call.fail(f"scales of shape {value.shape} do not fit {x.shape}")
    blocks = Taps(call.limited("block_size", block), 1, ((0,),) * block, selects=True)
    axes: list[tuple[int | None, Relation]] = [(d, blocks if d == axis else SAME) for d in range(x.rank)]
    return Read(value.number, tuple(axes))


def dynamic(call: NodeCall) -> tuple[Value, ...]:
    """DynamicQuantizeLinear: the scale is a statistic of the whole tensor."""
    x = call.x
    statistic = reduce(call.b, x, range(x.rank), keep=False)
    return (normalise(call.b, x, range(x.rank)), statistic, statistic)[: call.outputs]


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
    try:
        return pointwise(call.b, y, *live)
    except ValueError as error:
        call.fail(str(error))


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
