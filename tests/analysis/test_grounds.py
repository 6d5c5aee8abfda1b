"""Fields that look alike share their figures in a report: they are those of each field by itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from oracle import light
from oracle.graphs import Graph, graphs

import pytest_rf
from pytest_rf.analysis.grounds import Grounds
from pytest_rf.checkable import Analysis


def each_alone(analysis: Analysis) -> dict[str, Any]:
    """Return the report of an analysis in which no field shares figures with another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Grounds, "of", lambda grounds, field: None)
        return analysis.to_dict()


@pytest.mark.parametrize("name", ["resnet50", "inception_v2", "shufflenet"])
def test_shared_figures_are_those_of_each_field(name: str) -> None:
    analysis = pytest_rf.analyze(light.path(name))
    assert analysis.to_dict() == each_alone(analysis)


@given(graphs(inputs=2, nodes=(3, 15)))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_in_any_graph(graph: Graph) -> None:
    analysis = pytest_rf.analyze(graph.analysed())
    assert analysis.to_dict() == each_alone(analysis)


def test_height_and_width_share_theirs() -> None:
    analysis = pytest_rf.analyze(light.path("resnet50"))
    grounds = Grounds(analysis.runs)
    fields = [(tensor["h"], tensor["w"]) for tensor in analysis]
    assert all(grounds.of(h) == grounds.of(w) is not None for h, w in fields)
    assert len({grounds.of(h) for h, _ in fields}) > 20
