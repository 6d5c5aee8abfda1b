"""Nets with one thing wrong each, along every spatial axis, for the witness of every kind of finding."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

CONV = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
POOL = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
PAD = ("ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d")
NORM = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
BATCH_NORM = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class Last(nn.Module):
    """Takes the last sample alone."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        self.conv = CONV[rank - 1](2, 2, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)[-1:]


class Mixing(nn.Module):
    """Adds the next sample to each."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        self.conv = CONV[rank - 1](2, 2, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        return y + y.flip(0)


class Attending(nn.Module):
    """Attends along all positions."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        self.conv = CONV[rank - 1](2, 4, 1)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        tokens = y.flatten(2).transpose(1, 2)
        mixed = self.attention(tokens, tokens, tokens)[0]
        return mixed.transpose(1, 2).reshape(y.shape)


def same(rank: int) -> nn.Module:
    return nn.Sequential(CONV[rank - 1](2, 2, 3, padding=1), nn.ReLU(), CONV[rank - 1](2, 2, 3, padding=1))


def strided(rank: int) -> nn.Module:
    return nn.Sequential(CONV[rank - 1](2, 2, 3, stride=2, padding=1))


def gapped(rank: int) -> nn.Module:
    return nn.Sequential(CONV[rank - 1](2, 2, 3, dilation=2, padding=2), nn.Tanh())


def skipping(rank: int) -> nn.Module:
    return nn.Sequential(CONV[rank - 1](2, 2, 1, stride=2), CONV[rank - 1](2, 2, 3, padding=1))


def dropping(rank: int) -> nn.Module:
    return nn.Sequential(CONV[rank - 1](2, 2, 2, stride=2))


def reflecting(rank: int) -> nn.Module:
    pads = getattr(nn, PAD[rank - 1])((2, 0) * rank)
    return nn.Sequential(pads, CONV[rank - 1](2, 2, 3))


def normed(rank: int) -> nn.Module:
    return nn.Sequential(CONV[rank - 1](2, 2, 1), NORM[rank - 1](2))


def training(rank: int) -> nn.Module:
    return nn.Sequential(CONV[rank - 1](2, 2, 3, padding=1), BATCH_NORM[rank - 1](2)).train()


def pooled(rank: int) -> nn.Module:
    return nn.Sequential(CONV[rank - 1](2, 2, 3, padding=1), POOL[rank - 1](2))


Net = Callable[[int], nn.Module]

REQUIREMENTS: dict[str, Net] = {
    "final rf <= 3": same,
    "final rf >= 7": same,
    "final rf < 5": same,
    "final rf == 9": pooled,
    "final rf <= 4": Attending,
    "final coverage <= 10%": same,
    "final coverage >= 90%": same,
    "final density >= 100%": gapped,
    "final unused == 0": dropping,
    "final lookahead <= 1": same,
    "final lookahead >= 4": same,
    "final latency <= 1": same,
    "final lookback <= 1": same,
    "final lookback >= 4": same,
    "final halo <= 1": same,
    "final halo(align=4) <= 1": same,
    "final is causal": pooled,
    "final is bounded": Attending,
    "final is symmetric": strided,
    "final is independent": Mixing,
    "final context == no": normed,
}
"""Requirements, and what breaks each."""

RULES: dict[str, Net] = {
    "unread-input": dropping,
    "stride-skips-input": skipping,
    "uneven-padding": strided,
    "gridding": gapped,
    "context-ahead": normed,
    "hidden-context": normed,
    "border-reads-ahead": reflecting,
    "batch-leak": Last,
    "training-mode": training,
}
"""Rules that have a witness, and what breaks each."""

EXTENTS = {
    **dict.fromkeys((dropping,), 11),
    **dict.fromkeys((skipping,), 13),
    **dict.fromkeys((normed, reflecting, training), 9),
}


def extent(net: Net) -> int:
    return EXTENTS.get(net, 12)
