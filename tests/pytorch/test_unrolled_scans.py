"""Scans that a Python loop writes out: what a step reads grows with the input, whose extent says nothing of it."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


class Scan(nn.Module):
    """A selective state space, a step at a time, beside its input; ``ahead`` is read by a convolution before it."""

    def __init__(self, ahead: int = 0, reverse: bool = False) -> None:
        super().__init__()
        self.front, self.decay, self.ahead = nn.Conv1d(4, 4, 3), nn.Linear(4, 4), ahead
        self.reverse = reverse

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        u = self.front(nn.functional.pad(x, (2 - self.ahead, self.ahead))).transpose(1, 2)
        keep, state, found = torch.sigmoid(self.decay(u)), torch.zeros_like(u[:, 0]), []
        for step in range(u.shape[1])[:: -1 if self.reverse else 1]:
            state = keep[:, step] * state + u[:, step]
            found.append(state)
        return torch.stack(found[:: -1 if self.reverse else 1], 1) + u


def reach(module: nn.Module, extent: int) -> tuple[int, int]:
    """Return how far ahead and back a change of the input was seen to be read."""
    torch.manual_seed(0)
    module, x = module.double(), torch.randn(1, 4, extent, dtype=torch.float64)
    ahead = back = 0
    with torch.no_grad():
        before = module(x)
        for place in range(extent):
            changed = x.clone()
            changed[:, :, place] += 1
            steps = (module(changed) != before).any(2)[0].nonzero()[:, 0].tolist()
            ahead = max([ahead, *(place - step for step in steps)])
            back = max([back, *(step - place for step in steps)])
    return ahead, back


@pytest.mark.parametrize(("ahead", "reverse"), [(0, False), (1, False), (2, False), (1, True)])
def test_the_side_that_grows_has_no_end_and_the_other_one_has(ahead: int, reverse: bool) -> None:
    short, long = (reach(Scan(ahead, reverse).eval(), extent) for extent in (8, 12))
    true = [now if now == then else math.inf for now, then in zip(long, short, strict=True)]
    analysis = pytest_rf.analyze(Scan(ahead, reverse).eval(), torch.randn(2, 4, 8))
    field = analysis.final[0]["t"]
    assert [field.lookahead, field.lookback] == true
    side = "lookahead" if reverse else "lookback"
    (finding,) = analysis.check(f"final {side} <= 20")
    assert not finding.undecidable
    assert analysis.check("final is bounded")
