"""Overlap-and-add as PyTorch models write it: whatever adds the frames, they lie as a transposed convolution's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import pytest_rf

torch = pytest.importorskip("torch")

WIDTH, HOP, FRAMES = 8, 2, 10
EXTENT = (FRAMES - 1) * HOP + WIDTH
FIGURES = ("rf_range", "rf_min", "stride", "start", "lookahead", "lookback", "halo", "density")


def convolved(rows: torch.Tensor) -> torch.Tensor:
    kernel = torch.eye(WIDTH, dtype=rows.dtype)[:, None]
    return torch.nn.functional.conv_transpose1d(rows.transpose(1, 2), kernel, stride=HOP)[:, 0]


def line() -> torch.Tensor:
    return (torch.arange(FRAMES)[:, None] * HOP + torch.arange(WIDTH)).reshape(-1)


def scatter_add(rows: torch.Tensor) -> torch.Tensor:
    flat = rows.flatten(1)
    return rows.new_zeros(len(rows), EXTENT).scatter_add_(1, line().expand(len(rows), -1), flat)


def index_put(rows: torch.Tensor) -> torch.Tensor:
    places = (torch.arange(len(rows))[:, None], line()[None])
    return rows.new_zeros(len(rows), EXTENT).index_put_(places, rows.flatten(1), accumulate=True)


def index_add(rows: torch.Tensor) -> torch.Tensor:
    return rows.new_zeros(len(rows), EXTENT).index_add_(1, line(), rows.flatten(1))


def of_subframes(rows: torch.Tensor) -> torch.Tensor:
    pieces = torch.arange(EXTENT // HOP).unfold(0, WIDTH // HOP, 1).reshape(-1)
    target = rows.new_zeros(len(rows), EXTENT // HOP, HOP)
    return target.index_add_(1, pieces, rows.reshape(len(rows), -1, HOP)).flatten(1)


class Net(torch.nn.Module):
    """A convolution, whose channels are frames."""

    def __init__(self, add: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.front = torch.nn.Conv1d(2, WIDTH, 3, padding=1)
        self.add = add

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.add(self.front(x).transpose(1, 2))


@pytest.mark.parametrize("add", [scatter_add, index_put, index_add, of_subframes])
def test_frames_are_those_of_a_transposed_convolution(add: Callable[[torch.Tensor], torch.Tensor]) -> None:
    x = torch.randn(2, 2, FRAMES)
    torch.manual_seed(0)
    net = Net(add)
    assert torch.allclose(net(x), convolved(net.front(x).transpose(1, 2)), atol=1e-5)
    found, known = (pytest_rf.analyze(one, x) for one in (net, Net(convolved)))
    for name in FIGURES:
        assert getattr(found.final[0]["t"], name) == getattr(known.final[0]["t"], name), name
    assert not found.check("final is bounded and final is independent")
