"""LinearAttention of ONNX: a state that every step adds to."""

from __future__ import annotations

from pytest_rf.operators import linear_attention as attending
from pytest_rf.operators.attention import merge_heads
from pytest_rf.operators.onnx.attention import split_heads
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.value import Value

RULES_OF_UPDATE = ("linear", "gated", "delta", "gated_delta")


def linear_attention(call: NodeCall) -> tuple[Value, ...]:
    """LinearAttention: a query reads its own step, and all keys and values up to it."""
    query, key, value = (call.operand(index) for index in range(3))
    count, groups = call.integer("q_num_heads", 0), call.integer("kv_num_heads", 0)
    rule = call.text("update_rule", "gated_delta")
    if rule not in RULES_OF_UPDATE:
        call.fail(f"update_rule {rule!r} is none of {', '.join(RULES_OF_UPDATE)}")
    if groups < 1 or count < 1 or count % groups:
        call.fail(f"{count} query heads do not share {groups} heads")
    gates: list[Value | None] = []
    for index, kind in ((4, "gated"), (5, "delta")):
        gate = call.optional(index) if kind in rule else None
        if gate is not None:
            gate = split_heads(call, gate, groups if gate.extents[2] % groups == 0 else 1)
        gates.append(gate)
    y, state = attending.attend(
        call.b,
        split_heads(call, query, count),
        split_heads(call, key, groups),
        split_heads(call, value, groups),
        call.optional(3),
        *gates,
        delta="delta" in rule,
    )
    return (merge_heads(call.b, y), state)[: call.outputs]


RULES: Rules = {"LinearAttention": linear_attention}
