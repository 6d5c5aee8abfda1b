"""Random nets over time, and the same nets behind the front-end as a layer of their own."""

from __future__ import annotations

import random

import torch
from torch import nn

from pytest_rf.framing import Framing, Stage


class Pad(nn.Module):
    def __init__(self, left: int, right: int) -> None:
        super().__init__()
        self.sides = left, right

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.pad(x, self.sides)


class Ahead(nn.Module):
    """Step i is answered with what stands some steps before or behind it."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.pad(x, (-self.steps, self.steps))


class Branches(nn.Module):
    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return sum(branch(x) for branch in self.branches)


def windowed(rng: random.Random, stride: int = 1) -> nn.Module:
    """Return a convolution that keeps the extent, or the part of it that its stride leaves, padded as it likes."""
    kernel, dilation = rng.randint(1, 5), rng.randint(1, 3)
    reach = dilation * (kernel - 1)
    left = rng.randint(0, reach)
    return nn.Sequential(Pad(left, reach - left), nn.Conv1d(1, 1, kernel, stride, dilation=dilation))


def layer(rng: random.Random) -> nn.Module:
    """Return a random layer."""
    kind = rng.randrange(7)
    if kind == 0:
        return windowed(rng, rng.choice((2, 3)))
    if kind == 1:
        return nn.Upsample(scale_factor=2, mode="nearest")
    if kind == 2:
        return nn.ConvTranspose1d(1, 1, 4, 2, padding=1)
    if kind == 3:
        return Branches(nn.Identity(), windowed(rng), windowed(rng))
    if kind == 4:
        return Ahead(rng.randint(-3, 3))
    return windowed(rng)


def net(rng: random.Random) -> nn.Sequential:
    """Return a random net of layers over time."""
    return nn.Sequential(*[layer(rng) for _ in range(rng.randint(1, 4))])


def frontend(rng: random.Random) -> Framing:
    """Return a random front-end of one or two framings."""
    stages = []
    for _ in range(rng.choice((1, 1, 2))):
        window, hop = rng.randint(1, 9), rng.randint(1, 5)
        stages.append(Stage(window, hop, rng.randint(0, window - 1) if rng.random() < 0.5 else 0))
    return Framing(tuple(stages))


def as_layers(framing: Framing) -> nn.Sequential:
    """Return a front-end as convolutions."""
    return nn.Sequential(
        *[nn.Sequential(Pad(one.before, 0), nn.Conv1d(1, 1, one.window, one.hop)) for one in framing.stages]
    )


def written(framing: Framing) -> str:
    """Return a front-end as users write it."""
    return str(framing)
