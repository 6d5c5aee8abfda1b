"""What users hold: names of tensors, figures that are not there, and how things show themselves."""

from __future__ import annotations

import numpy as np
import pytest
from models import conv, model

import pytest_rf
from pytest_rf.figures import shape


@pytest.fixture
def analysis() -> pytest_rf.Analysis:
    return pytest_rf.analyze(conv(3))


def test_it_shows_itself_in_a_line(analysis: pytest_rf.Analysis) -> None:
    tensor = analysis.final[0]
    for thing in (analysis, tensor, tensor.field(), next(iter(tensor.field().values()))):
        assert len(repr(thing)) < 120
        assert "Graph(" not in repr(thing)
    (name, source), (output,) = next(iter(analysis.inputs.items())), analysis.outputs
    ends = f"{name} {shape(source.shape)} to {output.name} {shape(output.shape)}"
    assert repr(analysis) == f"<Analysis {analysis.name!r}: 1 tensors, onnx, {ends}>"
    assert repr(tensor) == f"<Tensor {tensor.name!r}: Conv 3×3, {shape(tensor.shape)}, exact>"
    assert repr(tensor["h"]) == f"<Field along axis h of {name!r}: rf 3, stride 1, start {tensor['h'].start}>"


@pytest.mark.parametrize("name", ["", 0, None])
def test_what_is_no_name(analysis: pytest_rf.Analysis, name) -> None:
    with pytest.raises(KeyError, match="is not the name of a tensor"):
        analysis[name]


def test_figures_that_are_not_there(analysis: pytest_rf.Analysis) -> None:
    field = next(iter(analysis.final[0].field().values()))
    with pytest.raises(AttributeError, match="no 'strid', did you mean 'stride'"):
        field.strid  # noqa: B018
    assert not hasattr(field, "nothing_like_it")


def test_units_are_whole_numbers(analysis: pytest_rf.Analysis) -> None:
    tensor = analysis.final[0]
    rank = len(tensor.field())
    assert tensor.region(np.zeros(rank, int)) == tensor.region([0] * rank)
    for unit in (0, ("a",) * rank, (0.5,) * rank):
        with pytest.raises(IndexError, match="those are whole numbers"):
            tensor.region(unit)


@pytest.mark.parametrize("text", [3, None, ["final rf >= 3"]])
def test_requirements_are_text(analysis: pytest_rf.Analysis, text) -> None:
    with pytest.raises(pytest_rf.RequirementError, match="give one as text"):
        analysis.check(text)


def test_unknown_tensors_have_no_figures() -> None:
    unknown = pytest_rf.analyze(
        model("""
g (float[1, 1, 8] x) => (float[1, 1, 8] y) <float[1, 1, 3] w = {1, 1, 1}>
{
  z = Conv<pads = [1, 1]>(x, w)
  y = com.acme.Mystery(z)
}
""")
    ).outputs[0]
    field = unknown.field()[2]
    assert "unknown: " in repr(field)
    for ask in (
        lambda: field.rf,
        lambda: field.aligned,
        lambda: field.halo,
        lambda: unknown.bounds(2),
        lambda: unknown.region((3,)),
        lambda: unknown.path(2),
    ):
        with pytest.raises(pytest_rf.ModelError, match="Mystery") as caught:
            ask()
        assert isinstance(caught.value, ValueError)


def test_batch_and_channel_go_by_their_letters_too(analysis: pytest_rf.Analysis) -> None:
    source = next(iter(analysis.inputs.values()))
    assert (source.axis("n"), source.axis("c")) == (source.axis("batch"), source.axis("channel")) == (0, 1)


def test_a_plan_of_tiles(analysis: pytest_rf.Analysis) -> None:
    plan = analysis.tiles({"h": 32, "w": 32}, overlap={"h": 4, "w": 4})
    assert (plan.seamless, plan.overlap, plan.context) == (
        True,
        {"h": 4, "w": 4},
        {"h": (2, 2), "w": (2, 2)},
    )
    assert (plan.min_overlap, plan.min_context) == ({"h": 2, "w": 2}, {"h": (1, 1), "w": (1, 1)})
    assert plan.why.startswith("seamless: ")
    assert repr(plan) == "<Plan h 32 by 28, w 32 by 28: seamless>"
    source = next(iter(analysis.inputs.values()))
    shape = (*source.shape[:2], 60, 32)
    assert plan.pad_to(shape) == shape
    assert plan.output_shape(shape)[2:] == (58, 30)
    first, second = plan.windows(shape)
    assert (first.read[2], first.keep[2], first.write[2]) == (slice(0, 32), slice(0, 29), slice(0, 29))
    assert (second.read[2], second.keep[2], second.write[2]) == (slice(28, 60), slice(1, 30), slice(29, 58))
