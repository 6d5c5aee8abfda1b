"""Unions that are put off, since their tables would be large, say the same as those that are made."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, given, settings
from oracle.graphs import Graph, graphs

import pytest_rf
from pytest_rf.domains import hull


def bounds(graph: Graph) -> dict[tuple[str, str, int], list[np.ndarray]]:
    analysis = pytest_rf.analyze(graph.analysed())
    return {
        (tensor, name, axis): list(analysis[tensor].bounds(axis, name, context=True))
        for tensor in graph.tensors
        if analysis[tensor].status != "unknown"
        for name, source in analysis.inputs.items()
        for axis in range(len(source.shape))
    }


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(graphs(inputs=2, nodes=(3, 15)))
def test_unions_that_are_put_off_are_the_same(graph: Graph) -> None:
    made = bounds(graph)
    with patch.object(hull, "ROOM", 1), patch.object(hull, "LARGE", 1):
        put_off = bounds(graph)
    for key, (lo, hi) in made.items():
        np.testing.assert_array_equal(put_off[key][0], lo, err_msg=str(key))
        np.testing.assert_array_equal(put_off[key][1], hi, err_msg=str(key))
