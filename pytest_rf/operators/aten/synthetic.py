"""Operators that capture itself makes, of higher-order operators."""

from __future__ import annotations

from pytest_rf.access import ANYWHERE, SAME, WHOLE, Read
from pytest_rf.graph import Undetermined, Value
from pytest_rf.operators.aten.attention import attend
from pytest_rf.operators.aten.call import OpCall, Rules


def either(call: OpCall) -> Value:
    """One of two branches: whatever either reads, and what the choice reads."""
    predicate, *branches = call.values()
    reads = [Read(v.number, tuple((axis, SAME) for axis in range(v.rank))) for v in branches if v.varies]
    reads.append(Read(predicate.number, tuple((None, ANYWHERE) for _ in range(predicate.rank))))
    return call.b.union(call.shape, *reads)


def attention(call: OpCall) -> Value:
    """Attention with a constant mask, or none."""
    return attend(call, *call.values())


def log_sum(call: OpCall) -> Value:
    """The logarithm of the sum of scores: all of each head."""
    query, key = call.values()
    reads = []
    for operand, relation in ((query, SAME), (key, None)):
        last = (2, SAME) if relation is SAME else (None, WHOLE)
        head = (1, SAME) if operand.extents[1] == call.shape[1] else (None, WHOLE)
        if operand.varies:
            reads.append(Read(operand.number, ((0, SAME), head, last, (None, WHOLE))))
    return call.b.union(call.shape, *reads)


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
