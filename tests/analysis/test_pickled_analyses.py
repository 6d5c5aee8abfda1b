"""What users hold goes through pickle: to a worker process, into a cache."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pytest_rf

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(params=["unet", "classifier", "tcn"])
def analysis(request: pytest.FixtureRequest) -> pytest_rf.Analysis:
    return pytest_rf.analyze(EXAMPLES / f"{request.param}.onnx")


def test_an_analysis_has_the_same_figures(analysis: pytest_rf.Analysis) -> None:
    before = pickle.dumps(analysis)
    report = analysis.to_dict()
    for dumped in (before, pickle.dumps(analysis)):  # before and after figures were asked for
        assert pickle.loads(dumped).to_dict() == report


def test_pickles_hold_no_figures_and_no_weights(analysis: pytest_rf.Analysis) -> None:
    before = len(pickle.dumps(analysis))
    analysis.to_dict()
    assert len(pickle.dumps(analysis)) == before


@pytest.mark.parametrize(
    "part",
    [lambda a: a.final[0], lambda a: next(iter(a.final[0].field().values())), lambda a: a.final[0].field()],
)
def test_parts_of_an_analysis(analysis: pytest_rf.Analysis, part: Callable[[Any], Any]) -> None:
    before, after = part(analysis), pickle.loads(pickle.dumps(part(analysis)))
    assert repr(after) == repr(before)
    axis = next(iter(analysis.inputs[analysis.final[0].inputs[0]].axes))
    if hasattr(before, "rf"):
        assert (after.rf, after.stride, after.halo) == (before.rf, before.stride, before.halo)
    else:
        assert (after[axis].rf, after[axis].halo) == (before[axis].rf, before[axis].halo)


def test_what_was_said_of_the_model_stays_said() -> None:
    said = pytest_rf.analyze(
        EXAMPLES / "unet.onnx", accept_context=["op:Conv"], axes={"image": {"y": 2, "x": 3}}
    )
    again = pickle.loads(pickle.dumps(said))
    assert list(again.accept_context) == ["op:Conv"]
    assert again.inputs["image"].axes == {"y": 2, "x": 3}
    assert again.check("final rf.y >= 41")[0].measured == said.check("final rf.y >= 41")[0].measured


def test_what_needs_the_model_itself_is_unknown_and_says_why(analysis: pytest_rf.Analysis) -> None:
    again = pickle.loads(pickle.dumps(analysis))
    (finding,) = again.check("final min_input <= 9999")[:1]
    assert finding.undecidable
    assert "cannot be analysed at other extents" in finding.message + finding.reason
