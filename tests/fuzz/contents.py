"""Breaks of what a model holds: extents, types, elements, attributes."""

from __future__ import annotations

from random import Random

import onnx
from onnx import AttributeProto, TensorProto, helper

from fuzz.parts import BAD_BYTES, FLOATS, NUMBERS, TEXTS, breaks, nodes_of, some_graph, some_node, tensors_of


@breaks
def dim_of_a_value(model: onnx.ModelProto, rng: Random) -> None:
    graph = some_graph(model, rng)
    infos = [*graph.input, *graph.input, *graph.output, *graph.value_info]
    dims = [dim for info in infos for dim in info.type.tensor_type.shape.dim]
    if dims:
        dim = rng.choice(dims)
        if rng.random() < 0.2:
            dim.dim_param = rng.choice(("n", "2", "a+b", "n + 1", "", "9" * 50))
        else:
            dim.dim_value = rng.choice(NUMBERS)


@breaks
def rank_of_a_value(model: onnx.ModelProto, rng: Random) -> None:
    infos = [*model.graph.input]
    if infos:
        shape = rng.choice(infos).type.tensor_type.shape
        if rng.random() < 0.5 and shape.dim:
            del shape.dim[rng.randrange(len(shape.dim))]
        else:
            for _ in range(rng.choice((1, 2, 5, 70))):
                shape.dim.add().dim_value = rng.choice((1, 1, 2, 3))


@breaks
def type_of_a_value(model: onnx.ModelProto, rng: Random) -> None:
    graph = some_graph(model, rng)
    infos = [*graph.input, *graph.output]
    if not infos:
        return
    info = rng.choice(infos)
    kind = rng.randrange(5)
    if kind == 0:
        info.type.tensor_type.elem_type = rng.choice((0, 1, 6, 7, 8, 9, 10, 16, 23, 99, -1))
    elif kind == 1:
        info.type.sequence_type.elem_type.tensor_type.elem_type = 1
    elif kind == 2:
        info.type.optional_type.elem_type.tensor_type.elem_type = 1
    elif kind == 3:
        info.type.Clear()
    else:
        info.type.map_type.key_type = 7


@breaks
def dims_of_a_tensor(model: onnx.ModelProto, rng: Random) -> None:
    tensors = tensors_of(model)
    if not tensors:
        return
    tensor = rng.choice(tensors)
    if tensor.dims and rng.random() < 0.7:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(NUMBERS)
    elif tensor.dims and rng.random() < 0.5:
        tensor.dims.pop()
    else:
        tensor.dims.extend([rng.choice((0, 1, 2, 3))] * rng.choice((1, 2, 66)))


@breaks
def elements_of_a_tensor(model: onnx.ModelProto, rng: Random) -> None:
    tensors = tensors_of(model)
    whole = [tensor for tensor in tensors if tensor.data_type in (6, 7)]
    if not tensors:
        return
    tensor = rng.choice(whole if whole and rng.random() < 0.7 else tensors)
    if tensor.data_type == TensorProto.INT64 and len(tensor.raw_data) >= 8:
        place = 8 * rng.randrange(len(tensor.raw_data) // 8)
        number = rng.choice(NUMBERS).to_bytes(8, "little", signed=True)
        tensor.raw_data = tensor.raw_data[:place] + number + tensor.raw_data[place + 8 :]
    elif tensor.int64_data:
        tensor.int64_data[rng.randrange(len(tensor.int64_data))] = rng.choice(NUMBERS)
    else:
        tensor.raw_data = rng.choice((tensor.raw_data[:-1], tensor.raw_data * 2, b"", b"\xff" * 16))


@breaks
def type_of_a_tensor(model: onnx.ModelProto, rng: Random) -> None:
    tensors = tensors_of(model)
    if tensors:
        rng.choice(tensors).data_type = rng.choice((0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 14, 16, 17, 22, 23, 99))


@breaks
def external_data(model: onnx.ModelProto, rng: Random) -> None:
    tensors = tensors_of(model)
    if not tensors:
        return
    tensor = rng.choice(tensors)
    tensor.data_location = TensorProto.EXTERNAL
    for key in rng.sample(("location", "offset", "length", "checksum", "strange"), rng.randrange(4)):
        entry = tensor.external_data.add()
        entry.key, entry.value = (
            key,
            rng.choice(("../../etc/passwd", "/etc/passwd", "-1", str(1 << 70), "", "C:\\x")),
        )


@breaks
def sparse(model: onnx.ModelProto, rng: Random) -> None:
    graph = some_graph(model, rng)
    if not graph.initializer:
        return
    place = rng.randrange(len(graph.initializer))
    one = graph.sparse_initializer.add()
    one.values.CopyFrom(graph.initializer[place])
    one.dims.extend([rng.choice(NUMBERS)] if rng.random() < 0.3 else one.values.dims)
    if rng.random() < 0.7:
        del graph.initializer[place]


@breaks
def attribute_value(model: onnx.ModelProto, rng: Random) -> None:
    held = [one for node in nodes_of(model) for one in node.attribute]
    if not held:
        return
    one = rng.choice(held)
    if one.ints:
        choice = rng.randrange(4)
        if choice == 0:
            one.ints.append(rng.choice(NUMBERS))
        elif choice == 1:
            one.ints.pop()
        else:
            one.ints[rng.randrange(len(one.ints))] = rng.choice(NUMBERS)
    elif one.floats:
        one.floats[rng.randrange(len(one.floats))] = rng.choice(FLOATS)
    elif one.type == AttributeProto.INT:
        one.i = rng.choice(NUMBERS)
    elif one.type == AttributeProto.FLOAT:
        one.f = rng.choice(FLOATS)
    elif one.type == AttributeProto.STRING:
        one.s = rng.choice((*(text.encode() for text in TEXTS), *BAD_BYTES))


@breaks
def attribute_type(model: onnx.ModelProto, rng: Random) -> None:
    held = [one for node in nodes_of(model) for one in node.attribute]
    if held:
        one = rng.choice(held)
        if rng.random() < 0.5:
            one.type = rng.randrange(15)
        else:
            name = one.name
            value = rng.choice((0, 1.5, "text", [1, 2], [0.5], ["a"], [1] * 70))
            one.CopyFrom(helper.make_attribute(name, value))


ATTRIBUTES = (
    *("axis", "axes", "keepdims", "strides", "pads", "dilations", "kernel_shape", "group", "perm", "mode"),
    *("auto_pad", "ceil_mode", "output_shape", "allowzero", "blocksize", "to", "equation", "direction"),
)


@breaks
def attribute_given(model: onnx.ModelProto, rng: Random) -> None:
    node = some_node(model, rng)
    if node is None:
        return
    numbers = [rng.choice(NUMBERS) for _ in range(rng.randrange(1, 5))]
    value = rng.choice((rng.choice(NUMBERS), numbers, rng.choice(TEXTS), rng.choice(FLOATS)))
    node.attribute.append(helper.make_attribute(rng.choice(ATTRIBUTES), value))


@breaks
def attribute_lost(model: onnx.ModelProto, rng: Random) -> None:
    node = some_node(model, rng)
    if node is not None and node.attribute:
        place = rng.randrange(len(node.attribute))
        if rng.random() < 0.2:
            node.attribute.append(node.attribute[place])
        elif rng.random() < 0.2:
            node.attribute[place].ref_attr_name = rng.choice(("axis", "nothing", ""))
        else:
            del node.attribute[place]
