"""Recurrences: layers of the standard, and bodies that a Loop or a Scan repeats."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from onnx import ValueInfoProto, helper, numpy_helper

from oracle.graphs.builder import Draw, Graph, Value, family

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


@family("recurrence")
def recurrence(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A recurrent layer in any direction, over sequences of equal or different lengths."""
    if x.rank != 3:
        return []
    op = draw(st.sampled_from(sorted(GATES)))
    direction = draw(st.sampled_from(["forward", "reverse", "bidirectional"]))
    ways = 2 if direction == "bidirectional" else 1
    hidden = draw(st.integers(1, 3))
    time, batch, width = x.shape
    inputs: list[Value | str] = [
        x,
        graph.weight(ways, GATES[op] * hidden, width),
        graph.weight(ways, GATES[op] * hidden, hidden),
        "",
    ]
    if draw(st.booleans()):
        lengths = [draw(st.integers(1, time)) for _ in range(batch)]
        inputs.append(graph.constant(lengths, np.int32))
    outputs = graph.add(op, inputs, outputs=2, hidden_size=hidden, direction=direction)
    return outputs[: draw(st.integers(1, 2))]


def _body(name: str, inputs: list[str], outputs: list[str], nodes: list[Any], weights: list[Any]) -> Any:
    def infos(names: list[str]) -> list[ValueInfoProto]:
        return [
            helper.make_tensor_value_info(
                one, {"i": 7, "c": 9, "d": 9}.get(one, 1), [] if one in "icd" else None
            )
            for one in names
        ]

    return helper.make_graph(nodes, name, infos(inputs), infos(outputs), weights)


@family("loop")
def loop(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A layer that a Loop applies several times; every turn's result is kept, too."""
    if x.rank != 3:
        return []
    weights = np.full((x.shape[1], 1, 3), 0.5, np.float32)
    nodes = [
        helper.make_node("Conv", ["s", "w"], ["t"], pads=[1, 1], group=x.shape[1], name="inner"),
        helper.make_node("Identity", ["c"], ["d"]),
        helper.make_node("Identity", ["t"], ["u"]),
    ]
    body = _body("body", ["i", "c", "s"], ["d", "t", "u"], nodes, [numpy_helper.from_array(weights, "w")])
    turns = graph.ints(draw(st.integers(1, 3)))
    return graph.add("Loop", [turns, graph.constant(True, np.bool_), x], outputs=2, body=body)


@family("scan", since=9)
def scan(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A sum that a Scan carries along an axis, in either direction."""
    if x.rank < 2:
        return []
    axis = draw(st.integers(0, x.rank - 1))
    rest = [n for a, n in enumerate(x.shape) if a != axis]
    nodes = [helper.make_node("Add", ["s", "p"], ["t"]), helper.make_node("Identity", ["t"], ["u"])]
    body = _body("body", ["s", "p"], ["t", "u"], nodes, [])
    return graph.add(
        "Scan",
        [graph.weight(*rest), x],
        outputs=2,
        body=body,
        num_scan_inputs=1,
        scan_input_axes=[axis],
        scan_input_directions=[draw(st.integers(0, 1))],
        scan_output_axes=[draw(st.integers(0, x.rank - 1))],
        scan_output_directions=[draw(st.integers(0, 1))],
    )
