"""Values that the code looks at are in all that it computes afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


class Looking(nn.Module):
    """One convolution, and a step in which the code looks at a value."""

    def __init__(self, step: Callable[[nn.Module, torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 2, 3, padding=1)
        self.step = step

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.step(self.conv, x)


STEPS = {
    "the mean scales": lambda conv, x: conv(x) * x.mean().item(),
    "the mean decides": lambda conv, x: conv(x) if x.mean() > 0 else -conv(x),
    "a list of means": lambda conv, x: conv(x) * sum(x.mean((0, 1)).tolist()),
    "a split": lambda conv, x: conv(x).tensor_split((x.mean() > -99).long()[None] * 2, 1)[0],
    "equality": lambda conv, x: conv(x) + float(torch.equal(x, x * 1)) * conv(x),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_value_that_was_looked_at_is_context_from_there_on(name: str) -> None:
    analysis = pytest_rf.analyze(Looking(STEPS[name]).eval(), torch.randn(1, 2, 9))
    assert analysis.capture == "dispatch/real"
    (out,) = analysis.outputs
    assert out["t"].rf == 3
    assert out["t"].context
    assert analysis.check("final lookahead <= 1")
    (note,) = analysis.graph.notes
    assert "test_value_dependence.py" in note


def test_one_position_that_was_looked_at_is_read() -> None:
    net = Looking(lambda conv, x: conv(x) * x[0, 0, 7].item()).eval()
    lo, hi = pytest_rf.analyze(net, torch.randn(1, 2, 9)).outputs[0].bounds("t")
    assert (lo[0, 0].tolist(), hi[0, 0].tolist()) == ([0, 0, 1, 2, 3, 4, 5, 6, 7], [7] * 7 + [8, 8])


def test_what_came_before_does_not_depend_on_it() -> None:
    def step(conv: nn.Module, x: torch.Tensor) -> torch.Tensor:
        early = conv(x)
        return torch.cat([early, early * x.mean().item()], 1)

    assert not pytest_rf.analyze(Looking(step).eval(), torch.randn(1, 2, 9))["conv"]["t"].context
