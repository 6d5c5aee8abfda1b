"""Witnesses of what random graphs break agree with runs of them, or could not be shown; none disagrees."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress

import onnx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from oracle.graphs import Graph, graphs

import pytest_rf
from pytest_rf import checks
from pytest_rf.checks.subject import Subject
from pytest_rf.errors import RFError
from pytest_rf.findings import Finding
from pytest_rf.probing import witnessing
from pytest_rf.requirements import Settings, parse

REQUIREMENTS = (
    "output rf <= {few}",
    "output rf >= {many}",
    "output coverage <= 20%",
    "output density >= 1",
    "output unused == 0",
    "output lookahead <= 0",
    "output lookahead >= {few}",
    "output lookback <= 0",
    "output lookback >= {few}",
    "output halo <= 0",
    "output context == no",
    "output is bounded",
    "output is causal",
    "output is independent",
    "output is symmetric",
    '"*" rf <= {few}',
    '"*" is causal',
)
DECLARED = (parse("final is causal"), parse("final halo <= 1"))


def broken(analysis: pytest_rf.Analysis, seed: int) -> list[Finding]:
    """Return what a model breaks of requirements with drawn figures, and of all rules."""
    drawn = random.Random(seed)
    found: list[Finding] = []
    for text in REQUIREMENTS:
        with suppress(RFError, ZeroDivisionError):  # no such axis
            found += analysis.check(text.format(few=drawn.randint(1, 4), many=drawn.randint(3, 12)))
    for rule in checks.match("RF"):
        if rule.check is not None:
            with suppress(RFError):
                found += rule.findings(Subject(analysis, Settings(), DECLARED))
    return [one for one in found if one.witness is not None]


@pytest.mark.hypothesis
def test_runs_of_random_graphs_agree() -> None:
    verdicts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()

    @settings(
        max_examples=130,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(graphs(most=5))
    def hold(graph: Graph) -> None:
        model: onnx.ModelProto = graph.model()
        try:
            analysis = pytest_rf.analyze(model)
            found = broken(analysis, graph.size)
        except RFError:
            return
        told = witnessing.judged(analysis, found, witnessing.of_file(model, "drawn", analysis, {}))
        for one in told:
            assert one.witness is not None
            if one.witness.verified == witnessing.DISAGREES:
                raise AssertionError(f"{one.message}: {witnessing.contradicted(one)}\n{model}")
            verdicts[one.witness.verified] += 1
            kinds[one.metric if one.requirement else one.rule] += one.witness.verified == witnessing.AGREES

    hold()
    assert verdicts[witnessing.AGREES] >= 300, verdicts
    assert verdicts[witnessing.AGREES] > 3 * verdicts[witnessing.NOT_SHOWN], verdicts
    assert sum(count > 0 for count in kinds.values()) >= 12, kinds
