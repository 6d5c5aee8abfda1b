"""Nodes that repeat others: what is made again is what the rule would have made."""

from __future__ import annotations

import pickle
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from models import model
from oracle.graphs import Graph, graphs

import pytest_rf
from pytest_rf.analysis.analysis import Analysis
from pytest_rf.domains import readings
from pytest_rf.frontends.onnx.repeats import Repeats
from pytest_rf.node import Node, Traced


def figures(source: Any) -> list[Any]:
    """All that is known of every tensor."""
    analysis: Analysis = pytest_rf.analyze(source)
    return [(tensor.name, tensor.label, tensor.shape, rows(analysis, tensor)) for tensor in analysis]


def rows(analysis: Analysis, tensor: Any) -> Any:
    """The bounds of a tensor towards all axes of all inputs, and its context."""
    if tensor.status == "unknown":
        return tensor.reason
    return [
        (name, axis, [side.tolist() for side in tensor.bounds(axis, name, context=True)])
        for name in tensor.inputs
        for axis in range(len(analysis.inputs[name].shape))
    ]


def one_by_one(source: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The same with every node lowered and every operand read on its own."""
    with monkeypatch.context() as patch:
        patch.setattr(Repeats, "key", lambda *_: None)
        patch.setattr(readings, "_again", lambda *_: None)
        return figures(source)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(graphs())
def test_figures_are_those_of_each_node_on_its_own(graph: Graph) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert figures(graph.analysed()) == one_by_one(graph.analysed(), monkeypatch)


@pytest.mark.parametrize(
    "body",
    [
        # The same geometry at another place, on another operand, twice the same operand, other attributes.
        "a = Conv <pads = [1, 1, 1, 1]> (x, w)  b = Conv <pads = [1, 1, 1, 1]> (a, w)  y = Add (a, b)",
        "a = Conv <pads = [1, 1, 1, 1]> (x, w)  b = Conv <pads = [2, 1, 0, 1]> (x, w)  y = Add (a, b)",
        "a = Conv <pads = [1, 1, 1, 1]> (x, w)  b = Conv <pads = [2, 2, 2, 2], dilations = [2, 2]> (a, w)"
        "  y = Add (a, b)",
        "a = Add (x, x)  b = Conv <pads = [1, 1, 1, 1]> (x, w)  c = Add (a, b)  y = Add (b, c)",
        "a = MaxPool <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (x)"
        "  b = AveragePool <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (a)  y = Add (a, b)",
    ],
)
def test_what_differs_is_told_apart(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = model(f"g (float[1, 2, 9, 9] x) => (float[1, 2, 9, 9] y) <float[2, 2, 3, 3] w> {{ {body} }}")
    assert figures(source) == one_by_one(source, monkeypatch)


def test_blocks_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    again = Repeats.again
    monkeypatch.setattr(
        Repeats,
        "again",
        lambda self, *about: made.append(found := again(self, *about)) or found,  # type: ignore[func-returns-value]
    )
    layers = "  ".join(f"x{i + 1} = Conv <pads = [1, 1, 1, 1]> (x{i}, w)" for i in range(4))
    source = model(f"g (float[1, 2, 9, 9] x0) => (float[1, 2, 9, 9] x4) <float[2, 2, 3, 3] w> {{ {layers} }}")
    assert pytest_rf.analyze(source).final[0]["h"].rf == 9
    assert [found is not None for found in made] == [False, True, True, True]


def test_a_node_looked_up_late_has_all_that_a_node_has() -> None:
    late = Traced("a", "Conv", lambda: ("encoder.a", "net.py:3", ("x", "w")), ())
    plain = Node("a", "Conv", module="encoder.a", source="net.py:3", reads=("x", "w"))
    assert [getattr(late, one.name) for one in fields(Node)] == [
        getattr(plain, one.name) for one in fields(Node)
    ]
    assert type(pickle.loads(pickle.dumps(late))) is Node
