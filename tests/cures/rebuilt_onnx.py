"""ONNX models built again with the edits of a cure: attributes, weights and nodes changed in the file itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

from pytest_rf.findings import Edit

#: The operators that are built again -> which input holds the weights.
WEIGHTS = {"Conv": 1, "ConvTranspose": 1, "FusedConv": 1, "QLinearConv": 3, "ConvInteger": 1}

Numbers = tuple[int, ...]


class Beyond(Exception):
    """The test does not know how to make an edit in a file."""


def rebuilt(model: onnx.ModelProto, edits: Sequence[Edit]) -> onnx.ModelProto:
    """Return a copy of a model with edits."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    for layer in dict.fromkeys(edit.layer for edit in edits):
        own = {edit.what: (edit.old, edit.new) for edit in edits if edit.layer == layer}
        node = next((node for node in made.graph.node if layer in (node.name, *node.output)), None)
        if node is None:
            raise Beyond(layer)
        _edit(made, node, own)
    del made.graph.value_info[:]
    return made


def _edit(model: onnx.ModelProto, node: onnx.NodeProto, own: dict[str, tuple]) -> None:
    for what, (old, new) in own.items():
        if what == "norm":
            _identity(node)
        elif what == "resize":
            _put(node, coordinate_transformation_mode="half_pixel")
        elif what == "border":
            _put(node, mode="constant")
        elif what == "direction":
            raise Beyond(what)
        elif what == "layer behind":
            _insert(model, node, new)
        elif what == "dilation":
            _put(node, dilations=list(new))
        elif what == "stride":
            _put(node, strides=list(new))
        elif what == "kernel":
            _kernel(model, node, old, new)
    if any(what.startswith("padding") or what == "output padding" for what in own):
        _padding(model, node, own)


def _put(node: onnx.NodeProto, **attributes: object) -> None:
    kept = [one for one in node.attribute if one.name not in attributes]
    del node.attribute[:]
    node.attribute.extend(
        [*kept, *(helper.make_attribute(name, value) for name, value in attributes.items())]
    )


def _get(node: onnx.NodeProto, name: str, default: object) -> object:
    return next((helper.get_attribute_value(one) for one in node.attribute if one.name == name), default)


def _identity(node: onnx.NodeProto) -> None:
    """Make a norm what a norm with fixed statistics reads."""
    output = node.output[0]
    node.op_type, node.domain = "Relu", ""
    del node.input[1:], node.output[1:], node.attribute[:]
    node.output[0] = output


def _kernel(model: onnx.ModelProto, node: onnx.NodeProto, old: Numbers, new: Numbers) -> None:
    if node.op_type not in WEIGHTS:
        raise Beyond(node.op_type)
    name = node.input[WEIGHTS[node.op_type]]
    if any(one.name == name for one in model.graph.initializer):
        (weight,) = (one for one in model.graph.initializer if one.name == name)
        if tuple(weight.dims[2:]) == old:
            kind = helper.tensor_dtype_to_np_dtype(weight.data_type)
            grown = np.ones([*weight.dims[:2], *new], kind)
            weight.CopyFrom(numpy_helper.from_array(grown, name))
        elif tuple(weight.dims[2:]) != new:
            raise Beyond(name)
    else:
        raise Beyond(name)
    if _get(node, "kernel_shape", None) is not None:
        _put(node, kernel_shape=list(new))


def _padding(model: onnx.ModelProto, node: onnx.NodeProto, own: dict[str, tuple]) -> None:
    """Put the padding around the windows: the node's own, or that of the Pad in front where the node has none."""
    before = own.get("padding before", own.get("padding"))
    after = own.get("padding after", own.get("padding"))
    extra = own.get("output padding")
    if extra is not None:
        _put(node, output_padding=list(extra[1]))
    if before is None and after is None:
        return
    rank = len((before or after)[0])
    pads = list(_get(node, "pads", [0] * (2 * rank)))
    explicit = _get(node, "auto_pad", b"NOTSET") in (b"NOTSET", b"VALID")
    front = next((one for one in model.graph.node if node.input[0] in one.output), None)
    for axis in range(rank):
        old = tuple(
            (side[0] if side else pads[axis::rank])[axis] if side else pads[axis + rank * place]
            for place, side in enumerate((before, after))
        )
        new = tuple(side[1][axis] if side else old[place] for place, side in enumerate((before, after)))
        if explicit and old != (pads[axis], pads[axis + rank]):
            if front is None or front.op_type != "Pad":
                raise Beyond("padding")
            _pad(model, front, axis, rank, new)
        else:
            pads[axis], pads[axis + rank] = new
    kept = [one for one in node.attribute if one.name not in ("auto_pad", "output_shape")]
    del node.attribute[:]
    node.attribute.extend(kept)
    if min(pads) >= 0:
        _put(node, pads=pads)
        return
    if node.op_type != "Conv":
        raise Beyond(f"padding below 0 in {node.op_type}")
    _in_front(model, node, pads)  # engines take no convolution that crops


def _in_front(model: onnx.ModelProto, node: onnx.NodeProto, pads: list[int]) -> None:
    """Let a Pad in front of a node pad and crop what the node would."""
    rank = len(pads) // 2
    around = np.array([0, 0, *pads[:rank], 0, 0, *pads[rank:]], np.int64)
    name = f"{node.output[0]}_pads"
    model.graph.initializer.append(numpy_helper.from_array(around, name))
    pad = helper.make_node("Pad", [node.input[0], name], [f"{name}_padded"])
    if next(one.version for one in model.opset_import if not one.domain) < 11:
        pad = helper.make_node("Pad", [node.input[0]], [f"{name}_padded"], pads=around.tolist())
    node.input[0] = pad.output[0]
    _put(node, pads=[0] * (2 * rank))
    model.graph.node.insert(list(model.graph.node).index(node), pad)


def _pad(model: onnx.ModelProto, node: onnx.NodeProto, axis: int, rank: int, sides: tuple[int, ...]) -> None:
    if len(node.input) > 3 and node.input[3]:
        raise Beyond("axes of a Pad")
    (tensor,) = (one for one in model.graph.initializer if one.name == node.input[1])
    array = numpy_helper.to_array(tensor).copy()
    half = len(array) // 2
    array[half - rank + axis], array[2 * half - rank + axis] = sides
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _insert(model: onnx.ModelProto, node: onnx.NodeProto, told: str) -> None:
    """Put a convolution behind a node, under the name of what that made."""
    words = told.split()
    kernel = [int(n) for n in words[0].split("×")]
    rank = len(kernel)

    def numbers(name: str) -> list[int]:
        found = words[words.index(name) + 1] if name in words else "1"
        given = [int(n) for n in found.split("×")]
        return given * rank if len(given) == 1 else given

    if any("+" in word for word in words):
        raise Beyond(told)
    padding = numbers("padding")
    behind = [0] * rank if words[-1] == "before" else padding
    output, channels = node.output[0], None
    readers = [one for one in model.graph.node if output in one.input]
    if len(readers) == 1 and readers[0].op_type == "Slice":
        raise Beyond("a crop behind")
    for name in node.input[WEIGHTS.get(node.op_type, 1) :][:1]:
        weight = next((one for one in model.graph.initializer if one.name == name), None)
        if weight is not None and node.op_type == "Conv":
            channels = weight.dims[0]
    if channels is None:
        raise Beyond(node.op_type)
    node.output[0] = f"{output}_before"
    weights = np.ones([channels, channels, *kernel], np.float32)
    model.graph.initializer.append(numpy_helper.from_array(weights, f"{output}_weights"))
    conv = helper.make_node(
        "Conv",
        [node.output[0], f"{output}_weights"],
        [output],
        name=f"{output}_behind",
        pads=[*padding, *behind],
        dilations=numbers("dilation"),
    )
    at = list(model.graph.node).index(node)
    model.graph.node.insert(at + 1, conv)
