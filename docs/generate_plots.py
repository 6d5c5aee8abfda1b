"""Draws the pictures of docs/plots.md, and some of docs/jobs, from the examples and from nets without weights.

Usage: python docs/generate_plots.py

The same release of matplotlib writes the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

import pytest_rf
from pytest_rf.config.declared import PlacedRequirement
from pytest_rf.plots import growth
from pytest_rf.requirements import parse
from pytest_rf.view.growth import grown

HERE = Path(__file__).parent
PICTURES = HERE / "pictures" / "plots"
EXAMPLES = HERE.parent / "examples"


class Net:
    """Collects nodes; every method returns the name of the tensor that it made, which is that of the module."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, op: str, inputs: Sequence[str], module: str, **attributes: object) -> str:
        """Add a node."""
        name = f"/{module.replace('.', '/')}/{op}"
        self.nodes.append(helper.make_node(op, inputs, [module], name=name, **attributes))
        return module

    def conv(self, x: str, module: str, kernel: Sequence[int], step: int = 1, dilation: int = 1) -> str:
        """Add a convolution that keeps the extent, but for its stride; weights have a shape only."""
        weight = f"{module}.weight"
        self.weights.append(
            TensorProto(name=weight, data_type=TensorProto.FLOAT, dims=[4, 1 if x == "x" else 4, *kernel])
        )
        return self.node(
            "Conv",
            [x, weight],
            module,
            pads=[dilation * (k // 2) for k in kernel] * 2,
            strides=[step] * len(kernel),
            dilations=[dilation] * len(kernel),
        )

    def analysis(self, name: str, extents: Sequence[int]) -> pytest_rf.Analysis:
        """Return the analysis of the net, whose output is what was added last."""
        ends = self.nodes[-1].output[0]
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, *extents])],
            [helper.make_tensor_value_info(ends, TensorProto.FLOAT, None)],
            self.weights,
        )
        return pytest_rf.analyze(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))


def resnet50() -> pytest_rf.Analysis:
    """Return ResNet-50, with the stride on the 3×3."""
    net = Net()
    x = net.node("Relu", [net.conv("x", "conv1", (7, 7), 2)], "relu")
    x = net.node("MaxPool", [x], "maxpool", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for stage, blocks in enumerate((3, 4, 6, 3), 1):
        for block in range(blocks):
            path, step = f"layer{stage}.{block}", 1 + (stage > 1 and not block)
            y = net.conv(x, f"{path}.conv1", (1, 1))
            y = net.conv(y, f"{path}.conv2", (3, 3), step)
            y = net.conv(y, f"{path}.conv3", (1, 1))
            x = x if block else net.conv(x, f"{path}.downsample", (1, 1), step)
            x = net.node("Relu", [net.node("Add", [y, x], f"{path}.add")], f"{path}.relu")
    return net.analysis("ResNet-50", (224, 224))


def unet3d() -> pytest_rf.Analysis:
    """Return a 3-D U-Net of one level that pools within slices, with instance norms in its encoder."""
    net = Net()
    for name in ("scale", "shift"):
        net.weights.append(TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[4]))
    skip = net.node(
        "InstanceNormalization", [net.conv("x", "enc.conv", (3, 3, 3)), "scale", "shift"], "enc.norm"
    )
    pooled = net.node("MaxPool", [skip], "pool", kernel_shape=[1, 2, 2], strides=[1, 2, 2])
    x = net.conv(net.conv(pooled, "mid.conv1", (3, 3, 3)), "mid.conv2", (3, 3, 3))
    scales = helper.make_tensor("scales", TensorProto.FLOAT, [5], [1, 1, 1, 2, 2])
    net.weights.append(scales)
    up = net.node("Resize", [x, "", "scales"], "up", mode="nearest")
    net.conv(net.node("Add", [up, skip], "join"), "dec.conv", (3, 3, 3))
    return net.analysis("3-D U-Net", (24, 48, 64))


def dilated() -> pytest_rf.Analysis:
    """Return three convolutions of dilation 2, 4 and 4, whose holes are those of gridding."""
    net = Net()
    x = net.conv("x", "conv1", (3, 3), dilation=2)
    net.conv(net.conv(x, "conv2", (3, 3), dilation=4), "conv3", (3, 3), dilation=4)
    return net.analysis("dilated", (64, 64))


def photograph() -> np.ndarray[Any, Any]:
    """Return something to look at: two discs before a slope, 96×96."""
    y, x = np.mgrid[:96, :96]
    image = np.stack([0.25 + x / 260, 0.3 + y / 300, np.full((96, 96), 0.45)], -1)
    for row, column, size, colour in ((38, 34, 20, (0.95, 0.75, 0.3)), (62, 66, 15, (0.35, 0.75, 0.55))):
        image[(y - row) ** 2 + (x - column) ** 2 < size**2] = colour
    return image


def unet() -> pytest_rf.Analysis:
    """Return the U-Net of the examples."""
    return pytest_rf.analyze(EXAMPLES / "unet.onnx")


def example(name: str) -> pytest_rf.Analysis:
    """Return another of the examples."""
    return pytest_rf.analyze(EXAMPLES / name)


def tcn() -> pytest_rf.Analysis:
    """Return the causal net of the examples."""
    return pytest_rf.analyze(EXAMPLES / "tcn.onnx")


def required(analysis: pytest_rf.Analysis, *texts: str) -> Any:
    """Return how the final field grew, with what is required of it."""
    return growth(grown(analysis, required=[PlacedRequirement(parse(text)) for text in texts]))


def wave() -> np.ndarray[Any, Any]:
    """Return 400 samples of a tone that fades."""
    time = np.arange(400)
    return np.sin(time / 6) * np.exp(-time / 160)


DRAWN: dict[str, Callable[[], Any]] = {
    "resnet50-growth": lambda: required(resnet50(), "final rf >= 400"),
    "unet-growth": lambda: required(unet(), "final rf >= 48"),
    "unet-unit": lambda: unet().final[0].plot((10, 40)),
    "unet-image": lambda: unet().final[0].plot((60, 62), photograph()),
    "dilated-unit": lambda: dilated().final[0].plot((30, 34)),
    "tcn-unit": lambda: tcn().final[0].plot((200,), wave()),
    "classifier-growth": lambda: required(example("classifier.onnx"), "final rf >= 128"),
    "gridding-unit": lambda: example("jobs/gridding.onnx").final[0].plot((32, 32)),
    "unet3d-unit": lambda: unet3d().final[0].plot((12, 20, 4)),
}
"""The pictures, by the names of their files."""


def drawn() -> Iterator[tuple[str, Any]]:
    """Yield the figures with the names of their files."""
    return ((name, draw()) for name, draw in DRAWN.items())


def main() -> None:
    """Draw them all."""
    PICTURES.mkdir(exist_ok=True)
    for name, figure in drawn():
        figure.savefig(PICTURES / f"{name}.svg")


if __name__ == "__main__":
    main()
