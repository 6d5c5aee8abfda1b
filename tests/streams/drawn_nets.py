"""Random streaming nets, offline and as step models with caches, with and without a fault."""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

Fault = Literal["", "short", "late", "norm"]
FAULTS: tuple[Fault, ...] = ("short", "late", "norm")
WIDTH = 2


class Layer(NamedTuple):
    """A convolution: ``ahead`` of its positions lie after its own; a residual has the input added."""

    kernel: int
    dilation: int
    stride: int
    ahead: int
    residual: bool

    @property
    def before(self) -> int:
        return (self.kernel - 1) * self.dilation - self.ahead

    @property
    def cache(self) -> int:
        """Positions that a step model keeps: of a look-ahead layer, which is late by as much, those as well."""
        return self.before + (self.ahead if self.stride == 1 else 0)


def drawn(seed: int) -> tuple[list[Layer], int]:
    """Return layers, strided ones first, and how many positions a call is given."""
    draw = random.Random(seed)
    layers, strides = [], 1
    for _ in range(draw.choice((0, 0, 1, 2))):
        stride = draw.choice((2, 3))
        kernel = draw.randint(stride, stride + 3)
        layers.append(Layer(kernel, 1, stride, draw.randint(0, min(stride, kernel) - 1), False))
        strides *= stride
    for _ in range(draw.randint(1, 3)):
        kernel, dilation = draw.randint(2, 4), draw.choice((1, 1, 2, 3))
        ahead = draw.choice((0, 0, draw.randint(0, (kernel - 1) * dilation)))
        layers.append(Layer(kernel, dilation, 1, ahead, draw.random() < 0.5))
    return layers, strides * draw.choice((1, 2, 3))


class Offline(nn.Module):
    """The whole at once, padded with zeros."""

    def __init__(self, layers: list[Layer]) -> None:
        super().__init__()
        self.layers = layers
        self.convs = nn.ModuleList(
            [
                nn.Conv1d(WIDTH, WIDTH, one.kernel, one.stride, dilation=one.dilation, bias=False)
                for one in layers
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        for one, conv in zip(self.layers, self.convs, strict=True):
            y = conv(F.pad(x, (one.before, one.ahead)))
            x = torch.tanh(x + y if one.residual else y)
        return x


class Step(Offline):
    """One chunk: every convolution has the end of its last input as a cache; ``fault`` is one of layer ``at``."""

    def __init__(self, layers: list[Layer], fault: Fault = "", at: int = 0) -> None:
        super().__init__(layers)
        self.fault, self.at = fault, at

    def caches(self) -> list[Tensor]:
        return [torch.zeros(1, WIDTH, self.length(number)) for number in range(len(self.layers))]

    def length(self, number: int) -> int:
        one = self.layers[number]
        wrong = {"short": -1, "late": 1}.get(self.fault, 0) if number == self.at else 0
        return one.cache + wrong

    def forward(self, x: Tensor, *caches: Tensor) -> tuple[Tensor, ...]:
        left = []
        for number, (one, conv) in enumerate(zip(self.layers, self.convs, strict=True)):
            wrong = self.fault if number == self.at else ""
            whole = torch.cat([caches[number], x], 2)
            left.append(whole[:, :, whole.shape[2] - caches[number].shape[2] :])
            if wrong == "short":
                whole = F.pad(whole, (1, 0))
            y = self.late(conv, whole, one) if wrong == "late" else conv(whole)
            if wrong == "norm":
                y = y - y.mean(2, keepdim=True)
            if one.residual:  # as late as the branch
                skip = whole[:, :, : whole.shape[2] - one.ahead]
                y = y + skip[:, :, skip.shape[2] - x.shape[2] :]
            x = torch.tanh(y)
        return (x, *left)

    @staticmethod
    def late(conv: nn.Conv1d, whole: Tensor, one: Layer) -> Tensor:
        """Convolve with the oldest tap one position late."""
        rest = F.conv1d(
            whole[:, :, 1 + one.dilation :], conv.weight[:, :, 1:], None, one.stride, 0, one.dilation
        )
        return rest + F.conv1d(whole, conv.weight[:, :, :1], None, one.stride)[:, :, : rest.shape[2]]


class Case(NamedTuple):
    """A net in both forms."""

    offline: Offline
    step: Step
    chunk: int
    strides: int
    delay: int


def case(seed: int, fault: Fault = "") -> Case:
    """Return a random net in both forms, with the same weights; a fault is one of a random layer that can have it."""
    layers, chunk = drawn(seed)
    draw = random.Random(seed + 1)
    able = [n for n, one in enumerate(layers) if one.cache or fault != "short"]
    torch.manual_seed(seed)
    offline = Offline(layers).double()
    step = Step(layers, fault, draw.choice(able) if able else 0).double()
    step.load_state_dict(offline.state_dict())
    strides = 1
    for one in layers:
        strides *= one.stride
    if fault == "norm":
        chunk = max(chunk, 2 * strides)  # the mean of a single step reads what that reads
    return Case(offline, step, chunk, strides, sum(one.ahead for one in layers if one.stride == 1))


def reads(one: Case, extent: int) -> tuple[list[set[int]], list[set[int]]]:
    """Return what each unit of either form reads, by the gradients of real runs."""
    x = torch.randn(1, WIDTH, extent, dtype=torch.float64, requires_grad=True)
    state = [cache.double() for cache in one.step.caches()]
    parts = []
    for first in range(0, extent - one.chunk + 1, one.chunk):
        y, *state = one.step(x[:, :, first : first + one.chunk], *state)
        parts.append(y)
    return _sets(one.offline(x), x), _sets(torch.cat(parts, 2), x)


def _sets(y: Tensor, x: Tensor) -> list[set[int]]:
    seeds = torch.eye(y.shape[2], dtype=y.dtype)[:, None, None, :].expand(-1, *y.shape[:2], -1)
    weights = torch.rand(y.shape[1], dtype=y.dtype)[None, None, :, None] + 0.5
    (grads,) = torch.autograd.grad(y, x, seeds * weights, retain_graph=True, is_grads_batched=True)
    return [set(row.nonzero().flatten().tolist()) for row in grads.abs().sum((1, 2))]
