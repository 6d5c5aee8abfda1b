"""What is said of a model after figures of it were asked for counts as what was said before."""

from __future__ import annotations

import pytest_rf
from pytest_rf.analysis.described import say
from tests.models import model

NET = """
    net (float[2, 3, 16] x) => (float[2, 4, N] y)
    <float[4, 3, 3] w, float[4] scale, float[4] shift> {
        [conv] a = Conv <pads = [1, 1]> (x, w)
        [norm] y = InstanceNormalization (a, scale, shift)
    }
"""


def test_context_that_is_accepted_later() -> None:
    analysis = pytest_rf.analyze(model(NET))
    assert analysis.final[0].field()
    say(analysis, accept_context=("op:InstanceNormalization",))
    assert analysis.runs.about.accept_context == ("op:InstanceNormalization",)
    assert not analysis.check("final halo <= 1")


def test_steps_that_stand_for_positions() -> None:
    analysis = pytest_rf.analyze(model(NET), stands_for={"t": "i + 1"})
    assert analysis.runs.about.stands_for == analysis.stands_for
    assert analysis.final[0]["t"].lookahead == pytest_rf.analyze(model(NET)).final[0]["t"].lookahead - 1
