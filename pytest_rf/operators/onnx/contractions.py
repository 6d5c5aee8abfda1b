"""MatMul, Gemm and Einsum of ONNX."""

from __future__ import annotations

from pytest_rf.operators import contractions
from pytest_rf.operators.onnx.call import NodeCall, Rules, by_shapes, fitting
from pytest_rf.operators.views import transpose
from pytest_rf.value import Value


def matmul(call: NodeCall) -> Value:
    """MatMul: the last axis of the left operand with the last but one of the right."""
    return product(call, call.operand(0), call.operand(1), factors=True)


def product(call: NodeCall, left: Value, right: Value, *, factors: bool = False) -> Value:
    """Return the matrix product of two operands as numpy defines it.

    ``factors``: whether a 0 of one is a factor, as it is not where zero points are taken off first.
    """
    if not left.rank or not right.rank:
        call.fail("an operand is a scalar")
    if left.extents[-1] != right.extents[-2 if right.rank > 1 else 0]:
        call.fail(f"shapes {left.shape} and {right.shape} do not multiply")
    with fitting():
        return contractions.matmul(call.b, left, right, factors=factors)


@by_shapes
def gemm(call: NodeCall) -> Value:
    """Gemm: a matrix product of operands that may be transposed, plus a bias."""
    return product_sum(call, factors=True)


def product_sum(call: NodeCall, *, factors: bool = False) -> Value:
    """Return Gemm's result for operands that are its own, or quantised."""
    left, right = call.operand(0), call.operand(1)
    if call.opset < 7 and left.rank > 2:
        call.fail("operand A must be a matrix")
    if left.rank != 2 or right.rank != 2:
        call.fail(f"operands of shapes {left.shape} and {right.shape} are no matrices")
    if call.integer("transA", 0):
        left = transpose(call.b, left, (1, 0))
    if call.integer("transB", 0):
        right = transpose(call.b, right, (1, 0))
    y = product(call, left, right, factors=factors)
    if not call.has(2):
        return y
    with fitting():
        return contractions.add_to(call.b, y, call.operand(2), call.number("beta", 1))


def einsum(call: NodeCall) -> Value:
    """Einsum: what the equation contracts is mixed."""
    with fitting():
        return contractions.einsum(call.b, call.text("equation", ""), call.given)


RULES: Rules = {"MatMul": matmul, "Gemm": gemm, "Einsum": einsum}
