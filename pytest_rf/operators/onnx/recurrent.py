"""RNN, GRU and LSTM of ONNX: a step reads all before it, in its direction."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_rf.graph import Undetermined, Value
from pytest_rf.operators import recurrent, views
from pytest_rf.operators.onnx.call import NodeCall, Rules
from pytest_rf.operators.pointwise import pointwise
from pytest_rf.operators.recurrent import Layer, State, Weights

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
    w, r = call.operand(1), call.operand(2)
    hidden = r.extents[-1]
    gates = GATES[call.op]
    expected = {
        1: (len(backwards), gates * hidden, x.extents[2]),
        2: (len(backwards), gates * hidden, hidden),
    }
    for index, shape in expected.items():
        if call.operand(index).extents != shape:
            call.fail(f"weights {call.operand(index).shape} should be {shape}")
    lengths = _lengths(call, x.extents[0], x.extents[1])
    call.label(("both directions" if len(backwards) == 2 else name) if name != "forward" else "")
    columns: list[Value] = []
    finals: list[Value] = []
    cells: list[Value] = []
    for number, reverse in enumerate(backwards):
        one = Layer(hidden, reverse, lengths)
        states = _states(call, number, first)
        weights = _weights(call, number, w, r, bool(states))
        y = recurrent.direction(call.b, x, one, weights, states)
        columns.append(y)
        finals.append(_held(call, recurrent.last(call.b, y, one), one, states[:1]))
        if call.op == "LSTM":
            # It has read what the last step's output reads.
            cells.append(recurrent.last(call.b, y, one))
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


def _states(call: NodeCall, number: int, first: int) -> list[State]:
    """Return the initial states of a direction, the hidden one first."""
    found = []
    for index in (5, 6) if call.op == "LSTM" else (5,):
        value = call.optional(index)
        if value is not None and value.varies:
            state = views.take_axis(call.b, value, 1 if first else 0, number)
            # The hidden state is mixed by the first step's gates, the cell one step later.
            found.append(State(state, 0) if index == 5 else State(state, 1, own=True))
    return found


def _weights(call: NodeCall, number: int, w: Value, r: Value, started: bool) -> list[Weights]:
    """Return the weights of a direction that are computed from the input."""
    count = GATES[call.op]
    every = tuple(range(count))
    found = []

    def add(value: Value | None, gates: Sequence[int], since: int) -> None:
        if value is not None and value.varies:
            found.append(Weights(views.take_axis(call.b, value, 0, number), tuple(gates), since))

    # A state that starts as 0 makes nothing of its weights.
    held = call.has(5) or started
    add(w, every, 0)
    add(r, every, 0 if held else 1)
    add(call.optional(3), range(2 * count), 0)
    if call.op == "LSTM":
        add(call.optional(7), (0, 1, 2) if call.has(6) else (1,), 0)
    return found


def _held(call: NodeCall, y: Value, one: Layer, states: Sequence[State]) -> Value:
    """A sample of no steps keeps its initial state."""
    if one.lengths is None or all(one.lengths) or not states:
        return y
    return pointwise(call.b, y, states[0].value)


RULES: Rules = dict.fromkeys(GATES, layer)
