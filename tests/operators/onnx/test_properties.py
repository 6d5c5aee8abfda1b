"""Random graphs of all families of operators, against what running them shows.

A normal run draws the same 200 graphs each time, and some of each family. The nightly run,

    pytest tests/operators/onnx/test_properties.py --hypothesis-profile=nightly

draws 2,000 that are new each time, and ten times as many of each family; what it finds, it prints as a model.
"""

from __future__ import annotations

import onnx
import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from oracle.compare import compare
from oracle.engines.abilities import reference_knows
from oracle.graphs import FAMILIES, Graph, graphs
from oracle.graphs.builder import OPSETS
from oracle.shown import observed, structural

import pytest_rf

EXAMPLES = 2 * settings.default.max_examples
repeatable = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= 200,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def check(graph: Graph) -> None:
    """Hold the analysis of a graph against perturbation and against its twin."""
    note(onnx.printer.to_text(graph.model()))
    seen, reads = observed(graph), structural(graph)
    assume(seen or reads)
    analysis = pytest_rf.analyze(graph.analysed())
    resized = any(node.op_type == "Resize" for node in graph.flat().graph.node)
    for tensor in graph.tensors:
        assert tuple(analysis[tensor].shape) == graph.shape(tensor)
        status, reason = analysis[tensor].status, analysis[tensor].reason or ""
        decided = graph.choices or ("rounding" in reason and resized)
        assert status == "exact" or (decided and status == "upper_bound"), reason
    if seen:
        found = compare(analysis, seen)
        assert not found.unsound, found.report()
    if reads:
        found = compare(analysis, reads)
        assert not found.unsound, found.report()
        if not graph.doubts:
            inexact = [d for d in found.inexact if analysis[d.tensor].status == "exact"]
            assert not inexact, "\n".join(map(str, inexact[:5]))
    if seen and reads:
        missed = [
            key for key, rows in seen.rows.items() if key in reads.rows and (rows & ~reads.rows[key]).any()
        ]
        assert not missed, f"the twin is wrong: an influence that was seen is not in it, of {missed[0]}"


@repeatable
@given(graphs(inputs=2, nodes=(3, 15)))
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
    if not reference_knows(OPSETS[family].start):
        pytest.skip("this onnx is older than the operators")
    check(data.draw(graphs(families=[family], most=2)))
