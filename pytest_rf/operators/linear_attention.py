"""Linear attention: a state that every step adds to, with gates that let it decay."""

from __future__ import annotations

from pytest_rf.access import Prefix
from pytest_rf.graph import Builder
from pytest_rf.operators.attention import heads, score_reads
from pytest_rf.operators.reads import ENDS, indexed
from pytest_rf.operators.views import pads, slices
from pytest_rf.value import Value


def attend(
    b: Builder,
    query: Value,
    key: Value,
    value: Value,
    past: Value | None,
    decay: Value | None,
    rate: Value | None,
    *,
    delta: bool,
) -> tuple[Value, Value]:
    """Return attention in which a query reads its own step, and all keys and values up to it, and the last state.

    Args:
        b: the builder.
        query: the queries, (batch, heads, time, key size).
        key: the keys; they can have fewer heads.
        value: the values, (batch, the keys' heads, time, value size).
        past: the state before the first step, (batch, the keys' heads, key size, value size).
        decay: how much of the state each step keeps, (batch, heads or fewer, time, key size or 1).
        rate: how much of its value each step writes, of a shape like that of ``decay``.
        delta: whether a step takes off what the state holds for its key, which mixes the rows of the state.
    """
    batch, groups, time, width = value.extents
    count, size = query.extents[1], key.extents[3]
    if decay is not None and past is None:
        # There is no state yet that the first step could let decay.
        decay = pads(b, slices(b, decay, {2: (1, 1, max(time - 1, 0))}), {2: (1, 0)})
    gates = [gate for gate in (decay, rate) if gate is not None]
    before = [] if past is None else [past]
    upto = (2, Prefix())
    y = b.union(
        (batch, count, time, width),
        *score_reads(query, key, upto),
        indexed(value, 0, heads(value, count), upto, 3),
        *(indexed(x, 0, heads(x, count), ENDS, 3) for x in before),
        *(indexed(x, 0, heads(x, count), upto, ENDS) for x in gates),
    )
    row = ENDS if delta else 2
    state = b.union(
        (batch, groups, size, width),
        indexed(key, 0, 1, ENDS, row),
        indexed(value, 0, 1, ENDS, 3),
        *(indexed(x, 0, 1, row, 3) for x in before),
        *(indexed(x, 0, heads(x, groups), ENDS, row if x.extents[3] == size > 1 else ENDS) for x in gates),
    )
    return y, state
