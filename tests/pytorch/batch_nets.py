"""Nets on a batch of three: in some the samples stay apart, in others they mix at an operator that is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

BATCH = 3


class Net(nn.Module):
    def __init__(self, function: Callable[..., Any], *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, x, *more):
        return self.function(self.layers, x, *more)


@dataclass
class Case:
    """A net, its inputs, and where the samples lie.

    Attributes:
        function: computes the output from the layers and the inputs.
        shapes: of the inputs.
        layers: makes the layers.
        first: the operator at which samples mix first; empty where they stay apart.
        train: whether the net is in training mode.
        axes: named axes.
        inputs: of each input the axis of its samples; None where it has none.
        output: the axis of the output's samples.
    """

    function: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    layers: Callable[[], list[nn.Module]] = list
    first: str = ""
    train: bool = False
    axes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    inputs: tuple[int | None, ...] = (0,)
    output: int = 0

    def net(self) -> nn.Module:
        torch.manual_seed(0)
        return Net(self.function, *self.layers()).train(self.train)

    def example(self) -> tuple[torch.Tensor, ...]:
        generator = torch.Generator().manual_seed(1)
        return tuple(torch.randn(shape, generator=generator) for shape in self.shapes)

    def leaks(self) -> bool:
        """Whether another sample changes when one of an input does."""
        net, example = self.net(), self.example()
        with torch.no_grad():
            before = net(*example)
            for place, axis in enumerate(self.inputs):
                for sample in range(BATCH if axis is not None else 0):
                    changed = [one.clone() for one in example]
                    changed[place].select(axis, sample).add_(torch.randn(()) + 2)
                    moved = ((net(*changed) - before).abs() > 1e-5).movedim(self.output, 0).flatten(1).any(1)
                    rows = moved.reshape(BATCH, -1).any(1)
                    if rows[[other for other in range(BATCH) if other != sample]].any():
                        return True
        return False


TOKENS = ((BATCH, 4, 6),)


def attend(m: Any, x: Any) -> Any:
    return m[0](x, x, x, need_weights=False)[0]


def windows(x: torch.Tensor) -> torch.Tensor:
    """Swin's partition: (windows·batch, places, channels)."""
    b, h, w, c = x.shape
    return x.view(b, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)


def one_by_one(m: Any, x: torch.Tensor) -> torch.Tensor:
    return torch.stack([m[0](one[None])[0] for one in x])


CASES = {
    # Recurrences.
    "lstm along the batch": Case(lambda m, x: m[0](x)[0], TOKENS, lambda: [nn.LSTM(6, 5)], "lstm"),
    "gru along the batch": Case(lambda m, x: m[0](x)[0], TOKENS, lambda: [nn.GRU(6, 5)], "gru"),
    "rnn along the batch": Case(lambda m, x: m[0](x)[0], TOKENS, lambda: [nn.RNN(6, 5)], "rnn_tanh"),
    "two layers both ways": Case(
        lambda m, x: m[0](x)[0], TOKENS, lambda: [nn.GRU(6, 5, 2, bidirectional=True)], "gru"
    ),
    "last state along the batch": Case(
        lambda m, x: m[0](x)[0][-1].expand(BATCH, 4, 5), TOKENS, lambda: [nn.LSTM(6, 5)], "lstm"
    ),
    "lstm": Case(lambda m, x: m[0](x)[0], TOKENS, lambda: [nn.LSTM(6, 5, batch_first=True)]),
    "gru both ways": Case(
        lambda m, x: m[0](x)[0], TOKENS, lambda: [nn.GRU(6, 5, 2, batch_first=True, bidirectional=True)]
    ),
    "last states": Case(
        lambda m, x: m[0](x)[1], TOKENS, lambda: [nn.GRU(6, 5, BATCH + 1, batch_first=True)], output=1
    ),
    "lstm behind a front, along the batch": Case(
        lambda m, x: m[1](m[0](x).flatten(1, 2).permute(0, 2, 1))[0],
        ((BATCH, 1, 4, 5),),
        lambda: [nn.Conv2d(1, 2, 3, padding=1), nn.LSTM(8, 5)],
        "lstm",
    ),
    "lstm behind a front": Case(
        lambda m, x: m[1](m[0](x).flatten(1, 2).permute(0, 2, 1))[0],
        ((BATCH, 1, 4, 5),),
        lambda: [nn.Conv2d(1, 2, 3, padding=1), nn.LSTM(8, 5, batch_first=True)],
    ),
    "convolution and lstm along the batch": Case(
        lambda m, x: m[1](m[0](x).transpose(1, 2))[0],
        ((BATCH, 4, 8),),
        lambda: [nn.Conv1d(4, 6, 3, padding=1), nn.LSTM(6, 6)],
        "lstm",
    ),
    "running sum over the batch": Case(lambda m, x: x.cumsum(0), TOKENS, first="cumsum"),
    "running sum over time": Case(lambda m, x: x.cumsum(1), TOKENS),
    "time first, named": Case(
        lambda m, x: m[0](x)[0],
        ((4, BATCH, 6),),
        lambda: [nn.LSTM(6, 5)],
        axes={"x": {"t": 0, "batch": 1}},
        inputs=(1,),
        output=1,
    ),
    "time first, named, with a turn too many": Case(
        lambda m, x: m[0](x.transpose(0, 1))[0].transpose(0, 1),
        ((4, BATCH, 6),),
        lambda: [nn.LSTM(6, 5)],
        "lstm",
        axes={"x": {"batch": 1}},
        inputs=(1,),
        output=1,
    ),
    # States and other inputs.
    "states": Case(
        lambda m, x, h, c: m[0](x, (h, c))[0],
        (*TOKENS, (2, BATCH, 5), (2, BATCH, 5)),
        lambda: [nn.LSTM(6, 5, 2, batch_first=True)],
        inputs=(0, 1, 1),
    ),
    "states that change places": Case(
        lambda m, x, h: m[0](x, h.flip(1))[0],
        (*TOKENS, (1, BATCH, 5)),
        lambda: [nn.GRU(6, 5, batch_first=True)],
        "flip",
        inputs=(0, 1),
    ),
    "states of a net that is named": Case(
        lambda m, x, h: m[0](x, h)[0],
        ((4, BATCH, 6), (1, BATCH, 5)),
        lambda: [nn.GRU(6, 5)],
        axes={"x": {"t": 0, "batch": 1}},
        inputs=(1, 1),
        output=1,
    ),
    "states of a net along the batch": Case(
        lambda m, x, h: m[0](x, h)[0],
        (*TOKENS, (1, 4, 5)),
        lambda: [nn.GRU(6, 5)],
        "gru",
        inputs=(0, None),
    ),
    "a scalar": Case(lambda m, x, t: x * t, (*TOKENS, ()), inputs=(0, None)),
    "a scalar and a leak": Case(lambda m, x, t: x.flip(0) * t, (*TOKENS, ()), first="flip", inputs=(0, None)),
    "settings": Case(lambda m, x, t: x * t.softmax(0), (*TOKENS, (6,)), inputs=(0, None)),
    "a time for each sample": Case(
        lambda m, x, t: x * t[:, None, None].sin(), (*TOKENS, (BATCH,)), inputs=(0, 0)
    ),
    "times that change places": Case(
        lambda m, x, t: x * t.roll(1)[:, None, None],
        (*TOKENS, (BATCH,)),
        first="roll",
        inputs=(0, 0),
    ),
    "weights": Case(lambda m, x, w: x + F.linear(x, w), (*TOKENS, (6, 6)), inputs=(0, None)),
    "weights of a convolution": Case(
        lambda m, x, w: F.conv1d(x, w, padding=1), (*TOKENS, (5, 4, 3)), inputs=(0, None)
    ),
    "a mask": Case(
        lambda m, x, mask: m[0](x, mask),
        (*TOKENS, (4, 4)),
        lambda: [nn.TransformerEncoderLayer(6, 2, 8, 0, batch_first=True)],
        inputs=(0, None),
    ),
    "another input's mean": Case(
        lambda m, x, z: x + z.mean(0), (*TOKENS, (BATCH, 4, 6)), first="mean", inputs=(0, 0)
    ),
    "two inputs": Case(lambda m, x, z: x * z[:, None], (*TOKENS, (BATCH, 6)), inputs=(0, 0)),
    # Attention.
    "attention along the batch": Case(attend, TOKENS, lambda: [nn.MultiheadAttention(6, 2)], "attention"),
    "attention": Case(attend, TOKENS, lambda: [nn.MultiheadAttention(6, 2, batch_first=True)]),
    "encoder along the batch": Case(
        lambda m, x: m[0](x), TOKENS, lambda: [nn.TransformerEncoderLayer(6, 2, 8, 0)], "attention"
    ),
    "encoder": Case(
        lambda m, x: m[0](x),
        TOKENS,
        lambda: [nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 8, 0, batch_first=True), 2)],
    ),
    # Folds.
    "fold and back": Case(lambda m, x: x.reshape(12, 6).view(BATCH, 4, 6) * 2, TOKENS),
    "fold": Case(lambda m, x: m[0](x.reshape(12, 6)), TOKENS, lambda: [nn.Linear(6, 5)]),
    "fold taken apart in the wrong order": Case(
        lambda m, x: x.reshape(12, 6).view(4, BATCH, 6).transpose(0, 1) * 2, TOKENS, first="view"
    ),
    "fold of as many steps as samples in the wrong order": Case(
        lambda m, x: x.reshape(9, 6).view(3, BATCH, 6).transpose(0, 1) * 2,
        ((BATCH, 3, 6),),
        first="transpose",
    ),
    "fold time first": Case(
        lambda m, x: m[0](x.transpose(0, 1).reshape(12, 6)).view(4, BATCH, 5).transpose(0, 1),
        TOKENS,
        lambda: [nn.Linear(6, 5)],
    ),
    "fold time first and back batch first": Case(
        lambda m, x: x.transpose(0, 1).reshape(12, 6).view(BATCH, 4, 6) * 2, TOKENS, first="reshape"
    ),
    "images of a video": Case(
        lambda m, x: m[0](x.flatten(0, 1)).unflatten(0, (BATCH, 4)),
        ((BATCH, 4, 1, 5, 5),),
        lambda: [nn.Conv2d(1, 2, 3, padding=1)],
    ),
    "images of a video in the wrong order": Case(
        lambda m, x: m[0](x.flatten(0, 1)).unflatten(0, (4, BATCH)).transpose(0, 1),
        ((BATCH, 4, 1, 5, 5),),
        lambda: [nn.Conv2d(1, 2, 3, padding=1)],
        "",
    ),
    "convolution over samples and time": Case(
        lambda m, x: m[0](x.reshape(1, 12, 6).mT).mT.reshape(BATCH, 4, 6),
        TOKENS,
        lambda: [nn.Conv1d(6, 6, 3, padding=1)],
        "conv1d",
    ),
    "lstm over samples and time": Case(
        lambda m, x: m[0](x.reshape(1, 12, 6))[0].reshape(BATCH, 4, 5),
        TOKENS,
        lambda: [nn.LSTM(6, 5, batch_first=True)],
        "lstm",
    ),
    "windows": Case(lambda m, x: windows(x).softmax(1), ((BATCH, 4, 4, 2),)),
    "rows of boxes": Case(lambda m, x: m[0](x).reshape(-1, 4), TOKENS, lambda: [nn.Linear(6, 8)]),
    # Other places, and the whole batch.
    "flip": Case(lambda m, x: x.flip(0), TOKENS, first="flip"),
    "roll": Case(lambda m, x: x.roll(1, 0), TOKENS, first="roll"),
    "mixup": Case(lambda m, x: 0.3 * x + 0.7 * x.flip(0), TOKENS, first="flip"),
    "there and back": Case(lambda m, x: x.flip(0).relu().flip(0), TOKENS),
    "in-batch negatives": Case(lambda m, x: x @ x.T, ((BATCH, 6),), first="matmul"),
    "negatives of another input": Case(
        lambda m, x, z: x @ z.T, ((BATCH, 6), (BATCH, 6)), first="matmul", inputs=(0, 0)
    ),
    "the first sample for all": Case(lambda m, x: x[:1].expand(BATCH, 4, 6) + 0, TOKENS, first="expand"),
    "mean of the batch": Case(lambda m, x: x - x.mean(0), TOKENS, first="mean"),
    "softmax over the batch": Case(lambda m, x: x.softmax(0), TOKENS, first="softmax"),
    "one by one": Case(one_by_one, ((BATCH, 2, 6),), lambda: [nn.Conv1d(2, 2, 3, padding=1)]),
    "one by one in the wrong order": Case(
        lambda m, x: torch.stack([x[1], x[0], x[2]]), TOKENS, first="stack"
    ),
    "normalisation in training mode": Case(
        lambda m, x: m[0](x), TOKENS, lambda: [nn.BatchNorm1d(4)], "batch_norm", train=True
    ),
    "normalisation without running statistics": Case(
        lambda m, x: m[0](x),
        TOKENS,
        lambda: [nn.BatchNorm1d(4, track_running_stats=False)],
        "batch_norm",
    ),
    "normalisation": Case(lambda m, x: m[0](x), TOKENS, lambda: [nn.BatchNorm1d(4)]),
    "normalisation of a sample": Case(lambda m, x: m[0](x), TOKENS, lambda: [nn.GroupNorm(2, 4)], train=True),
}
