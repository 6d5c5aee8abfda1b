"""Cures of random failing requirements hold when the ONNX file is really built with them: the same figures."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from held import hold
from hypothesis import HealthCheck, Phase, given, settings
from oracle.graphs import Graph, graphs
from rebuilt_onnx import Beyond, rebuilt

import pytest_rf
from pytest_rf import cures
from pytest_rf.errors import RFError

FAMILIES = (
    "conv", "conv", "conv", "conv_transpose", "pool", "pad", "resize", "norm", "unary", "slice", "merge", "concat",
)  # fmt: skip

METRICS = ("rf", "rf_min", "lookahead", "lookback", "halo")


def requirements(analysis: pytest_rf.Analysis) -> list[str]:
    """Return requirements that fail or nearly do."""
    texts = ["is causal", "is bounded", "density >= 1"]
    for metric in METRICS:
        for source, field in ((name, analysis.final[0].field(name)) for name in analysis.final[0].inputs):
            for axis in analysis.inputs[source].axes:
                value = getattr(field[axis], metric, None)
                value = max(value) if isinstance(value, tuple) and None not in value else value
                if value is not None and not isinstance(value, tuple) and math.isfinite(value):
                    texts += [f"{metric} <= {max(math.ceil(value) - 2, 0)}"]
                    texts += [f"{metric} >= {math.floor(value) + 2}"] if metric in ("rf", "rf_min") else []
                else:
                    texts.append(f"{metric} <= 8")
    return texts


def holds(graph: Graph, counts: Counter[str]) -> None:
    """Hold the cures of what fails of a graph against the files that are built with them."""
    model = graph.model()
    analysis = pytest_rf.analyze(model)
    try:
        texts = requirements(analysis)
    except (RFError, KeyError):
        return
    for text in texts:
        try:
            findings = cures.check(analysis, text)
        except RFError:
            continue
        for found in findings:
            counts["failing"] += 1
            counts["cured"] += bool(found.cures)
            for cure in found.cures:
                counts[cure.edits[0].what] += 1
                try:
                    made = rebuilt(model, cure.edits)
                except Beyond:
                    counts["not built"] += 1
                    continue
                again = pytest_rf.analyze(made)
                hold(found, cure, again, text)


@pytest.mark.hypothesis
def test_cures_hold_in_the_file_that_is_built_with_them() -> None:
    counts: Counter[str] = Counter()

    @settings(
        max_examples=80,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(graphs(FAMILIES, most=8))
    def each(graph: Graph) -> None:
        holds(graph, counts)

    each()
    assert counts["failing"] >= 200
    assert counts["cured"] >= 40
    assert counts["not built"] <= counts["cured"] / 8
