"""Sampling by grids: one for each sample, in every mode, and grids that a matrix of the sample makes."""

from __future__ import annotations

from itertools import product

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812
from oracle.modules import Net, check  # noqa: E402


def drawn(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("border", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("corners", [False, True])
def test_every_sample_has_its_own_grid(mode: str, border: str, corners: bool) -> None:
    grid = drawn(2, 2, 3, 2) * 2.6 - 1.3
    options = {"mode": mode, "padding_mode": border, "align_corners": corners}
    # A cubic kernel can give a neighbour hardly any weight.
    analysis = check(Net(lambda x: F.grid_sample(x, grid, **options)), drawn(2, 1, 4, 5) + 0.5, tight=False)
    assert analysis.outputs[0].status == "exact"
    low, high = analysis.outputs[0].bounds(0)
    assert (low[:, 0, 0, 0] <= [0, 1]).all()
    assert (high <= [[[[0]]], [[[1]]]]).all()


@pytest.mark.parametrize("rank", [2, 3])
def test_a_coordinate_reads_its_row_of_its_samples_matrix(rank: int) -> None:
    size = (2, 1, *[3] * rank)
    analysis = check(
        Net(lambda theta: F.affine_grid(theta, size, align_corners=False)),
        drawn(2, rank, rank + 1),
        tight=False,
    )
    for axis, own in product((0, 1), ((0, ...), (1, ...))):
        low, high = (bound[own] for bound in analysis.outputs[0].bounds(axis))
        assert (low == high).all()


def test_a_grid_that_is_computed_is_an_upper_bound() -> None:
    net = Net(lambda x: F.grid_sample(x, x.mean(1)[..., None].expand(-1, -1, -1, 2), align_corners=False))
    analysis = check(net, drawn(2, 2, 3, 3), tight=False)
    assert analysis.outputs[0].status == "upper_bound"
    assert "data" in analysis.outputs[0].reason
