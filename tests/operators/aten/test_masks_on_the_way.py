"""Weight-aware mode: masks, and a softmax's zeros, on their way through what nets put between mask and product."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from oracle.modules import Net, check  # noqa: E402

N = 4
SEEN = torch.ones(N, N, dtype=torch.bool).tril()
MASK = torch.zeros(N, N, dtype=torch.double).masked_fill(~SEEN, -torch.inf)
LARGE = torch.zeros(N, N, dtype=torch.double).masked_fill(~SEEN, -1e9)
HEADS = torch.rand(2, 3, dtype=torch.double)
LEAST = torch.finfo(torch.float32).min


def scores(x: torch.Tensor) -> torch.Tensor:
    return x @ x.mT / 4


def weights(x: torch.Tensor) -> torch.Tensor:
    return (scores(x) + MASK).softmax(-1)


def kept(x: torch.Tensor) -> torch.Tensor:
    """A computed mask beside the constant one: padded tokens, say; here none is."""
    return x[:, None, :, 0] < 100


CAUSAL = {
    "no number becomes 0": lambda x: torch.nan_to_num(weights(x)) @ x,
    "filled where there is no number": lambda x: weights(x).masked_fill(weights(x).isnan(), 0.0) @ x,
    "0 in the place of no number": lambda x: torch.where(weights(x).isnan(), 0.0, weights(x)) @ x,
    "the number itself where it is one": lambda x: (
        torch.where(weights(x) > -1, weights(x), torch.zeros(N, N).double()) @ x
    ),
    "a large number taken off": lambda x: (scores(x) * SEEN - 1e10 * (1 - SEEN.double())).softmax(-1) @ x,
    "not below the least number": lambda x: (
        torch.maximum(scores(x) + MASK, torch.tensor(LEAST, dtype=torch.double)).softmax(-1) @ x
    ),
    "the least number first": lambda x: (
        torch.maximum(torch.tensor(LEAST, dtype=torch.double), scores(x) + LARGE).softmax(-1) @ x
    ),
    "clamped from below": lambda x: (scores(x) + MASK).clamp(min=-1e9).softmax(-1) @ x,
    "clamped on both sides": lambda x: (scores(x) + MASK).clamp(-1e9, 1e9).softmax(-1) @ x,
    "clamped from above": lambda x: (scores(x) + MASK).clamp(max=50).softmax(-1) @ x,
    "weights clamped": lambda x: weights(x).clamp(0, 1) @ x,
    "masks become 0": lambda x: (scores(x) + MASK).clamp(min=0) @ x,
    "a computed mask, too": lambda x: (scores(x).masked_fill(~kept(x), -1e9) + MASK).softmax(-1) @ x,
    "one of both, without a softmax": lambda x: torch.where(kept(x) & SEEN, scores(x), 0.0) @ x,
    "both as a product": lambda x: torch.where((kept(x) * SEEN), scores(x), 0.0) @ x,
    "heads that talk": lambda x: torch.einsum("bij,hg->bgij", weights(x), HEADS)[:, 1] @ x,
    "heads that talk, as a product": lambda x: (weights(x)[..., None] @ HEADS[:1])[..., 2] @ x,
    "one head of several": lambda x: weights(x)[:, None].expand(-1, 3, -1, -1)[:, 2] @ x,
    "heads in another order": lambda x: (weights(x)[:, None].expand(-1, 2, -1, -1)[:, [1, 0]] @ x[:, None])[
        :, 0
    ],
    "rounded weights": lambda x: weights(x).erf() @ x,
}
READING = {
    "zeros beside others": lambda x: torch.where(scores(x) > 0, weights(x), scores(x)) @ x,
    "a floor that is no mask": lambda x: (scores(x) + MASK).clamp(min=-20).softmax(-1) @ x,
    "clamped weights": lambda x: weights(x).clamp(min=0.01) @ x,
    "the larger of masked scores": lambda x: torch.maximum(scores(x) + MASK, scores(x)).softmax(-1) @ x,
    "a large number added": lambda x: (scores(x) + 10 * (1 - SEEN.double())).softmax(-1) @ x,
    "what data masks, too": lambda x: torch.where(kept(x) & SEEN, scores(x), LEAST).softmax(-1) @ x,
    "what data masks behind": lambda x: (scores(x) + MASK).masked_fill(~kept(x), -1e9).softmax(-1) @ x,
    "heads of which one is not masked": lambda x: (
        torch.einsum("bhij,hg->bgij", torch.stack([weights(x), scores(x)], 1), HEADS)[:, 1] @ x
    ),
    "the same large number for all": lambda x: (
        (scores(x) - torch.full((N, N), 1e3, dtype=torch.double)).softmax(-1) @ x
    ),
}


@pytest.mark.parametrize("way", CAUSAL)
def test_what_is_masked_is_not_read(way: str) -> None:
    analysis = check(Net(CAUSAL[way]), torch.rand(2, N, 3, dtype=torch.double), weights=True)
    low, high = analysis.outputs[0].bounds(1)
    assert high[0, 0].max() == 0
    assert high[0, N - 1].min() == N - 1
    assert low.max() == 0


@pytest.mark.parametrize("way", READING)
def test_what_is_not_masked_any_more_is_read(way: str) -> None:
    analysis = check(Net(READING[way]), torch.rand(2, N, 3, dtype=torch.double), weights=True, tight=False)
    _, high = analysis.outputs[0].bounds(1)
    assert high.min() == N - 1


def test_constants_that_are_weights_count_in_weight_aware_mode_alone() -> None:
    analysis = check(
        Net(lambda x: torch.maximum(x.tril(), torch.zeros(N, N)) @ x), torch.rand(2, N, N), tight=False
    )
    assert analysis.outputs[0].bounds(1)[1].min() == N - 1
