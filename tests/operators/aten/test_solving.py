"""Systems of equations: columns are solved by themselves, triangles one equation after the other."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracle.modules import Net, check  # noqa: E402

N = 4


def lower(x: torch.Tensor) -> torch.Tensor:
    return x.tril(-1) / 4 + torch.eye(N, dtype=x.dtype)


def solve(*options: bool):
    upper, left, unit = options
    return lambda x: torch.linalg.solve_triangular(
        lower(x[:, 0]).mT if upper else lower(x[:, 0]), x[:, 1], upper=upper, left=left, unitriangular=unit
    )


SOLVING = {
    **{
        f"upper {upper}, left {left}, ones {unit}": solve(upper, left, unit)
        for upper in (False, True)
        for left in (False, True)
        for unit in (False, True)
    },
    "triangular_solve": lambda x: torch.triangular_solve(x[:, 1], lower(x[:, 0]), upper=False)[0],
    "turned": lambda x: torch.triangular_solve(x[:, 1], lower(x[:, 0]), upper=False, transpose=True)[0],
    "one triangle for all": lambda x: torch.linalg.solve_triangular(lower(x[0, 0]), x[:, 1], upper=False),
}
FULL = {
    "solve": lambda x: torch.linalg.solve(x[:, 0] + 3 * torch.eye(N, dtype=x.dtype), x[:, 1, :, :3]),
    "from the right": lambda x: torch.linalg.solve(
        x[:, 0] + 3 * torch.eye(N, dtype=x.dtype), x[:, 1, :3], left=False
    ),
    "vectors": lambda x: torch.linalg.solve(x[:, 0] + 3 * torch.eye(N, dtype=x.dtype), x[:, 1, 0]),
    "cholesky": lambda x: torch.cholesky_solve(x[:, 1, :, :3], lower(x[:, 0])),
}


@pytest.mark.parametrize("way", SOLVING)
def test_triangles(way: str) -> None:
    check(Net(SOLVING[way]), torch.rand(2, 2, N, N, dtype=torch.double), weights=True)


@pytest.mark.parametrize("way", FULL)
def test_full_systems(way: str) -> None:
    check(Net(FULL[way]), torch.rand(2, 2, N, N, dtype=torch.double), tight=False)


def test_a_delta_rule_is_causal_and_keeps_its_features_apart() -> None:
    def chunk(x):
        keys = x / x.norm(dim=-1, keepdim=True)
        return torch.linalg.solve_triangular(
            torch.eye(N, dtype=x.dtype) + (keys @ keys.mT).tril(-1), x, upper=False, unitriangular=True
        )

    analysis = check(Net(chunk), torch.rand(2, N, 3, dtype=torch.double), weights=True)
    low, high = analysis.outputs[0].bounds(1)
    assert np.array_equal(high[0, :, 0], np.arange(N))
    assert low.max() == 0
