"""Random graphs of the operators that convolutional nets are made of, against what running them shows."""

from __future__ import annotations

import os
from typing import Any

import onnx
import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from oracle.compare import compare
from oracle.engines import NoEngineError, trusted
from oracle.graphs import FAMILIES, Graph, graphs
from oracle.perturb import Influence, probe_rows
from oracle.twin import NoTwinError, linearised_twin, probe_twin

import pytest_rf

# Every run draws the same examples; a nightly run asks for more of them, and gets others.
EXAMPLES = int(os.environ.get("RF_EXAMPLES", "500"))
repeatable = settings(
    max_examples=EXAMPLES,
    derandomize="RF_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def structural(graph: Graph) -> Influence | None:
    """Return what every element reads, if the graph has a twin that shows it."""
    try:
        twin = linearised_twin(graph.model(), graph.ranks())
    except NoTwinError:
        return None
    try:
        return probe_twin(
            twin, {name: value.shape for name, value in graph.inputs.items()}, tensors=graph.tensors
        )
    except NoEngineError:
        return None


def observed(graph: Graph) -> Influence | None:
    """Return what perturbation shows, if an engine is trusted with all of the graph."""
    model = graph.model()
    # the reference evaluator is a hundred times slower, and the twin sees what one look may miss
    looks: dict[str, Any] = {} if "onnxruntime" in trusted(model) else {"bases": 1, "magnitudes": [300.0]}
    try:
        return probe_rows(model, graph.inputs, tensors=graph.tensors, **looks)
    except NoEngineError:
        return None


def check(graph: Graph) -> None:
    """Hold the analysis of a graph against perturbation and against its twin."""
    model = graph.model()
    note(onnx.printer.to_text(model))
    seen, reads = observed(graph), structural(graph)
    assume(seen or reads)
    analysis = pytest_rf.analyze(model)
    for tensor in graph.tensors:
        assert tuple(analysis[tensor].shape) == graph.shape(tensor)
        assert analysis[tensor].status == "exact", analysis[tensor].reason
    if seen:
        found = compare(analysis, seen)
        assert not found.unsound, found.report()
    if reads:
        found = compare(analysis, reads)
        assert not found.unsound, found.report()
        if not graph.doubts:
            assert not found.inexact, found.report()
    if seen and reads:
        missed = [key for key, rows in seen.rows.items() if (rows & ~reads.rows[key]).any()]
        assert not missed, f"the twin is wrong: an influence that was seen is not in it, of {missed[0]}"


@repeatable
@given(graphs(inputs=2))
def test_bounds_hold_and_are_tight(graph: Graph) -> None:
    check(graph)


@settings(repeatable, max_examples=EXAMPLES // 2)
@given(
    graphs(
        families=["conv", "conv_transpose", "pool", "resize", "pad", "slice", "concat", "merge", "unary"],
        most=8,
    )
)
def test_convolutional_chains(graph: Graph) -> None:
    check(graph)


@pytest.mark.parametrize("family", FAMILIES)
@settings(repeatable, max_examples=EXAMPLES // 25)
@given(data=st.data())
def test_each_family_by_itself(family: str, data: st.DataObject) -> None:
    check(data.draw(graphs(families=[family], most=2)))
