"""Who is to blame, in random graphs: someone is where a promise is broken, and no one where it is kept."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from oracle.graphs import Graph, graphs

import pytest_rf
from pytest_rf.analysis.blame import looking_ahead, unbounded


@settings(
    max_examples=80, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(graphs(inputs=2, nodes=(3, 12)))
def test_someone_is_to_blame_where_a_promise_is_broken(graph: Graph) -> None:
    analysis = pytest_rf.analyze(graph.model())
    for tensor in list(analysis)[-4:]:
        for name in tensor.inputs if tensor.status != "unknown" else ():
            for axis, field in tensor.field(name).items():
                if field.vacuous:
                    continue
                ahead = field.lookahead
                if ahead is not None:
                    causes = looking_ahead(field)
                    assert bool(causes) is (ahead > 0), (tensor.name, axis, ahead, causes)
                    assert all(cause.number <= tensor.number for cause in causes)
                if field.bounded is not None and not field.upper_bound:
                    assert bool(unbounded(field)) is not field.bounded, (tensor.name, axis)
