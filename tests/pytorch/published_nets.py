"""Networks of TF-slim as tables: their geometry, with one channel for each branch.

A stage is the name of an end point and branches, which are concatenated. A branch is a line of layers:
``7x7/2`` is a convolution with stride 2, ``max3/2`` and ``avg3`` are pools, ``dw3`` is a depthwise
convolution. Padding is TensorFlow's SAME unless the layer says otherwise: ``v`` is VALID, ``p`` pads by
``(kernel - 1) // 2`` in front whatever the stride is. A branch that starts with ``+`` is a residual one:
the stage adds to its input what a 1x1 convolution makes of all such branches.
"""

from __future__ import annotations

import re

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

Stage = tuple[str, ...]
LAYER = re.compile(r"(max|avg|dw)?(\d+)(?:x(\d+))?(?:/(\d+))?([vp]?)")


class Layer(nn.Module):
    """One layer of a branch; SAME padding is computed from the input, as TensorFlow does it."""

    def __init__(self, text: str, channels: int) -> None:
        super().__init__()
        found = LAYER.fullmatch(text)
        assert found, text
        kind, height, width, stride, self.padding = found.groups()
        self.kernel = int(height), int(width or height)
        self.stride = int(stride or 1)
        self.channels = channels if kind else 1
        self.op: nn.Module
        if kind == "max":
            self.op = nn.MaxPool2d(self.kernel, self.stride)
        elif kind == "avg":
            self.op = nn.AvgPool2d(self.kernel, self.stride)
        else:
            groups = channels if kind == "dw" else 1
            self.op = nn.Conv2d(channels, self.channels, self.kernel, self.stride, groups=groups)

    def pads(self, extent: int, kernel: int) -> tuple[int, int]:
        if self.padding == "v":
            return 0, 0
        if self.padding == "p":
            return (kernel - 1) // 2, kernel - 1 - (kernel - 1) // 2
        total = max((-(-extent // self.stride) - 1) * self.stride + kernel - extent, 0)
        return total // 2, total - total // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, columns = (self.pads(n, k) for n, k in zip(x.shape[-2:], self.kernel, strict=True))
        return self.op(F.pad(x, (*columns, *rows)))


class Branches(nn.Module):
    """A stage: branches side by side, or around."""

    def __init__(self, branches: Stage, channels: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList()
        self.around = nn.Sequential()
        width = 0
        residual = branches[0].startswith("+")
        for branch in branches:
            line, inside = nn.Sequential(), channels
            for text in branch.lstrip("+").split():
                layer = Layer(text, inside)
                line.append(layer)
                inside = layer.channels
            self.branches.append(line)
            width += inside
        self.join: nn.Module | None = nn.Conv2d(width, channels, 1) if residual else None
        self.channels = channels if residual else width
        strides = [layer.stride for layer in self.branches[0]]
        if residual and max(strides) > 1:
            self.around.append(nn.MaxPool2d(1, max(strides)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.cat([branch(x) for branch in self.branches], 1)
        return y if self.join is None else self.around(x) + self.join(y)


class Network(nn.Module):
    """Stages one behind the other; the end point ``name`` is the module ``stages.name``."""

    def __init__(self, stages: list[tuple[str, Stage]]) -> None:
        super().__init__()
        self.stages = nn.ModuleDict()
        channels = 3
        for number, (name, branches) in enumerate(stages):
            stage = Branches(branches, channels)
            self.stages[name or f"_{number}"] = stage
            channels = stage.channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for stage in self.stages.values():
            x = stage(x)
        return x


def line(text: str) -> list[tuple[str, Stage]]:
    """Return stages of one layer each, written as ``name:layer``; the name may be empty."""
    return [(name, (layer,)) for name, layer in (item.split(":") for item in text.split())]


def repeated(count: int, *branches: str) -> list[tuple[str, Stage]]:
    return [("", branches)] * count


def mixed(names: str, *branches: str) -> list[tuple[str, Stage]]:
    """Return a stage of these branches for each name."""
    return [(f"Mixed_{name}", branches) for name in names.split()]


def vgg(*counts: int) -> list[tuple[str, Stage]]:
    stages = []
    for block, count in enumerate(counts, 1):
        stages += [(f"conv{block}/conv{block}_{number}", ("3x3",)) for number in range(1, count + 1)]
        stages.append((f"pool{block}", ("max2/2v",)))
    return stages


def resnet(*counts: int) -> list[tuple[str, Stage]]:
    """ResNet v1 and v2: the stride is in the last unit of each block but the last."""
    stages = line(":7x7/2p :max3/2")
    for block, count in enumerate(counts, 1):
        stages += repeated(count - 1, "+1x1 3x3 1x1")
        stages.append((f"block{block}", ("+1x1 3x3/2p 1x1" if block < len(counts) else "+1x1 3x3 1x1",)))
    return stages


def inception_v2(first: str) -> list[tuple[str, Stage]]:
    a = ("1x1", "1x1 3x3", "1x1 3x3 3x3", "avg3 1x1")
    reduce = ("1x1 3x3/2", "1x1 3x3 3x3/2", "max3/2")
    return [
        *[("Conv2d_1a_7x7", (first,))],
        *line("MaxPool_2a_3x3:max3/2 Conv2d_2b_1x1:1x1 Conv2d_2c_3x3:3x3 MaxPool_3a_3x3:max3/2"),
        *mixed("3b 3c", *a),
        *mixed("4a", *reduce),
        *mixed("4b 4c 4d 4e", *a),
        *mixed("5a", *reduce),
        *mixed("5b 5c", *a),
    ]


def inception_stem(valid: str) -> list[tuple[str, Stage]]:
    return line(
        f"Conv2d_1a_3x3:3x3/2{valid} Conv2d_2a_3x3:3x3{valid} Conv2d_2b_3x3:3x3 MaxPool_3a_3x3:max3/2{valid} "
        f"Conv2d_3b_1x1:1x1 Conv2d_4a_3x3:3x3{valid} MaxPool_5a_3x3:max3/2{valid}"
    )


SMALL = ("1x1", "1x1 3x3", "1x1 3x3 3x3", "avg3 1x1")
FIVE = ("1x1", "1x1 5x5", "1x1 3x3 3x3", "avg3 1x1")
SEVEN = ("1x1", "1x1 1x7 7x1", "1x1 7x1 1x7 7x1 1x7", "avg3 1x1")
HALVED = ("3x3/2v", "1x1 3x3 3x3/2v", "max3/2v")
HALVED_BY_SEVEN = ("1x1 3x3/2v", "1x1 1x7 7x1 3x3/2v", "max3/2v")


def inception_v3() -> list[tuple[str, Stage]]:
    return [
        *inception_stem("v"),
        *mixed("5b 5c 5d", *FIVE),
        *mixed("6a", *HALVED),
        *mixed("6b 6c 6d 6e", *SEVEN),
        *mixed("7a", *HALVED_BY_SEVEN),
        *mixed("7b 7c", "1x1", "1x1 1x3", "1x1 3x1", "1x1 3x3 1x3", "1x1 3x3 3x1", "avg3 1x1"),
    ]


def inception_v4() -> list[tuple[str, Stage]]:
    ends = ("1x1", "1x1 1x3", "1x1 3x1", "1x1 3x1 1x3 1x3", "1x1 3x1 1x3 3x1", "avg3 1x1")
    return [
        *line("Conv2d_1a_3x3:3x3/2v Conv2d_2a_3x3:3x3v Conv2d_2b_3x3:3x3"),
        *mixed("3a", "max3/2v", "3x3/2v"),
        *mixed("4a", "1x1 3x3v", "1x1 1x7 7x1 3x3v"),
        *mixed("5a", "3x3/2v", "max3/2v"),
        *mixed("5b 5c 5d 5e", *SMALL),
        *mixed("6a", *HALVED),
        *mixed("6b 6c 6d 6e 6f 6g 6h", *SEVEN),
        *mixed("7a", *HALVED_BY_SEVEN),
        *mixed("7b 7c 7d", *ends),
    ]


def inception_resnet_v2(valid: str) -> list[tuple[str, Stage]]:
    return [
        *inception_stem(valid),
        *mixed("5b", *FIVE),
        *repeated(10, "+1x1", "+1x1 3x3", "+1x1 3x3 3x3"),
        *mixed("6a", *(branch.replace("v", valid) for branch in HALVED)),
        *repeated(19, "+1x1", "+1x1 1x7 7x1"),
        ("PreAuxLogits", ("+1x1", "+1x1 1x7 7x1")),
        *mixed("7a", f"1x1 3x3/2{valid}", f"1x1 3x3/2{valid}", f"1x1 3x3 3x3/2{valid}", f"max3/2{valid}"),
        *repeated(10, "+1x1", "+1x1 1x3 3x1"),
        *line("Conv2d_7b_1x1:1x1"),
    ]


def mobilenet_v1() -> list[tuple[str, Stage]]:
    stages = line("Conv2d_0:3x3/2")
    for number, stride in enumerate((1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1), 1):
        stages.append((f"Conv2d_{number}_pointwise", (f"dw3/{stride} 1x1",)))
    return stages


ALEXNET_V2 = line(
    "conv1:11x11/4v pool1:max3/2v conv2:5x5 :max3/2v conv3:3x3 conv4:3x3 conv5:3x3 pool5:max3/2v"
)

NETWORKS = {
    "alexnet_v2": ALEXNET_V2,
    "vgg_a": vgg(1, 1, 2, 2, 2),
    "vgg_16": vgg(2, 2, 3, 3, 3),
    **{f"resnet_{v}_50": resnet(3, 4, 6, 3) for v in ("v1", "v2")},
    **{f"resnet_{v}_101": resnet(3, 4, 23, 3) for v in ("v1", "v2")},
    **{f"resnet_{v}_152": resnet(3, 8, 36, 3) for v in ("v1", "v2")},
    **{f"resnet_{v}_200": resnet(3, 24, 36, 3) for v in ("v1", "v2")},
    "inception_v2": inception_v2("dw7/2 1x1"),
    "inception_v2-no-separable-conv": inception_v2("7x7/2"),
    "inception_v3": inception_v3(),
    "inception_v4": inception_v4(),
    "inception_resnet_v2": inception_resnet_v2("v"),
    "inception_resnet_v2-same": inception_resnet_v2(""),
    "mobilenet_v1": mobilenet_v1(),
    "mobilenet_v1_075": mobilenet_v1(),
}
