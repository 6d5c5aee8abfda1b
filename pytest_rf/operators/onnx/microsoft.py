"""com.microsoft: the fused operators that onnxruntime's optimisers put into models."""

from __future__ import annotations

import numpy as np

from pytest_rf.node import Role
from pytest_rf.operators import attention as attending
from pytest_rf.operators import contractions, views
from pytest_rf.operators.attention import Reach, merge_heads
from pytest_rf.operators.onnx.attention import check_heads, rotary, split_heads
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.onnx.contractions import gemm, product
from pytest_rf.operators.onnx.convolutions import (
    convolution,
    convolve,
    pool,
    transposed_convolution,
    with_bias,
)
from pytest_rf.operators.onnx.generators import triangle
from pytest_rf.operators.onnx.pointwise import broadcast
from pytest_rf.operators.onnx.reductions import layer_normalisation
from pytest_rf.operators.onnx.sampling import grid_sample
from pytest_rf.operators.pointwise import expand, pointwise, steered
from pytest_rf.operators.reductions import group_normalise, normalise, reduce
from pytest_rf.operators.views import transpose
from pytest_rf.value import Undetermined, Value


def split_gelu(call: NodeCall) -> Value:
    """BiasSplitGelu: one half of the features gates the other."""
    x = pointwise(call.b, *call.given)
    if x.extents[-1] % 2:
        call.fail(f"the features of {x.shape} do not halve")
    half = x.extents[-1] // 2
    return pointwise(call.b, *views.split(call.b, x, [half, half], x.rank - 1))


def fused_convolution(call: NodeCall) -> Value:
    """FusedConv: a convolution, an addend of its shape, an activation."""
    y = convolution(call)
    addend = call.optional(3)
    return y if addend is None else pointwise(call.b, y, addend)


def channels_last(rank: int) -> tuple[list[int], list[int]]:
    """Return the orders of axes that bring the channels of a tensor from the end to axis 1, and back."""
    return [0, rank - 1, *range(1, rank - 1)], [0, *range(2, rank), 1]


def nhwc_convolution(call: NodeCall) -> Value:
    """NhwcConv, NhwcFusedConv: a convolution with the channels last, weights too (NhwcFusedConv: not them)."""
    inward, outward = channels_last(call.x.rank)
    weights = call.operand(1)
    if call.op == "NhwcConv" and not _fits(call, weights):
        weights = transpose(call.b, weights, inward)
    x = transpose(call.b, call.x, inward)
    call.operands = [x, weights, *call.operands[2:]]
    y = with_bias(call, convolve(call, x, 1, factors=True), call.optional(2))
    y = transpose(call.b, y, outward)
    addend = call.optional(3)
    return y if addend is None else pointwise(call.b, y, addend)


def _fits(call: NodeCall, weights: Value) -> bool:
    kernel = call.attr("kernel_shape")
    channels = call.x.extents[-1] // max(call.integer("group", 1), 1)
    return weights.extents[1] == channels and (kernel is None or list(weights.extents[2:]) == list(kernel))


def nhwc_pool(call: NodeCall) -> Value:
    """NhwcMaxPool: a pool with the channels last."""
    inward, outward = channels_last(call.x.rank)
    call.operands = [transpose(call.b, call.x, inward)]
    y = pool(call)
    call.b.node.role = Role("max", tuple(range(1, call.x.rank - 1)))
    return transpose(call.b, y[0] if isinstance(y, tuple) else y, outward)


def fused_matmul(call: NodeCall) -> Value:
    """FusedMatMul, TransposeMatMul: a product of operands whose last axes, or batch axes, are turned."""
    operands = []
    for index, side in ((0, "A"), (1, "B")):
        x = call.operand(index)
        order = list(range(x.rank))
        if call.integer(f"transBatch{side}", 0) and x.rank > 2:
            # The first of the matrix axes stands in front of the batch.
            order = [*order[1:-1], order[0], order[-1]]
        if call.integer(f"trans{side}", 0) and x.rank > 1:
            order[-2:] = order[:-3:-1]
        operands.append(transpose(call.b, x, order))
    return product(call, *operands, factors=True)


def fused_gemm(call: NodeCall) -> Value:
    """FusedGemm: Gemm and an activation."""
    return gemm(call)


def quantised_weights(call: NodeCall) -> Value:
    """MatMulNBits: a Linear layer whose weights are packed."""
    return contractions.linear(call.b, call.x, max(call.integer("N", 1), 1))


def skip_layer_normalisation(call: NodeCall) -> tuple[Value, ...]:
    """SkipLayerNormalization: a sum of two tensors and a bias, normalised over the features."""
    simplified = call.op == "SkipSimplifiedLayerNormalization"
    bias = call.optional(3 if simplified else 4)
    summands = [call.operand(0), call.operand(1), *([bias] if bias is not None else [])]
    total = pointwise(call.b, *summands)
    if total.shape != call.x.shape:
        call.fail(f"a skip of shape {call.operand(1).shape} does not fit {call.x.shape}")
    scales = [call.optional(2), None if simplified else call.optional(3)]
    y = normalise(call.b, total, [total.rank - 1], *(v for v in scales if v is not None))
    statistic = reduce(call.b, total, [total.rank - 1])
    return (y, statistic, statistic, total)[: call.outputs]


def embedding(call: NodeCall) -> tuple[Value, ...]:
    """EmbedLayerNormalization: table rows of words, places and segments, summed and normalised."""
    ids, table = call.operand(0), call.operand(2)
    if ids.rank != 2 or table.rank != 2:
        call.fail(f"ids {ids.shape} and a table {table.shape} do not fit")
    shape = (*ids.extents, table.extents[1])
    if any(value.varies for value in (call.optional(i) for i in (2, 3, 4)) if value is not None):
        raise Undetermined("EmbedLayerNormalization with tables that are computed")
    steers = [x for x in (call.optional(index) for index in (0, 1, 8)) if x is not None and x.rank == 2]
    wide = [call.b.reshape(x, [*x.extents, 1]) for x in steers]
    total = expand(call.b, pointwise(call.b, *wide), shape)
    y = normalise(call.b, total, [2])
    mask = call.optional(7)
    places = (
        call.b.constant((shape[0],)) if mask is None or not mask.varies else reduce(call.b, mask, [1], False)
    )
    return (y, places, total)[: call.outputs]


def group_normalisation(call: NodeCall) -> Value | tuple[Value, ...]:
    """GroupNorm, SkipGroupNorm: statistics over groups of channels, which are the last axis."""
    x, groups = call.x, call.integer("groups", 1)
    if call.op == "SkipGroupNorm":
        parts = [x]
        for index in (3, 4):
            part = call.optional(index)
            if part is not None:
                if part.rank == 2:
                    part = call.b.reshape(part, [part.extents[0], 1, 1, part.extents[1]])
                parts.append(part)
        x = pointwise(call.b, *parts)
    last = bool(call.integer("channels_last", 1))
    inward, outward = channels_last(x.rank)
    y = transpose(call.b, x, inward) if last else x
    if groups < 1 or y.rank < 2 or y.extents[1] % groups:
        call.fail(f"groups {groups} do not divide {x.shape}")
    y = group_normalise(call.b, y, groups)
    y = transpose(call.b, y, outward) if last else y
    return y if call.outputs == 1 else (y, x)


def attention(call: NodeCall) -> Value | tuple[Value, ...]:
    """Attention: queries, keys and values by one Linear layer, heads, a mask, a cache."""
    x, weights = call.x, call.operand(1)
    if x.rank != 3 or weights.varies:
        raise Undetermined("Attention whose weights are computed")
    count = call.integer("num_heads", 0)
    sizes = call.integers("qkv_hidden_sizes", []) or [weights.extents[1] // 3] * 3
    mixed = contractions.linear(call.b, x, sum(sizes))
    query, key, value = (split_heads(call, one, count) for one in views.split(call.b, mixed, sizes, 2))
    past = call.optional(4)
    if past is not None:
        old = [views.take_axis(call.b, past, 0, index) for index in (0, 1)]
        key, value = call.join([old[0], key], 2), call.join([old[1], value], 2)
    before = 0 if past is None else past.extents[3]
    reach = Reach(before, None, 0 if call.integer("unidirectional", 0) else None)
    y = _attended(call, query, key, value, reach, call.optional(5), call.optional(3))
    return (merge_heads(call.b, y), views.stack(call.b, [key, value], 0))[: call.outputs]


def rotary_embedding(call: NodeCall) -> Value:
    """RotaryEmbedding: the positions come before the angles, and can be one, of the first token."""
    x, places = call.x, call.operand(1)
    angles = [call.operand(2), call.operand(3)]
    if x.rank == 3 and not call.integer("num_heads", 0) and not call.integer("rotary_embedding_dim", 0):
        call.attributes = {**call.attributes, "num_heads": x.extents[2] // max(2 * angles[0].extents[-1], 1)}
    if places.rank == 1:
        batch, length = x.extents[0], x.extents[-2]
        if places.varies:
            if any(one.varies for one in angles):
                raise Undetermined("RotaryEmbedding with angles and an offset that are computed")
            places = expand(call.b, call.b.reshape(places, [1, 1]), (batch, length))
        elif places.data is not None:
            line = int(places.data.reshape(-1)[0]) + np.arange(length)
            places = call.constant(np.broadcast_to(line, (batch, length)))
    call.operands = [x, *angles, places]
    return rotary(call)


def _attended(
    call: NodeCall,
    query: Value,
    key: Value,
    value: Value,
    reach: Reach,
    bias: Value | None,
    padding: Value | None,
    exact: bool = False,
) -> Value:
    """Return attention; not ``exact``: what is ahead gets a small score (mask_filter_value), not none at all."""
    check_heads(call, query, key, value)
    added = bias if bias is not None and bias.varies else None
    bounded = reach.left is not None or reach.right is not None
    if not exact and bounded and (added is not None or padding is not None):
        # Where a mask takes all keys that a query may see, the small scores of those ahead are the largest.
        y = attending.attend_anywhere(call.b, query, key, value, *([] if added is None else [added]))
    else:
        y = attending.attend_masked(call.b, query, key, value, reach, added)
    # A padding mask that is computed, of whatever form: read as a whole.
    return y if padding is None else steered(call.b, y, padding, by_sample=True)


def multi_head_attention(call: NodeCall) -> Value | tuple[Value, ...]:
    """MultiHeadAttention: queries, keys and values given apart or packed, of rank 3, or keys of rank 4."""
    count = call.integer("num_heads", 0)
    query = call.x
    bias = call.optional(3)
    if bias is not None and bias.varies:
        raise Undetermined("MultiHeadAttention with a bias that is computed")
    key, value = call.optional(1), call.optional(2)
    if query.rank == 5 or (key is not None and key.rank == 5) or (key is not None and value is None):
        raise Undetermined("MultiHeadAttention with packed operands")
    if key is None or value is None:
        raise Undetermined("MultiHeadAttention with packed operands")
    split = [one if one.rank == 4 else split_heads(call, one, count) for one in (query, key, value)]
    past = call.optional(6)
    before = 0
    if past is not None:
        split[1], split[2] = call.join([past, split[1]], 2), call.join([call.operand(7), split[2]], 2)
        before = past.extents[2]
    reach = Reach(before, None, 0 if call.integer("unidirectional", 0) else None)
    y = _attended(call, split[0], split[1], split[2], reach, call.optional(5), call.optional(4))
    return (merge_heads(call.b, y), split[1], split[2])[: call.outputs]


def group_query_attention(call: NodeCall) -> tuple[Value, ...]:
    """GroupQueryAttention: shared keys and values, causal by default; the cache can be read as a whole.

    Its documentation leaves open whether a window counts the query's own key: ONNX Runtime to 1.23 does not.
    """
    key, value = call.optional(1), call.optional(2)
    if key is None or value is None:
        raise Undetermined("GroupQueryAttention with packed operands")
    if call.integer("kv_cache_bit_width", 0) == 4:
        raise Undetermined("GroupQueryAttention with packed caches")
    query = split_heads(call, call.x, call.integer("num_heads", 0))
    key, value = (split_heads(call, one, call.integer("kv_num_heads", 0)) for one in (key, value))
    window = call.integer("local_window_size", -1)
    past = call.optional(3)
    for cache, new in ((past, key), (call.optional(4), value)):
        if cache is not None:
            call.check_join([cache, new], 2)
    caches = [one for one in (past, call.optional(4)) if one is not None and one.extents[2]]
    ahead = 0 if call.integer("causal", 1) else None
    reach = Reach(0, None, ahead) if window < 0 or caches else Reach(0, window, ahead, disputed=1)
    y = _attended(call, query, key, value, reach, call.optional(10), None, exact=True)
    y = attending.with_cache(call.b, y, past, call.optional(4))
    # Lengths, tables of rotations and their places, sinks, scales: whatever there is beside the bias (input 10).
    others = (call.optional(index) for index in range(5, len(call.operands)) if index != 10)
    y = steered(call.b, y, *(x for x in others if x is not None))
    reason = "the cache of GroupQueryAttention is as long as data says"
    present = [call.b.unknown([*caches, one], reason) if caches else one for one in (key, value)]
    return (merge_heads(call.b, y), *present)[: call.outputs]


def bias_softmax(call: NodeCall) -> Value:
    """BiasSoftmax: a sum, normalised over its last axes."""
    x = pointwise(call.b, *call.given)
    return normalise(call.b, x, range(call.axis(call.integer("axis", 1), x.rank), x.rank))


RULES: Rules = {
    "SimplifiedLayerNormalization": layer_normalisation,
    "SkipSimplifiedLayerNormalization": skip_layer_normalisation,
    **{
        f"com.microsoft::{name}": rule
        for name, rule in {
            **dict.fromkeys(
                ["Gelu", "QuickGelu", "BiasGelu", "FastGelu", "BiasAdd", "BiasDropout"], broadcast
            ),
            "BiasSplitGelu": split_gelu,
            "BiasSoftmax": bias_softmax,
            "FusedConv": fused_convolution,
            **dict.fromkeys(["NhwcConv", "NhwcFusedConv"], nhwc_convolution),
            "NhwcMaxPool": nhwc_pool,
            "ConvTransposeWithDynamicPads": transposed_convolution,
            **dict.fromkeys(["FusedMatMul", "TransposeMatMul"], fused_matmul),
            "FusedGemm": fused_gemm,
            "MatMulNBits": quantised_weights,
            "SimplifiedLayerNormalization": layer_normalisation,
            **dict.fromkeys(
                ["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"], skip_layer_normalisation
            ),
            "EmbedLayerNormalization": embedding,
            **dict.fromkeys(["GroupNorm", "SkipGroupNorm"], group_normalisation),
            "Attention": attention,
            "MultiHeadAttention": multi_head_attention,
            "GroupQueryAttention": group_query_attention,
            "GridSample": grid_sample,
            "RotaryEmbedding": rotary_embedding,
            "Trilu": triangle,
        }.items()
    },
}
