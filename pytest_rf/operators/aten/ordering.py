"""Operators of ATen that sort, count or select by value, or draw by it: data chooses what they read."""

from __future__ import annotations

from pytest_rf.operators import ordering
from pytest_rf.operators.aten.call import OpCall, Result, Rules
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.value import Value


def chosen_by_value(call: OpCall) -> list[Value | None]:
    """Operators whose outputs pick or count elements by value, over all axes (nonzero, unique, nms)."""
    operands = list(call.values())
    return [
        None if shape is None else ordering.chosen_by_value(call.b, shape, *operands) for shape in call.shapes
    ]


def sort(call: OpCall) -> Result:
    """Sort, topk, kthvalue, median, mode: data decides the place along one axis."""
    if call.arguments.get("dim") is None and (not call.shape or "dim" in call.arguments):
        return [one for one in chosen_by_value(call) if one is not None]
    y = ordering.from_axis(call.b, call.x, call.axis(default=-1), call.shape)
    return (y,) * len(call.shapes)


def multinomial(call: OpCall) -> Value:
    """Multinomial: samples are drawn by all probabilities of their row."""
    return ordering.by_row(call.b, call.x, call.shape)


def bins(call: OpCall) -> Value:
    """Bucketize, searchsorted: a value's place among all borders."""
    borders = call.given("boundaries" if call.name == "bucketize" else "sorted_sequence", "sorter")
    among = [ordering.by_row(call.b, one, call.shape) for one in borders]
    return pointwise(call.b, *call.given("self"), *among)


_SORTED = "sort topk kthvalue median nanmedian mode argsort msort"
_CHOSEN = """
    nonzero nonzero_static unique _unique _unique2 unique_dim unique_consecutive histc bincount histogram
    repeat_interleave.Tensor _histogramdd_from_bin_cts _histogramdd_bin_edges _histogramdd_from_bin_tensors
    where.default
"""

RULES: Rules = {
    **{f"aten.{name}": sort for name in _SORTED.split()},
    **{f"aten.{name}": chosen_by_value for name in _CHOSEN.split()},
    "torchvision.nms": chosen_by_value,
    "aten.multinomial": multinomial,
    "aten.bucketize": bins,
    "aten.searchsorted": bins,
}
