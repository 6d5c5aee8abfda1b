"""Attributes of the modules that tests call, in markers."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")


import pytest_rf.frontends.torch  # noqa: E402, F401 - runs in this process forget what they import

Pytester = pytest.Pytester


def test_attributes_of_the_model_that_a_test_calls(project: Pytester) -> None:
    project.makepyfile(
        test_it="""
import pytest, torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv1d(1, 1, 5, padding=2)
        self.right_context = 2
    def forward(self, x):
        return self.conv(x)

@pytest.mark.rf("final rf == 2 * attr:right_context + 1")
def test_holds():
    Net()(torch.zeros(1, 1, 40))

@pytest.mark.rf("final rf == attr:right_context + 1")
def test_fails():
    Net()(torch.zeros(1, 1, 40))
"""
    )
    result = project.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*required == attr:right_context + 1 (3)*"])
