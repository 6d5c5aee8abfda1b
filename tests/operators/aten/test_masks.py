"""Attention masked in the ways that models do it: in weight-aware mode what is masked is not read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import pytest_rf

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812
from oracle.modules import Net, check  # noqa: E402
from torch import nn  # noqa: E402

LENGTH = 5
INF = float("inf")


def ahead() -> torch.Tensor:
    """Return which keys (columns) come after a query."""
    return torch.ones(LENGTH, LENGTH).triu(1).bool()


def written(scores):
    scores[:, ahead()] = -INF
    return scores.softmax(-1)


def with_sink(scores):
    """A last column that no key stands for takes a share of the weights."""
    scores = scores.masked_fill(ahead(), -INF)
    return torch.cat([scores, scores.new_zeros(*scores.shape[:-1], 1)], -1).softmax(-1)[..., :-1]


def by_hand(scores):
    scores = scores.masked_fill(ahead(), -INF)
    weights = (scores - scores.amax(-1, keepdim=True)).exp()
    return weights / weights.sum(-1, keepdim=True)


def per_sample(scores):
    padding = torch.tensor([[0, 0, 0, 0, 1], [0, 0, 1, 1, 1]]).bool()
    return scores.masked_fill(padding[:, None], -INF).softmax(-1)


def decayed(scores):
    """A retention: each step back counts less, and what lies ahead nothing."""
    step = torch.arange(LENGTH).to(scores)
    distance = step[:, None] - step
    return scores * torch.where(distance >= 0, 0.9**distance, torch.zeros((), dtype=scores.dtype))


SCORES = {
    "masked_fill": lambda s: s.masked_fill(ahead(), -INF).softmax(-1),
    "where": lambda s: torch.where(~ahead(), s, -INF).softmax(-1),
    "where of a tensor": lambda s: torch.where(ahead(), torch.finfo(s.dtype).min * s.new_ones(1), s).softmax(
        -1
    ),
    "added": lambda s: (s + torch.full_like(s, -INF).triu(1)).softmax(-1),
    "added by a product": lambda s: torch.baddbmm(
        torch.full_like(s, -INF).triu(1), s, torch.eye(LENGTH).to(s).expand_as(s)
    ).softmax(-1),
    "written": written,
    "scaled behind the mask": lambda s: (s.masked_fill(ahead(), -INF) / 2).softmax(-1),
    "sink": with_sink,
    "by hand": by_hand,
    "per sample": per_sample,
    "dropped out": lambda s: F.dropout(s.masked_fill(ahead(), -INF).softmax(-1), 0.0, training=True),
    "again": lambda s: s.masked_fill(ahead(), -INF).softmax(-1).softmax(-1),
    "decayed": decayed,
    "zeros filled in": lambda s: s.masked_fill(ahead(), 0.0),
    "zeros are no masks": lambda s: (s * torch.ones(LENGTH, LENGTH).tril().to(s)).softmax(-1),
    "lower triangle": lambda s: s.tril(),
    "scaled triangle": lambda s: F.elu(s.tril().mul_(2)),
    "triangle that is written": lambda s: (s.tril() * 2).slice_scatter(s[:, :, :1], 2, 3, 4),
    "triangle that is no longer one": lambda s: s.tril().exp(),
}


class Attention(nn.Module):
    def __init__(self, weigh) -> None:
        super().__init__()
        self.qkv = nn.Linear(2, 6)
        self.weigh = weigh

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, -1)
        return self.weigh(q @ k.mT) @ v


@pytest.mark.parametrize("name", SCORES)
def test_what_is_masked_is_not_read(name: str) -> None:
    torch.manual_seed(0)
    module = Attention(SCORES[name])
    example = torch.rand(2, LENGTH, 2, generator=torch.Generator().manual_seed(1))
    check(module, example, weights=True)
    check(module, example, tight="triangle" in name)  # which is a triangle whatever the weights are


def test_weights_on_the_right_of_a_product() -> None:
    module = Attention(lambda s: s.masked_fill(ahead(), -INF).softmax(-1))
    module.forward = lambda x: (x.mT @ module.weigh(x @ x.mT).mT).mT
    check(module, torch.rand(2, LENGTH, 2, generator=torch.Generator().manual_seed(1)), weights=True)


class Padded(nn.Module):
    """Causal attention whose padding is an input: the first query has one key, or none."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)

    def forward(self, x, padding):
        if self.kind == "module":
            return self.attention(x, x, x, key_padding_mask=padding, attn_mask=ahead(), need_weights=False)[0]
        if self.kind == "layer":
            return self.layer(x, src_mask=ahead(), src_key_padding_mask=padding)
        mask = ~padding[:, None, :] & ~ahead()
        if self.kind == "numbers":
            mask = torch.zeros(mask.shape).masked_fill(~mask, -INF)
        return F.scaled_dot_product_attention(x, x, x, attn_mask=mask)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("kind", ["module", "layer", "truth values", "numbers"])
def test_the_first_query_reads_the_mask_that_can_take_its_only_key(kind: str, weights: bool) -> None:
    torch.manual_seed(0)
    net = Padded(kind).eval()
    x, padding = torch.randn(2, LENGTH, 4), torch.zeros(2, LENGTH, dtype=torch.bool)
    taken = padding.clone()
    taken[0, 0] = True
    with torch.no_grad():
        before, after = net(x, padding)[0, 0], net(x, taken)[0, 0]
    assert not torch.equal(before, after)
    low, high = (
        pytest_rf.analyze(net, x, padding, weights=weights).outputs[0].bounds(1, "padding", context=True)
    )
    assert low[0, 0].min() == 0 <= high[0, 0].min()


@pytest.mark.parametrize(
    "picked", [lambda x: x[x > 0], lambda x: x[:, (x > 0).any(0)], lambda x: x[0, x[0] > 0]]
)
def test_a_computed_mask_picks_from_anywhere(picked: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """How many elements it picks depends on values: on zeros it would pick none, and read nothing."""

    class Picking(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + picked(2 * x).mean()

    last = pytest_rf.analyze(Picking(), torch.rand(2, 8)).outputs[0]
    assert last.status == "upper_bound"
    low, high = last.bounds(1, context=True)
    assert (low == 0).all()
    assert (high == 7).all()


@pytest.mark.parametrize("shape", [(2, 1, 1, 4, 4), (1, 3, 1, 4, 4), (2, 3, 1, 4, 4), (1, 1, 2, 4, 4)])
def test_a_constant_mask_of_some_of_several_leading_axes(shape: tuple[int, ...]) -> None:
    seen = torch.rand(shape, generator=torch.Generator().manual_seed(0)) < 0.5
    net = Net(lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=seen | torch.eye(4).bool()))
    check(net, torch.rand(2, 3, 2, 4, 5, dtype=torch.float64), tight=False)
