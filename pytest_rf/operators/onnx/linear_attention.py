"""LinearAttention of ONNX: a state that every step adds to."""

from __future__ import annotations

from pytest_rf.access import SAME, WHOLE, Prefix, Read, Relation
from pytest_rf.graph import Value
from pytest_rf.operators import views
from pytest_rf.operators.attention import heads
from pytest_rf.operators.onnx.call import NodeCall, Rules

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
    q, k, v = _heads(call, query, count), _heads(call, key, groups), _heads(call, value, groups)
    past = call.optional(3)
    batch, time, _, width = v.extents
    size = k.extents[3]
    gates = []
    for index, used in ((4, "gated" in rule), (5, "delta" in rule)):
        gate = call.optional(index)
        if gate is not None and gate.varies and used:
            gate = _heads(call, gate, groups if gate.extents[2] % groups == 0 else 1)
            if index == 4 and past is None:
                # There is no state yet that the first step could let decay.
                kept = views.slices(call.b, gate, {1: (1, 1, max(time - 1, 0))})
                gate = views.pads(call.b, kept, {1: (1, 0)})
            gates.append(gate)
    mixes = "delta" in rule
    reads: list[Read] = []
    across = (2, heads(groups, count))
    upto: tuple[int | None, Relation] = (1, Prefix())
    if q.varies:
        reads.append(Read(q.number, ((0, SAME), (1, SAME), (2, SAME), (None, WHOLE))))
    if k.varies:
        reads.append(Read(k.number, ((0, SAME), upto, across, (None, WHOLE))))
    if v.varies:
        reads.append(Read(v.number, ((0, SAME), upto, across, (3, SAME))))
    if past is not None and past.varies:
        reads.append(Read(past.number, ((0, SAME), across, (None, WHOLE), (3, SAME))))
    for gate in gates:
        reads.append(Read(gate.number, ((0, SAME), upto, (2, heads(gate.extents[2], count)), (None, WHOLE))))
    y = call.b.union((batch, time, count, width), *reads)
    present = _state(call, k, v, past, gates, mixes, (batch, groups, size, width))
    return (call.b.reshape(y, [batch, time, count * width]), present)[: call.outputs]


def _heads(call: NodeCall, x: Value, count: int) -> Value:
    if x.rank != 3 or x.extents[2] % count:
        call.fail(f"{count} heads do not divide {x.shape}")
    return call.b.reshape(x, [*x.extents[:2], count, x.extents[2] // count])


def _state(
    call: NodeCall,
    k: Value,
    v: Value,
    past: Value | None,
    gates: list[Value],
    mixes: bool,
    shape: tuple[int, int, int, int],
) -> Value:
    """Return the state after the last step, (batch, heads, key size, value size)."""
    row: tuple[int | None, Relation] = (None, WHOLE) if mixes else (2, SAME)
    reads: list[Read] = []
    if k.varies:
        reads.append(Read(k.number, ((0, SAME), (None, WHOLE), (1, SAME), row)))
    if v.varies:
        reads.append(Read(v.number, ((0, SAME), (None, WHOLE), (1, SAME), (3, SAME))))
    if past is not None and past.varies:
        reads.append(Read(past.number, ((0, SAME), (1, SAME), row, (3, SAME))))
    for gate in gates:
        last = row if gate.extents[3] == shape[2] and gate.extents[3] > 1 else (None, WHOLE)
        reads.append(
            Read(gate.number, ((0, SAME), (None, WHOLE), (1, heads(gate.extents[2], shape[1])), last))
        )
    return call.b.union(shape, *reads)


RULES: Rules = {"LinearAttention": linear_attention}
