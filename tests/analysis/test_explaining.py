"""Explanations agree with the engine: what layers add comes to the figure."""

from __future__ import annotations

import math

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from models import model
from oracle.graphs import Graph, graphs

import pytest_rf
from pytest_rf.analysis.explaining import Branch
from pytest_rf.figures import Number

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
    assert [(str(one.at), str(one.layer), one.figure, one.short) for one in found.lost] == [
        ("y Add", "a 3", 3, 5)
    ]
    assert found.context == ()


def test_context_is_named_and_the_first_to_blame_is_infinite() -> None:
    text = UNET.replace("y = Add(a, d)", "e = InstanceNormalization(d, s, s)  y = Add(a, e)")
    found = pytest_rf.analyze(model(text)).final[0].explain("lookahead")["t"]
    assert found.figure == math.inf
    assert (found.start, found.layers[-1].growth) == (0, math.inf)
    assert [str(one) for one in found.context] == ["e InstanceNormalization"]


def test_what_cannot_be_explained_says_so() -> None:
    tensor = pytest_rf.analyze(model(UNET)).final[0]
    with pytest.raises(KeyError, match="no path of 'coverages'"):
        tensor.explain("coverages")
    with pytest.raises(KeyError, match="no axis 'h'; there are t"):
        tensor.explain()["h"]
    unknown = pytest_rf.analyze(model(UNET.replace("Add(a, d)", "Warp(a, d)"))).outputs[0]
    with pytest.raises(pytest_rf.errors.UnknownError):
        unknown.explain()


def read(tensor: pytest_rf.Tensor, metric: str, axis: int, source: str, align: int) -> Number | None:
    """Return a figure as an explanation tells it: of a halo the larger side, for borders on a multiple."""
    field = tensor.field(source)[axis]
    if metric != "halo":
        found: Number | None = getattr(field, metric)
        return found
    sides = field.halo_for(align)
    return None if sides is None else max(sides)


RANDOM = settings(
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@settings(RANDOM, max_examples=40)
@given(graph=graphs(inputs=2, nodes=(3, 12)))
def test_growths_add_up_and_every_total_is_the_figure_of_its_tensor(graph: Graph) -> None:
    analysis = pytest_rf.analyze(graph.analysed())
    for tensor in analysis:
        for source in tensor.inputs if tensor.status != "unknown" else ():
            axes = analysis.inputs[source].axes
            for metric in METRICS:
                for one in tensor.explain(metric, input=source).axes:
                    align = tensor.field(source)[one.axis].multiple
                    assert one.figure == read(tensor, metric, axes[one.axis], source, align)
                    if one.figure is None:
                        continue
                    assert one.start + sum(step.growth for step in one.layers) == one.figure
                    for step in one.layers:
                        layer = analysis[step.layer.name]
                        assert step.total == read(layer, metric, axes[one.axis], source, align)


def alone(file: onnx.ModelProto, analysis: pytest_rf.Analysis, branch: Branch) -> onnx.ModelProto | None:
    """Return a model in which a merge reads one of its branches, and constants in place of the others."""
    edited = onnx.ModelProto()
    edited.CopyFrom(file)
    node = next(node for node in edited.graph.node if branch.at.name in node.output)
    numbers = {one.name: one.number for one in analysis}
    numbers |= {name: value.number for name, value in analysis.graph.inputs.items()}
    names = [name for name in node.input if name in numbers]
    kept = None if branch.layer is None else numbers[branch.layer.name]
    own = [name for name in names if (name in analysis.inputs if kept is None else numbers[name] == kept)]
    if not own:
        return None
    for place, name in enumerate(node.input):
        if name in numbers and numbers[name] != numbers[own[0]]:
            shape = analysis.graph.values[numbers[name]].extents
            node.input[place] = f"{name}_constant"
            edited.graph.initializer.append(
                onnx.numpy_helper.from_array(np.ones(shape, np.float32), node.input[place])
            )
    return edited


@settings(RANDOM, max_examples=30)
@given(
    graph=graphs(
        families=["conv", "conv_transpose", "pool", "resize", "pad", "slice", "concat", "merge", "norm"],
        nodes=(4, 12),
    )
)
def test_a_branch_alone_gives_the_figure_that_it_is_short_by(graph: Graph) -> None:
    file = graph.analysed()
    analysis = pytest_rf.analyze(file)
    ((name, source),) = analysis.inputs.items()
    for tensor in analysis.outputs:
        for metric in METRICS if tensor.status != "unknown" else ():
            for one in tensor.explain(metric).axes:
                axis, align = source.axes[one.axis], tensor[one.axis].multiple
                for branch in one.lost:
                    edited = alone(file, analysis, branch)
                    if branch.short is None or not math.isfinite(branch.short) or edited is None:
                        continue
                    roles = dict(source.axes) | ({} if source.batch is None else {"batch": source.batch})
                    at = pytest_rf.analyze(edited, axes={name: roles})[branch.at.name]
                    there = read(analysis[branch.at.name], metric, axis, name, align)
                    without = read(at, metric, axis, name, align)
                    assert there is not None
                    assert without == there - branch.short, (
                        metric,
                        one.axis,
                        str(branch.at),
                        str(branch.layer),
                    )


def test_the_branch_that_made_the_figure_is_followed() -> None:
    text = """
        net (float[1,2,32] x) => (float[1,2,?] y) <float[2,2,7] w, float[2,2,3] u>
        {
            a = Conv<pads=[3,3]>(x, w)
            b = Conv<pads=[1,1]>(x, u)
            c = Conv<pads=[1,1]>(a, u)
            y = Concat<axis=1>(b, c)
        }
    """
    found = pytest_rf.analyze(model(text)).final[0].explain("lookahead")["t"]
    assert [(one.layer.name, one.growth) for one in found.layers] == [("a", 3), ("c", 1)]
    assert [(str(one.layer), one.figure, one.short) for one in found.lost] == [("b 3", 1, 3)]
    assert [one.layer.name for one in found.heaviest] == ["a", "c"]


def test_a_figure_made_by_two_branches_together_is_added_where_they_meet() -> None:
    text = """
        net (float[1,2,32] x) => (float[1,2,?] y) <float[2,2,5] w>
        { a = Conv<pads=[4,0]>(x, w)  b = Conv<pads=[0,4]>(x, w)  y = Add(a, b) }
    """
    found = pytest_rf.analyze(model(text)).final[0].explain("rf")["t"]
    assert [(one.layer.name, one.growth) for one in found.layers] == [("a", 4), ("y", 4)]
    assert [(one.figure, one.short) for one in found.lost] == [(5, 4)]


def test_of_context_the_layers_that_bring_it_in_are_counted() -> None:
    text = UNET.replace("y = Add(a, d)", "e = InstanceNormalization(d, s, s)  y = Add(a, e)")
    found = pytest_rf.analyze(model(text)).final[0].explain("context", axis="t")["t"]
    assert (found.figure, [(one.layer.name, one.total) for one in found.layers]) == (1, [("e", 1)])


def test_one_axis_can_be_asked_for() -> None:
    text = "net (float[1,2,9,9] x) => (float[1,2,?,?] y) <float[2,2,3,1] w> { y = Conv(x, w) }"
    tensor = pytest_rf.analyze(model(text)).final[0]
    assert [one.axis for one in tensor.explain(axis="w").axes] == ["w"]
    assert [one.axis for one in tensor.explain().axes] == ["h", "w"]
