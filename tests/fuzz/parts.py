"""What the ways to break an ONNX model share: their table, hostile numbers and names, and parts picked at random."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import onnx
from onnx import TensorProto

Break = Callable[[onnx.ModelProto, Random], None]

BREAKS: dict[str, Break] = {}
"""Name -> what changes a model in place. It may do nothing where the model has not what it changes."""

NUMBERS = (
    *(0, 1, 2, 3, -1, -2, 7, 16, 64, 65, 255, 1000, 10**6),
    *(1 << 16, (1 << 24) - 1, 1 << 24, 1 << 25, (1 << 31) - 1, 1 << 31, -(1 << 31)),
    *(1 << 32, 1 << 53, 1 << 62, (1 << 63) - 1, -(1 << 63)),
)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-30, 1e30, 3.4e38, float("inf"), float("-inf"), float("nan"))
TEXTS = (
    "",
    "x",
    "SAME_UPPER",
    "VALID",
    "NOTSET",
    "bij,bjk->bik",
    "...",
    "linear",
    "nearest",
    "\x1b[2J",
    "é" * 40,
)
NAMES = (
    "",
    "x",
    "x0",
    "a b",
    "a\nb",
    "::error::x",
    "\x1b]0;t\x07",
    "../../etc/passwd",
    "\u202eabc",
    "n" * 5000,
)
BAD_BYTES = (b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\x00", b"\x1b[", b"\n\r")


def breaks(function: Break) -> Break:
    BREAKS[function.__name__] = function
    return function


def graphs_of(model: onnx.ModelProto) -> list[onnx.GraphProto]:
    """Return the graph and the bodies in it."""
    found, left = [], [model.graph]
    while left:
        graph = left.pop()
        found.append(graph)
        for node in graph.node:
            for one in node.attribute:
                left += [one.g] if one.HasField("g") else []
                left += one.graphs
    return found


def nodes_of(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [node for graph in graphs_of(model) for node in graph.node] + [
        node for function in model.functions for node in function.node
    ]


def some_node(model: onnx.ModelProto, rng: Random) -> onnx.NodeProto | None:
    nodes = nodes_of(model)
    return rng.choice(nodes) if nodes else None


def some_graph(model: onnx.ModelProto, rng: Random) -> onnx.GraphProto:
    return rng.choice(graphs_of(model))


def tensors_of(model: onnx.ModelProto) -> list[TensorProto]:
    found = [tensor for graph in graphs_of(model) for tensor in graph.initializer]
    return found + [a.t for node in nodes_of(model) for a in node.attribute if a.HasField("t")]


def names_of(graph: onnx.GraphProto) -> list[str]:
    made = [name for node in graph.node for name in node.output]
    return ["", "nowhere", *made, *(i.name for i in graph.input), *(i.name for i in graph.initializer)]
