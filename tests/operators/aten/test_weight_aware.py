"""Weight-aware mode: the ways in which PyTorch code masks scores and weights prove what is not read."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn.utils import prune  # noqa: E402

import pytest_rf  # noqa: E402

LENGTH = 6
X = torch.rand(2, LENGTH, 4)


class Attention(nn.Module):
    """Attention whose scores a function masks: ``later`` tells the keys behind the query."""

    def __init__(self, mask) -> None:
        super().__init__()
        self.mask = mask
        self.register_buffer("later", torch.ones(LENGTH, LENGTH).triu(1).bool())
        self.register_buffer("added", torch.full((LENGTH, LENGTH), float("-inf")).triu(1))

    def forward(self, x):
        return self.mask(self, x, x @ x.mT).softmax(-1) @ x


class Multihead(nn.Module):
    def __init__(self, weights: bool, mask: torch.Tensor) -> None:
        super().__init__()
        self.weights = weights
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.register_buffer("mask", mask)

    def forward(self, x):
        return self.attention(x, x, x, attn_mask=self.mask, need_weights=self.weights)[0]


def infinity(x):
    return torch.tensor(float("-inf"), dtype=x.dtype)


CAUSAL = {
    "fill": Attention(lambda m, x, s: s.masked_fill(m.later, float("-inf"))),
    "add": Attention(lambda m, x, s: s + m.added),
    "where": Attention(lambda m, x, s: torch.where(m.later, infinity(s), s)),
    "where not": Attention(lambda m, x, s: torch.where(~m.later, s, infinity(s))),
    "baddbmm": Attention(lambda m, x, s: torch.baddbmm(m.added.expand(2, LENGTH, LENGTH), x, x.mT)),
    **{
        f"multihead {weights} {mask.dtype}": Multihead(weights, mask)
        for weights in (True, False)
        for mask in Attention(None).buffers()
    },
}


@pytest.mark.parametrize("name", CAUSAL)
def test_masked_attention_is_causal(name: str) -> None:
    lo, hi = pytest_rf.analyze(CAUSAL[name].eval(), X, weights=True).outputs[0].bounds(1)
    assert np.array_equal(hi[0, :, 0], np.arange(LENGTH))
    assert not lo.any()


NOT_MASKED = {
    "subtracted": lambda m, x, s: torch.add(s, m.added, alpha=-1),
    "left out": lambda m, x, s: torch.baddbmm(m.added.expand(2, LENGTH, LENGTH), x, x.mT, beta=0),
    "large": lambda m, x, s: torch.where(m.later, infinity(s).neg(), s),
}


@pytest.mark.parametrize("name", NOT_MASKED)
def test_what_is_no_mask_cuts_nothing(name: str) -> None:
    _, hi = pytest_rf.analyze(Attention(NOT_MASKED[name]), X, weights=True).outputs[0].bounds(1)
    assert (hi == LENGTH - 1).all()


@pytest.mark.parametrize("removed", [False, True])
def test_pruned_taps(removed: bool) -> None:
    net = nn.Conv1d(2, 2, 5, padding=2)
    mask = torch.zeros(2, 2, 5)
    mask[..., 2:4] = 1
    prune.custom_from_mask(net, "weight", mask)
    if removed:
        prune.remove(net, "weight")
    field = pytest_rf.analyze(net, torch.rand(1, 2, 9), weights=True).outputs[0]["t"]
    assert (field.rf, field.start) == (2, 0)
