"""Nets that pages are made of: real architectures as ONNX graphs, with weights of which only the shape is given."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import TensorProto, helper

#: Names that try to be markup, to end the block of data, to steer the reader's screen.
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\">",
    "</script><script>document.title='owned'</script>",
    "]]><!--</style>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnp.exe\u2066\u2028\x1b[31m",
    "javascript:document.title='owned'",
)


class Net:
    """Collects nodes; every method returns the name of the tensor that it made."""

    def __init__(self, **inputs: Sequence[int]) -> None:
        self.inputs = inputs
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, op: str, inputs: Sequence[str], name: str, **attributes: object) -> str:
        node = helper.make_node(op, inputs, [name], name=f"/{name.replace('.', '/')}/{op}", **attributes)
        self.nodes.append(node)
        return name

    def weight(self, name: str, shape: Sequence[int]) -> str:
        self.weights.append(TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape))
        return name

    def ints(self, name: str, values: Sequence[int]) -> str:
        self.weights.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], list(values)))
        return name

    def conv(
        self,
        x: str,
        name: str,
        channels: tuple[int, int],
        kernel: int,
        rank: int = 2,
        op: str = "Conv",
        **attributes: object,
    ) -> str:
        stride, dilation = attributes.pop("stride", 1), attributes.pop("dilation", 1)
        pads = attributes.pop("pads", [(kernel - 1) * dilation // 2] * 2 * rank)
        order = channels[::-1] if op == "Conv" else channels
        weight = self.weight(f"{name}.weight", [*order, *[kernel] * rank])
        geometry = {
            "kernel_shape": [kernel] * rank,
            "strides": [stride] * rank,
            "dilations": [dilation] * rank,
            "pads": pads,
        }
        return self.node(op, [x, weight], name, **geometry, **attributes)

    def model(self, *outputs: str, rank: int = 4, name: str = "net") -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            name,
            [
                helper.make_tensor_value_info(one, TensorProto.FLOAT, shape)
                for one, shape in self.inputs.items()
            ],
            [helper.make_tensor_value_info(one, TensorProto.FLOAT, [None] * rank) for one in outputs],
            self.weights,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def resnet50(blocks: Sequence[int] = (3, 4, 6, 3), extent: int = 224) -> onnx.ModelProto:
    """Return the classifier, with the stride on the 3×3 as torchvision has it, and a norm behind every conv."""
    net = Net(image=[1, 3, extent, extent])

    def normed(
        x: str, name: str, channels: tuple[int, int], kernel: int, relu: bool = True, **more: int
    ) -> str:
        x = net.conv(x, name, channels, kernel, **more)
        norm = [net.weight(f"{name}.{part}", [channels[1]]) for part in ("scale", "shift", "mean", "var")]
        x = net.node("BatchNormalization", [x, *norm], f"{name}.bn")
        return net.node("Relu", [x], f"{name}.relu") if relu else x

    x = normed("image", "conv1", (3, 64), 7, stride=2)
    x = net.node("MaxPool", [x], "maxpool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    channels = 64
    for stage, count in enumerate(blocks, 1):
        width = 32 * 2**stage
        for block in range(count):
            at, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            y = normed(x, f"{at}.conv1", (channels, width), 1)
            y = normed(y, f"{at}.conv2", (width, width), 3, stride=stride)
            y = normed(y, f"{at}.conv3", (width, 4 * width), 1, relu=False)
            if block == 0:
                x = normed(x, f"{at}.downsample", (channels, 4 * width), 1, relu=False, stride=stride)
            x = net.node("Add", [y, x], f"{at}.add")
            x = net.node("Relu", [x], f"{at}.relu")
            channels = 4 * width
    x = net.node("GlobalAveragePool", [x], "avgpool")
    x = net.node("Flatten", [x], "flatten")
    x = net.node("Gemm", [x, net.weight("fc.weight", [1000, channels])], "fc", transB=1)
    return net.model(x, rank=2, name="resnet50")


def unet(rank: int = 2, extent: int = 256, depth: int = 4) -> onnx.ModelProto:
    """Return the segmenter of Ronneberger et al. with padding, in two or three dimensions."""
    net = Net(**{"image" if rank == 2 else "volume": [1, 1, *[extent] * rank]})

    def double(x: str, name: str, channels: tuple[int, int]) -> str:
        for part, into in enumerate((channels, (channels[1], channels[1]))):
            x = net.conv(x, f"{name}.conv{part}", into, 3, rank)
            x = net.node("Relu", [x], f"{name}.relu{part}")
        return x

    x, skips, width = next(iter(net.inputs)), [], 1
    for level in range(depth):
        x = double(x, f"down{level}", (width, 8 * 2**level))
        width = 8 * 2**level
        skips.append(x)
        x = net.node("MaxPool", [x], f"down{level}.pool", kernel_shape=[2] * rank, strides=[2] * rank)
    x = double(x, "middle", (width, 2 * width))
    width *= 2
    for level in reversed(range(depth)):
        x = net.conv(
            x, f"up{level}.up", (width, width // 2), 2, rank, "ConvTranspose", stride=2, pads=[0] * 2 * rank
        )
        x = net.node("Concat", [skips[level], x], f"up{level}.cat", axis=1)
        x = double(x, f"up{level}", (width, width // 2))
        width //= 2
    return net.model(net.conv(x, "head", (width, 2), 1, rank), rank=rank + 2, name="unet")


def tcn(extent: int = 1600, levels: int = 6) -> onnx.ModelProto:
    """Return a causal temporal convolution net with dilated residual blocks, and a head that looks 2 steps ahead."""
    net = Net(audio=[1, 1, extent])
    x = net.conv("audio", "stem", (1, 16), 3, 1, pads=[2, 0])
    for level in range(levels):
        dilation = 2**level
        y = net.conv(x, f"block{level}.conv1", (16, 16), 3, 1, dilation=dilation, pads=[2 * dilation, 0])
        y = net.node("Relu", [y], f"block{level}.relu")
        y = net.conv(y, f"block{level}.conv2", (16, 16), 3, 1, dilation=dilation, pads=[2 * dilation, 0])
        x = net.node("Add", [x, y], f"block{level}.add")
    return net.model(net.conv(x, "head", (16, 4), 5, 1), rank=3, name="tcn")


def dilated(extent: int = 96) -> onnx.ModelProto:
    """Return a net whose fields have holes: dilations that share a factor, and a strided stem without padding."""
    net = Net(image=[1, 3, extent, extent])
    x = net.conv("image", "stem", (3, 8), 3, stride=2, pads=[0] * 4)
    for number, dilation in enumerate((4, 8)):
        x = net.conv(x, f"dilated{number}", (8, 8), 3, dilation=dilation)
    return net.model(x, name="dilated")


def two_inputs(extent: int = 128) -> onnx.ModelProto:
    """Return a net with two cameras of unlike resolutions and a gate made of one of them."""
    net = Net(left=[1, 3, extent, extent], thermal=[1, 1, extent // 2, extent // 2])
    a = net.conv("left", "left.conv1", (3, 8), 5, stride=2)
    a = net.conv(a, "left.conv2", (8, 8), 3)
    b = net.conv("thermal", "thermal.conv1", (1, 8), 3)
    gate = net.node("Sigmoid", [net.node("GlobalAveragePool", [b], "gate.pool")], "gate.sigmoid")
    x = net.node("Add", [a, b], "fuse")
    x = net.node("Mul", [x, gate], "gated")
    return net.model(net.conv(x, "head", (8, 1), 3), name="two")


def windows(extent: int = 32, window: int = 8) -> onnx.ModelProto:
    """Return a net of patches, attention-like mixing within shifted windows, and a patch merge, as in Swin."""
    net = Net(image=[1, 3, extent * 4, extent * 4])
    x = net.conv("image", "embed", (3, 8), 4, stride=4, pads=[0] * 4)
    x = net.node("Transpose", [x], "embed.last", perm=[0, 2, 3, 1])
    parts = extent // window
    into = net.ints("parts", [parts, window, parts, window, 8])
    tokens = net.ints("tokens", [parts * parts, window * window, 8])
    back = net.ints("back", [parts, parts, window, window, 8])
    whole = net.ints("whole", [1, extent, extent, 8])
    for number, shift in enumerate((0, window // 2)):
        if shift:
            x = _rolled(net, x, f"block{number}", extent, shift)
        y = net.node("Reshape", [x, into], f"block{number}.split")
        y = net.node("Transpose", [y], f"block{number}.apart", perm=[0, 2, 1, 3, 4])
        y = net.node("Reshape", [y, tokens], f"block{number}.tokens")
        y = net.node("Transpose", [y], f"block{number}.turn", perm=[0, 2, 1])
        y = net.node(
            "MatMul", [y, net.weight(f"block{number}.mix", [window**2, window**2])], f"block{number}.mixed"
        )
        y = net.node("Transpose", [y], f"block{number}.turned", perm=[0, 2, 1])
        y = net.node("Reshape", [y, back], f"block{number}.windows")
        y = net.node("Transpose", [y], f"block{number}.together", perm=[0, 2, 1, 3, 4])
        y = net.node("Reshape", [y, whole], f"block{number}.whole")
        x = net.node("Add", [x, y], f"block{number}.add")
        if shift:
            x = _rolled(net, x, f"block{number}.back", extent, extent - shift)
    return net.model(x, name="windows")


def _rolled(net: Net, x: str, name: str, extent: int, shift: int) -> str:
    for axis in (1, 2):
        ends = []
        for part, (start, end) in enumerate(((shift, extent), (0, shift))):
            bounds = [
                net.ints(f"{name}.{axis}.{part}.{what}", [at]) for what, at in (("from", start), ("to", end))
            ]
            along = net.ints(f"{name}.{axis}.{part}.axis", [axis])
            ends.append(net.node("Slice", [x, *bounds, along], f"{name}.part{axis}.{part}"))
        x = net.node("Concat", ends, f"{name}.roll{axis}", axis=axis)
    return x


def step(chunk: int = 8) -> onnx.ModelProto:
    """Return a step model: a causal convolution with the last of its input as state."""
    net = Net(x=[1, 1, chunk], cache=[1, 1, 4])
    x = net.node("Concat", ["cache", "x"], "joined", axis=2)
    y = net.conv(x, "head", (1, 1), 5, 1, pads=[0, 0])
    ends = [net.ints(name, [at]) for name, at in (("from", chunk), ("to", chunk + 4), ("axis", 2))]
    return net.model(y, net.node("Slice", [x, *ends], "new_cache"), rank=3, name="step")


def hostile() -> onnx.ModelProto:
    """Return a net all of whose names are hostile."""
    net = Net(**{HOSTILE[0]: [1, 3, 32, 32]})
    x = HOSTILE[0]
    for name in HOSTILE[1:]:
        x = net.conv(x, name, (3, 3), 3)
    return net.model(x, name=HOSTILE[1])


def deep(nodes: int = 5000, hostile: bool = False) -> onnx.ModelProto:
    """Return a net of so many nodes: residual blocks of three, with modules four levels deep.

    Args:
        nodes: how many.
        hostile: whether the names of groups of blocks, and of the input, are hostile.
    """
    image = HOSTILE[0] if hostile else "image"
    net = Net(**{image: [1, 3, 224, 224]})
    x = net.conv(image, "stem", (3, 8), 7, stride=4)
    for number in range((nodes - 1) // 3):
        group = number // 20
        named = HOSTILE[group % len(HOSTILE)] if hostile else ""
        at = f"stage{number // 400}.group{group}{named}.block{number}"
        stride = 2 if number % 400 == 399 else 1
        y = net.conv(x, f"{at}.conv", (8, 8), 3, stride=stride)
        y = net.node("Relu", [y], f"{at}.relu")
        x = net.node("Add", [x, y], f"{at}.add") if stride == 1 else y
    return net.model(x, name="deep")
