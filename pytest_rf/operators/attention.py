"""Attention of queries over keys: which of them each query may attend to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pytest_rf.access import SAME, WHOLE, Prefix, Read, Relation, Sets, Taps, Whole
from pytest_rf.graph import Builder, Value
from pytest_rf.operators.pointwise import broadcast_read
from pytest_rf.operators.views import pads, slices

LARGEST = 1 << 24
"""Masks with more entries are not written out."""
MOST_PARTS = 256
"""Masks that differ by sample or head are followed for so many of them."""


class Reach(NamedTuple):
    """Which keys a query may attend to: query ``i`` stands at ``i + offset`` among them.

    Attributes:
        offset: how many keys there are before the first query's.
        left, right: how far it looks to either side; None: as far as there are keys.
    """

    offset: int = 0
    left: int | None = None
    right: int | None = None

    def relation(self, queries: int, keys: int) -> Relation:
        """Return the access relation of the keys."""
        if self.left is None and self.right is None:
            return WHOLE
        if self.left is not None and self.right is not None:
            reads = tuple(range(self.offset - self.left, self.offset + self.right + 1))
            if len(reads) <= 2 * (queries + keys):
                return Taps(1, 1, (reads,))
        if (self.left, self.right, self.offset) == (None, 0, 0) and queries == keys:
            return Prefix()
        if queries * keys > LARGEST:
            return Whole(uncertain=True)
        return Sets(self.mask(queries, keys))

    def mask(self, queries: int, keys: int) -> npt.NDArray[np.bool_]:
        """Return the same as a table (query, key)."""
        place, key = np.arange(queries)[:, None] + self.offset, np.arange(keys)[None, :]
        allowed = np.ones((queries, keys), np.bool_)
        if self.left is not None:
            allowed &= key >= place - self.left
        if self.right is not None:
            allowed &= key <= place + self.right
        return allowed


def heads(operand: int, output: int) -> Relation:
    """Return how ``output`` heads share ``operand`` ones: consecutive heads read one."""
    if operand == output:
        return SAME
    share = output // operand
    return Taps(share, 1, ((0,),) * share, selects=True)


def attend(
    b: Builder,
    query: Value,
    key: Value,
    value: Value,
    relation: Relation,
    *masks: Value,
    scored: npt.NDArray[np.bool_] | None = None,
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
    over: tuple[int | None, Relation] = (None if relation == WHOLE else 2, relation)
    if isinstance(relation, Whole) and relation.uncertain:
        over = (None, relation)
    reads = []
    if query.varies:
        reads.append(Read(query.number, ((0, SAME), (1, SAME), (2, SAME), (None, WHOLE)), where=scored))
    if key.varies:
        across = (1, heads(key.extents[1], count))
        reads.append(Read(key.number, ((0, SAME), across, over, (None, WHOLE)), where=scored))
    if idle and reads:
        steer = slices(b, b.union(shape, *reads), {2: (idle, 1, rows - idle)})
        reads = [broadcast_read(pads(b, steer, {2: (idle, 0)}), shape)]
    # A query with one key weighs it 1, or 0 where a computed mask takes that one, too: it reads the mask.
    wide = (batch, count, rows, key.extents[2])
    reads += [_masking(b, mask, wide, relation) for mask in masks if mask.varies]
    if value.varies:
        across = (1, heads(value.extents[1], count))
        reads.append(Read(value.number, ((0, SAME), across, over, (3, SAME))))
    return b.union(shape, *(read for read in reads if b.graph.values[read.operand].varies))


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
    return Read(mask.number, (*others, (target, how)))


def scores(b: Builder, query: Value, key: Value) -> Value:
    """Return the products of queries and keys, (batch, heads, queries, keys)."""
    batch, count, rows, _ = query.extents
    reads = []
    if query.varies:
        reads.append(Read(query.number, ((0, SAME), (1, SAME), (2, SAME), (None, WHOLE))))
    if key.varies:
        across = (1, heads(key.extents[1], count))
        reads.append(Read(key.number, ((0, SAME), across, (3, SAME), (None, WHOLE))))
    return b.union((batch, count, rows, key.extents[2]), *reads)


def attend_where(
    b: Builder, query: Value, key: Value, value: Value, allowed: npt.NDArray[np.bool_], *masks: Value
) -> Value:
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
