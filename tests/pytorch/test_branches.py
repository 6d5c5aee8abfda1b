"""Branches that meet in PyTorch nets, in one to three dimensions."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402, N812
from torch import nn  # noqa: E402

import pytest_rf  # noqa: E402

CONV = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
POOL = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}
# Of a level of a U-Net: how it goes down and up again, and whether that fits its skip.
LEVELS = {
    "nearest": ("pool", "nearest", True),
    "linear": ("pool", "linear", True),
    "corners": ("pool", "corners", False),
    "transposed": ("pool", "transposed", True),
    "strided": ("strided", "nearest", False),
}


class Level(nn.Module):
    def __init__(self, rank: int, down: str, up: str) -> None:
        super().__init__()
        self.rank, self.up = rank, up
        self.first, self.inner = (CONV[rank](n, 4, 3, padding=1) for n in (1, 4))
        self.strided = CONV[rank](4, 4, 3, 2, 1) if down == "strided" else None
        self.transposed = TRANSPOSED[rank](4, 4, 2, 2)
        self.last = CONV[rank](8, 4, 3, padding=1)

    def forward(self, x):
        skip = self.first(x)
        y = self.inner(POOL[self.rank](skip, 2) if self.strided is None else self.strided(skip))
        if self.up == "transposed":
            y = self.transposed(y)
        elif self.up == "nearest":
            y = F.interpolate(y, scale_factor=2)
        else:
            y = F.interpolate(y, scale_factor=2, mode=LINEAR[self.rank], align_corners=self.up == "corners")
        return self.last(torch.cat([skip, y], 1))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("name", LEVELS)
def test_a_level_of_a_unet_fits_its_skip(name: str, rank: int) -> None:
    down, up, fits = LEVELS[name]
    findings = pytest_rf.analyze(Level(rank, down, up), torch.zeros(1, 1, *[12] * rank)).check(
        '"*" is aligned'
    )
    assert (not findings) == fits


class Net(nn.Module):
    def __init__(self, function, *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, x):
        return self.function(self.layers, x)


def causal(layers, x):
    for dilation, layer in enumerate(layers, 1):
        x = x + layer(F.pad(x, (2 * dilation, 0)))
    return x


def pooled_keys(layers, x):
    """Attention to keys of a lower resolution, as in PVT."""
    keys = layers[0](x)
    return x + (torch.softmax(x.mT @ keys, -1) @ keys.mT).mT


RESIDUALS = {
    "causal": (causal, [nn.Conv1d(4, 4, 3, dilation=n) for n in (1, 2, 3)], True),
    "a causal beside a padded one": (
        lambda m, x: m[0](x) + m[1](F.pad(x, (2, 0))),
        [nn.Conv1d(4, 4, 3, padding=1), nn.Conv1d(4, 4, 3)],
        False,
    ),
    "a recurrence": (
        lambda m, x: x + m[0](x.mT)[0].mT + m[1](x),
        [nn.LSTM(4, 4, batch_first=True), nn.Conv1d(4, 4, 3, padding=1)],
        True,
    ),
    "keys of a lower resolution": (pooled_keys, [nn.Conv1d(4, 4, 2, 2)], True),
    "a crop in the middle": (lambda m, x: x[..., 1:-1] + m[0](x), [nn.Conv1d(4, 4, 3)], True),
    "a crop at the end": (lambda m, x: x[..., :-2] + m[0](x), [nn.Conv1d(4, 4, 3)], False),
    "a roll": (lambda m, x: x + m[0](x).roll(1, 2), [nn.Conv1d(4, 4, 3, padding=1)], False),
    "behind a roll": (lambda m, x: m[0](x.roll(1, 2)) + x.roll(1, 2), [nn.Conv1d(4, 4, 3, padding=1)], True),
    "backwards": (lambda m, x: m[0](x) + x.flip(2), [nn.Conv1d(4, 4, 1)], False),
    "a gate": (lambda m, x: x * m[0](x.mean(2, keepdim=True)), [nn.Conv1d(4, 4, 1)], True),
}


@pytest.mark.parametrize("name", RESIDUALS)
def test_residuals(name: str) -> None:
    function, layers, fits = RESIDUALS[name]
    analysis = pytest_rf.analyze(Net(function, *layers), torch.zeros(2, 4, 32), axes={"x": {"t": 2}})
    assert (analysis.check("output is aligned") == []) == fits
