"""Writes the example models: small real graphs with tiny random weights, named as exporters name them.

Run it from anywhere: ``python examples/build.py``. The same run writes the same bytes.
"""

from __future__ import annotations

import numpy as np
from builder import Builder
from jobs import jobs


def classifier() -> None:
    """A residual network like ResNet-10: its last feature map has a field of 195 pixels, and strides by 32."""
    b = Builder()
    x = b.conv("image", "stem.conv", (3, 4), [7, 7], strides=[2, 2], pads=[3] * 4)
    x = b.node("Relu", [x], "stem.relu")
    x = b.node("MaxPool", [x], "stem.pool", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    width = 4
    for stage in range(1, 5):
        stride, out = (1 if stage == 1 else 2), 4 * stage
        block = f"layer{stage}.0"
        y = b.conv(x, f"{block}.conv1", (width, out), [3, 3], strides=[stride] * 2, pads=[1] * 4)
        y = b.node("Relu", [y], f"{block}.relu1")
        y = b.conv(y, f"{block}.conv2", (out, out), [3, 3], pads=[1] * 4)
        if stage > 1:
            x = b.conv(x, f"{block}.downsample", (width, out), [1, 1], strides=[stride] * 2)
        x = b.node("Relu", [b.node("Add", [y, x], block)], f"{block}.relu2")
        width = out
    x = b.node("Flatten", [b.node("GlobalAveragePool", [x], "pool")], "flatten")
    b.node("Gemm", [x, b.weight("fc.weight", [width, 10])], "fc")
    b.save("classifier.onnx", ("image", [1, 3, 128, 128]), ("logits", [1, 10]))


def unet(name: str = "unet.onnx", dilation: int = 1) -> None:
    """A U-Net of depth 2 that upsamples by nearest neighbour: its field differs from unit to unit.

    ``dilation`` is that of the encoder's second level, which is how the U-Net of docs/ratchet.md has changed.
    """
    b = Builder()
    skips = []
    x, width = "image", 1
    for level, out in enumerate((4, 8)):
        x = double(b, x, f"encoder.{level}", width, out, dilation if level else 1)
        skips.append((x, out))
        x = b.node("MaxPool", [x], f"encoder.{level}.pool", kernel_shape=[2, 2], strides=[2, 2])
        width = out
    x = double(b, x, "bottleneck", width, 16)
    width = 16
    scales = b.constant("scales", [1, 1, 2, 2], np.float32)
    for level, (skip, out) in reversed(list(enumerate(skips))):
        x = b.node(
            "Resize",
            [x, "", scales],
            f"decoder.{level}.up",
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        x = b.node("Concat", [skip, x], f"decoder.{level}", axis=1)
        x = b.conv(x, f"decoder.{level}.conv", (width + out, out), [3, 3], pads=[1] * 4)
        x = b.node("Relu", [x], f"decoder.{level}.relu")
        width = out
    b.conv(x, "head", (width, 2), [1, 1])
    b.save(name, ("image", [1, 1, 96, 96]), ("mask", [1, 2, 96, 96]))


def double(b: Builder, x: str, module: str, width: int, out: int, dilation: int = 1) -> str:
    for number, inner in (("1", width), ("2", out)):
        wide = {"dilations": [dilation] * 2} if dilation > 1 and number == "2" else {}
        pads = [dilation if wide else 1] * 4
        x = b.conv(x, f"{module}.conv{number}", (inner, out), [3, 3], pads=pads, **wide)
        x = b.node("Relu", [x], f"{module}.relu{number}")
    return x


def tcn() -> None:
    """A causal temporal network: dilated convolutions that are padded on the left only."""
    b = Builder()
    x, width = "audio", 1
    for number, dilation in enumerate((1, 2, 4, 8, 16)):
        block = f"blocks.{number}"
        y = b.conv(x, f"{block}.conv", (width, 4), [3], dilations=[dilation], pads=[2 * dilation, 0])
        y = b.node("Relu", [y], f"{block}.relu")
        x = y if number == 0 else b.node("Add", [x, y], block)
        width = 4
    b.conv(x, "head", (width, 1), [1])
    b.save("tcn.onnx", ("audio", [1, 1, 400]), ("mask", [1, 1, 400]))


def enhancer(name: str, norm: bool = False) -> None:
    """A small enhancer of spectra, frame by frame, that looks two frames ahead: docs/latency.md.

    ``norm``: with a normalisation over time as well, which no stream can have.
    """
    b = Builder()
    x = b.conv("spectrum", "encoder.conv", (33, 8), [3], pads=[1, 1])
    x = b.node("Relu", [x], "encoder.relu")
    if norm:
        x = b.node(
            "InstanceNormalization", [x, b.weight("norm.scale", [8]), b.weight("norm.bias", [8])], "norm"
        )
    for number, dilation in enumerate((1, 2, 4)):
        block = f"blocks.{number}"
        y = b.conv(x, f"{block}.conv", (8, 8), [3], dilations=[dilation], pads=[2 * dilation, 0])
        x = b.node("Add", [x, b.node("Relu", [y], f"{block}.relu")], block)
    b.conv(x, "decoder.conv", (8, 33), [3], pads=[1, 1])
    b.save(name, ("spectrum", [1, 33, 100]), ("mask", [1, 33, 100]))


def tcn_step(name: str, chunk: int = 20, short: int = -1) -> None:
    """The same network called chunk by chunk: each convolution has a cache; that of block ``short`` misses a step."""
    b = Builder()
    x, width, caches = "audio", 1, {}
    b.constant("end", [1 << 30])
    b.constant("time", [2])
    for number, dilation in enumerate((1, 2, 4, 8, 16)):
        block, cache = f"blocks.{number}", f"cache{number}"
        length = 2 * dilation - (number == short)
        caches[cache] = [1, width, length]
        whole = b.node("Concat", [cache, x], f"{block}.concat", axis=2)
        b.constant(f"{block}.keep", [-length])
        b.node("Slice", [whole, f"{block}.keep", "end", "time"], f"new_{cache}")
        pads = [int(number == short), 0]
        y = b.conv(whole, f"{block}.conv", (width, 4), [3], dilations=[dilation], pads=pads)
        y = b.node("Relu", [y], f"{block}.relu")
        x = y if number == 0 else b.node("Add", [x, y], block)
        width = 4
    b.conv(x, "head", (width, 1), [1])
    b.save(name, ("audio", [1, 1, chunk]), ("mask", [1, 1, chunk]), states=caches)


def single_layers() -> None:
    """The single layers of docs/stride-is-not-dilation.md."""
    for kernel, stride in ((3, 1), (3, 2), (5, 1), (5, 2)):
        b = Builder()
        pad = kernel // 2
        b.conv("image", "conv", (1, 1), [kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)
        extent = (32 - 1) // stride + 1
        b.save(f"layers/k{kernel}s{stride}.onnx", ("image", [1, 1, 32, 32]), ("y", [1, 1, extent, extent]))
    b = Builder()
    b.conv("image", "conv", (3, 64), [3, 3], dilations=[2, 2])
    b.save("layers/dilated.onnx", ("image", [1, 3, 256, 256]), ("y", [1, 64, 252, 252]))
    b = Builder()
    b.conv("image", "conv", (1, 1), [3, 3])
    b.save("layers/image5x5.onnx", ("image", [1, 1, 5, 5]), ("y", [1, 1, 3, 3]))
    b = Builder()
    x = b.conv("image", "first", (1, 1), [3, 3], strides=[2, 2], pads=[1] * 4)
    b.conv(x, "second", (1, 1), [3, 3], pads=[1] * 4)
    b.save("layers/two.onnx", ("image", [1, 1, 32, 32]), ("y", [1, 1, 16, 16]))


def main() -> None:
    classifier()
    unet()
    unet("changed/unet.onnx", dilation=2)
    tcn()
    enhancer("latency/enhancer.onnx")
    enhancer("latency/normed.onnx", norm=True)
    tcn_step("streams/tcn_step.onnx")
    tcn_step("streams/tcn_short.onnx", short=3)
    single_layers()
    jobs()


if __name__ == "__main__":
    main()
