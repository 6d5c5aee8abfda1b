"""Embeddings: rows of a table, alone or in bags."""

from __future__ import annotations

import numpy as np

from pytest_rf.access import ANYWHERE, SAME, Read, Sets
from pytest_rf.graph import Value
from pytest_rf.operators import views
from pytest_rf.operators.aten.call import OpCall, Result, Rules, numbers
from pytest_rf.operators.aten.gathers import some
from pytest_rf.operators.pointwise import broadcast_read, expand
from pytest_rf.operators.reductions import normalise


def embedding(call: OpCall) -> Value:
    """Embedding: a row of the table for each index."""
    table, chosen = call.given("weight")[0], call.given("indices")[0]
    if table.varies:
        if chosen.varies:
            return views.gather_anywhere(call.b, table, 0, chosen)
        return views.gather(call.b, table, 0, numbers(call.data(chosen)))
    wide = call.b.reshape(chosen, [*chosen.extents, 1])
    return expand(call.b, wide, call.shape)


def renormalised(call: OpCall) -> Value:
    """embedding_renorm: rows whose norm is too large are scaled, those that the indices name."""
    table, chosen = call.given("self")[0], call.given("indices")[0]
    y = normalise(call.b, table, [1])
    return call.b.union(
        table.extents, *(broadcast_read(v, table.extents) for v in (y,) if v.varies), *some(chosen)
    )


def bags(call: OpCall) -> Result:
    """embedding_bag: sums, means or maxima over bags of rows, which begin at the offsets."""
    table, chosen, offsets = call.given("weight", "indices", "offsets")
    count = call.shape[0]
    total = chosen.extents[0]
    if offsets.varies:
        inside = np.ones((count, total), np.bool_)
    else:
        starts = numbers(call.data(offsets))[:count]
        ends = np.append(starts[1:], total if not call.get("include_last_offset") else call.data(offsets)[-1])
        place = np.arange(total)[None, :]
        inside = (place >= starts[:, None]) & (place < ends[:, None])
    skipped = call.get("padding_idx", -1)
    if not chosen.varies and skipped is not None and int(skipped) >= 0:
        inside = inside & (numbers(call.data(chosen)) != int(skipped))[None, :]
    reads = [
        Read(value.number, ((0, Sets(inside)),))
        for value in (chosen, *call.given("per_sample_weights"))
        if value.varies
    ]
    if table.varies and chosen.varies:
        reads.append(Read(table.number, ((None, ANYWHERE), (1, SAME))))
    elif table.varies:
        rows = np.zeros((count, table.extents[0]), np.bool_)
        bag, member = np.nonzero(inside)
        rows[bag, numbers(call.data(chosen))[member]] = True
        reads.append(Read(table.number, ((0, Sets(rows)), (1, SAME))))
    reads += some(offsets)
    y = call.b.union(call.shape, *reads)
    rest: list[Value | None] = []
    for shape in call.shapes[1:]:  # which bag each index is in, sizes of the bags, where the maxima were
        operands = [value for value in (table, chosen, offsets) if value.varies]
        rest.append(
            None if shape is None else call.b.union(shape, *(one for v in operands for one in some(v)))
        )
    return (y, *rest)


_BAGS = "embedding_bag _embedding_bag _embedding_bag_forward_only"

RULES: Rules = {
    "aten.embedding": embedding,
    "aten.embedding_renorm": renormalised,
    **{f"aten.{name}": bags for name in _BAGS.split()},
}
