"""Attention of queries over keys: which of them each query may attend to."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from pytest_rf.access import ANYWHERE, LARGEST_TABLE, SAME, WHOLE, Prefix, Read, Relation, Sets, Taps, Whole
from pytest_rf.graph import Builder, Value
from pytest_rf.operators.contractions import MOST_PARTS
from pytest_rf.operators.pointwise import broadcast_read, pointwise
from pytest_rf.operators.reads import ENDS, Ends, along, indexed
from pytest_rf.operators.sparsity import MASKED, Mask
from pytest_rf.operators.views import pads, slices, transpose


class Reach(NamedTuple):
    """Which keys a query may attend to: query ``i`` stands at ``i + offset`` among them.

    Attributes:
        offset: how many keys there are before the first query's.
        left, right: how far it looks to either side; None: as far as there are keys.
        disputed: how many of the keys at the far left some engines read and others do not.
    """

    offset: int = 0
    left: int | None = None
    right: int | None = None
    disputed: int = 0

    def relation(self, queries: int, keys: int) -> Relation:
        """Return the access relation of the keys."""
        if self.left is None and self.right is None:
            return WHOLE
        if self.left is not None and self.right is not None:
            reads = tuple(range(self.offset - self.left, self.offset + self.right + 1))
            if len(reads) <= 2 * (queries + keys):
                return Taps(1, 1, (reads,), certain=(reads[self.disputed :],) if self.disputed else None)
        if (self.left, self.right, self.offset) == (None, 0, 0) and queries == keys:
            return Prefix()
        if queries * keys > LARGEST_TABLE:
            return ANYWHERE
        table, certain = (one.mask(queries, keys) for one in (self, self.undisputed))
        return Sets(table, None if np.array_equal(table, certain) else certain)

    @property
    def undisputed(self) -> Reach:
        """What every engine reads."""
        return self if self.left is None else self._replace(left=self.left - self.disputed, disputed=0)

    def mask(self, queries: int, keys: int) -> Mask:
        """Return the same as a table (query, key)."""
        place, key = np.arange(queries)[:, None] + self.offset, np.arange(keys)[None, :]
        allowed = np.ones((queries, keys), np.bool_)
        if self.left is not None:
            allowed &= key >= place - self.left
        if self.right is not None:
            allowed &= key <= place + self.right
        return allowed


def heads(x: Value, output: int) -> tuple[int, Relation]:
    """Return how ``output`` heads share those of ``x``, which are its axis 1: consecutive heads read one."""
    if x.extents[1] == output:
        return 1, SAME
    share = output // x.extents[1]
    return 1, Taps(share, 1, ((0,),) * share, selects=True)


def split_heads(b: Builder, x: Value, count: int) -> Value:
    """Return (batch, length, heads·size) as (batch, heads, length, size)."""
    batch, length, width = x.extents
    return transpose(b, b.reshape(x, [batch, length, count, width // count]), (0, 2, 1, 3))


def merge_heads(b: Builder, y: Value) -> Value:
    """Return (batch, heads, length, size) as (batch, length, heads·size)."""
    batch, count, length, size = y.extents
    return b.reshape(transpose(b, y, (0, 2, 1, 3)), [batch, length, count * size])


def attend(
    b: Builder,
    query: Value,
    key: Value,
    value: Value,
    relation: Relation,
    *masks: Value,
    scored: Mask | None = None,
) -> Value:
    """Return attention of (batch, heads, length, features) tensors.

    Args:
        b: the builder.
        query: the queries.
        key: the keys; they can have fewer heads.
        value: the values, with the keys' heads.
        relation: which keys a query reads.
        masks: what is added to the scores, broadcastable to (batch, heads, queries, keys).
        scored: which queries have scores that matter, (queries, 1), where that is no matter of windows.
    """
    batch, count, rows, _ = query.extents
    shape = (batch, count, rows, value.extents[-1])
    if isinstance(relation, Sets) and scored is None:
        several = relation.reads.sum(axis=1) > 1
        scored = None if several.all() else several[:, None]
    idle = _idle(relation, rows) if scored is None else 0
    over = Ends(relation) if isinstance(relation, Whole) else (2, relation)
    reads = score_reads(query, key, over, scored)
    if idle:
        steer = slices(b, b.union(shape, *reads), {2: (idle, 1, rows - idle)})
        reads = [broadcast_read(pads(b, steer, {2: (idle, 0)}), shape)]
    # A query with one key weighs it 1, or 0 where a computed mask takes that one, too: it reads the mask.
    wide = (batch, count, rows, key.extents[2])
    reads += [_masking(b, mask, wide, relation) for mask in masks if mask.varies]
    return b.union(shape, *reads, indexed(value, 0, heads(value, count), over, 3))


def score_reads(
    query: Value, key: Value, over: int | tuple[int, Relation] | Ends, scored: Mask | None = None
) -> list[Read]:
    """Return the reads of queries' products with keys, (batch, heads, queries, ...), ``over`` the keys' places."""
    across = heads(key, query.extents[1])
    rows: tuple[int, Relation] = (2, SAME)
    relation = None if isinstance(over, int | Ends) else over[1]
    if isinstance(relation, Taps) and relation.certain is not None and len(relation.certain[0]) <= 1:
        # An engine that leaves a query one key reads no scores: the weight is 1.
        rows = (2, Taps(1, 1, ((0,),), selects=True, certain=((),)))
        over = (2, relation._replace(certain=((),)))
    return [indexed(query, 0, 1, rows, ENDS, where=scored), indexed(key, 0, across, over, ENDS, where=scored)]


def _idle(relation: Relation, rows: int) -> int:
    """Return how many of the first queries have one key only: its weight is 1, whatever the scores are."""
    if isinstance(relation, Prefix):
        return min(1, rows)
    if isinstance(relation, Taps):
        reads = relation.taps[0]
        return min(rows, max(0, 1 - max(reads))) if len(reads) > 1 else rows
    return 0


def _masking(b: Builder, mask: Value, scores: tuple[int, ...], relation: Relation) -> Read:
    """A mask that is computed: a query reads the keys' part of its row."""
    if 1 < mask.extents[-1] < scores[3]:
        mask = pads(b, mask, {mask.rank - 1: (0, scores[3] - mask.extents[-1])})
    read = broadcast_read(mask, scores)
    *others, (target, how) = read.axes
    if target is not None:
        # Two axes with one target are read along their diagonal: each row at its own keys.
        target, how = (None, relation) if isinstance(relation, Whole) else (2, relation)
    return read._replace(axes=(*others, (target, how)))


def scores(b: Builder, query: Value, key: Value, mask: Value | None = None) -> Value:
    """Return the products of queries and keys, (batch, heads, queries, keys), and what is added to them."""
    keys = key.extents[2]
    products = b.union([*query.extents[:3], keys], *score_reads(query, key, 3))
    if mask is None:
        return products
    used = mask.extents[-1] if mask.extents[-1] > 1 else keys
    added = pointwise(b, slices(b, products, {3: (0, 1, used)}), mask)
    return pads(b, added, {3: (0, keys - used)})  # behind the mask's end all is masked


def with_cache(b: Builder, y: Value, keys: Value | None, values: Value | None) -> Value:
    """Return attention ``y`` whose queries read keys and values of a cache as a whole, too."""
    reads = [
        indexed(cache, 0, heads(cache, y.extents[1]), ENDS, last)
        for cache, last in ((keys, ENDS), (values, 3))
        if cache is not None and cache.extents[2]
    ]
    return b.union(y.extents, along(y), *reads) if reads else y


def attend_anywhere(b: Builder, query: Value, key: Value, value: Value, *masks: Value) -> Value:
    """Return attention of queries that attend to keys as data decides: an upper bound."""
    return attend(b, query, key, value, ANYWHERE, *masks)


def attend_masked(
    b: Builder,
    query: Value,
    key: Value,
    value: Value,
    reach: Reach,
    mask: Value | None = None,
    counts: Sequence[int] | None = None,
) -> Value:
    """Return attention of (batch, heads, length, features) tensors under a mask.

    Args:
        b: the builder.
        query: the queries.
        key: the keys; they can have fewer heads.
        value: the values, with the keys' heads.
        reach: which keys a query may attend to if nothing else is said.
        mask: what is added to the scores, broadcastable to (batch, heads, queries, keys), or truth values; it may
            leave out the last keys, which are masked then.
        counts: how many of the keys of each sample count; the queries are the last ones of them.
    """
    added = [mask] if mask is not None and mask.varies else []
    allowed = _allowed(b, query, key, reach, mask, counts)
    if allowed is None:
        return attend(b, query, key, value, reach.relation(query.extents[2], key.extents[2]), *added)
    return attend_where(b, query, key, value, allowed, *added)


def _allowed(
    b: Builder, query: Value, key: Value, reach: Reach, mask: Value | None, counts: Sequence[int] | None
) -> Mask | None:
    """Return what a constant mask and numbers of keys allow; None where the reach alone counts."""
    rows, columns = query.extents[2], key.extents[2]
    known = None if mask is None else _let_through(b, mask)
    known = None if known is None or known.all() else known
    behind = 0 if mask is None or not mask.rank or mask.extents[-1] == 1 else columns - mask.extents[-1]
    if known is None and counts is None and behind <= 0:
        return None
    if prod(query.extents[:2]) * rows * columns > LARGEST_TABLE:
        return None
    if counts is None:
        allowed = reach.mask(rows, columns)[None, None]
    else:
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


def _let_through(b: Builder, mask: Value) -> Mask | None:
    """Return what a constant mask lets through, by truth values, or by numbers (weight-aware mode); else None."""
    data = None if mask.varies else mask.data
    if data is None or data.dtype == np.bool_:
        return data
    return np.asarray(data.astype(np.float64) > MASKED) if b.weights else None


def attend_where(b: Builder, query: Value, key: Value, value: Value, allowed: Mask, *masks: Value) -> Value:
    """Return attention where a constant table (samples or 1, heads or 1, queries, keys) allows it."""
    count = query.extents[1]
    samples, own = allowed.shape[:2]
    if samples * own == 1 or samples * own > MOST_PARTS:
        flat = np.asarray(allowed.any(axis=(0, 1)))
        if flat.all():
            return attend(b, query, key, value, WHOLE, *masks)
        scored = (flat.sum(axis=1) > 1)[:, None]
        return attend(b, query, key, value, Sets(flat), *masks, scored=scored)
    axis = 0 if samples > 1 else 1
    share = count // key.extents[1]
    parts = []
    for place in range(allowed.shape[axis]):
        other = place if axis == 0 else place // share
        cut = [
            slices(b, query, {axis: (place, 1, 1)}),
            *(slices(b, one, {axis: (other, 1, 1)}) for one in (key, value)),
        ]
        pieces = [_piece(b, mask, axis, place) for mask in masks]
        parts.append(attend_where(b, cut[0], cut[1], cut[2], allowed.take([place], axis=axis), *pieces))
    return b.join(parts, axis)


def _piece(b: Builder, mask: Value, axis: int, place: int) -> Value:
    own = mask.rank - 4 + axis
    return slices(b, mask, {own: (place, 1, 1)}) if own >= 0 and mask.extents[own] > 1 else mask
