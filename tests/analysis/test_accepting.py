"""Patterns of accepted context: one that matches nothing accepts nothing, and says so."""

from __future__ import annotations

import math

import pytest
from models import model

import pytest_rf

NORM = """
    net (float[1,3,16,16] x) => (float[1,4,16,16] y)
    <float[4,3,3,3] w, float[4] s>
    {
        [head] a = Conv<kernel_shape=[3,3], pads=[1,1,1,1]>(x, w)
        [norm] n = InstanceNormalization(a, s, s)
        y = Relu(n)
    }
"""


@pytest.mark.parametrize(
    "pattern", ["op:InstanceNormalization", "op:instance*", "norm", "n", "*", "nor[m]", "op:Relu", "head"]
)
def test_what_matches_an_operator_a_node_or_a_tensor_is_fine(pattern: str) -> None:
    analysis = pytest_rf.analyze(model(NORM), accept_context=[pattern])
    # What brings no context in may be accepted; it changes nothing.
    assert (analysis.check("final is bounded") == []) is (pattern not in ("op:Relu", "head"))


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("op:InstanceNorm", "op:InstanceNormalization"),
        ("InstanceNormalization", "op:InstanceNormalization"),
        ("Norm", "norm"),
        ("norms", "norm"),
        ("op:LayerNormalization", "op:InstanceNormalization"),
        ("decoder.*", None),
        ("op:", None),
        ("", None),
    ],
)
def test_what_matches_nothing_is_an_error_that_knows_what_was_meant(pattern: str, meant: str | None) -> None:
    with pytest.raises(pytest_rf.RFError) as caught:
        pytest_rf.analyze(model(NORM), accept_context=["norm", pattern])
    text = str(caught.value)
    assert text.startswith(f'accept_context "{pattern}" matches nothing in net')
    assert (f'did you mean "{meant}"?' in text) if meant else ("did you mean" not in text)
    assert "context comes in at norm (InstanceNormalization)" in text


def test_a_model_without_context_says_that_the_pattern_can_go() -> None:
    plain = NORM.replace("InstanceNormalization(a, s, s)", "Sigmoid(a)")
    with pytest.raises(pytest_rf.RFError, match="nothing brings context in, so the pattern can go"):
        pytest_rf.analyze(model(plain), accept_context=["op:InstanceNormalization"])


def test_many_that_bring_context_in_are_counted() -> None:
    lines = "\n".join(f"[g{n}] n{n + 1} = InstanceNormalization(n{n}, s, s)" for n in range(9))
    text = f"net (float[1,3,16] n0) => (float[1,3,16] n9) <float[3] s> {{ {lines} }}"
    with pytest.raises(pytest_rf.RFError, match=r"at g0 \(InstanceNormalization\), .* and 4 more\)$"):
        pytest_rf.analyze(model(text), axes={"n0": {"t": 2}}, accept_context=["nix"])


def test_patterns_that_come_with_a_requirement_match_as_well() -> None:
    analysis = pytest_rf.analyze(model(NORM))
    with pytest.raises(pytest_rf.RFError, match='"op:GroupNorm" matches nothing in net'):
        analysis.check("final is bounded", accept_context=["op:GroupNorm"])


@pytest.mark.parametrize(("patterns", "says"), [("op:Relu", "takes a list"), (["x" * 1001], "longer than")])
def test_what_is_no_list_of_patterns_is_refused(patterns: object, says: str) -> None:
    with pytest.raises(pytest_rf.RFError, match=says):
        pytest_rf.analyze(model(NORM), accept_context=patterns)


def test_modules_go_by_their_paths() -> None:
    torch = pytest.importorskip("torch")
    from torch import nn

    net = nn.Sequential(nn.Sequential(nn.Conv1d(2, 2, 3), nn.InstanceNorm1d(2)), nn.Conv1d(2, 2, 3))
    example = torch.zeros(1, 2, 32)
    for pattern in ("0.*", "0.1", "op:instance_norm"):
        assert not pytest_rf.analyze(net, example, accept_context=[pattern]).check("final is bounded")
    for pattern, meant in (
        ("0", '"0.*"'),
        ("op:InstanceNorm1d", '"op:aten.instance_norm"'),
        ("0.2", '"0.1"'),
    ):
        with pytest.raises(pytest_rf.RFError) as caught:
            pytest_rf.analyze(net, example, accept_context=[pattern])
        assert meant in str(caught.value)
        assert "0.1 (aten.instance_norm)" in str(caught.value)


@pytest.mark.parametrize("accepted", [[], ["first"], ["second"], ["first", "second"]])
@pytest.mark.parametrize("guarantees_first", [True, False])
def test_accepting_changes_guarantees_and_never_what_is_read(
    accepted: list[str], guarantees_first: bool
) -> None:
    text = """
        net (float[1,3,16] x) => (float[1,3,16] y) <float[3,3,3] w, float[3] s>
        {
            a = Conv<pads=[1,1]>(x, w)
            [first] n = InstanceNormalization(a, s, s)
            b = Conv<pads=[1,1]>(n, w)
            [second] m = InstanceNormalization(b, s, s)
            y = Conv<pads=[1,1]>(m, w)
        }
    """
    analysis = pytest_rf.analyze(model(text), accept_context=accepted)
    if guarantees_first:
        assert analysis["y"]["t"].lookahead == (3 if len(accepted) == 2 else math.inf)
    low, high = analysis["y"].bounds("t", context=True)
    assert (low == 0).all()
    assert (high == 15).all()
    low, high = analysis["y"].bounds("t")
    assert (low[0, 0, 8], high[0, 0, 8]) == (5, 11)
    assert analysis["y"]["t"].lookahead == (3 if len(accepted) == 2 else math.inf)
    # Before the second norm nothing hangs on whether that is accepted.
    assert analysis["b"]["t"].lookahead == (2 if "first" in accepted else math.inf)
