"""Weight-aware mode: a constant of -100 or less that is added before a softmax is a mask, and nothing else is."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import pytest_rf  # noqa: E402

LENGTH = 6
X = torch.rand(1, LENGTH, 4)


class Attention(nn.Module):
    """Attention over tokens whose scores are masked with a number, in some way."""

    def __init__(self, way, number: float) -> None:
        super().__init__()
        self.way, self.number = way, number
        self.register_buffer("later", torch.ones(LENGTH, LENGTH).triu(1).bool())

    def forward(self, x):
        added = torch.where(self.later, self.number, 0.0)
        return self.way(x, added)


def written(x, added):
    return (x @ x.mT + added).softmax(-1) @ x


WAYS = {
    "added": written,
    "in front": lambda x, added: (added + x @ x.mT).softmax(-1) @ x,
    "with a head": lambda x, added: (x @ x.mT)[:, None].add(added).squeeze(1).softmax(-1) @ x,
    "filled": lambda x, added: (x @ x.mT).masked_fill(added != 0, added.min()).softmax(-1) @ x,
    "chosen": lambda x, added: torch.where(added != 0, added.min(), x @ x.mT).softmax(-1) @ x,
    "enlarged": lambda x, added: ((x @ x.mT + added) * 2).softmax(-1) @ x,
    "shifted": lambda x, added: ((x @ x.mT + added) - 3).softmax(-1) @ x,
    "fused": lambda x, added: F.scaled_dot_product_attention(x, x, x, added),
    "relu behind": lambda x, added: (x @ x.mT + added).softmax(-1).relu() @ x,
}


def later(way, number: float, **said) -> bool:
    """Whether some token reads a later one."""
    analysis = pytest_rf.analyze(Attention(way, number), X, weights=True, **said)
    _, hi = analysis.outputs[0].bounds(1)
    return bool((np.broadcast_to(hi[0, :, 0], LENGTH) > np.arange(LENGTH)).any())


@pytest.mark.parametrize("number", [-100.0, -1e4, -1e9, torch.finfo(torch.float32).min, -math.inf])
@pytest.mark.parametrize("way", WAYS)
def test_a_large_negative_constant_is_a_mask(way: str, number: float) -> None:
    assert not later(WAYS[way], number)


@pytest.mark.parametrize("way", WAYS)
def test_a_small_one_is_none_and_neither_is_one_that_is_not_allowed(way: str) -> None:
    if way not in ("filled", "chosen"):  # these put it in the place of a score, which is not read in any case
        assert later(WAYS[way], -99.0)
        assert later(WAYS[way], -1e9, mask_below=-math.inf)
        assert later(WAYS[way], -1e4, mask_below=-1e5)
    assert not later(WAYS[way], -math.inf, mask_below=-math.inf)
    assert not later(WAYS[way], -50.0, mask_below=-50)


@pytest.mark.parametrize(
    "way",
    [
        lambda x, added: (x @ x.mT + added).relu().softmax(-1) @ x,
        lambda x, added: (x @ x.mT + added) @ x,
        lambda x, added: ((x @ x.mT + added) / 10).softmax(-1) @ x,
        lambda x, added: (-(x @ x.mT + added)).softmax(-1) @ x,
        lambda x, added: (x @ x.mT + added.min()).softmax(-1) @ x,
        lambda x, added: (x @ x.mT + added.min() * torch.ones(LENGTH, LENGTH)).softmax(-1) @ x,
        lambda x, added: (x @ x.mT - added).softmax(-1) @ x,
    ],
)
def test_what_is_made_of_it_before_the_softmax_matters(way) -> None:
    assert later(way, -100.0)


def test_an_image_from_which_a_mean_is_taken_is_read() -> None:
    class Normed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 1, 3, padding=1)
            self.register_buffer("mean", torch.tensor([123.0, 117.0, 104.0])[:, None, None])

        def forward(self, x):
            return self.conv(x - self.mean) + self.conv(x + -self.mean)

    image = torch.rand(1, 3, 16, 16)
    plain, weighed = (pytest_rf.analyze(Normed(), image, weights=weights) for weights in (False, True))
    assert np.array_equal(plain.outputs[0].bounds(1), weighed.outputs[0].bounds(1))
    assert weighed.final[0]["h"].rf == 3
    assert not weighed.graph.remarks


def test_what_was_counted_is_told() -> None:
    analysis = pytest_rf.analyze(Attention(written, -100.0), X, weights=True)
    (told,) = analysis.graph.remarks
    assert told.startswith("counted as masks, as mask_below allows: -100 in ")
    assert "aten.add 'add'" in told
    assert told in analysis.to_json()
    assert not pytest_rf.analyze(Attention(written, -100.0), X).graph.remarks
    assert not pytest_rf.analyze(Attention(written, -math.inf), X, weights=True).graph.remarks
    with pytest.raises(pytest_rf.RFError, match="mask_below: is a number below 0, or -inf, not 3"):
        pytest_rf.analyze(Attention(written, -100.0), X, weights=True, mask_below=3)
