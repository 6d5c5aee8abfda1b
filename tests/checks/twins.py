"""Small nets that are written once and made twice, as an ONNX model and as a PyTorch module, for every rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional

AXES = {1: "t", 2: "hw", 3: "dhw"}
CHANNELS = 2

#: An operator and its numbers, the same along every spatial axis.
Layer = tuple[Any, ...]


def conv(kernel: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> Layer:
    return "conv", kernel, stride, pad, dilation


def pool(takes: str, kernel: int, stride: int, pad: int = 0, ceil: bool = False) -> Layer:
    return takes, kernel, stride, pad, ceil


def up(kernel: int, stride: int, pad: int = 0) -> Layer:
    return "up", kernel, stride, pad


def resize(scale: int, corners: bool = False) -> Layer:
    return "resize", scale, corners


def pad(before: int, after: int, mode: str = "constant") -> Layer:
    return "pad", before, after, mode


def cut(start: int, stop: int, step: int = 1) -> Layer:
    return "cut", start, stop, step


def add(*branches: Sequence[Layer]) -> Layer:
    return "add", *branches


RELU: Layer = ("relu",)
NORM: Layer = ("norm",)
DEAD: Layer = ("dead",)
OVER_SAMPLES: Layer = ("over samples",)


def batch_norm(training: bool) -> Layer:
    return "batch norm", training


class Twin(nn.Module):
    """The PyTorch side of a net."""

    def __init__(self, rank: int, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.rank, self.layers = rank, layers
        self.made = nn.ModuleDict()
        self._make(layers, "l")

    def _make(self, layers: Sequence[Layer], at: str) -> None:
        for number, (name, *numbers) in enumerate(layers):
            key = f"{at}_{number}"
            if name == "conv":
                kernel, stride, padding, dilation = numbers
                kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[self.rank - 1]
                self.made[key] = kind(CHANNELS, CHANNELS, kernel, stride, padding, dilation)
            elif name == "up":
                kernel, stride, padding = numbers
                kind = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[self.rank - 1]
                self.made[key] = kind(CHANNELS, CHANNELS, kernel, stride, padding)
            elif name == "dead":
                kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[self.rank - 1]
                self.made[key] = kind(CHANNELS, CHANNELS, 3)
            elif name == "batch norm":
                kind = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[self.rank - 1]
                self.made[key] = kind(CHANNELS).train(numbers[0])
            elif name == "add":
                for branch, inner in enumerate(numbers):
                    self._make(inner, f"{key}_{branch}")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self._run(x, self.layers, "l")

    def _run(self, x: torch.Tensor, layers: Sequence[Layer], at: str) -> torch.Tensor:
        for number, layer in enumerate(layers):
            x = self.step(x, layer, f"{at}_{number}")
        return x

    def step(self, x: torch.Tensor, layer: Layer, key: str) -> torch.Tensor:
        """Run one layer."""
        name, *numbers = layer
        if name in ("conv", "up", "batch norm"):
            return self.made[key](x)
        if name == "max":
            kernel, stride, padding, ceil = numbers
            kind = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)[self.rank - 1]
            return kind(x, kernel, stride, padding, ceil_mode=ceil)
        if name == "average":
            kernel, stride, padding, ceil = numbers
            kind = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)[self.rank - 1]
            return kind(x, kernel, stride, padding, ceil_mode=ceil)
        if name == "resize":
            mode = ("linear", "bilinear", "trilinear")[self.rank - 1]
            return functional.interpolate(x, scale_factor=numbers[0], mode=mode, align_corners=numbers[1])
        if name == "pad":
            before, after, mode = numbers
            return functional.pad(
                x, [before, after] * self.rank, {"edge": "replicate", "wrap": "circular"}.get(mode, mode)
            )
        if name == "cut":
            return x[(slice(None), slice(None), *[slice(*numbers)] * self.rank)]
        if name == "relu":
            return torch.relu(x)
        if name == "norm":
            return functional.instance_norm(x)
        if name == "dead":
            self.made[key](x)
            return x
        if name == "over samples":
            return x - x.mean(0, keepdim=True)
        assert name == "add"
        parts = [self._run(x, inner, f"{key}_{branch}") for branch, inner in enumerate(numbers)]
        return sum(parts[1:], parts[0])


def module(rank: int, layers: Sequence[Layer]) -> Twin:
    """Return the net as a module; only batch norms that say so are in training mode."""
    torch.manual_seed(0)
    return Twin(rank, layers)


def onnx_model(rank: int, extent: int, layers: Sequence[Layer], batch: int = 1) -> onnx.ModelProto:
    """Return the net as an ONNX model."""
    made = _Nodes(rank)
    last = made.run("x", layers)
    made.nodes.append(helper.make_node("Identity", [last], ["y"], name="y"))
    shape = [batch, CHANNELS, *[extent] * rank]
    graph = helper.make_graph(
        made.nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * len(shape))],
        made.constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


class _Nodes:
    """The ONNX side of a net."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(0)

    def run(self, x: str, layers: Sequence[Layer]) -> str:
        for layer in layers:
            x = self.step(x, layer)
        return x

    def constant(self, data: Any, dtype: Any = np.int64) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(data, dtype), name))
        return name

    def weights(self, kernel: int) -> str:
        shape = (CHANNELS, CHANNELS, *[kernel] * self.rank)
        return self.constant(self.random.standard_normal(shape), np.float32)

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def step(self, x: str, layer: Layer) -> str:
        name, *numbers = layer
        rank = self.rank
        if name in ("conv", "dead"):
            kernel, stride, padding, dilation = numbers or (3, 1, 0, 1)
            form = {"strides": [stride] * rank, "pads": [padding] * 2 * rank, "dilations": [dilation] * rank}
            y = self.node("Conv", x, self.weights(kernel), **form)
            return x if name == "dead" else y
        if name == "up":
            kernel, stride, padding = numbers
            form = {"strides": [stride] * rank, "pads": [padding] * 2 * rank}
            return self.node("ConvTranspose", x, self.weights(kernel), **form)
        if name in ("max", "average"):
            kernel, stride, padding, ceil = numbers
            form = {"kernel_shape": [kernel] * rank, "strides": [stride] * rank, "pads": [padding] * 2 * rank}
            return self.node(
                {"max": "MaxPool", "average": "AveragePool"}[name], x, ceil_mode=int(ceil), **form
            )
        if name == "resize":
            scale, corners = numbers
            transform = "align_corners" if corners else "half_pixel"
            scales = self.constant([1, 1, *[scale] * rank], np.float32)
            return self.node("Resize", x, "", scales, mode="linear", coordinate_transformation_mode=transform)
        if name == "pad":
            before, after, mode = numbers
            amounts = self.constant([0, 0, *[before] * rank, 0, 0, *[after] * rank])
            return self.node("Pad", x, amounts, mode=mode)
        if name == "cut":
            start, stop, step = numbers
            each = [self.constant([number] * rank) for number in (start, stop)]
            axes = self.constant(range(2, rank + 2))
            return self.node("Slice", x, *each, axes, self.constant([step] * rank))
        if name == "relu":
            return self.node("Relu", x)
        ones = self.constant(np.ones(CHANNELS), np.float32)
        if name == "norm":
            return self.node("InstanceNormalization", x, ones, ones)
        if name == "batch norm":
            return self.node("BatchNormalization", x, ones, ones, ones, ones, training_mode=int(numbers[0]))
        if name == "over samples":
            return self.node("Sub", x, self.node("ReduceMean", x, self.constant([0]), keepdims=1))
        assert name == "add"
        first, *rest = [self.run(x, inner) for inner in numbers]
        for other in rest:
            first = self.node("Add", first, other)
        return first
