"""Recurrent layers and cells of ATen."""

from __future__ import annotations

from pytest_rf.access import SAME, WHOLE, Prefix, Read, Relation, Sets
from pytest_rf.graph import Value
from pytest_rf.operators.aten import packed
from pytest_rf.operators.aten.call import OpCall, Result, Rule, Rules
from pytest_rf.operators.reductions import normalise


def layers(call: OpCall) -> Result:
    """LSTM, GRU, RNN: a step reads all steps before it, in both directions all of them."""
    states = [call["hx"]] if isinstance(call["hx"], Value) else list(call["hx"])
    weights = [value for value in call["params"] if isinstance(value, Value)]
    if call.overload == "data":
        return packed.layers(call, call.given("data")[0], states, weights)
    x = call.given("input")[0]
    whole = [Read(value.number, ((None, WHOLE),) * value.rank) for value in weights if value.varies]
    time, batch = (1, 0) if call["batch_first"] else (0, 1)
    both, count = bool(call["bidirectional"]), int(call["num_layers"])
    width = call.shape[2] // (2 if both else 1)

    below = packed.layers_below(call, count * (2 if both else 1))

    def run(relation: Relation, direction: int = 0) -> Value:
        shape = [0, 0, width]
        shape[time], shape[batch] = x.extents[time], x.extents[batch]
        axes: list[tuple[int | None, Relation]] = [(0, SAME), (1, SAME), (None, WHOLE)]
        axes[time] = (time, relation)
        reads = [Read(x.number, tuple(axes), channel=2)] if x.varies else []
        for state in states:  # (layers·directions, batch, hidden)
            if state.varies:
                own = Sets(below[-2 + direction if both else -1][None])
                reads.append(Read(state.number, ((None, own), (batch, SAME), (None, WHOLE))))
        return call.b.union(shape, *reads, *whole)

    if not both:
        y = run(Prefix())
    elif count == 1:
        y = call.b.join([run(Prefix()), run(Prefix(reverse=True), 1)], 2)
    else:
        y = call.b.join([run(WHOLE), run(WHOLE, 1)], 2)
    call.label(f"{count} layers" + (", both directions" if both else ""))
    return (
        y,
        *(_last(call, x, states, whole, shape, time) for shape in call.shapes[1:] if shape is not None),
    )


def _last(
    call: OpCall, x: Value, states: list[Value], weights: list[Read], shape: tuple[int, ...], time: int
) -> Value:
    """The final state: it has seen every step."""
    axes: tuple[tuple[int | None, Relation], ...] = ((None, WHOLE), (1, SAME), (None, WHOLE))
    if time == 1:
        axes = ((1, SAME), (None, WHOLE), (None, WHOLE))
    reads = [Read(x.number, axes)] if x.varies else []
    below = (0, Sets(packed.layers_below(call, shape[0])))
    reads += [Read(s.number, (below, (1, SAME), (None, WHOLE))) for s in states if s.varies]
    return call.b.union(shape, *reads, *weights)


def cell(call: OpCall) -> Result:
    """LSTMCell, GRUCell, RNNCell: one step."""
    x = call.given("input")[0]
    states = [call["hx"]] if isinstance(call["hx"], Value) else list(call["hx"])
    reads = [
        Read(value.number, ((0, SAME), (None, WHOLE)), channel=1 if value is x else None)
        for value in (x, *states[:1])
        if value.varies
    ]
    reads += [Read(s.number, ((0, SAME), (1, SAME))) for s in states if s.varies]
    for value in call.given("w_ih", "w_hh", "b_ih", "b_hh"):
        if value.varies:
            reads.append(Read(value.number, ((None, WHOLE),) * value.rank))
    y = call.b.union(call.shape, *reads)
    return (y,) * len(call.shapes)


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
