"""Operators that capture itself makes, of higher-order operators."""

from __future__ import annotations

from pytest_rf.operators import contractions, ordering
from pytest_rf.operators.aten.attention import attend
from pytest_rf.operators.aten.call import OpCall, Rules
from pytest_rf.value import Undetermined, Value


def either(call: OpCall) -> Value:
    """One of two branches: whatever either reads, and what the choice reads."""
    predicate, *branches = call.values()
    return ordering.either(call.b, call.shape, predicate, *branches)


def attention(call: OpCall) -> Value:
    """Attention with a constant mask, or none."""
    return attend(call, *call.values())


def log_sum(call: OpCall) -> Value:
    """The logarithm of the sum of scores: all of each head."""
    query, key = call.values()
    head = "head" if key.extents[1] == call.shape[1] else "group"
    terms = [["sample", "head", "row", "inner"], ["sample", head, "column", "inner"]]
    extents = {
        "sample": call.shape[0],
        "inner": query.extents[3],
        "column": key.extents[2],
        head: key.extents[1],
    }
    extents |= {"head": call.shape[1], "row": call.shape[2]}
    return contractions.contract(call.b, [query, key], terms, terms[0][:3], extents)


def outside(call: OpCall) -> Value:
    """A tensor of which torch saw only that something left for code outside, and something came back."""
    raise Undetermined(call["reason"])


def loop(call: OpCall) -> Value:
    """A loop with a number of turns that data decides."""
    raise Undetermined("a loop of which data decides how often it turns")


RULES: Rules = {
    "rf.loop": loop,
    "rf.outside": outside,
    "rf.either": either,
    "rf.attention": attention,
    "rf.log_sum": log_sum,
}
