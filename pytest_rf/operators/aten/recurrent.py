"""Recurrent layers and cells of ATen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_rf.operators import recurrent, views
from pytest_rf.operators.aten.call import OpCall, Result, Rule, Rules
from pytest_rf.operators.aten.packed import packing, turned
from pytest_rf.operators.recurrent import Layer, Weights
from pytest_rf.operators.reductions import normalise
from pytest_rf.value import Value


def layers(call: OpCall) -> Result:
    """LSTM, GRU, RNN over padded or packed samples: a layer's outputs are what the next one reads."""
    b, x, states = call.b, call.given("input", "data")[0], _states(call)
    lengths = known = None
    first = bool(call.get("batch_first", False))
    if call.overload == "data":
        known = packing(call, x)
        if known is None:
            values = [*call.given("batch_sizes"), x, *states, *_tensors(call["params"])]
            return [None if shape is None else recurrent.anywhere(b, shape, values) for shape in call.shapes]
        lengths, x = known.lengths, known.pad(b, x, len(known.sizes))
    else:
        x = turned(b, x, first)
    count, both = int(call["num_layers"]), bool(call["bidirectional"])
    directions = 2 if both else 1
    size = len(call["params"]) // (count * directions)
    finals, cells = [], []
    for place in range(count):
        columns = []
        for number in range(place * directions, (place + 1) * directions):
            own = [views.take_axis(b, state, 0, number) for state in states]
            weights = call["params"][number * size : (number + 1) * size]
            one = _layer(call, own, weights, bool(call["has_biases"]), number % directions == 1, lengths)
            columns.append(recurrent.projected(b, recurrent.direction(b, x, one), one))
            cells.append(recurrent.last(b, x, one))
            finals.append(recurrent.projected(b, cells[-1], one))
        x = b.join(columns, 2)
    recurrent.describe(b, count, "both directions" if both else "")
    y = turned(b, x, first) if known is None else known.pack(b, x)
    return (y, *(views.stack(b, parts, 0) for parts in (finals, cells)[: len(call.shapes) - 1]))


def _states(call: OpCall) -> list[Value]:
    """Return the initial states, the hidden one first; an LSTM has a cell state, too."""
    return [call["hx"]] if isinstance(call["hx"], Value) else list(call["hx"])


def _tensors(parameters: Sequence[Any]) -> list[Value]:
    """Return weights that are tensors: those of quantised layers are packed in objects."""
    return [value for value in parameters if isinstance(value, Value)]


def _layer(
    call: OpCall,
    states: Sequence[Value],
    parameters: Sequence[Any],
    biases: bool,
    reverse: bool = False,
    lengths: tuple[int, ...] | None = None,
) -> Layer:
    """Return one direction of a layer: its weights for input and state, two biases, and a projection, if any."""
    weights = _tensors(parameters)
    gates = 4 if biases else 2
    return Layer(
        states[-1].extents[-1],
        reverse,
        lengths,
        recurrent.states(*states, gated="gru" in call.name),
        [Weights(value) for value in weights[:gates] if value.varies],
        weights[gates] if len(weights) > gates else None,
    )


def cell(call: OpCall) -> Result:
    """LSTMCell, GRUCell, RNNCell: one step."""
    x = call.given("input")[0]
    one = _layer(call, _states(call), call.given("w_ih", "w_hh", "b_ih", "b_hh"), True)
    return (recurrent.cell(call.b, x, one),) * len(call.shapes)


def dynamic(rule: Rule) -> Rule:
    """Return the rule of a dynamically quantised layer: its input is scaled by all that it holds."""

    def scaled(call: OpCall) -> Result:
        wide = {
            name: normalise(call.b, value, range(value.rank))
            if name in ("input", "data") and isinstance(value, Value)
            else value
            for name, value in call.arguments.items()
        }
        return rule(OpCall(call.b, call.op, wide, call.shapes))

    return scaled


RULES: Rules = {
    **{f"aten.quantized_{name}": dynamic(layers) for name in ("lstm", "gru")},
    **{
        f"quantized.quantized_{name}_cell_dynamic": dynamic(cell)
        for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")
    },
    **{f"aten.{name}": layers for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")},
    **{f"aten.{name}": cell for name in ("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")},
}
