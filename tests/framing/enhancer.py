"""A speech enhancer in the waveform domain that works at four times the rate, as Demucs does, with few channels."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

DEPTH, KERNEL, STRIDE, RATE = 5, 8, 4, 4


class WaveUNet(nn.Module):
    """Strided convolutions, an LSTM that runs forward, transposed convolutions with skips.

    Args:
        zeros: samples on either side that halving and doubling the rate read; 0: a sample is repeated, or dropped.
    """

    def __init__(self, zeros: int = 0) -> None:
        super().__init__()
        self.zeros = zeros
        self.down = nn.ModuleList([nn.Conv1d(1 if n == 0 else 2, 2, KERNEL, STRIDE) for n in range(DEPTH)])
        self.lstm = nn.LSTM(2, 2, num_layers=2)
        self.up = nn.ModuleList(
            [nn.ConvTranspose1d(2, 1 if n == DEPTH - 1 else 2, KERNEL, STRIDE) for n in range(DEPTH)]
        )

    def valid_length(self, length: int) -> int:
        """Return the next number of samples at which no convolution leaves a position over."""
        length *= RATE
        for _ in range(DEPTH):
            length = max(math.ceil((length - KERNEL) / STRIDE) + 1, 1)
        for _ in range(DEPTH):
            length = (length - 1) * STRIDE + KERNEL
        return math.ceil(length / RATE)

    def forward(self, x: Tensor) -> Tensor:
        length, skips = x.shape[2], []
        x = self.doubled(self.doubled(F.pad(x, (0, self.valid_length(length) - length))))
        for conv in self.down:
            x = torch.tanh(conv(x))
            skips.append(x)
        x = self.lstm(x.permute(2, 0, 1))[0].permute(1, 2, 0)
        for conv in self.up:
            x = conv(x + skips.pop()[:, :, : x.shape[2]])
        return self.halved(self.halved(x))[:, :, :length]

    def doubled(self, x: Tensor) -> Tensor:
        """Return twice the samples; those between are interpolated."""
        between = F.conv1d(x, self.taps(x), padding=self.zeros)[:, :, 1:] if self.zeros else x
        return torch.stack([x, between], 3).flatten(2)

    def halved(self, x: Tensor) -> Tensor:
        """Return every other sample, and what those between add to it."""
        even, odd = x[:, :, ::2], x[:, :, 1::2]
        return (even + F.conv1d(odd, self.taps(x), padding=self.zeros)[:, :, :-1]) / 2 if self.zeros else even

    def taps(self, x: Tensor) -> Tensor:
        """Return a windowed sinc at the places between samples."""
        places = torch.arange(-self.zeros, self.zeros, dtype=x.dtype) + 0.5
        return (torch.sinc(places) * torch.cos(math.pi * places / (2 * self.zeros)) ** 2)[None, None]
