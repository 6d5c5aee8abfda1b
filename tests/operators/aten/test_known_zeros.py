"""A known 0 cuts off what it is a factor of, and nothing else."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812
from oracle.modules import Net, check  # noqa: E402

N = 4


def constant() -> torch.Tensor:
    """Return a matrix of which one side is 0."""
    return (torch.arange(N * N).reshape(N, N) % 5 + 1).double().tril()


# With an argument of (2, N, N): what has zeros, and what could be taken for a product with them.
NO_PRODUCTS = {
    "cdist with itself": lambda x: torch.cdist(x.tril(), x.tril()),
    "cdist with another": lambda x: torch.cdist(x.tril(), x),
    "cdist by the largest difference": lambda x: torch.cdist(x, x.triu(), p=float("inf")),
    "cdist by the sum": lambda x: torch.cdist(x, x.triu(), p=1.0),
    "cdist from a constant": lambda x: torch.cdist(x, constant()),
    "cdist of scaled ones": lambda x: torch.cdist(F.relu(x.tril() * 2), x),
    "pdist": lambda x: F.pdist(x[0].tril()),
    "pairwise distance": lambda x: F.pairwise_distance(x.tril(), x),
    "cosine similarity": lambda x: F.cosine_similarity(x.tril(), x, -1),
    "difference": lambda x: (x.tril()[:, :, None] - x[:, None]).abs().sum(-1),
    "maximum": lambda x: torch.maximum(x.tril(), x.mT),
    "minimum": lambda x: torch.minimum(x.mT, x.triu()),
    "logaddexp": lambda x: torch.logaddexp(x.tril(), x.mT),
    "power of zeros": lambda x: x.mT.abs() ** x.tril().abs(),
    "over zeros": lambda x: x.mT / x.tril(),
    "comparison": lambda x: (x.tril() > x.mT).double() * 2,
    "where": lambda x: torch.where(x.mT > 0, x.tril(), x),
    "lerp": lambda x: torch.lerp(x.tril(), x.mT, 0.5),
    "addcmul": lambda x: torch.addcmul(x.tril(), x.mT, x),
    "hypot": lambda x: torch.hypot(x.tril(), x.mT),
    "softmax of zeros": lambda x: x.tril().softmax(-1) @ x,
    "exponential of zeros": lambda x: x.tril().exp() @ x,
    "cosine of zeros": lambda x: x.tril().cos() @ x,
    "masked by a constant": lambda x: torch.cdist(x * constant().sign(), x),
    "filled with zeros": lambda x: torch.cdist(x.masked_fill(constant() == 0, 0.0), x),
    "added matrix": lambda x: torch.baddbmm(x.tril(), x, x),
    "added to all": lambda x: torch.addbmm(x[0].tril(), x, x),
    "subtracted from the added matrix": lambda x: torch.baddbmm(x.tril(), x, x, beta=-1),
    "queries and keys": lambda x: F.scaled_dot_product_attention(x.tril(), x.triu(), x),
    "bilinear": lambda x: F.bilinear(x.tril(), x, torch.ones(3, N, N, dtype=x.dtype)),
    "mean of all": lambda x: x.tril().mean(-1) + x.mean(-1),
}
PRODUCTS = {
    "product": lambda x: x.tril() @ x,
    "product from the right": lambda x: x @ x.triu(),
    "batched": lambda x: torch.bmm(x.triu(), x),
    "with an added matrix": lambda x: torch.baddbmm(x, x.tril(), x),
    "linear": lambda x: F.linear(x[0], x[1].tril()),
    "einsum": lambda x: torch.einsum("bij,bkj->bik", x.tril(), x),
    "einsum of three": lambda x: torch.einsum("bij,bjk,k->bik", x.tril(), x, torch.ones(N).to(x)),
    "einsum of broadcast ones": lambda x: torch.einsum("bij,bjk->bik", x.tril()[:, :, :1], x),
    "elementwise": lambda x: x.tril() * x.mT,
    "quotient": lambda x: x.tril() / x.mT,
    "outer": lambda x: torch.einsum("bij,bkl->bijkl", x.tril(), x),
    "kron": lambda x: torch.kron(x[0].tril(), x[1]),
    "cross": lambda x: torch.linalg.cross(x.tril()[..., :3], x[..., :3]),
}


def example() -> torch.Tensor:
    return torch.rand(2, N, N, generator=torch.Generator().manual_seed(1), dtype=torch.float64) - 0.4


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("name", NO_PRODUCTS)
def test_a_zero_that_is_no_factor_cuts_nothing_off(name: str, weights: bool) -> None:
    check(Net(NO_PRODUCTS[name]), example(), tight=False, weights=weights)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("name", PRODUCTS)
def test_products_are_not_read_beyond_their_zeros(name: str, weights: bool) -> None:
    check(Net(PRODUCTS[name]), example(), tight=False, weights=weights)


def test_a_triangle_is_a_factor_of_its_products() -> None:
    analysis = check(Net(PRODUCTS["product"]), example())
    assert analysis.outputs[0].bounds(1)[1][0, :, 0].tolist() == list(range(N))


@pytest.mark.parametrize("least", [torch.finfo(torch.float64).min, -1e38])
def test_a_row_in_which_all_is_masked_weighs_all_the_same(least: float) -> None:
    hidden = torch.ones(N, N).triu(1).bool() | (torch.arange(N) == 1)[:, None]
    check(Net(lambda x: x.masked_fill(hidden, least).softmax(-1) @ x), example(), tight=False, weights=True)
