"""The same random nets as ONNX models: what a step is in the other front-end.

Only steps along one axis of ``(batch, channels, time)``; a net with another step has no model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pytorch.random_nets import Chain, Conv, ConvTranspose, Crop, Net, Pool, Resize, Shift, Step, Sum
from pytorch.random_sequences import Attention, EndToEnd, FirstApart, Named, Norm, Recurrent

OPSET = 20
MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class NoModelError(Exception):
    """A step has no counterpart here."""


class Drawing:
    """A graph in the making; weights are random numbers without a zero."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.widths: dict[str, int] = {}
        self._chance = np.random.default_rng(0)

    def add(
        self, op: str, *inputs: str, width: int | None = None, outputs: int = 1, **attributes: object
    ) -> str:
        """Add a node and return its first output, of as many channels as its first input or as given."""
        names = [f"v{len(self.nodes)}", *["" for _ in range(outputs - 1)]]
        self.nodes.append(helper.make_node(op, inputs, names, f"n{len(self.nodes)}", **attributes))
        self.widths[names[0]] = self.widths.get(inputs[0], 0) if width is None else width
        return names[0]

    def constant(self, value: object, kind: type = np.int64) -> str:
        """Add a constant."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def weight(self, *shape: int) -> str:
        """Add weights."""
        size = self._chance.uniform(0.5, 1.5, shape) * self._chance.choice([-1, 1], shape)
        return self.constant(size / max(np.prod(shape[1:]), 1) ** 0.5, np.float32)

    def cut(self, x: str, first: int, last: int | None) -> str:
        """Slice along time."""
        end = np.iinfo(np.int64).max if last is None else last
        return self.add("Slice", x, self.constant([first]), self.constant([end]), self.constant([2]))

    def pad(self, x: str, before: int, after: int, mode: str = "constant") -> str:
        """Pad or crop along time."""
        return self.add("Pad", x, self.constant([0, 0, before, 0, 0, after]), mode=MODES[mode])


def conv(step: Conv, x: str, to: Drawing) -> str:
    own = step.mode == "constant"
    if not own:
        x = to.pad(x, *step.pads, step.mode)
    return to.add(
        "Conv",
        *(x, to.weight(2, to.widths[x], step.kernel), to.weight(2)),
        width=2,
        strides=[step.stride],
        dilations=[step.dilation],
        pads=list(step.pads) if own else [0, 0],
    )


def conv_transpose(step: ConvTranspose, x: str, to: Drawing) -> str:
    return to.add(
        "ConvTranspose",
        *(x, to.weight(to.widths[x], 2, step.kernel), to.weight(2)),
        width=2,
        strides=[step.stride],
        dilations=[step.dilation],
        pads=[step.padding] * 2,
        output_padding=[step.output_padding],
    )


def pool(step: Pool, x: str, to: Drawing) -> str:
    settings = {"kernel_shape": [step.kernel], "strides": [step.stride], "pads": [step.padding] * 2}
    return to.add("MaxPool" if step.largest else "AveragePool", x, ceil_mode=int(step.ceil_mode), **settings)


def crop(step: Crop, x: str, to: Drawing) -> str:
    return to.pad(x, -step.before, -step.after) if step.pad else to.cut(x, step.before, -step.after or None)


def shift(step: Shift, x: str, to: Drawing) -> str:
    n = abs(step.by)
    cropped = to.pad(x, *((-n, 0) if step.by > 0 else (0, -n)))
    return to.pad(cropped, *((0, n) if step.by > 0 else (n, 0)), step.mode)


def resize(step: Resize, x: str, to: Drawing) -> str:
    return to.add(
        "Resize",
        *(x, "", to.constant([1.0, 1.0, float(step.scale)], np.float32)),
        mode="linear" if step.mode == "linear" else "nearest",
        coordinate_transformation_mode="asymmetric" if step.mode == "nearest" else "half_pixel",
        nearest_mode="floor",
    )


def recurrent(step: Recurrent, x: str, to: Drawing) -> str:
    # a sequence of samples with time as the batch is the mistake that is meant
    x = to.add("Transpose", x, perm=[0, 2, 1] if step.samples else [2, 0, 1])
    op, gates = {"rnn": ("RNN", 1), "gru": ("GRU", 3), "lstm": ("LSTM", 4)}[step.kind]
    ways, width = 1 + step.both, to.widths[x]
    y = to.add(
        op,
        *(x, to.weight(ways, gates * 2, width), to.weight(ways, gates * 2, 2)),
        width=2 * ways,
        hidden_size=2,
        direction="bidirectional" if step.both else "forward",
    )
    y = to.add("Transpose", y, width=2 * ways, perm=[0, 2, 1, 3])
    y = to.add("Reshape", y, to.constant([0, 0, -1]), width=2 * ways)
    return to.add("Transpose", y, perm=[0, 2, 1] if step.samples else [1, 2, 0])


def attention(step: Attention, x: str, to: Drawing) -> str:
    if step.samples or step.mask != "none":
        raise NoModelError
    x = to.add("Transpose", x, perm=[0, 2, 1])
    q, k, v = (to.add("MatMul", x, to.weight(to.widths[x], 2), width=2) for _ in range(3))
    scores = to.add("Softmax", to.add("MatMul", q, to.add("Transpose", k, perm=[0, 2, 1])), axis=-1)
    return to.add("Transpose", to.add("MatMul", scores, v, width=2), perm=[0, 2, 1], width=2)


def first_apart(step: FirstApart, x: str, to: Drawing) -> str:
    groups = Pool(step.group, step.group)
    return to.add("Concat", to.cut(x, 0, step.alone), pool(groups, to.cut(x, step.alone, None), to), axis=2)


def end_to_end(step: EndToEnd, x: str, to: Drawing) -> str:
    parts = [lowered(part, x, to) for part in step.parts]
    if len({to.widths[part] for part in parts}) > 1:
        raise NoModelError
    return to.add("Concat", *parts, axis=2)


def summed(step: Sum, x: str, to: Drawing) -> str:
    parts = [lowered(branch, x, to) for branch in step.branches]
    if step.channels:
        return to.add("Concat", *parts, axis=1, width=sum(to.widths[part] for part in parts))
    whole = parts[0]
    for part in parts[1:]:
        if to.widths[part] != to.widths[whole]:
            raise NoModelError
        whole = to.add("Add", whole, part)
    return whole


def norm(step: Norm, x: str, to: Drawing) -> str:
    width = to.widths[x]
    if step.kind == "instance":
        return to.add("InstanceNormalization", x, to.weight(width), to.weight(width))
    if step.kind == "batch_eval":
        variance = to.constant(np.full(width, 2.0), np.float32)
        return to.add("BatchNormalization", x, *(to.weight(width) for _ in range(3)), variance)
    raise NoModelError


def named(step: Named, x: str, to: Drawing) -> str:
    def reduced(op: str, axis: int) -> str:
        return to.add(op, x, to.constant([axis]), keepdims=1)

    functions: dict[str, Callable[[], str]] = {
        "tanh": lambda: to.add("Tanh", x),
        "cumsum": lambda: to.add("CumSum", x, to.constant(2)),
        "cumsum of the reverse": lambda: to.add("CumSum", x, to.constant(2), reverse=1),
        "flip": lambda: to.add("Slice", x, *(to.constant([n]) for n in (-1, np.iinfo(np.int64).min, 2, -1))),
        "gate": lambda: to.add("Mul", x, to.add("Sigmoid", reduced("ReduceMean", 2))),
        "softmax over time": lambda: to.add("Mul", x, to.add("Softmax", x, axis=2)),
        "largest": lambda: to.add("Sub", x, reduced("ReduceMax", 2)),
        "mean in front": lambda: to.add("Concat", reduced("ReduceMean", 2), x, axis=2),
        "last step to all": lambda: to.add("Add", x, to.cut(x, -1, None)),
        "first step to all": lambda: to.add("Add", x, to.cut(x, 0, 1)),
        "roll": lambda: to.add("Concat", to.cut(x, -2, None), to.cut(x, 0, -2), axis=2),
        "roll back": lambda: to.add("Concat", to.cut(x, 1, None), to.cut(x, 0, 1), axis=2),
        "samples centred": lambda: to.add("Sub", x, reduced("ReduceMean", 0)),
        "samples summed up": lambda: to.add("CumSum", x, to.constant(0)),
        "samples reversed": lambda: to.add(
            "Slice", x, *(to.constant([n]) for n in (-1, np.iinfo(np.int64).min, 0, -1))
        ),
    }
    if step.name not in functions:
        raise NoModelError
    return functions[step.name]()


RULES: dict[type[Step], Callable[..., str]] = {
    Conv: conv,
    ConvTranspose: conv_transpose,
    Pool: pool,
    Crop: crop,
    Shift: shift,
    Resize: resize,
    Recurrent: recurrent,
    Attention: attention,
    FirstApart: first_apart,
    EndToEnd: end_to_end,
    Sum: summed,
    Norm: norm,
    Named: named,
}


def lowered(step: Step, x: str, to: Drawing) -> str:
    """Add a step to a drawing and return its result."""
    if isinstance(step, Chain):
        for one in step.steps:
            x = lowered(one, x, to)
        return x
    if type(step) not in RULES:
        raise NoModelError
    return RULES[type(step)](step, x, to)


def model(net: Net, shape: Sequence[int]) -> onnx.ModelProto:
    """Return a net as an ONNX model.

    Raises:
        NoModelError: a step has no counterpart.
    """
    to = Drawing()
    to.widths["x"] = shape[1]
    result = to.add("Identity", lowered(net.chain, "x", to))
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
        for name, dims in (("x", list(shape)), (result, None))
    )
    graph = helper.make_graph(to.nodes, "net", [x], [y], to.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
