"""Random nets over ``(batch, channels, time)`` in which anything may read ahead, or mix samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from pytorch.random_nets import (
    UNCLEAR,
    Module,
    Net,
    Place,
    Step,
    filled,
)


@dataclass(frozen=True)
class Named(Step):
    """A function of the whole tensor, by name."""

    name: str

    @property
    def pace(self) -> Fraction:
        return UNCLEAR if self.name in FITTED else Fraction(1)

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        return FUNCTIONS[self.name](x, at)


@dataclass(frozen=True)
class Recurrent(Step):
    """A recurrent layer along time or, the classic mistake, along the samples."""

    kind: Literal["rnn", "gru", "lstm"] = "lstm"
    both: bool = False
    samples: bool = False

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        classes = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
        settings = {"batch_first": not self.samples, "bidirectional": self.both}
        layer = at.module(lambda: classes[self.kind](x.shape[1], 2, **settings), x.shape[1])
        return layer(x.transpose(1, 2))[0].transpose(1, 2)


@dataclass(frozen=True)
class Attention(Step):
    """Attention along time or along the samples."""

    mask: Literal["none", "causal", "band", "added"] = "none"
    samples: bool = False

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        x = x.permute(2, 0, 1) if self.samples else x.transpose(1, 2)
        q, k, v = (F.linear(x, at.weight(2, x.shape[2])) for _ in range(3))
        n = x.shape[1]
        if self.mask == "causal":
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = q @ k.transpose(1, 2)
            if self.mask == "band":
                near = torch.ones(n, n, dtype=torch.bool).tril(1).triu(-1)
                scores = scores.masked_fill(~near, -torch.inf)
            elif self.mask == "added":
                scores = scores + torch.full((n, n), -torch.inf, dtype=x.dtype).triu(1)
            y = scores.softmax(-1) @ v
        return y.permute(1, 2, 0) if self.samples else y.transpose(1, 2)


FEW = 3


@dataclass(frozen=True)
class FirstApart(Step):
    """The first frames alone and the others in groups, as causal video encoders have it."""

    group: int = 2
    alone: int = 1

    pace = None

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        groups = F.avg_pool1d(x[..., self.alone :], self.group)
        if groups.shape[-1] < FEW:
            raise ValueError("too few steps to tell their rate by")
        return torch.cat([x[..., : self.alone], groups], -1)


@dataclass(frozen=True)
class EndToEnd(Step):
    """Branches joined along time: levels, crops."""

    parts: tuple[Step, ...]

    @property
    def pace(self) -> Fraction | None:
        paces = {part.pace for part in self.parts}
        if paces & {None, UNCLEAR}:
            return UNCLEAR
        return paces.pop() if len(paces) == 1 else None

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        parts = [filled(part(x, at)) for part in self.parts]
        if self.pace is None and min(part.shape[-1] for part in parts) < FEW:
            raise ValueError("too few steps to tell their rate by")
        return torch.cat(parts, -1)


@dataclass(frozen=True)
class Norm(Step):
    """A normalisation, by name; ``batch`` with statistics of the batch or its own."""

    kind: Literal["instance", "group", "channels", "time", "batch", "batch_eval"]

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        width = x.shape[1]
        if self.kind == "instance":
            return F.instance_norm(x)
        if self.kind == "group":
            return F.group_norm(x, 1)
        if self.kind == "channels":
            return F.layer_norm(x.transpose(1, 2), (width,)).transpose(1, 2)
        if self.kind == "time":
            return F.layer_norm(x, x.shape[-1:])
        mean, variance = at.weight(width), at.weight(width).abs()
        return F.batch_norm(x, mean.clone(), variance.clone(), training=self.kind == "batch")


def _fold(x: Tensor, at: Place, *, right: bool) -> Tensor:
    batch, _, time = x.shape
    rows = F.linear(x.transpose(1, 2).reshape(batch * time, -1), at.weight(2, x.shape[1]))
    back = rows.reshape(batch, time, 2) if right else rows.reshape(time, batch, 2).transpose(0, 1)
    return back.transpose(1, 2)


def _gram(x: Tensor, at: Place) -> Tensor:
    flat = x.flatten(1)
    return torch.einsum("ab,bct->act", (flat @ flat.T).softmax(-1), x)


FUNCTIONS: dict[str, Callable[[Tensor, Place], Tensor]] = {
    "tanh": lambda x, at: x.tanh(),
    "cumsum": lambda x, at: x.cumsum(-1),
    "cummax": lambda x, at: x.cummax(-1).values,
    "cumsum of the reverse": lambda x, at: x.flip(-1).cumsum(-1).flip(-1),
    "flip": lambda x, at: x.flip(-1),
    "roll": lambda x, at: x.roll(2, -1),
    "roll back": lambda x, at: x.roll(-1, -1),
    "gate": lambda x, at: x * x.mean(-1, keepdim=True).sigmoid(),
    "softmax over time": lambda x, at: x * x.softmax(-1),
    "largest": lambda x, at: x - x.amax(-1, keepdim=True),
    "token in front": lambda x, at: torch.cat([at.weight(1, x.shape[1], 1).expand(len(x), -1, -1), x], -1),
    "mean in front": lambda x, at: torch.cat([x.mean(-1, keepdim=True), x], -1),
    "last step to all": lambda x, at: x + x[..., -1:],
    "first step to all": lambda x, at: x + x[..., :1],
    "table": lambda x, at: x[..., torch.arange(x.shape[-1]).roll(1)],
    "swap neighbours": lambda x, at: x[..., (torch.arange(x.shape[-1]) ^ 1).clamp(max=x.shape[-1] - 1)],
    "linear over time": lambda x, at: F.linear(x, at.weight(x.shape[-1], x.shape[-1])),
    "triangular over time": lambda x, at: F.linear(x, at.weight(x.shape[-1], x.shape[-1]).tril()),
    "fft": lambda x, at: torch.fft.irfft(torch.fft.rfft(x) * at.weight(x.shape[-1] // 2 + 1), n=x.shape[-1]),
    "sorted": lambda x, at: x.sort(-1).values,
    "gather by value": lambda x, at: x.gather(-1, x.argsort(-1)),
    "to a fixed number": lambda x, at: F.adaptive_avg_pool1d(x, 5),
    "corners aligned": lambda x, at: F.interpolate(
        x, size=2 * x.shape[-1], mode="linear", align_corners=True
    ),
    "fold right": lambda x, at: _fold(x, at, right=True),
    "fold wrong": lambda x, at: _fold(x, at, right=False),
    "samples reversed": lambda x, at: x.flip(0),
    "samples rolled": lambda x, at: x.roll(1, 0),
    "samples centred": lambda x, at: x - x.mean(0),
    "samples compared": _gram,
    "samples summed up": lambda x, at: x.cumsum(0),
    "first sample to all": lambda x, at: x + x[:1],
    "samples as rows": lambda x, at: x.reshape(-1, x.shape[-1]).reshape(x.shape),
    "samples and channels swapped": lambda x, at: x.transpose(0, 1).reshape(x.shape),
    "samples into channels": lambda x, at: F.conv1d(
        x.reshape(1, -1, x.shape[-1]), at.weight(2 * len(x), x.shape[1], 1), groups=len(x)
    ).reshape(len(x), 2, -1),
    "samples into channels, mixed": lambda x, at: F.conv1d(
        x.reshape(1, -1, x.shape[-1]), at.weight(2 * len(x), len(x) * x.shape[1], 1)
    ).reshape(len(x), 2, -1),
}
FITTED = ("to a fixed number", "corners aligned", "table", "swap neighbours", "sorted", "gather by value")
"""Where the pace of a step is not clear, or hangs on the extent."""
ALONG_SAMPLES = [name for name in FUNCTIONS if name.startswith(("samples", "fold", "first sample"))]
ALONG_TIME = [name for name in FUNCTIONS if name not in ALONG_SAMPLES and name != "tanh"]


class Scaled(torch.nn.Module):
    """A net with a second input, a number, by which everything is multiplied."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = Module(net)

    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
        return self.net(x) * scale
