"""Attention of queries over keys: which of them each query may attend to."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from pytest_rf.access import (
    ANYWHERE,
    LARGEST_TABLE,
    SAME,
    WHOLE,
    Prefix,
    Read,
    Relation,
    Sets,
    Taps,
    Whole,
    sets,
)
from pytest_rf.graph import Builder
from pytest_rf.operators.contractions import MOST_PARTS, chosen
from pytest_rf.operators.pointwise import broadcast_read, pointwise
from pytest_rf.operators.reads import ENDS, Ends, along, indexed
from pytest_rf.operators.sparsity import Mask, alike, let_through, narrow
from pytest_rf.operators.views import pads, slices, transpose
from pytest_rf.value import Value


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

    @property
    def is_limited(self) -> bool:
        """Whether there are keys beyond its reach."""
        return self.left is not None or self.right is not None

    def relation(self, queries: int, keys: int) -> Relation:
        """Return the access relation of the keys."""
        if not self.is_limited:
            return WHOLE
        if self.left is not None and self.right is not None:
            first, last = self.offset - self.left, self.offset + self.right
            if last - first < 2 * (
                queries + keys
            ):  # a window of any size that the file says is not written out
                reads = tuple(range(first, last + 1))
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
    share, rest = divmod(output, x.extents[1])
    if rest or not share:
        raise ValueError(f"{output} heads cannot share {x.extents[1]}")
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
        scored: which queries have scores that matter, as they have several keys; None: as the relation says.
    """
    batch, count, rows, _ = query.extents
    shape = (batch, count, rows, value.extents[-1])
    if scored is None:
        scored = _several(relation, rows, key.extents[2])
    over = Ends(relation) if isinstance(relation, Whole) else (2, relation)
    reads = _where_scored(b, shape, score_reads(query, key, over), scored)
    # A query with one key weighs it 1, or 0 where a computed mask takes that one, too: it reads the mask.
    wide = (batch, count, rows, key.extents[2])
    reads += [_masking(b, mask, wide, relation) for mask in masks if mask.varies]
    return b.union(shape, *reads, indexed(value, 0, heads(value, count), over, 3))


def _where_scored(b: Builder, shape: tuple[int, ...], reads: list[Read], scored: Mask) -> list[Read]:
    """Return the reads of scores as far as they matter: the weight of a lone key is 1, whatever its score is."""
    if scored.all():
        return reads
    first, last = (
        (int(np.argmax(scored)), len(scored) - int(np.argmax(scored[::-1]))) if scored.any() else (0, 0)
    )
    if not scored[first:last].all():
        return [read._replace(where=scored[:, None]) for read in reads]
    if first == last:
        return []
    # What lies at the ends is cut off, which says nothing of an axis without end.
    steer = slices(b, b.union(shape, *reads), {2: (first, 1, last - first)})
    return [broadcast_read(pads(b, steer, {2: (first, len(scored) - last)}), shape)]


def score_reads(query: Value, key: Value, over: int | tuple[int, Relation] | Ends) -> list[Read]:
    """Return the reads of queries' products with keys, (batch, heads, queries, ...), ``over`` the keys' places."""
    across = heads(key, query.extents[1])
    rows: tuple[int, Relation] = (2, SAME)
    relation = None if isinstance(over, int | Ends) else over[1]
    if isinstance(relation, Taps) and relation.certain is not None and len(relation.certain[0]) <= 1:
        # An engine that leaves a query one key reads no scores: the weight is 1.
        rows = (2, Taps(1, 1, ((0,),), selects=True, certain=((),)))
        over = (2, relation._replace(certain=((),)))
    return [indexed(query, 0, 1, rows, ENDS), indexed(key, 0, across, over, ENDS)]


def _several(relation: Relation, rows: int, keys: int) -> Mask:
    """Return which queries attend to several keys."""
    place = np.arange(rows)
    if isinstance(relation, Sets):
        return np.asarray(np.count_nonzero(relation.reads, axis=1) > 1)
    if isinstance(relation, Prefix):
        return (place[::-1] if relation.reverse else place) > 0
    found = np.ones(rows, np.bool_)
    if isinstance(relation, Taps):
        for phase, taps in enumerate(relation.taps):
            first = place[phase :: relation.period] // relation.period * relation.advance
            inside = np.searchsorted(taps, keys - first) - np.searchsorted(taps, -first)
            found[phase :: relation.period] = inside > 1
    return found


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
    rows, columns = query.extents[2], key.extents[2]
    known = None if mask is None else _let_through(b, mask, rows, columns)
    if known is None and counts is None:
        return attend(b, query, key, value, reach.relation(rows, columns), *added)
    if (counts is not None or reach.is_limited) and _tables(known, counts) * rows * columns > LARGEST_TABLE:
        return attend_anywhere(b, query, key, value, *added)
    return attend_where(b, query, key, value, _allowed(reach, rows, columns, known, counts), *added)


def _tables(known: Mask | None, counts: Sequence[int] | None) -> int:
    """Return how many tables of queries by keys it takes to say what is allowed."""
    return max(len(counts or ()), 1 if known is None else prod(known.shape[:2]))


def _allowed(reach: Reach, rows: int, columns: int, known: Mask | None, counts: Sequence[int] | None) -> Mask:
    """Return what a constant mask and numbers of keys allow: (samples or 1, heads or 1, queries, keys)."""
    if counts is None and not reach.is_limited and known is not None:
        return known
    if counts is None:
        allowed = reach.mask(rows, columns)[None, None]
    else:
        # With a cache outside of the operator the queries are the last ones of the valid keys.
        allowed = np.stack(
            [reach._replace(offset=n - rows).mask(rows, columns) & (np.arange(columns) < n) for n in counts]
        )[:, None]
    return allowed if known is None else allowed & known


def _let_through(b: Builder, mask: Value, rows: int, columns: int) -> Mask | None:
    """Return what a constant mask lets through, by truth values, or by numbers (weight-aware mode).

    Returns:
        (samples or 1, heads or 1, queries, keys); None where it masks nothing, or that is not known.
    """
    data = None if mask.varies else mask.data
    known = None
    if data is not None and data.dtype == np.bool_:
        known = narrow(data)
    elif data is not None and b.weights:
        known = let_through(narrow(data), b.mask_below)
        b.count_masks([mask.number])
    known = None if known is None or known.all() else known
    short = mask.rank > 0 and 1 < mask.extents[-1] < columns
    if known is None and not short:
        return None
    if known is None:
        known = np.ones(mask.extents[-1], np.bool_)
    if short:  # it masks the keys behind it
        known = np.broadcast_to(known, (*known.shape[:-1], mask.extents[-1]))
        known = np.pad(known, [*[(0, 0)] * (known.ndim - 1), (0, columns - mask.extents[-1])])
    known = known.reshape((1,) * (4 - known.ndim) + known.shape)
    return np.broadcast_to(known, (*known.shape[:2], rows, columns))


def attend_where(b: Builder, query: Value, key: Value, value: Value, allowed: Mask, *masks: Value) -> Value:
    """Return attention where a constant table (samples or 1, heads or 1, queries, keys) allows it."""
    count = query.extents[1]
    samples, own = allowed.shape[:2]
    groups = alike(allowed, 0) if samples > 1 else None
    if groups is not None:
        return chosen(
            b, [(flags, attend_where(b, query, key, value, one, *masks)) for flags, one in groups], 0
        )
    if samples * own == 1 or samples * own > MOST_PARTS:
        flat = np.asarray(allowed.any(axis=(0, 1)))
        scored = np.asarray(np.count_nonzero(flat, axis=1) > 1)
        return attend(b, query, key, value, sets(flat), *masks, scored=scored)
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
