"""Linear layers, matrix products, attention and Fourier transforms of ATen."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf.access import SAME, WHOLE, Read
from pytest_rf.graph import Builder, Shape, Value
from pytest_rf.operators import attention as attention_of
from pytest_rf.operators import contractions
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.masking import combined
from pytest_rf.operators.pointwise import broadcast_read, expand, pointwise
from pytest_rf.operators.sparsity import MASKED


def linear(call: OpCall) -> Value:
    """Linear: contracts the last axis as features; weights may be computed."""
    x, weight = call.x, call.given("weight")[0]
    bias = [value for value in call.given("bias") if value.varies]
    if not weight.varies and x.varies and not call.b.weights:
        y = contractions.linear(call.b, x, weight.extents[0])
        return pointwise(call.b, y, *bias)
    rows = [f"d{i}" for i in range(x.rank - 1)]
    extents = {**dict(zip(rows, x.extents, strict=False)), "in": x.extents[-1], "out": weight.extents[0]}
    terms = [[*rows, "in"], ["out", "in"]]
    y = contractions.contract(call.b, [x, weight], terms, [*rows, "out"], extents, factors=True)
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
        terms = [["batch", "row", "inner"], ["batch", "inner", "column"]]
        extents = {
            "batch": left.extents[0],
            "row": left.extents[1],
            "inner": left.extents[2],
            "column": right.extents[2],
        }
        y = contractions.contract(call.b, [left, right], terms, ["row", "column"], extents, factors=True)
    else:
        y = contractions.matmul(call.b, left, right, factors=True)
    (summand,) = call.given("self")
    beta = call.get("beta", 1)
    if not beta:
        return y
    # Times a negative number, masked scores are no longer so.
    positive = isinstance(beta, (int, float)) and beta > 0
    found = combined(call.b, "add", y, summand) if call.b.weights and positive else None
    return found or pointwise(call.b, y, *([summand] if summand.varies else []))


def einsum(call: OpCall) -> Value:
    """Einsum."""
    return call.b.reshape(contractions.einsum(call.b, call["equation"], call["tensors"]), call.shape)


def attention(call: OpCall) -> Result:
    """scaled_dot_product_attention: a query reads itself, and all keys and values that it may attend to."""
    query, key, value = call.given("query", "key", "value")
    masks = call.given("attn_mask", "attn_bias")
    y = attend(call, query, key, value, bool(call.get("is_causal")), masks)
    return (y, *(None if shape is None else call.b.constant(shape) for shape in call.shapes[1:]))


def attend(
    call: OpCall, query: Value, key: Value, value: Value, causal: bool = False, masks: Sequence[Value] = ()
) -> Value:
    """Return attention of (..., length, features) tensors.

    A constant mask of truth values says what is read; one of numbers does so in weight-aware mode only.
    """
    b, rows, columns = call.b, query.extents[-2], key.extents[-2]
    q, k, v = (_batch_and_heads(b, one, call.shape[:-2]) for one in (query, key, value))
    allowed: npt.NDArray[np.bool_] | None = None
    added: list[Value] = []
    for mask in masks:
        if mask.varies:
            added.append(_batch_and_heads(b, mask, call.shape[:-2]))
            continue
        data = mask.data
        if data is not None and (data.dtype == np.bool_ or b.weights):
            open_ = data if data.dtype == np.bool_ else data > MASKED
            full = np.broadcast_to(open_, (*open_.shape[:-2], rows, columns))
            shape = _four(full.shape, call.shape[:-2])
            allowed = full.reshape(shape)
    if allowed is not None and not allowed.all():
        y = attention_of.attend_where(b, q, k, v, allowed, *added)
    else:
        reach = attention_of.Reach(right=0) if causal else attention_of.Reach()
        y = attention_of.attend(b, q, k, v, reach.relation(rows, columns), *added)
    return b.reshape(y, call.shape)


def _batch_and_heads(b: Builder, x: Value, lead: Shape) -> Value:
    """Return a tensor as (batch, heads, length, features)."""
    own = (*[1] * (len(lead) - x.rank + 2), *x.extents[:-2])
    x = b.reshape(x, [*own, *x.extents[-2:]])
    if len(own) == len(lead) and len(lead) > 0:
        last = len(lead) - 1  # heads may be shared, batches are broadcast
        wanted = [
            m if n == 1 and (axis < last or not last) else n
            for axis, (n, m) in enumerate(zip(own, lead, strict=True))
        ]
        x = expand(b, x, [*wanted, *x.extents[-2:]])
    return b.reshape(x, _four(x.extents, lead))


def _four(shape: Shape, lead: Shape) -> Shape:
    """Return a shape with exactly two leading axes; a lone one is the batch."""
    own = shape[:-2]
    if len(lead) == 1 and len(own) == 1:
        own = (own[0], 1)
    own = (*[1] * (2 - len(own)), *own)
    return (prod(own[:-1]), own[-1], *shape[-2:])


def similarity(call: OpCall) -> Value:
    """cosine_similarity: the norms and the product over one axis."""
    from pytest_rf.operators.pointwise import broadcast_shape
    from pytest_rf.operators.reductions import reduce

    left, right = list(call.values())[:2]
    shape = broadcast_shape([left.extents, right.extents])
    wide = call.b.union(shape, *(broadcast_read(v, shape) for v in (left, right) if v.varies))
    return reduce(call.b, wide, [call.axis(rank=len(shape), default=1)], keep=False)


def bilinear(call: OpCall) -> Value:
    """Bilinear: both inputs' features are contracted."""
    left, right = call.given("input1", "input2")
    reads = [
        Read(v.number, (*((axis, SAME) for axis in range(v.rank - 1)), (None, WHOLE)), channel=v.rank - 1)
        for v in (left, right)
        if v.varies
    ]
    last = len(call.shape) - 1
    for value in call.given("weight", "bias"):  # an output feature reads its own
        reads.append(Read(value.number, ((last, SAME), *[(None, WHOLE)] * (value.rank - 1))))
    return call.b.union(call.shape, *reads)


_ATTENTION = """
    scaled_dot_product_attention _scaled_dot_product_flash_attention
    _scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_efficient_attention
    _scaled_dot_product_attention_math _scaled_dot_product_attention_math_for_mps
    _scaled_dot_product_cudnn_attention
"""

RULES: Rules = {
    "aten.linear": linear,
    **{f"aten.{name}": product for name in ("matmul", "mm", "bmm", "mv", "dot", "vdot", "inner")},
    **{f"aten.{name}": product_sum for name in ("addmm", "baddbmm", "addbmm", "addmv")},
    "aten.einsum": einsum,
    **{f"aten.{name}": attention for name in _ATTENTION.split()},
    "aten.cosine_similarity": similarity,
    "aten.bilinear": bilinear,
}
