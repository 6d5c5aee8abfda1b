"""Reductions over segments of an axis, and over bags of a table's rows."""

from __future__ import annotations

import numpy as np

from pytest_rf.operators import segments
from pytest_rf.operators.aten.call import OpCall, Result, Rules, numbers
from pytest_rf.operators.ordering import by_row, chosen_by_value
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.value import Value


def segment_reduce(call: OpCall) -> Value:
    """segment_reduce: a statistic over each segment of an axis, of constant or computed lengths."""
    data, axis = call.given("data")[0], int(call.get("axis", 0))
    given = call.given("lengths", "offsets")
    if not given:
        return chosen_by_value(call.b, call.shape, data)
    inside = None
    if not given[0].varies and given[0].rank == 1:
        marks = numbers(call.data(given[0]))
        last = marks[1:] if call.given("offsets") else np.cumsum(marks)
        first = marks[:-1] if call.given("offsets") else last - marks
        inside = segments.members(first, last, data.extents[axis])
    y = segments.reduce_segments(call.b, data, axis, call.shape[axis], inside)
    return pointwise(call.b, y, *(by_row(call.b, one, call.shape) for one in given))


def bags(call: OpCall) -> Result:
    """embedding_bag: sums, means or maxima over bags of rows, which begin at the offsets."""
    table, chosen, offsets = call.given("weight", "indices", "offsets")
    count, total = call.shape[0], chosen.extents[0]
    if offsets.varies:
        inside = np.ones((count, total), np.bool_)
    else:
        starts = numbers(call.data(offsets))[:count]
        end = call.data(offsets)[-1] if call.get("include_last_offset") else total
        inside = segments.members(starts, np.append(starts[1:], end), total)
    rows = None if chosen.varies else numbers(call.data(chosen))
    skipped = call.get("padding_idx", -1)
    if rows is not None and int(skipped) >= 0:
        inside &= rows != int(skipped)
    y = segments.reduce_bags(call.b, table, chosen, rows, call.given("per_sample_weights"), inside)
    y = pointwise(call.b, y, chosen_by_value(call.b, call.shape, offsets))
    # Which bag each index is in, the sizes of the bags, where the maxima were.
    rest = [
        None if shape is None else chosen_by_value(call.b, shape, table, chosen, offsets)
        for shape in call.shapes[1:]
    ]
    return (y, *rest)


_BAGS = "embedding_bag _embedding_bag _embedding_bag_forward_only"

RULES: Rules = {"aten.segment_reduce": segment_reduce, **{f"aten.{name}": bags for name in _BAGS.split()}}
