"""Linear layers and matrix products of ATen."""

from __future__ import annotations

from pytest_rf.operators import contractions
from pytest_rf.operators.aten.call import OpCall, Rules
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.reductions import reduce
from pytest_rf.value import Value


def linear(call: OpCall) -> Value:
    """Linear: contracts the last axis as features; weights may be computed."""
    x, weight = call.x, call.given("weight")[0]
    bias = call.given("bias")
    if not weight.varies and x.varies and not call.b.weights:
        y = contractions.linear(call.b, x, weight.extents[0])
        return pointwise(call.b, y, *bias)
    y = contractions.einsum(call.b, "...i,oi->...o", [x, weight])
    return pointwise(call.b, y, *bias)


def product(call: OpCall) -> Value:
    """Matmul, mm, bmm, mv, dot."""
    left, right = list(call.values())[:2]
    return call.b.reshape(contractions.matmul(call.b, left, right, factors=True), call.shape)


def product_sum(call: OpCall) -> Value:
    """Addmm, baddbmm, addbmm, addmv: a product and a summand."""
    names = {"addmm": ("mat1", "mat2"), "addmv": ("mat", "vec")}.get(call.name, ("batch1", "batch2"))
    left, right = call.given(*names)
    if call.name == "addbmm":
        y = contractions.einsum(call.b, "bij,bjk->ik", [left, right])
    else:
        y = contractions.matmul(call.b, left, right, factors=True)
    return contractions.add_to(call.b, y, call["self"], call.get("beta", 1))


def einsum(call: OpCall) -> Value:
    """Einsum."""
    return call.b.reshape(contractions.einsum(call.b, call["equation"], call["tensors"]), call.shape)


def similarity(call: OpCall) -> Value:
    """cosine_similarity: the norms and the product over one axis."""
    y = pointwise(call.b, *list(call.values())[:2])
    return reduce(call.b, y, [call.axis(rank=y.rank, default=1)], keep=False)


def bilinear(call: OpCall) -> Value:
    """Bilinear: both inputs' features are contracted."""
    bias = call.given("bias")
    return contractions.bilinear(call.b, call["input1"], call["input2"], call["weight"], *bias)


RULES: Rules = {
    "aten.linear": linear,
    **{f"aten.{name}": product for name in ("matmul", "mm", "bmm", "mv", "dot", "vdot", "inner")},
    **{f"aten.{name}": product_sum for name in ("addmm", "baddbmm", "addbmm", "addmv")},
    "aten.einsum": einsum,
    "aten.cosine_similarity": similarity,
    "aten.bilinear": bilinear,
}
