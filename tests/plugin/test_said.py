"""What a marker or the fixture says of the model that it judges: axes, accepted context, what a step stands for."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
import pytest_rf.frontends.torch  # noqa: E402, F401 - runs in this process forget what they import

HEAD = """
import pytest, torch
from torch import nn

class Encoder(nn.Module):
    "The first frame alone, the others in pairs."
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3)

    def forward(self, x):
        x = self.conv(torch.cat([x[..., :1], x[..., :1], x], -1))
        return torch.cat([x[..., :1], nn.functional.avg_pool1d(x[..., 1:], 2)], -1)

class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv1d(1, 1, 3), nn.InstanceNorm1d(1)

    def forward(self, x):
        return self.norm(self.conv(nn.functional.pad(x, (2, 0))))

X = torch.rand(1, 1, 33)
"""
TESTS = """
@pytest.mark.rf("final is causal", {said})
def test_marker():
    {model}()(X)

def test_fixture(rf):
    rf.check({model}(), X, "final is causal", {said})

def test_analysis(rf):
    rf.check(rf.analyze({model}(), X), "final is causal", {said})
"""


@pytest.mark.parametrize(
    ("model", "said", "words"),
    [
        ("Encoder", "stands_for={'t': '2i'}", ""),
        ("Encoder", "", "have no common stride"),
        ("Encoder", "stands_for={'t': '4i'}", "have no common stride"),
        ("Encoder", "stands_for={'q': '2i'}", 'no axis "q"; there are t'),
        ("Normed", "accept_context=['op:*instance_norm']", ""),
        ("Normed", "accept_context=['op:LayerNorm']", "matches nothing"),
        ("Normed", "", "brings in statistics of the whole axis"),
        ("Normed", "axes={'x': {'time': 2}}, accept_context=['norm']", ""),
        ("Normed", "axes={'x': {'time': 7}}", "7"),
    ],
)
def test_what_is_said_of_a_model_counts(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, model: str, said: str, words: str
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_it=HEAD + TESTS.format(model=model, said=said))
    result = pytester.runpytest(
        "--strict-markers", "-p", "pytest_rf.plugin", "-W", "ignore::DeprecationWarning"
    )
    result.assert_outcomes(**({"failed": 3} if words else {"passed": 3}))
    assert result.stdout.str().count(words) >= 3


def test_an_analysis_is_not_called_again(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        test_it=HEAD
        + """
def test_it(rf):
    rf.check(rf.analyze(Normed(), X), "final rf >= 3", weights=True)
"""
    )
    result = pytester.runpytest("-p", "pytest_rf.plugin", "-W", "ignore::DeprecationWarning")
    result.stdout.fnmatch_lines(
        ["*of it can only be said axes, spacing, origin, stands_for, frontend, chunk, accept_context*"]
    )
