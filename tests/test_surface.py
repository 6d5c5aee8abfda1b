"""What users hold: names of tensors, figures that are not there, and how things show themselves."""

from __future__ import annotations

import numpy as np
import pytest
from models import conv

import pytest_rf


@pytest.fixture
def analysis() -> pytest_rf.Analysis:
    return pytest_rf.analyze(conv(3))


def test_it_shows_itself_in_a_line(analysis: pytest_rf.Analysis) -> None:
    tensor = analysis.final[0]
    for thing in (analysis, tensor, tensor.field(), next(iter(tensor.field().values()))):
        assert len(repr(thing)) < 120
        assert "Graph(" not in repr(thing)
    assert "1 tensors, onnx" in repr(analysis)


@pytest.mark.parametrize("name", ["", 0, None])
def test_what_is_no_name(analysis: pytest_rf.Analysis, name) -> None:
    with pytest.raises(KeyError, match="is no name of a tensor"):
        analysis[name]


def test_figures_that_are_not_there(analysis: pytest_rf.Analysis) -> None:
    field = next(iter(analysis.final[0].field().values()))
    with pytest.raises(AttributeError, match="erf is not available yet"):
        field.erf  # noqa: B018
    with pytest.raises(AttributeError, match="no 'strid', did you mean 'stride'"):
        field.strid  # noqa: B018
    assert not hasattr(field, "nothing_like_it")


def test_units_are_whole_numbers(analysis: pytest_rf.Analysis) -> None:
    tensor = analysis.final[0]
    rank = len(tensor.field())
    assert tensor.region(np.zeros(rank, int)) == tensor.region([0] * rank)
    for unit in (0, ("a",) * rank, (0.5,) * rank):
        with pytest.raises(IndexError, match="has whole numbers"):
            tensor.region(unit)


@pytest.mark.parametrize("text", [3, None, ["final rf >= 3"]])
def test_requirements_are_text(analysis: pytest_rf.Analysis, text) -> None:
    with pytest.raises(pytest_rf.RequirementError, match="give one as text"):
        analysis.check(text)
