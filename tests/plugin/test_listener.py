from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
import pytest_rf.frontends.torch  # noqa: E402, F401 - runs in this process forget what they import

HEAD = """
import pytest, torch
from torch import nn

def build():
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 4, 3))
"""


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, test: str) -> pytest.RunResult:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_it=HEAD + test)
    return pytester.runpytest("--strict-markers", "-p", "pytest_rf.plugin")


def test_the_model_that_the_test_calls(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(
        pytester,
        monkeypatch,
        """
@pytest.mark.rf("final rf == 7")
def test_holds():
    assert build()(torch.randn(1, 3, 32, 32)).shape == (1, 4, 13, 13)

@pytest.mark.rf("final rf >= 8")
def test_fails():
    build()(torch.randn(1, 3, 32, 32))

@pytest.mark.rf("final rf >= 7")
def test_calls_nothing():
    build()
""",
    )
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["RF001 final rf is 7*required >= 8*", "the test has called no PyTorch module*"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_pytorch_is_left_as_it_was(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.nn.Module.__call__
    result = run(
        pytester,
        monkeypatch,
        """
@pytest.mark.rf("final rf == 7")
def test_breaks():
    build()(torch.randn(1, 3, 32, 32))
    assert False, "by itself"
""",
    )
    result.assert_outcomes(failed=1)
    assert torch.nn.Module.__call__ is before


def test_a_factory(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(nets=HEAD)
    result = run(
        pytester,
        monkeypatch,
        """
@pytest.mark.rf("final rf == 7", model="nets:build", inputs=(1, 3, 32, 32))
def test_holds(): pass
""",
    )
    result.assert_outcomes(passed=1)
