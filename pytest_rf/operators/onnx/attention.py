"""Attention of ONNX, and what goes with it: caches, causal masks, windows, rotary embeddings."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt

from pytest_rf.access import SAME, Read, Whole
from pytest_rf.graph import Value
from pytest_rf.operators import attention as attending
from pytest_rf.operators import views
from pytest_rf.operators.attention import Reach
from pytest_rf.operators.gathers import gather
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.pointwise import broadcast_read, pointwise
from pytest_rf.operators.reductions import normalise
from pytest_rf.operators.sparsity import MASKED


def split_heads(call: NodeCall, x: Value, count: int) -> Value:
    """Return (batch, length, heads·size) as (batch, heads, length, size)."""
    if count < 1 or x.extents[2] % count:
        call.fail(f"{count} heads do not divide {x.shape}")
    batch, length, width = x.extents
    return views.transpose(call.b, call.b.reshape(x, [batch, length, count, width // count]), (0, 2, 1, 3))


def merge_heads(call: NodeCall, y: Value) -> Value:
    """Return (batch, heads, length, size) as (batch, length, heads·size)."""
    batch, count, length, size = y.extents
    return call.b.reshape(views.transpose(call.b, y, (0, 2, 1, 3)), [batch, length, count * size])


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
        key = call.b.join([past, key], 2)
        value = call.b.join([call.operand(5), value], 2)
    _check(call, query, key, value)
    mask = call.optional(3)
    left, right = call.integer("left_window_size", -1), call.integer("right_window_size", -1)
    reach = Reach(
        0 if past is None else past.extents[2], None if left < 0 else left, None if right < 0 else right
    )
    if call.integer("is_causal", 0):
        reach = reach._replace(right=0)
    allowed = _table(call, query, key, mask, reach)
    added = [mask] if mask is not None and mask.varies else []
    lengths = call.optional(6)
    if lengths is not None and lengths.data is None:
        # Data decides how many keys are valid, and with that where the queries stand among them.
        y = attending.attend(call.b, query, key, value, Whole(uncertain=True), *added)
        reads = [broadcast_read(y, y.extents)] if y.varies else []
        if lengths.varies:
            reads.append(Read(lengths.number, ((0, SAME),)))
        y = call.b.union(y.extents, *reads)
    elif allowed is None:
        relation = reach.relation(query.extents[2], key.extents[2])
        y = attending.attend(call.b, query, key, value, relation, *added)
    else:
        y = attending.attend_where(call.b, query, key, value, allowed, *added)
    outputs = [merge_heads(call, y) if flat else y, key, value]
    if call.outputs > 3:
        outputs.append(_scores(call, query, key, mask))
    return tuple(outputs[: call.outputs])


def _check(call: NodeCall, query: Value, key: Value, value: Value) -> None:
    fits = (
        query.extents[0] == key.extents[0] == value.extents[0]
        and key.extents[1:3] == value.extents[1:3]
        and query.extents[3] == key.extents[3]
        and key.extents[1] > 0
        and query.extents[1] % key.extents[1] == 0
    )
    if not fits:
        call.fail(f"queries {query.shape}, keys {key.shape} and values {value.shape} do not fit")


def _table(
    call: NodeCall, query: Value, key: Value, mask: Value | None, reach: Reach
) -> npt.NDArray[np.bool_] | None:
    """Return what a constant mask and constant numbers of keys allow; None where the window alone counts."""
    rows, columns = query.extents[2], key.extents[2]
    known = None if mask is None or mask.varies else mask.data
    if known is not None and known.dtype != np.bool_:
        known = known.astype(np.float64) > MASKED if call.b.weights else None
    lengths = call.optional(6)
    counts = None if lengths is None or lengths.data is None else call.numbers(6)
    behind = 0 if mask is None or not mask.rank or mask.extents[-1] == 1 else columns - mask.extents[-1]
    if known is None and counts is None and behind <= 0:
        return None
    if prod(query.extents[:2]) * rows * columns > attending.LARGEST:
        return None
    if counts is None:
        allowed = reach.mask(rows, columns)[None, None]
    else:
        if len(counts) != query.extents[0]:
            call.fail(f"{len(counts)} key lengths for {query.extents[0]} samples")
        # With a cache outside of the operator the queries are the last ones of the valid keys.
        allowed = np.stack(
            [reach._replace(offset=n - rows).mask(rows, columns) & (np.arange(columns) < n) for n in counts]
        )[:, None]
    if behind > 0:
        # A mask that is too short masks the keys behind it.
        allowed = allowed & (np.arange(columns) < columns - behind)
    if known is not None:
        if behind > 0:
            known = np.pad(known, [*[(0, 0)] * (known.ndim - 1), (0, behind)])
        known = known.reshape((1,) * (4 - known.ndim) + known.shape)
        allowed = allowed & known
    return np.asarray(allowed)


def _scores(call: NodeCall, query: Value, key: Value, mask: Value | None) -> Value:
    """Return the products that the last output shows, at the stage that its mode names."""
    raw = attending.scores(call.b, query, key)
    mode = call.integer("qk_matmul_output_mode", 0)
    if mode in (0, 1):
        return raw
    if mask is not None and mask.varies:
        reads = [broadcast_read(one, raw.extents) for one in (raw, mask) if one.varies]
        raw = call.b.union(raw.extents, *reads)
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
    return merge_heads(call, y) if flat else y


def _picked(call: NodeCall, table: Value, places: Value) -> Value:
    """Return the rows of a table at positions that are computed."""
    if table.varies:
        return gather(call.b, table, 0, places)
    shape = (*places.extents, *table.extents[1:])
    return call.b.union(shape, Read(places.number, tuple((d, SAME) for d in range(places.rank))))


def _angles(call: NodeCall, table: Value, turned: Value, interleaved: bool) -> Value | None:
    """Return angles that are computed from the input as (batch, 1, length, size)."""
    places = call.optional(3)
    if places is not None:
        if places.data is not None:
            table = gather(call.b, table, 0, places.data.astype(np.int64) % max(table.extents[0], 1))
        elif places.varies:
            table = _picked(call, table, places)
    if not table.varies:
        return None
    wide = call.b.reshape(table, [table.extents[0], 1, *table.extents[1:]])
    if interleaved:
        pair = views.stack(call.b, [wide, wide], 4)
        return call.b.reshape(pair, [*wide.extents[:3], 2 * wide.extents[3]])
    return call.b.join([wide, wide], 3)


RULES: Rules = {"Attention": attention, "RotaryEmbedding": rotary}
