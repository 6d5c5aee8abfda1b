"""Values that fall into bins, and reductions over segments."""

from __future__ import annotations

import numpy as np

from pytest_rf.access import SAME, WHOLE, Read, Relation, Sets
from pytest_rf.graph import Value
from pytest_rf.operators.aten.call import OpCall, Rules, numbers
from pytest_rf.operators.aten.gathers import some
from pytest_rf.operators.pointwise import broadcast_read


def bins(call: OpCall) -> Value:
    """Bucketize, searchsorted: a value's place among all borders."""
    name = "boundaries" if call.name == "bucketize" else "sorted_sequence"
    borders = call.given(name, "sorter")
    reads = [broadcast_read(value, call.shape) for value in call.given("self") if value.varies]
    for value in borders:
        if value.varies:
            rows = [(axis, SAME) for axis in range(value.rank - 1)]
            reads.append(Read(value.number, (*rows, (None, WHOLE))))
    return call.b.union(call.shape, *reads)


def segment_reduce(call: OpCall) -> Value:
    """segment_reduce: a statistic over each segment of an axis, of constant or computed lengths."""
    data, axis = call.given("data")[0], int(call.get("axis", 0))
    given = call.given("lengths", "offsets")
    if not given:
        return call.b.union(call.shape, *some(data))
    ends = given[0]
    steer = [
        Read(v.number, (*((a, SAME) for a in range(v.rank - 1)), (None, WHOLE))) for v in given if v.varies
    ]
    within: tuple[int | None, Relation] = (None, WHOLE)
    if not ends.varies and ends.rank == 1:
        marks = numbers(call.data(ends))
        last = marks[1:] if call.given("offsets") else np.cumsum(marks)
        first = marks[:-1] if call.given("offsets") else last - marks
        place = np.arange(data.extents[axis])[None, :]
        within = (axis, Sets((place >= first[:, None]) & (place < last[:, None])))
    axes = tuple(within if place == axis else (place, SAME) for place in range(data.rank))
    reads = [Read(data.number, axes, statistic=True)] if data.varies else []
    return call.b.union(call.shape, *reads, *steer)


RULES: Rules = {"aten.bucketize": bins, "aten.searchsorted": bins, "aten.segment_reduce": segment_reduce}
