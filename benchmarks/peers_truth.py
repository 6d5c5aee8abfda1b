"""Fields that torchscan, rfa_toolbox and pytest-rf tell of 18 nets, held against NaN probing. Prints two tables.

    python benchmarks/peers_truth.py [NET ...]

What is right is seen in runs: rows of the input are NaN up to some place, or from it on, and a unit in the middle of
the last feature map is NaN or not. Bisection gives the first and the last position that it reads along each axis, on
an input so large that no border is near. Behind an upsampling neighbours read fields of different sizes: the units
of one period are looked at. pytest-rf is right if it tells the smallest and the largest of them along each axis; of a
tool that tells a single number, it has to be the largest of all. ``warned`` is a wrong field with a warning.

What is installed, and how each tool is asked, is as in ``peers.py``.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
import warnings
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from peers import rfa_toolbox, torchscan
from torch import nn
from torch_nets import ResNet, UNet


class Net(NamedTuple):
    """A net and what it is probed with.

    Attributes:
        make: makes it.
        image: channels of the image, then the extent of each axis.
        period: after how many units along an axis the sizes of fields repeat.
    """

    make: Callable[[], nn.Module]
    image: tuple[int, ...]
    period: int = 1


class Features(nn.Module):
    """A ResNet without its head."""

    def __init__(self, net: ResNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the last feature map."""
        net = self.net
        return net.stages(net.maxpool(net.relu(net.bn1(net.conv1(x)))))


class Residual(nn.Module):
    """What branches give, added to what comes in."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the sum."""
        return x + sum(branch(x) for branch in self.branches)


class Beside(nn.Module):
    """Branches whose channels lie one behind the other."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return all channels."""
        return torch.cat([branch(x) for branch in self.branches], 1)


class Causal(nn.Module):
    """A dilated convolution over time that is padded in front, as code does it."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.before, self.conv = 2 * dilation, nn.Conv1d(4, 4, 3, dilation=dilation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x with what the convolution adds."""
        return x + torch.relu(self.conv(F.pad(x, (self.before, 0))))


class Decoder(nn.Module):
    """A U-Net of two levels whose decoder resizes, in any mode."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode
        self.first, self.second, self.last = conv(3, 8), conv(8, 8, 3), conv(16, 8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return features at full size."""
        kept = self.first(x)
        deep = self.second(F.max_pool2d(kept, 2))
        return self.last(torch.cat([kept, F.interpolate(deep, scale_factor=2.0, mode=self.mode)], 1))


def conv(width: int, out: int, kernel: int = 3, stride: int = 1, **more: Any) -> nn.Module:
    """Return a convolution with its norm and activation, padded to keep the extent unless told otherwise."""
    more.setdefault("padding", more.get("dilation", 1) * (kernel - 1) // 2)
    return nn.Sequential(
        nn.Conv2d(width, out, kernel, stride, bias=False, **more), nn.BatchNorm2d(out), nn.ReLU()
    )


def vgg() -> nn.Module:
    """Return the thirteen convolutions and five pools of VGG-16, narrow."""
    layers: list[nn.Module] = []
    widths = [3, *[8] * 13]
    for number, (width, out) in enumerate(pairwise(widths), 1):
        layers.append(conv(width, out))
        if number in (2, 4, 7, 10, 13):
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def basic(width: int) -> nn.Module:
    """Return a basic block."""
    return Residual(nn.Sequential(conv(width, width), conv(width, width)))


def dense() -> nn.Module:
    """Return a dense block: every layer's channels beside all before them."""
    return nn.Sequential(
        conv(3, 8),
        *[Beside(nn.Identity(), conv(8 + 4 * n, 4)) for n in range(4)],
        nn.AvgPool2d(2),
        conv(24, 8),
    )


def mobile() -> nn.Module:
    """Return depthwise separable convolutions, two of them strided."""
    parts: list[nn.Module] = [conv(3, 8, 3, 2)]
    for stride in (1, 2, 1):
        parts += [conv(8, 8, 3, stride, groups=8), conv(8, 8, 1)]
    return nn.Sequential(*parts)


NETS: dict[str, Net] = {
    "one 3×3": Net(lambda: conv(3, 8), (3, 32, 32)),
    "5×5 of stride 2, 3×3": Net(lambda: nn.Sequential(conv(3, 8, 5, 2), conv(8, 8)), (3, 64, 64)),
    "VGG-16": Net(vgg, (3, 512, 512)),
    "ResNet-50": Net(lambda: Features(ResNet((3, 4, 6, 3))), (3, 576, 576)),
    "basic blocks": Net(lambda: nn.Sequential(conv(3, 8, 7, 2), basic(8), basic(8)), (3, 128, 128)),
    "dilated 2-D": Net(lambda: nn.Sequential(*[conv(3, 3, dilation=n) for n in (1, 2, 4, 8)]), (3, 96, 96)),
    "dilated branches": Net(
        lambda: nn.Sequential(conv(3, 8), Beside(*[conv(8, 4, dilation=n) for n in (1, 6, 12)])), (3, 96, 96)
    ),
    "1×7 and 7×1": Net(
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, (1, 7), padding=(0, 3)), nn.Conv2d(8, 8, (7, 1), padding=(3, 0))
        ),
        (3, 48, 48),
    ),
    "without padding": Net(
        lambda: nn.Sequential(*[nn.Conv2d(3, 3, 3, 1 + n % 2) for n in range(4)]), (3, 96, 96)
    ),
    "dense block": Net(dense, (3, 64, 64)),
    "depthwise": Net(mobile, (3, 96, 96)),
    "pools beside convolutions": Net(
        lambda: nn.Sequential(
            conv(3, 8),
            Beside(conv(8, 4, 1), nn.Sequential(conv(8, 4, 1), conv(4, 4, 5)), nn.AvgPool2d(3, 1, 1)),
            conv(16, 8),
        ),
        (3, 64, 64),
    ),
    "U-Net, transposed convolutions": Net(lambda: UNet(4), (3, 416, 416), 16),
    "U-Net, nearest": Net(lambda: Decoder("nearest"), (3, 64, 64), 2),
    "U-Net, bilinear": Net(lambda: Decoder("bilinear"), (3, 64, 64), 2),
    "pixel shuffle": Net(
        lambda: nn.Sequential(conv(3, 8), nn.Conv2d(8, 12, 3, padding=1), nn.PixelShuffle(2), conv(3, 3)),
        (3, 48, 48),
        2,
    ),
    "TCN": Net(lambda: nn.Sequential(*[Causal(2**n) for n in range(5)]), (4, 256)),
    "3-D": Net(
        lambda: nn.Sequential(
            nn.Conv3d(3, 8, 3, padding=1), nn.MaxPool3d((1, 2, 2)), nn.Conv3d(8, 8, 3, padding=1)
        ),
        (3, 24, 24, 24),
    ),
}


def truth(module: nn.Module, image: torch.Tensor, period: int) -> list[tuple[int, int]]:
    """Return how many positions units in the middle read along each axis: the fewest and the most of a period."""
    found = []
    for axis in range(2, image.ndim):
        extent = image.shape[axis]

        @cache
        def spoilt(start: int, stop: int, axis: int = axis) -> torch.Tensor:
            """Return which units along an axis, in the middle of the others, are NaN if positions are."""
            x = image.clone()
            x[(slice(None),) * axis + (slice(start, stop),)] = torch.nan
            y = module(x)[0]
            middle = tuple(n // 2 if at != axis - 1 else slice(None) for at, n in enumerate(y.shape) if at)
            return y[(slice(None), *middle)].isnan().any(0)

        count = len(spoilt(0, 1))
        sizes = []
        for unit in range(count // 2, count // 2 + period):
            first = bisect_left(range(extent), True, key=lambda n, u=unit: bool(spoilt(0, n + 1)[u]))
            stop = bisect_left(range(1, extent + 1), True, key=lambda n, u=unit: not spoilt(n, extent)[u])
            sizes.append(stop + 1 - first)
        found.append((min(sizes), max(sizes)))
    return found


def ours(module: nn.Module, image: torch.Tensor) -> str:
    """Return the smallest and the largest field along each axis."""
    import pytest_rf

    tensor = pytest_rf.analyze(module, image).final[0]
    return shown([tensor[axis].rf_range for axis in tensor.field()])


def shown(sizes: Sequence[tuple[Any, Any]]) -> str:
    """Return sizes along each axis as text."""
    return " × ".join(f"{low}" if low == high else f"{low} to {high}" for low, high in sizes)


TOOLS: dict[str, Callable[[Any, Any], str]] = {
    "torchscan": torchscan,
    "rfa_toolbox": rfa_toolbox,
    "pytest-rf": ours,
}


class Answer(NamedTuple):
    """What a tool told of a net: ``verdict`` is right, wrong, warned or error."""

    told: str
    verdict: str
    seconds: float


def asked(tool: str, module: nn.Module, image: torch.Tensor, sizes: Sequence[tuple[int, int]]) -> Answer:
    """Ask a tool, and hold its answer against what was seen."""
    start = time.process_time()
    with warnings.catch_warnings(record=True) as said, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        try:
            told = TOOLS[tool](module, image)
        except Exception as error:  # whatever a tool does is its result
            return Answer(type(error).__name__, "error", time.process_time() - start)
    taken = time.process_time() - start
    of_field = [one for one in said if not issubclass(one.category, DeprecationWarning | FutureWarning)]
    right = shown(sizes) if tool == "pytest-rf" else str(max(most for _, most in sizes))
    number = told.partition(" (")[0]
    return Answer(number, "right" if number == right else "warned" if of_field else "wrong", taken)


def main(names: Sequence[str]) -> None:
    """Print what each tool tells of each net, and how often it is right."""
    torch.set_num_threads(1)
    print(f"| net | seen | {' | '.join(TOOLS)} |\n| --- | --- |{' --- |' * len(TOOLS)}", flush=True)
    answers: dict[str, list[Answer]] = {tool: [] for tool in TOOLS}
    for name in names:
        torch.manual_seed(0)
        module, image = NETS[name].make().eval(), torch.rand(1, *NETS[name].image)
        with torch.no_grad():
            sizes = truth(module, image, NETS[name].period)
            row = [asked(tool, module, image, sizes) for tool in TOOLS]
        for tool, one in zip(TOOLS, row, strict=True):
            answers[tool].append(one)
        cells = [
            one.told if one.verdict in ("right", "error") else f"{one.told} ({one.verdict})" for one in row
        ]
        print(f"| {name} | {shown(sizes)} | {' | '.join(cells)} |", flush=True)
    print(f"\n| | {' | '.join(TOOLS)} |\n| --- |{' --- |' * len(TOOLS)}")
    for verdict in ("right", "wrong", "warned", "error"):
        counts = [sum(one.verdict == verdict for one in answers[tool]) for tool in TOOLS]
        print(f"| {verdict} | {' | '.join(map(str, counts))} |")


if __name__ == "__main__":
    main(sys.argv[1:] or list(NETS))
