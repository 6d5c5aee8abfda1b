"""RNN, GRU and LSTM of ONNX: a step reads all before it, in its direction."""

from __future__ import annotations

from pytest_rf.operators import recurrent, views
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.recurrent import Layer, Weights
from pytest_rf.value import Undetermined, Value

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}


def layer(call: NodeCall) -> tuple[Value, ...]:
    """RNN, GRU, LSTM: (time, batch, features) to (time, directions, batch, hidden), and the final states."""
    first = call.integer("layout", 0)
    x = call.x
    if x.rank != 3:
        call.fail(f"needs an input of rank 3, not {x.rank}")
    x = views.transpose(call.b, x, (1, 0, 2)) if first else x
    name = call.text("direction", "forward").lower()
    if name not in DIRECTIONS:
        call.fail(f"direction {name!r} is none of {', '.join(DIRECTIONS)}")
    backwards = DIRECTIONS[name]
    hidden = call.operand(2).extents[-1]
    gates = GATES[call.op]
    expected = {
        1: (len(backwards), gates * hidden, x.extents[2]),
        2: (len(backwards), gates * hidden, hidden),
    }
    for index, shape in expected.items():
        if call.operand(index).extents != shape:
            call.fail(f"weights {call.operand(index).shape} should be {shape}")
    lengths = _lengths(call, x.extents[0], x.extents[1])
    recurrent.describe(call.b, 1, {"bidirectional": "both directions", "reverse": name}.get(name, ""))
    columns: list[Value] = []
    finals: list[Value] = []
    cells: list[Value] = []
    for number, reverse in enumerate(backwards):
        states = [_state(call, index, number, first) for index in ((5, 6) if call.op == "LSTM" else (5,))]
        weights = _weights(call, number, any(states))
        one = Layer(hidden, reverse, lengths, recurrent.states(*states, gated=call.op == "GRU"), weights)
        columns.append(recurrent.direction(call.b, x, one))
        finals.append(recurrent.last(call.b, x, one, states[0]))
        if call.op == "LSTM":
            # It has read what the last step's output reads.
            cells.append(recurrent.last(call.b, x, one))
    outputs = [
        views.stack(call.b, columns, 1),
        views.stack(call.b, finals, 0),
        *([views.stack(call.b, cells, 0)] if cells else []),
    ]
    if first:
        outputs[0] = views.transpose(call.b, outputs[0], (2, 0, 1, 3))
        outputs[1:] = [views.transpose(call.b, one, (1, 0, 2)) for one in outputs[1:]]
    return tuple(outputs[: call.outputs])


def _lengths(call: NodeCall, time: int, batch: int) -> tuple[int, ...] | None:
    value = call.optional(4)
    if value is None:
        return None
    if value.varies or value.data is None:
        raise Undetermined(f"sequence_lens of {call.op} is computed or not known")
    lengths = tuple(call.numbers(4))
    if len(lengths) != batch or not all(0 <= n <= time for n in lengths):
        call.fail(f"sequence_lens {list(lengths)} do not fit {batch} samples of {time} steps")
    return lengths


def _state(call: NodeCall, index: int, number: int, first: int) -> Value | None:
    """Return an initial state of a direction, if it is computed from the input."""
    value = call.optional(index)
    return (
        views.take_axis(call.b, value, 1 if first else 0, number)
        if value is not None and value.varies
        else None
    )


def _weights(call: NodeCall, number: int, started: bool) -> list[Weights]:
    """Return the weights of a direction that are computed from the input."""
    # A state that starts as 0 makes nothing of its weights.
    since = {2: 0 if call.has(5) or started else 1}
    gates = {7: (0, 1, 2) if call.has(6) else (1,)}
    found = []
    for index in (1, 2, 3, 7) if call.op == "LSTM" else (1, 2, 3):
        value = call.optional(index)
        if value is not None and value.varies:
            own = views.take_axis(call.b, value, 0, number)
            found.append(Weights(own, since.get(index, 0), gates.get(index)))
    return found


RULES: Rules = dict.fromkeys(GATES, layer)
