"""Operators of ONNX that sort, count or select by value: data chooses what they read."""

from __future__ import annotations

from math import prod

from pytest_rf.operators import ordering
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.value import Undetermined, Value


def top_k(call: NodeCall) -> tuple[Value, ...]:
    """TopK: each of the largest elements can come from anywhere on its axis."""
    x = call.x
    axis = call.axis(call.integer("axis", -1), x.rank)
    count = call.integer("k", 0) if call.opset < 10 else call.numbers(1)[0]
    if not 0 <= count <= x.extents[axis]:
        call.fail(f"k {count} does not fit extent {x.extents[axis]} of axis {axis}")
    shape = [count if d == axis else n for d, n in enumerate(x.extents)]
    return ordering.from_axis(call.b, x, axis, shape), ordering.from_axis(call.b, x, axis, shape)


def count_unknown(call: NodeCall) -> Value:
    """NonZero, NonMaxSuppression: data decides how many elements there are."""
    raise Undetermined(f"data decides how many elements {call.op} gives")


def unique(call: NodeCall) -> tuple[Value, ...]:
    """Unique: of its outputs only the inverse has a shape that is known beforehand."""
    x = call.x
    reason = "data decides how many elements Unique gives"
    axis = call.attr("axis")
    length = prod(x.extents) if axis is None else x.extents[call.axis(call.integer("axis", 0), x.rank)]
    if not x.varies:
        found = [call.b.constant(None) for _ in range(3)]
        return (found[0], found[1], call.b.constant((length,)), found[2])[: call.outputs]
    inverse = ordering.chosen_by_value(call.b, [length], x)
    others = [call.b.unknown([x], reason) for _ in range(3)]
    return (others[0], others[1], inverse, others[2])[: call.outputs]


RULES: Rules = {
    "TopK": top_k,
    **dict.fromkeys(["NonZero", "NonMaxSuppression"], count_unknown),
    "Unique": unique,
}
