"""Variants of a model are what a model with that change is, and share its plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from models import model
from oracle.graphs import Graph, graphs

import pytest_rf
from pytest_rf.analysis import runs, variants
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.interpreter import plan

FIGURES = ("rf", "rf_min", "stride", "start", "lookahead", "lookback", "halo", "bounded")

NET = """
    net (float[1,1,64] x) => (float[1,1,?] y)
    <float[1,1,3] w3, float[1,1,7] w7, float[1] s>
    {{
        a = Conv<kernel_shape=[7], pads=[{first}], strides=[2]>(x, w7)
        n = InstanceNormalization(a, s, s)
        b = Conv<kernel_shape=[3], pads=[{second}]>(n, w3)
        y = Add(a, b)
        {more}
    }}
"""


def field(first: str = "3,3", second: str = "1,1", more: str = "", name: str = "y") -> AxisField:
    text = NET.format(first=first, second=second, more=more)
    return pytest_rf.analyze(model(text.replace("y)", f"{name})", 1)))[name]["t"]


def _value(one: AxisField, name: str) -> int:
    """Return the number of the value that a node makes."""
    (found,) = (value for node in one.runs.graph.nodes for key, value in node.outputs.items() if key == name)
    return found.number


def figures(one: AxisField) -> dict[str, object]:
    return {name: getattr(one, name) for name in FIGURES}


@pytest.mark.parametrize("dilations", [[1], [1, 1], [1, 2, 4]])
def test_layers_more_are_those_of_the_model_that_has_them(dilations: list[int]) -> None:
    more, last = "", "y"
    for number, dilation in enumerate(dilations):
        settings_ = f"kernel_shape=[3], pads=[{dilation},{dilation}], dilations=[{dilation}]"
        more += f" z{number} = Conv<{settings_}>({last}, w3)"
        last = f"z{number}"
    made = variants.with_layers(field(), dilations)
    assert made is not None
    assert figures(made) == figures(field(more=more, name=last))


def test_a_layer_that_is_wider_than_its_axis_is_not_proposed() -> None:
    assert variants.with_layers(field(), [15]) is not None
    assert variants.with_layers(field(), [16]) is None


def test_windows_that_read_earlier_are_those_of_the_model_with_other_padding() -> None:
    own = field()
    a, b = (_value(own, name) for name in "ab")
    assert (variants.spacing(own, a), variants.spacing(own, b)) == (1, 2)
    moved = variants.reading_earlier(own, {a: 2, b: 1})
    assert moved is not None
    assert figures(moved) == figures(field("5,1", "2,0"))


def test_a_variant_plans_only_what_is_not_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    own = field()
    assert own.rf == 11
    monkeypatch.setattr(runs, "plan", None)
    made = variants.with_layers(own, [1])
    assert made is not None
    kept, new = own.runs.plan, made.runs.plan
    assert made.rf == 15
    assert all(new.structures[number] is kept.structures[number] for number in kept.structures)
    moved = variants.reading_earlier(own, {_value(own, "a"): 2})
    assert moved is not None
    assert moved.lookahead == own.lookahead
    assert moved.runs.plan.structures[own.value.number] is kept.structures[own.value.number]
    assert own.rf == 11


@settings(
    max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(graphs(inputs=2, nodes=(3, 12)))
def test_variants_of_random_graphs_are_as_if_planned_anew(graph: Graph) -> None:
    analysis = pytest_rf.analyze(graph.model())
    for tensor in list(analysis)[-4:]:
        for name in tensor.inputs if tensor.status != "unknown" else ():
            for axis, own in tensor.field(name).items():
                moves = {
                    step.value.number: 1
                    for step in analysis.graph.program
                    if step.value.number in analysis.graph.ancestors(own.value.number)
                    and variants.spacing(own, step.value.number)
                }
                for made in (variants.with_layers(own, [1]), variants.reading_earlier(own, moves)):
                    if made is None:
                        continue
                    anew = runs.Runs(made.runs.about, plan(made.runs.graph), analysis.inputs)
                    assert figures(replace(made, runs=anew)) == figures(made), (tensor.name, name, axis)
