"""The models of docs/jobs: a small real one for each question, and some with the mistake that the page is about."""

from __future__ import annotations

import numpy as np
from builder import Builder


def jobs() -> None:
    """Write all of them."""
    tcn_with_a_centred_layer()
    stream()
    for name, cache in (("stream-step", 4), ("stream-step-short", 3)):
        stream_step(name, cache)
    frames()
    restorer()
    for layers in (2, 3):
        patchgan(layers)
    detector()
    gridding("gridding", (2, 4, 8))
    gridding("hybrid", (1, 2, 5))
    for kernel in (3, 4):
        upsampler(kernel)
    tagger("tagger", batch_first=True)
    tagger("tagger-time-first", batch_first=False)
    heatmaps("heatmaps", kernel=3)
    heatmaps("heatmaps-even", kernel=4)
    valid_unet()


def relu(b: Builder, x: str, module: str) -> str:
    return b.node("Relu", [x], module)


def tcn_with_a_centred_layer() -> None:
    """The causal network of examples/tcn.onnx with a smoothing layer that is padded on both sides."""
    b = Builder()
    x, width = "audio", 1
    for number, dilation in enumerate((1, 2, 4, 8, 16)):
        pads = [2 * dilation, 0]
        x = b.conv(x, f"blocks.{number}.conv", (width, 4), [3], dilations=[dilation], pads=pads)
        x = relu(b, x, f"blocks.{number}.relu")
        width = 4
    x = b.conv(x, "smooth", (width, 4), [5], pads=[2, 2])
    b.conv(x, "head", (width, 1), [1])
    b.save("jobs/tcn-smooth.onnx", ("audio", [1, 1, 400]), ("mask", [1, 1, 400]))


def stream() -> None:
    """Two causal convolutions, over a whole recording."""
    b = Builder()
    x = relu(b, b.conv("audio", "conv1", (1, 4), [3], pads=[2, 0]), "relu")
    b.conv(x, "conv2", (4, 1), [3], dilations=[2], pads=[4, 0])
    b.save("jobs/stream.onnx", ("audio", [1, 1, 64]), ("mask", [1, 1, 64]))


def stream_step(name: str, cache: int) -> None:
    """The same called on chunks of 8, with caches; the second convolution needs 4 positions of its input."""
    b = Builder()
    axis = b.constant("axis", [2])
    end = b.constant("end", [1 << 30])
    first = b.node("Concat", ["cache1", "audio"], "join1", axis=2)
    hidden = relu(b, b.conv(first, "conv1", (1, 4), [3]), "relu")
    second = whole = b.node("Concat", ["cache2", hidden], "join2", axis=2)
    if cache < 4:
        whole = b.node("Pad", [second, b.constant("pads", [0, 0, 4 - cache, 0, 0, 0])], "pad")
    b.conv(whole, "conv2", (4, 1), [3], dilations=[2])
    b.node("Slice", [first, b.constant("last1", [-2]), end, axis], "keep1")
    b.node("Slice", [second, b.constant("last2", [-cache]), end, axis], "keep2")
    caches = {"cache1": [1, 1, 2], "cache2": [1, 4, cache]}
    news = [(f"new_{key}", shape) for key, shape in caches.items()]
    b.save(f"jobs/{name}.onnx", {"audio": [1, 1, 8], **caches}, ("mask", [1, 1, 8]), *news)


def frames() -> None:
    """A causal network over frames of a spectrogram."""
    b = Builder()
    x = relu(b, b.conv("frames", "conv1", (8, 4), [5], pads=[4, 0]), "relu")
    b.conv(x, "conv2", (4, 2), [3], pads=[2, 0])
    b.save("jobs/frames.onnx", ("frames", [1, 8, 100]), ("speech", [1, 2, 100]))


def restorer() -> None:
    """A restoration network whose norms take statistics of the whole image."""
    b = Builder()
    x = b.conv("image", "stem", (1, 4), [3, 3], pads=[1] * 4)
    for number in range(2):
        y = b.conv(x, f"body.{number}.conv", (4, 4), [3, 3], pads=[1] * 4)
        scale = b.constant(f"body.{number}.norm.weight", [1] * 4, np.float32)
        bias = b.constant(f"body.{number}.norm.bias", [0] * 4, np.float32)
        y = b.node("InstanceNormalization", [y, scale, bias], f"body.{number}.norm")
        x = b.node("Add", [x, relu(b, y, f"body.{number}.relu")], f"body.{number}")
    b.conv(x, "head", (4, 1), [3, 3], pads=[1] * 4)
    b.save("jobs/restorer.onnx", ("image", [1, 1, 96, 96]), ("restored", [1, 1, 96, 96]))


def patchgan(layers: int) -> None:
    """The discriminator of pix2pix: ``layers`` convolutions 4×4 of stride 2, then two of stride 1."""
    b = Builder()
    x, width, extent = "image", 3, 256
    for number in range(layers + 2):
        stride, out = (2 if number < layers else 1), (1 if number == layers + 1 else 4)
        x = b.conv(x, f"model.{2 * number}", (width, out), [4, 4], strides=[stride] * 2, pads=[1] * 4)
        if out > 1:
            x = b.node("LeakyRelu", [x], f"model.{2 * number + 1}", alpha=0.2)
        width, extent = out, (extent + 2 - 4) // stride + 1
    b.save(f"jobs/patchgan{layers}.onnx", ("image", [1, 3, 256, 256]), ("real", [1, 1, extent, extent]))


def detector() -> None:
    """A one-stage detector without a pyramid: levels of stride 8, 16 and 32, each with a head of two layers."""
    b = Builder()
    x, width, levels = "image", 3, []
    for number in range(1, 6):
        x = b.conv(x, f"backbone.c{number}.down", (width, 4), [3, 3], strides=[2, 2], pads=[1] * 4)
        x = b.conv(
            relu(b, x, f"backbone.c{number}.relu"), f"backbone.c{number}.conv", (4, 4), [3, 3], pads=[1] * 4
        )
        width = 4
        if number > 2:
            levels.append((number, x))
    towers = [
        (n, relu(b, b.conv(x, f"head.{n}.conv", (4, 4), [3, 3], pads=[1] * 4), f"head.{n}.relu"))
        for n, x in levels
    ]
    for number, x in towers:
        b.conv(x, f"head.{number}.boxes", (4, 4), [1, 1])
    b.save(
        "jobs/detector.onnx",
        ("image", [1, 3, 256, 256]),
        *((f"p{n}", [1, 4, 256 >> n, 256 >> n]) for n, _ in levels),
    )


def gridding(name: str, dilations: tuple[int, ...]) -> None:
    """A segmentation head of dilated convolutions."""
    b = Builder()
    x, width = "image", 3
    for number, dilation in enumerate(dilations):
        x = b.conv(x, f"context.{number}", (width, 4), [3, 3], dilations=[dilation] * 2, pads=[dilation] * 4)
        x, width = relu(b, x, f"context.{number}.relu"), 4
    b.conv(x, "head", (width, 2), [1, 1])
    b.save(f"jobs/{name}.onnx", ("image", [1, 3, 64, 64]), ("classes", [1, 2, 64, 64]))


def upsampler(kernel: int) -> None:
    """The end of a generator: two transposed convolutions of stride 2."""
    b = Builder()
    x, width = "features", 8
    for number, out in enumerate((4, 3)):
        weight = b.weight(f"up.{number}.weight", [width, out, kernel, kernel])
        more = {"output_padding": [1, 1]} if kernel == 3 else {}
        x = b.node("ConvTranspose", [x, weight], f"up.{number}", strides=[2, 2], pads=[1] * 4, **more)
        if number == 0:
            x = relu(b, x, f"up.{number}.relu")
        width = out
    b.save(f"jobs/upsampler{kernel}.onnx", ("features", [1, 8, 16, 16]), ("image", [1, 3, 64, 64]))


def tagger(name: str, batch_first: bool) -> None:
    """An LSTM over sequences (batch, time, features); without the transpositions it runs along the batch."""
    b = Builder()
    x = "sequences"
    if batch_first:
        x = b.node("Transpose", [x], "to_time_first", perm=[1, 0, 2])
    weights = [b.weight("lstm.weight_ih", [1, 16, 8]), b.weight("lstm.weight_hh", [1, 16, 4])]
    x = b.node("LSTM", [x, *weights], "lstm", hidden_size=4)
    x = b.node("Squeeze", [x, b.constant("direction", [1])], "lstm.y")
    if batch_first:
        x = b.node("Transpose", [x], "to_batch_first", perm=[1, 0, 2])
    b.node("MatMul", [x, b.weight("head.weight", [4, 5])], "head")
    b.save(f"jobs/{name}.onnx", ("sequences", [4, 16, 8]), ("tags", [4, 16, 5]))


def heatmaps(name: str, kernel: int) -> None:
    """A key-point network: a stem of two convolutions of stride 2, then heat-maps at a quarter."""
    b = Builder()
    x, width = "image", 3
    for number in range(2):
        x = b.conv(x, f"stem.{number}", (width, 4), [kernel] * 2, strides=[2, 2], pads=[1] * 4)
        x, width = relu(b, x, f"stem.{number}.relu"), 4
    x = relu(b, b.conv(x, "body", (4, 4), [3, 3], pads=[1] * 4), "body.relu")
    b.conv(x, "head", (4, 2), [1, 1])
    b.save(f"jobs/{name}.onnx", ("image", [1, 3, 128, 96]), ("heatmaps", [1, 2, 32, 24]))


def valid_unet() -> None:
    """A U-Net of depth 2 without padding: it crops what it hands over, and needs room."""
    b = Builder()
    x, width, extent, skips = "image", 1, 92, []
    for level in range(3):
        for number in (1, 2):
            x = b.conv(x, f"encoder.{level}.conv{number}", (width, 4), [3, 3])
            x, width, extent = relu(b, x, f"encoder.{level}.relu{number}"), 4, extent - 2
        if level < 2:
            skips.append((x, extent))
            x = b.node("MaxPool", [x], f"encoder.{level}.pool", kernel_shape=[2, 2], strides=[2, 2])
            extent //= 2
    for level in (1, 0):
        weight = b.weight(f"decoder.{level}.up.weight", [4, 4, 2, 2])
        x, extent = b.node("ConvTranspose", [x, weight], f"decoder.{level}.up", strides=[2, 2]), 2 * extent
        skip, wide = skips[level]
        cut = (wide - extent) // 2
        ends = [
            b.constant(f"decoder.{level}.{name}", [value] * 2)
            for name, value in (("from", cut), ("to", -cut))
        ]
        axes = b.constant(f"decoder.{level}.axes", [2, 3])
        x = b.node(
            "Concat",
            [b.node("Slice", [skip, *ends, axes], f"decoder.{level}.crop"), x],
            f"decoder.{level}",
            axis=1,
        )
        for number in (1, 2):
            x = b.conv(x, f"decoder.{level}.conv{number}", (8 if number == 1 else 4, 4), [3, 3])
            x, extent = relu(b, x, f"decoder.{level}.relu{number}"), extent - 2
    b.conv(x, "head", (4, 2), [1, 1])
    b.save("jobs/valid-unet.onnx", ("image", [1, 1, 92, 92]), ("mask", [1, 2, extent, extent]))
