"""Channels that become positions: their parts are places of their own, with a fraction of the stride."""

from __future__ import annotations

from fractions import Fraction

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812
from oracle.modules import Net, check  # noqa: E402
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402


def conv(x, channels=1, padding=1):
    return F.conv1d(x, torch.ones(channels, x.shape[1], 3, dtype=x.dtype), padding=padding)


def interleaved(x):
    y = x.new_zeros(*x.shape[:2], 2 * x.shape[2])
    y[..., ::2] = conv(x)
    y[..., 1::2] = conv(x) * 2
    return y


def branches(x):
    """Each part has its own window."""
    y = conv(x)
    return torch.stack([y[..., 1:], y[..., :-1]], -1).flatten(2)


def shuffled(x):
    n, _, t = x.shape
    return conv(x, 3).view(n, 1, 3, t).transpose(2, 3).reshape(n, 1, 3 * t)


# Size over all phases, stride, start, lookahead.
FORMS = {
    "stack": (lambda x: torch.stack([conv(x), conv(x) * 2], -1).flatten(2), (3, 3), "1/2", -1, 1),
    "stack and conv": (lambda x: conv(torch.stack([conv(x), x], -1).flatten(2)), (3, 4), "1/2", -1, 2),
    "repeat_interleave": (lambda x: conv(x).repeat_interleave(2, -1), (3, 3), "1/2", -1, 1),
    "shuffle": (shuffled, (3, 3), "1/3", -1, 1),
    "shuffle, pad and conv": (lambda x: conv(F.pad(shuffled(x), (2, 0)), padding=0), (3, 4), "1/3", -2, 1),
    "every second one is written": (interleaved, (3, 3), "1/2", -1, 1),
    "zeros between": (lambda x: F.pad(conv(x)[..., None], (0, 1)).flatten(2), (0, 3), "1/2", -1, 1),
    "branches": (branches, (3, 3), "1/2", 0, 2),
    "frames": (lambda x: conv(x, 3).transpose(1, 2).flatten(1), (3, 3), "1/3", -1, 1),
}


@pytest.mark.parametrize("name", FORMS)
def test_parts_of_positions_are_places(name: str) -> None:
    function, sizes, stride, start, ahead = FORMS[name]
    analysis = check(Net(function), torch.rand(2, 1, 7, generator=torch.Generator().manual_seed(1)))
    (final,) = analysis.final
    assert final.number == analysis.outputs[0].number
    field = final["t"]
    assert field.rf_range == sizes
    assert (field.stride, field.start, field.lookahead) == (Fraction(stride), start, ahead)
    assert max(field.halo) < 4


def test_super_resolution() -> None:
    net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.PixelShuffle(2), nn.Conv2d(2, 1, 3, padding=1))
    field = pytest_rf.analyze(net, torch.zeros(1, 1, 12, 12)).final[0]["h"]
    same = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.Upsample(scale_factor=2), nn.Conv2d(2, 1, 3, padding=1)
    )
    other = pytest_rf.analyze(same, torch.zeros(1, 1, 12, 12)).final[0]["h"]
    for figure in ("rf_range", "stride", "start", "center", "lookahead", "lookback", "halo", "multiple"):
        assert getattr(field, figure) == getattr(other, figure)


class Head(nn.Module):
    """A classifier of channels that come last."""

    def __init__(self, change) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv1d(1, 3, 3, padding=1), nn.LazyLinear(2)
        self.change = change

    def forward(self, x):
        return self.head(self.change(self.conv(x).transpose(1, 2).flatten(1)))


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize("change", [torch.relu, lambda y: y[:, 1:], lambda y: torch.cat([y, y[:, :2]], 1)])
def test_what_is_flattened_for_a_head_has_no_positions(change) -> None:
    (final,) = pytest_rf.analyze(Head(change), torch.zeros(2, 1, 9)).final
    assert final.shape == (2, 9, 3)


def test_parts_of_samples_are_no_samples() -> None:
    net = Net(lambda x: x.reshape(2, 3, 4).cumsum(2).reshape(6, 4))
    assert pytest_rf.analyze(net, torch.zeros(2, 12)).outputs[0][0].independent
