"""Attention of ATen: queries over keys, under masks."""

from __future__ import annotations

from math import prod

from pytest_rf.graph import Builder
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.attention import Reach, attend_masked
from pytest_rf.operators.pointwise import expand
from pytest_rf.value import Shape, Value


def attention(call: OpCall) -> Result:
    """scaled_dot_product_attention: a query reads itself, and all keys and values that it may attend to."""
    masks = call.given("attn_mask", "attn_bias")
    y = attend(call, *call.given("query", "key", "value"), *masks, causal=bool(call.get("is_causal")))
    return (y, *(None if shape is None else call.b.constant(shape) for shape in call.shapes[1:]))


def attend(
    call: OpCall, query: Value, key: Value, value: Value, mask: Value | None = None, *, causal: bool = False
) -> Value:
    """Return attention of (..., length, features) tensors."""
    lead = call.shape[:-2]
    q, k, v = (_batch_and_heads(call.b, one, lead) for one in (query, key, value))
    added = mask if mask is None or len(lead) == 2 else _batch_and_heads(call.b, mask, lead, mask=True)
    return call.b.reshape(
        attend_masked(call.b, q, k, v, Reach(right=0 if causal else None), added), call.shape
    )


def _batch_and_heads(b: Builder, x: Value, lead: Shape, *, mask: bool = False) -> Value:
    """Return a tensor as (batch, heads, length, features); a mask may be one for all samples."""
    own = (*[1] * (len(lead) - x.rank + 2), *x.extents[:-2])
    x = b.reshape(x, [*own, *x.extents[-2:]])
    if len(own) == len(lead) > 0 and not (mask and prod(own[:-1]) == 1):
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


_ATTENTION = """
    scaled_dot_product_attention _scaled_dot_product_flash_attention
    _scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_efficient_attention
    _scaled_dot_product_attention_math _scaled_dot_product_attention_math_for_mps
    _scaled_dot_product_cudnn_attention
"""

RULES: Rules = {f"aten.{name}": attention for name in _ATTENTION.split()}
