"""Attention of ONNX, and what goes with it: caches, causal masks, windows, rotary embeddings."""

from __future__ import annotations

import numpy as np

from pytest_rf.operators import attention as attending
from pytest_rf.operators import views
from pytest_rf.operators.attention import Reach, merge_heads
from pytest_rf.operators.gathers import gather
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.pointwise import pointwise, steered
from pytest_rf.operators.reductions import normalise
from pytest_rf.value import Value


def split_heads(call: NodeCall, x: Value, count: int) -> Value:
    """Return (batch, length, heads·size) as (batch, heads, length, size)."""
    if x.rank != 3 or count < 1 or x.extents[2] % count:
        call.fail(f"{count} heads do not divide {x.shape}")
    return attending.split_heads(call.b, x, count)


def attention(call: NodeCall) -> tuple[Value, ...]:
    """Attention: scaled dot products with caches, masks and windows."""
    query, key, value = (call.operand(index) for index in range(3))
    flat = query.rank == 3
    if {query.rank, key.rank, value.rank} not in ({3}, {4}):
        call.fail(f"operands {query.shape}, {key.shape}, {value.shape} must all have rank 3 or 4")
    if flat:
        query = split_heads(call, query, call.integer("q_num_heads", 0))
        key = split_heads(call, key, call.integer("kv_num_heads", 0))
        value = split_heads(call, value, call.integer("kv_num_heads", 0))
    past = call.optional(4)
    if past is not None:
        key = call.join([past, key], 2)
        value = call.join([call.operand(5), value], 2)
    check_heads(call, query, key, value)
    mask = call.optional(3)
    left, right = call.integer("left_window_size", -1), call.integer("right_window_size", -1)
    reach = Reach(
        0 if past is None else past.extents[2], None if left < 0 else left, None if right < 0 else right
    )
    if call.integer("is_causal", 0):
        reach = reach._replace(right=0)
    lengths = call.optional(6)
    if lengths is not None and lengths.data is None:
        # Data decides how many keys are valid, and with that where the queries stand among them.
        added = [mask] if mask is not None and mask.varies else []
        y = attending.attend_anywhere(call.b, query, key, value, *added)
        y = steered(call.b, y, lengths, by_sample=True)
    else:
        counts = None if lengths is None else call.numbers(6)
        if counts is not None and len(counts) != query.extents[0]:
            call.fail(f"{len(counts)} key lengths for {query.extents[0]} samples")
        y = attending.attend_masked(call.b, query, key, value, reach, mask, counts)
    outputs = [merge_heads(call.b, y) if flat else y, key, value]
    if call.outputs > 3:
        outputs.append(_scores(call, query, key, mask))
    return tuple(outputs[: call.outputs])


def check_heads(call: NodeCall, query: Value, key: Value, value: Value) -> None:
    """Hold that queries, keys and values (batch, heads, length, size) are those of one attention.

    Raises:
        Unfit: they are not.
    """
    fits = (
        query.extents[0] == key.extents[0] == value.extents[0]
        and key.extents[1:3] == value.extents[1:3]
        and query.extents[3] == key.extents[3]
        and key.extents[1] > 0
        and query.extents[1] % key.extents[1] == 0
    )
    if not fits:
        call.fail(f"queries {query.shape}, keys {key.shape} and values {value.shape} do not fit")


def _scores(call: NodeCall, query: Value, key: Value, mask: Value | None) -> Value:
    """Return the products that the last output shows, at the stage that its mode names."""
    mode = call.integer("qk_matmul_output_mode", 0)
    raw = attending.scores(call.b, query, key, mask if mode > 1 else None)
    return normalise(call.b, raw, [3]) if mode == 3 else raw


def rotary(call: NodeCall) -> Value:
    """RotaryEmbedding: each feature and its partner, turned by the angle of the position."""
    x, cosine, sine = call.x, call.operand(1), call.operand(2)
    flat = x.rank == 3
    count = call.integer("num_heads", 0)
    part = call.integer("rotary_embedding_dim", 0)
    if x.rank not in (3, 4):
        call.fail(f"needs an input of rank 3 or 4, not {x.rank}")
    wide = split_heads(call, x, count) if flat else x
    size = part or wide.extents[3]
    if size > wide.extents[3] or size % 2:
        call.fail(f"{size} features cannot be turned in {wide.shape}")
    half = size // 2
    turned, rest = views.split(call.b, wide, [size, wide.extents[3] - size], 3)
    if call.integer("interleaved", 0):
        pairs = call.b.reshape(turned, [*turned.extents[:3], half, 2])
        swapped = views.slices(call.b, pairs, {4: (1, -1, 2)})
        other = call.b.reshape(swapped, turned.extents)
    else:
        first, second = views.split(call.b, turned, [half, half], 3)
        other = call.b.join([second, first], 3)
    angles = [_angles(call, one, turned, bool(call.integer("interleaved", 0))) for one in (cosine, sine)]
    y = pointwise(call.b, turned, other, *(one for one in angles if one is not None))
    y = call.b.join([y, rest], 3)
    return merge_heads(call.b, y) if flat else y


def _angles(call: NodeCall, table: Value, turned: Value, interleaved: bool) -> Value | None:
    """Return angles that are computed from the input as (batch, 1, length, size)."""
    places = call.optional(3)
    if places is not None:
        if places.data is not None:
            table = gather(call.b, table, 0, places.data.astype(np.int64) % max(table.extents[0], 1))
        elif places.varies:
            table = gather(call.b, table, 0, places)
    if not table.varies:
        return None
    wide = call.b.reshape(table, [table.extents[0], 1, *table.extents[1:]])
    if interleaved:
        pair = views.stack(call.b, [wide, wide], 4)
        return call.b.reshape(pair, [*wide.extents[:3], 2 * wide.extents[3]])
    return call.b.join([wide, wide], 3)


RULES: Rules = {"Attention": attention, "RotaryEmbedding": rotary}
