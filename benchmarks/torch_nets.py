"""Networks in plain PyTorch that the benchmarks measure, with random weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from swin_t import SwinT
from torch import nn


class Bottleneck(nn.Module):
    """Three convolutions around a residual connection; the stride is on the middle one."""

    def __init__(self, width: int, inner: int, stride: int) -> None:
        super().__init__()
        wide = 4 * inner
        self.conv1, self.bn1 = nn.Conv2d(width, inner, 1, bias=False), nn.BatchNorm2d(inner)
        self.conv2, self.bn2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False), nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = nn.Conv2d(inner, wide, 1, bias=False), nn.BatchNorm2d(wide)
        self.relu = nn.ReLU()
        self.downsample = (
            nn.Sequential(nn.Conv2d(width, wide, 1, stride, bias=False), nn.BatchNorm2d(wide))
            if stride > 1 or width != wide
            else None
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x with what the branch adds."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """He et al., "Deep Residual Learning" (2016), table 1, with the stride where torchvision has it."""

    def __init__(self, depths: Sequence[int]) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        stages, width = [], 64
        for stage, depth in enumerate(depths):
            inner = 64 << stage
            blocks = [
                Bottleneck(4 * inner if block else width, inner, 2 if stage and not block else 1)
                for block in range(depth)
            ]
            stages.append(nn.Sequential(*blocks))
            width = 4 * inner
        self.stages = nn.Sequential(*stages)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(width, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (samples, classes) of (samples, 3, height, width)."""
        x = self.stages(self.maxpool(self.relu(self.bn1(self.conv1(x)))))
        return self.fc(self.avgpool(x).flatten(1))


def twice(width: int, wide: int) -> nn.Sequential:
    """Return the two convolutions that every level of a U-Net has."""
    return nn.Sequential(
        nn.Conv2d(width, wide, 3, padding=1),
        nn.BatchNorm2d(wide),
        nn.ReLU(inplace=True),
        nn.Conv2d(wide, wide, 3, padding=1),
        nn.BatchNorm2d(wide),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Ronneberger et al., "U-Net" (2015), with padding, as most write it today."""

    def __init__(self, width: int = 64, levels: int = 4) -> None:
        super().__init__()
        widths = [width << level for level in range(levels + 1)]
        self.down = nn.ModuleList([twice(a, b) for a, b in zip([3, *widths], widths, strict=False)])
        self.pool = nn.MaxPool2d(2)
        self.raise_ = nn.ModuleList([nn.ConvTranspose2d(2 * w, w, 2, 2) for w in widths[-2::-1]])
        self.up = nn.ModuleList([twice(2 * w, w) for w in widths[-2::-1]])
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (samples, 2, height, width) of (samples, 3, height, width)."""
        kept = []
        for level, convolve in enumerate(self.down):
            x = convolve(self.pool(x) if level else x)
            kept.append(x)
        kept.pop()
        for enlarge, convolve in zip(self.raise_, self.up, strict=True):
            x = convolve(torch.cat([kept.pop(), enlarge(x)], 1))
        return self.head(x)


NETS: dict[str, Callable[[], nn.Module]] = {
    "ResNet-50": partial(ResNet, (3, 4, 6, 3)),
    "ResNet-152": partial(ResNet, (3, 8, 36, 3)),
    "U-Net": UNet,
    "Swin-T": SwinT,
}
"""All take images of (samples, 3, 224, 224)."""
