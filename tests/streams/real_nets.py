"""Nets of the field in both forms: offline, and as what is called chunk by chunk."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class Conformer(nn.Module):
    """A Conformer block: half feed-forwards around attention to the last ``past`` frames and a causal convolution."""

    def __init__(self, width: int = 8, past: int = 6, taps: int = 5) -> None:
        super().__init__()
        self.past, self.taps = past, taps
        self.first, self.last = nn.Linear(width, width), nn.Linear(width, width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.gate = nn.Conv1d(width, 2 * width, 1)
        self.depth = nn.Conv1d(width, width, taps, groups=width)
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(3)])

    def attend(self, q: Tensor, k: Tensor, v: Tensor, keep: Tensor) -> Tensor:
        scores = (q @ k.transpose(1, 2) / math.sqrt(q.shape[2])).masked_fill(~keep, -math.inf)
        return self.out(scores.softmax(2) @ v)

    def convolve(self, whole: Tensor) -> Tensor:
        return torch.tanh(self.depth(whole))

    def glu(self, x: Tensor) -> Tensor:
        return F.glu(self.gate(x.transpose(1, 2)), 1)

    def forward(self, x: Tensor) -> Tensor:
        x = x + 0.5 * torch.tanh(self.first(self.norms[0](x)))
        q, k, v = self.qkv(self.norms[1](x)).chunk(3, 2)
        places = torch.arange(x.shape[1])
        back = places[:, None] - places[None]
        x = x + self.attend(q, k, v, (back >= 0) & (back <= self.past))
        x = x + self.convolve(F.pad(self.glu(x), (self.taps - 1, 0))).transpose(1, 2)
        return x + 0.5 * torch.tanh(self.last(self.norms[2](x)))


class ConformerStep(Conformer):
    """One frame: keys and values of the past are a cache, and so is what the convolution reads."""

    def forward(
        self, x: Tensor, keys: Tensor, values: Tensor, conv: Tensor, count: Tensor
    ) -> tuple[Tensor, ...]:
        x = x + 0.5 * torch.tanh(self.first(self.norms[0](x)))
        q, k, v = self.qkv(self.norms[1](x)).chunk(3, 2)
        k, v = torch.cat([keys, k], 1), torch.cat([values, v], 1)
        # What lies before the stream is left out.
        keep = torch.arange(k.shape[1] - 1, -1, -1, device=x.device)[None] <= count[:, None]
        x = x + self.attend(q, k, v, keep[None])
        whole = torch.cat([conv, self.glu(x)], 2)
        x = x + self.convolve(whole).transpose(1, 2)
        y = x + 0.5 * torch.tanh(self.last(self.norms[2](x)))
        return y, k[:, 1:], v[:, 1:], whole[:, :, 1:], count + 1


class Enhancer(nn.Module):
    """A mask from a causal convolution and a GRU."""

    def __init__(self, width: int = 6) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, 3)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.mask = nn.Linear(width, width)

    def masked(self, x: Tensor, whole: Tensor, hidden: Tensor | None) -> tuple[Tensor, Tensor]:
        y, hidden = self.gru(torch.tanh(self.conv(whole)).transpose(1, 2), hidden)
        return x * torch.sigmoid(self.mask(y)).transpose(1, 2), hidden

    def forward(self, x: Tensor) -> Tensor:
        return self.masked(x, F.pad(x, (2, 0)), None)[0]


class EnhancerStep(Enhancer):
    """Its step: a dict of states, as torch modules have them."""

    def forward(self, x: Tensor, conv: Tensor, hidden: Tensor) -> tuple[Tensor, ...]:
        whole = torch.cat([conv, x], 2)
        y, hidden = self.masked(x, whole, hidden)
        return y, whole[:, :, -2:], hidden


class VideoDecoder(nn.Module):
    """Two causal convolutions over frames with upsampling of every frame between them."""

    def __init__(self, width: int = 2) -> None:
        super().__init__()
        self.first, self.last = (
            nn.Conv3d(width, width, 3, padding=(0, 1, 1)),
            nn.Conv3d(width, 3, 3, padding=(0, 1, 1)),
        )

    def between(self, x: Tensor) -> Tensor:
        return F.interpolate(torch.tanh(x), scale_factor=(1.0, 2.0, 2.0), mode="nearest")

    def forward(self, x: Tensor) -> Tensor:
        x = self.between(self.first(F.pad(x, (0, 0, 0, 0, 2, 0))))
        return self.last(F.pad(x, (0, 0, 0, 0, 2, 0)))


class VideoDecoderStep(VideoDecoder):
    """Kernel-minus-one caches: the last two frames that each convolution has read."""

    def forward(self, x: Tensor, cache0: Tensor, cache1: Tensor) -> tuple[Tensor, ...]:
        first = torch.cat([cache0, x], 2)
        x = self.between(self.first(first))
        last = torch.cat([cache1, x], 2)
        return self.last(last), first[:, :, -2:], last[:, :, -2:]


class TCN(nn.Module):
    """Dilated causal convolutions with residuals."""

    def __init__(self, width: int = 3, dilations: tuple[int, ...] = (1, 2, 4)) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv1d(width, width, 3, dilation=dilation) for dilation in dilations])

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = x + torch.tanh(conv(F.pad(x, (2 * conv.dilation[0], 0))))
        return x


class TCNStep(TCN):
    """One position: each layer has a ring of its own, in which the newest takes the place of the oldest."""

    def forward(self, x: Tensor, rings: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        left = []
        for conv, ring in zip(self.convs, rings, strict=True):
            ring = torch.roll(ring, -1, 2).clone()
            ring[:, :, -1:] = x
            left.append(ring)
            x = x + torch.tanh(conv(ring))
        return x, left


class Both(NamedTuple):
    """A net in both forms, with what it is called with."""

    offline: nn.Module
    step: nn.Module
    whole: dict[str, tuple[int, ...]]
    chunk: dict[str, Tensor | list[Tensor]]
    state: dict[str, str]


def _both(offline: nn.Module, step: nn.Module, *rest: object) -> Both:
    step.load_state_dict(offline.state_dict())
    return Both(offline.eval(), step.eval(), *rest)  # type: ignore[arg-type]


def nets() -> dict[str, Both]:
    """Return them by name."""
    torch.manual_seed(0)
    zeros = torch.zeros
    return {
        "conformer": _both(
            Conformer(),
            ConformerStep(),
            {"x": (1, 40, 8)},
            {
                "x": zeros(1, 1, 8),
                "keys": zeros(1, 6, 8),
                "values": zeros(1, 6, 8),
                "conv": zeros(1, 8, 4),
                "count": zeros(1),
            },
            {"keys": "1", "values": "2", "conv": "3", "count": "4"},
        ),
        "enhancer": _both(
            Enhancer(),
            EnhancerStep(),
            {"x": (1, 6, 24)},
            {"x": zeros(1, 6, 4), "conv": zeros(1, 6, 2), "hidden": zeros(1, 1, 6)},
            {"conv": "1", "hidden": "2"},
        ),
        "video": _both(
            VideoDecoder(),
            VideoDecoderStep(),
            {"x": (1, 2, 12, 6, 6)},
            {"x": zeros(1, 2, 1, 6, 6), "cache0": zeros(1, 2, 2, 6, 6), "cache1": zeros(1, 2, 2, 12, 12)},
            {"cache0": "1", "cache1": "2"},
        ),
        "tcn": _both(
            TCN(),
            TCNStep(),
            {"x": (1, 3, 40)},
            {"x": zeros(1, 3, 1), "rings": [zeros(1, 3, 3), zeros(1, 3, 5), zeros(1, 3, 9)]},
            {"rings": "1"},
        ),
    }
