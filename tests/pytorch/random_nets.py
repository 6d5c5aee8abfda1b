"""Random nets that run: what the tests of tilings and of guarantees are drawn from.

A net is a chain of steps, each of which prints as itself. Every step moves along one axis of ``(batch, channels,
*spatial)``; the spatial axes beside it have the extent that they are given, and at most a kernel of 3.
Weights are generic numbers: none is 0, and no step has a dead zone, so that what is read can be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

torch.set_num_threads(1)

Pads = tuple[int, int]
Mode = Literal["constant", "reflect", "replicate", "circular"]
CONV = (F.conv1d, F.conv2d, F.conv3d)
CONV_TRANSPOSE = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
AVG_POOL = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)
MAX_POOL = (F.max_pool1d, F.max_pool2d, F.max_pool3d)
LINEAR = ("linear", "bilinear", "trilinear")


@dataclass
class Place:
    """Where the steps of a net move, and its weights.

    Attributes:
        rank: the number of spatial axes.
        axis: which axis of the tensors the steps move along.
    """

    rank: int
    axis: int
    _weights: dict[tuple[int, ...], Tensor] = field(default_factory=dict)
    _layers: dict[tuple[int, int], torch.nn.Module] = field(default_factory=dict)
    _taken: int = 0

    def begin(self) -> None:
        """Hand the same weights out again."""
        self._taken = 0

    def weight(self, *shape: int) -> Tensor:
        """Return the next weights of the net: of both signs, of a size that keeps values near 1."""
        key = (self._taken, *shape)
        self._taken += 1
        if key not in self._weights:
            chance = torch.Generator().manual_seed(key[0] + 1)
            size = torch.rand(shape, generator=chance, dtype=torch.float64) + 0.5
            sign = torch.randint(0, 2, shape, generator=chance) * 2 - 1
            self._weights[key] = size * sign / max(size[0].numel() if len(shape) > 1 else 1, 1) ** 0.5
        return self._weights[key]

    def module(self, make: Callable[[], torch.nn.Module], width: int) -> torch.nn.Module:
        """Return the next layer with weights of its own, for inputs of so many channels."""
        key = (self._taken, width)
        self._taken += 1
        if key not in self._layers:
            layer = make().double().eval().requires_grad_(False)
            chance = torch.Generator().manual_seed(key[0])
            for number in layer.parameters():
                number.uniform_(-1.0, 1.0, generator=chance)
            self._layers[key] = layer
        return self._layers[key]

    def along(self, here: int, beside: int) -> list[int]:
        """Return a number per spatial axis: one along the axis, another beside it."""
        return [here if number + 2 == self.axis else beside for number in range(self.rank)]

    def pad(self, x: Tensor, pads: Pads, mode: str = "constant") -> Tensor:
        """Pad, or crop, along the axis alone."""
        pairs = [pads if number + 2 == self.axis else (0, 0) for number in range(self.rank)]
        return F.pad(x, [n for pair in reversed(pairs) for n in pair], mode=mode)

    def cut(self, x: Tensor, first: int, last: int | None) -> Tensor:
        """Slice along the axis."""
        return x[(slice(None),) * self.axis + (slice(first, last),)]


UNCLEAR = Fraction(0)
"""The pace of what a crop may have left of steps of different rates."""


class Step:
    """One layer; ``pace`` is how many positions of its input one step of its output stands for.

    None where steps of different rates stand side by side.
    """

    pace: Fraction | None = Fraction(1)

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        """Compute the layer."""
        raise NotImplementedError


def filled(x: Tensor) -> Tensor:
    """Return a tensor that has elements; engines fall over others."""
    if not x.numel():
        raise ValueError("nothing is left")
    return x


@dataclass(frozen=True)
class Conv(Step):
    """A convolution; ``beside`` is its kernel along the other axes."""

    kernel: int
    stride: int = 1
    dilation: int = 1
    pads: Pads = (0, 0)
    mode: Mode = "constant"
    beside: int = 1

    @property
    def pace(self) -> Fraction:
        return Fraction(self.stride)

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        weight = at.weight(2, x.shape[1], *at.along(self.kernel, self.beside))
        own = self.mode == "constant" and self.pads[0] == self.pads[1]
        if not own:
            x = at.pad(x, self.pads, self.mode)
        return CONV[at.rank - 1](
            x,
            weight,
            at.weight(2),
            stride=at.along(self.stride, 1),
            padding=at.along(self.pads[0] if own else 0, self.beside // 2),
            dilation=at.along(self.dilation, 1),
        )


@dataclass(frozen=True)
class ConvTranspose(Step):
    """A transposed convolution."""

    kernel: int
    stride: int = 1
    padding: int = 0
    output_padding: int = 0
    dilation: int = 1

    @property
    def pace(self) -> Fraction:
        return Fraction(1, self.stride)

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        return CONV_TRANSPOSE[at.rank - 1](
            x,
            at.weight(x.shape[1], 2, *at.along(self.kernel, 1)),
            at.weight(2),
            stride=at.along(self.stride, 1),
            padding=at.along(self.padding, 0),
            output_padding=at.along(self.output_padding, 0),
            dilation=at.along(self.dilation, 1),
        )


@dataclass(frozen=True)
class Pool(Step):
    """A pool; its padding is at most half of its kernel."""

    kernel: int
    stride: int
    padding: int = 0
    ceil_mode: bool = False
    largest: bool = False

    @property
    def pace(self) -> Fraction:
        return Fraction(self.stride)

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        pool = (MAX_POOL if self.largest else AVG_POOL)[at.rank - 1]
        kernel, stride = at.along(self.kernel, 1), at.along(self.stride, 1)
        return pool(x, kernel, stride, at.along(self.padding, 0), ceil_mode=self.ceil_mode)


@dataclass(frozen=True)
class Crop(Step):
    """A crop, by a slice or by a negative pad."""

    before: int
    after: int
    pad: bool = False

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        if self.pad:
            return at.pad(x, (-self.before, -self.after))
        return at.cut(x, self.before, -self.after or None)


@dataclass(frozen=True)
class Shift(Step):
    """A crop on one side and padding on the other: the extent stays."""

    by: int
    mode: Mode = "constant"

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        n = abs(self.by)
        return at.pad(
            at.pad(x, (-n, 0) if self.by > 0 else (0, -n)), (0, n) if self.by > 0 else (n, 0), self.mode
        )


@dataclass(frozen=True)
class Resize(Step):
    """A resize by a factor in the modes that every extent has alike."""

    scale: Fraction
    mode: Literal["nearest", "nearest-exact", "linear"] = "nearest"

    @property
    def pace(self) -> Fraction:
        return 1 / self.scale

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        mode = LINEAR[at.rank - 1] if self.mode == "linear" else self.mode
        factors = [float(n) if n != 1 else 1.0 for n in at.along(1, 0)]
        factors = [float(self.scale) if n else 1.0 for n in at.along(1, 0)]
        return F.interpolate(x, scale_factor=factors, mode=mode)


@dataclass(frozen=True)
class Subpixel(Step):
    """Channels become positions (``up``), or positions channels: a pixel shuffle along one axis."""

    by: int
    up: bool

    @property
    def pace(self) -> Fraction:
        return Fraction(1, self.by) if self.up else Fraction(self.by)

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        x = x.movedim(at.axis, -1)
        if self.up:
            x = torch.einsum("bc...,dc->bd...", x, at.weight(2 * self.by, x.shape[1]))
            x = x.unflatten(1, (2, self.by)).movedim(2, -1).flatten(-2)
        else:
            x = x.unflatten(-1, (-1, self.by)).movedim(-1, 1).flatten(1, 2)
            x = torch.einsum("bc...,dc->bd...", x, at.weight(2, x.shape[1]))
        return x.movedim(-1, at.axis)


@dataclass(frozen=True)
class Windows(Step):
    """The axis is cut into windows, inside of which everything reads everything."""

    size: int

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        x = x.movedim(at.axis, -1).unflatten(-1, (-1, self.size))
        return F.linear(x, at.weight(self.size, self.size)).flatten(-2).movedim(-1, at.axis)


@dataclass(frozen=True)
class Chain(Step):
    """Steps one behind the other."""

    steps: tuple[Step, ...]

    @property
    def pace(self) -> Fraction | None:
        pace: Fraction | None = Fraction(1)
        for step in self.steps:
            if pace is not None:
                pace = None if step.pace is None else pace * step.pace
            elif not isinstance(step, Conv):
                pace = UNCLEAR
        return pace

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        for step in self.steps:
            x = filled(step(x, at))
        return x


@dataclass(frozen=True)
class Sum(Step):
    """Branches of one extent are added, or put side by side as channels."""

    branches: tuple[Step, ...]
    channels: bool = False

    @property
    def pace(self) -> Fraction | None:
        paces = {branch.pace for branch in self.branches}
        return paces.pop() if len(paces) == 1 else UNCLEAR

    def __call__(self, x: Tensor, at: Place) -> Tensor:
        parts = [branch(x, at) for branch in self.branches]
        if len({part.shape[at.axis] for part in parts}) > 1:
            raise ValueError("the branches differ in extent")
        if self.channels:
            return torch.cat(parts, 1)
        width = min(part.shape[1] for part in parts)
        whole = parts[0][:, :width]
        for part in parts[1:]:
            whole = whole + part[:, :width]
        return whole


@dataclass(frozen=True)
class Net:
    """Steps for a rank and an axis, as text that can be run again."""

    chain: Chain
    rank: int = 1
    axis: int = 2

    def module(self) -> Module:
        """Return the net as a module."""
        return Module(self)

    @property
    def joins(self) -> bool:
        """Whether branches meet."""
        return "Sum(" in repr(self)


class Module(torch.nn.Module):
    """A net with its weights."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.chain = net.chain
        self.place = Place(net.rank, net.axis)

    def forward(self, x: Tensor) -> Tensor:
        self.place.begin()
        return self.chain(x, self.place)


def data(*shape: int, seed: int = 0) -> Tensor:
    """Return random numbers in double precision."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
