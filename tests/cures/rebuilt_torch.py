"""Nets of PyTorch that can be built again with the edits of a cure."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from pytest_rf.findings import Edit

CONVS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
INSTANCE = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
BATCH = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
LINEAR = ("linear", "bilinear", "trilinear")


class Padded(nn.Module):
    """A convolution behind padding of its own, along every axis the same, or before and behind apart."""

    def __init__(
        self,
        channels: int,
        kernel: int,
        before: int,
        behind: int,
        stride: int = 1,
        dilation: int = 1,
        dims: int = 1,
        mode: str = "constant",
    ) -> None:
        super().__init__()
        self.sides = [(before, behind)] * dims
        self.mode = mode
        self.conv = CONVS[dims - 1](channels, channels, kernel, stride, dilation=dilation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        around = [side for sides in self.sides[::-1] for side in sides]
        return self.conv(F.pad(x, around, self.mode))


class Chomped(nn.Module):
    """A convolution that is padded on both sides and cropped behind, as in the first temporal convolutional nets."""

    def __init__(self, channels: int, kernel: int, dilation: int) -> None:
        super().__init__()
        padding = (kernel - 1) * dilation
        self.conv = nn.Conv1d(channels, channels, kernel, dilation=dilation, padding=padding)
        self.behind: nn.Module = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        conv = self.conv
        return self.behind(conv(x)[:, :, : -conv.padding[0]] if conv.padding[0] else conv(x))


class Residual(nn.Module):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


class PerStep(nn.Module):
    """A norm over the channels of each position."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True)


def rebuilt(net: nn.Module, edits: Sequence[Edit]) -> nn.Module:
    """Return a copy of a net with edits, made by the attributes of its modules."""
    net = copy.deepcopy(net)
    for layer in dict.fromkeys(edit.layer for edit in edits):
        own = {edit.what: edit.new for edit in edits if edit.layer == layer}
        _edit(net, layer, own)
    return net


def _put(net: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(net.get_submodule(parent), name, module)


def _edit(net: nn.Module, layer: str, new: dict[str, tuple[int, ...] | str]) -> None:
    path = layer.removesuffix(".pad").removesuffix(".constant_pad_nd").removesuffix(".reflection_pad1d")
    module = net.get_submodule(path)
    for what, value in new.items():
        if what == "norm":
            made = (
                PerStep() if str(value).startswith("norm over") else BATCH[_dims(module)](_channels(module))
            )
            _put(net, path, made.eval())
        elif what == "resize":
            module.align_corners = False
        elif what == "border":
            module.mode = "constant"
        elif what == "layer behind":
            _insert(net, path, module, str(value))
    if {"kernel", "dilation", "padding", "padding before", "padding after", "output padding"} & set(new):
        _geometry(net, path, module, new)


def _dims(module: nn.Module) -> int:
    return INSTANCE.index(type(module)) if type(module) in INSTANCE else 0


def _channels(module: nn.Module) -> int:
    return getattr(module, "num_features", None) or module.num_channels


def _insert(net: nn.Module, path: str, module: nn.Module, told: str) -> None:
    words = told.split()
    kernel = [int(n) for n in words[0].split("×")]
    dims = len(kernel)

    def numbers(name: str) -> list[str]:
        return words[words.index(name) + 1].split("×") if name in words else ["1"]

    dilation = [int(n) for n in numbers("dilation")] * dims
    conv = CONVS[dims - 1](module.out_channels, module.out_channels, kernel, dilation=tuple(dilation[:dims]))
    before = [int(n) for n in numbers("padding")] * dims
    around = [(n, 0) if words[-1] == "before" else (n, n) for n in before[:dims]]
    flat = [side for sides in around[::-1] for side in sides]
    pad = (nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d)[dims - 1](
        flat if dims > 1 else tuple(flat), 0.0
    )
    parent = net.get_submodule(path.rpartition(".")[0])
    if isinstance(parent, Chomped):
        parent.behind = nn.Sequential(pad, conv)
    else:
        _put(net, path, nn.Sequential(module, pad, conv))


def _geometry(net: nn.Module, path: str, module: nn.Module, new: dict[str, tuple[int, ...] | str]) -> None:
    kernel = new.get("kernel", module.kernel_size)
    dilation = new.get("dilation", module.dilation)
    parent = net.get_submodule(path.rpartition(".")[0])
    padding = new.get("padding", module.padding)
    around = None
    if isinstance(parent, Padded):
        before = new.get("padding before", new.get("padding", [one[0] for one in parent.sides]))
        behind = new.get("padding after", new.get("padding", [one[1] for one in parent.sides]))
        parent.sides = list(zip(before, behind, strict=True))
        padding = 0
    elif {"padding before", "padding after"} & set(new):
        before = new.get("padding before", module.padding)
        behind = new.get("padding after", module.padding)
        around = [side for sides in list(zip(before, behind, strict=True))[::-1] for side in sides]
        padding = 0
    extra = {"output_padding": new.get("output padding", module.output_padding)} if module.transposed else {}
    made = type(module)(
        module.in_channels,
        module.out_channels,
        kernel,
        module.stride,
        padding=padding,
        dilation=dilation,
        groups=module.groups,
        **extra,
    )
    if around is not None:
        dims = len(around) // 2
        pad = (nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d)[dims - 1](tuple(around), 0.0)
        made = nn.Sequential(pad, made)
    _put(net, path, made)
