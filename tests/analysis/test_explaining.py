"""Explanations agree with the engine: what layers add comes to the figure."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from models import model
from oracle.graphs import Graph, graphs

import pytest_rf

METRICS = ("rf", "lookahead", "lookback", "halo")

UNET = """
    net (float[1,2,16] x) => (float[1,2,?] y) <float[2,2,3] w, float[2,2,2] u, float[2] s>
    {
        a = Conv<pads=[1,1]>(x, w)
        b = MaxPool<kernel_shape=[2], strides=[2]>(a)
        c = Conv<pads=[1,1]>(b, w)
        d = ConvTranspose<strides=[2]>(c, u)
        y = Add(a, d)
    }
"""


def test_layers_branches_and_the_start_are_told() -> None:
    found = pytest_rf.analyze(model(UNET)).final[0].explain("rf")["t"]
    assert (found.figure, found.start) == (8, 1)
    assert [(str(one.layer), one.growth, one.total) for one in found.layers] == [
        ("a 3", 2, 3),
        ("b 2 stride 2", 1, 4),
        ("c 3", 4, 8),
    ]
    assert [(str(one.at), str(one.layer), one.figure) for one in found.lost] == [("y Add", "a 3", 3)]
    assert found.context == ()


def test_context_is_named_and_the_first_to_blame_is_infinite() -> None:
    text = UNET.replace("y = Add(a, d)", "e = InstanceNormalization(d, s, s)  y = Add(a, e)")
    found = pytest_rf.analyze(model(text)).final[0].explain("lookahead")["t"]
    assert found.figure == math.inf
    assert found.layers[-1].growth == math.inf
    assert found.context == ("e",)


def test_what_cannot_be_explained_says_so() -> None:
    tensor = pytest_rf.analyze(model(UNET)).final[0]
    with pytest.raises(KeyError, match="no path of 'coverages'"):
        tensor.explain("coverages")
    with pytest.raises(KeyError, match="no axis 'h'; there are t"):
        tensor.explain()["h"]
    unknown = pytest_rf.analyze(model(UNET.replace("Add(a, d)", "Warp(a, d)"))).outputs[0]
    with pytest.raises(pytest_rf.errors.UnknownError):
        unknown.explain()


@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(graph=graphs(inputs=2, nodes=(3, 12)))
def test_growths_add_up_to_the_figure_of_every_tensor(graph: Graph) -> None:
    analysis = pytest_rf.analyze(graph.analysed())
    for tensor in analysis:
        for source in tensor.inputs if tensor.status != "unknown" else ():
            for metric in METRICS:
                for one in tensor.explain(metric, source).axes:
                    if one.figure is None:
                        continue
                    assert one.figure == (one.layers[-1].total if one.layers else one.start)
                    if math.isfinite(one.figure):
                        assert (
                            Fraction(one.start) + sum(Fraction(step.growth) for step in one.layers)
                            == one.figure
                        )
