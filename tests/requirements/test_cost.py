"""What a failing requirement costs: one plan, and as many runs as there are kinds of question."""

from __future__ import annotations

from collections import Counter

import pytest
from models import model

import pytest_rf
from pytest_rf.analysis import Analysis, runs


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the plans and the runs of the engine."""
    counted: Counter[str] = Counter()
    for name in ("plan", "run_total"):

        def counting(*given: object, _name: str = name, _made: object = getattr(runs, name)) -> object:
            counted[_name] += 1
            return _made(*given)  # type: ignore[operator]

        monkeypatch.setattr(runs, name, counting)
    return counted


def stack(layers: int, axes: int = 2) -> Analysis:
    """Return ``layers`` times instance norm and convolution."""
    kernel, extents, pads = ",".join("3" * axes), ",".join(["32"] * axes), ",".join("1" * 2 * axes)
    body = "".join(
        f"n{i} = InstanceNormalization(a{i}, s, s) a{i + 1} = Conv<pads=[{pads}]>(n{i}, w) "
        for i in range(layers)
    )
    return pytest_rf.analyze(
        model(
            f"net (float[1,4,{extents}] a0) => (float[1,4,{','.join('?' * axes)}] a{layers})"
            f"<float[4,4,{kernel}] w, float[4] s> {{ {body} }}"
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        '"*" halo <= 3',
        '"*" lookahead <= 0',
        '"*" lookback <= 0 and halo(align=4) <= 3',
        '"*" is causal',
        '"*" is bounded',
        '"*" rf <= 1 and rf_min <= 1 and coverage <= 1%',
    ],
)
def test_findings_of_many_tensors_share_one_plan_and_its_runs(count: Counter[str], text: str) -> None:
    seen = []
    for layers in (12, 48):
        count.clear()
        analysis = stack(layers)
        assert sum(len(found.tensors) for found in analysis.check(text)) >= layers
        seen.append(dict(count))
    assert seen[0] == seen[1]
    assert seen[0]["plan"] == 1
    # Two of them, on two axes each, count what tiles get wrong; in one the witness is walked.
    assert seen[0]["run_total"] <= 16  # one run an axis, of what is asked for


@pytest.mark.parametrize("accepted", [[], ["op:Conv"], ["n0", "n3"]])
def test_the_local_figures_are_those_of_a_model_that_accepts_all_context(accepted: list[str]) -> None:
    analysis = stack(6, axes=1)
    analysis.accept_context = accepted
    everything = stack(6, axes=1)
    everything.accept_context = ["*"]
    for name in analysis.tensors:
        local, free = analysis[name]["t"].without_context, everything[name]["t"]
        for figure in ("lookahead", "lookback", "halo", "bounded", "causal"):
            assert getattr(local, figure) == getattr(free, figure), (name, figure)
    assert analysis["a6"]["t"].without_context.halo == (6, 6)
    assert analysis["a6"]["t"].halo[0] == float("inf")
