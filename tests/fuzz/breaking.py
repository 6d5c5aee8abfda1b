"""Ways to break an ONNX model at random, each of which knows the structure that it breaks."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import onnx
from onnx import AttributeProto, TensorProto, helper

Break = Callable[[onnx.ModelProto, Random], None]

BREAKS: dict[str, Break] = {}
"""Name -> what changes a model in place. It may do nothing where the model has not what it changes."""

NUMBERS = (
    *(0, 1, 2, 3, -1, -2, 7, 16, 64, 65, 255, 1000, 10**6),
    *(1 << 16, (1 << 24) - 1, 1 << 24, 1 << 25, (1 << 31) - 1, 1 << 31, -(1 << 31)),
    *(1 << 32, 1 << 53, 1 << 62, (1 << 63) - 1, -(1 << 63)),
)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-30, 1e30, 3.4e38, float("inf"), float("-inf"), float("nan"))
TEXTS = (
    "",
    "x",
    "SAME_UPPER",
    "VALID",
    "NOTSET",
    "bij,bjk->bik",
    "...",
    "linear",
    "nearest",
    "\x1b[2J",
    "é" * 40,
)
NAMES = (
    "",
    "x",
    "x0",
    "a b",
    "a\nb",
    "::error::x",
    "\x1b]0;t\x07",
    "../../etc/passwd",
    "\u202eabc",
    "n" * 5000,
)
BAD_BYTES = (b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\x00", b"\x1b[", b"\n\r")


def breaks(function: Break) -> Break:
    BREAKS[function.__name__] = function
    return function


def graphs_of(model: onnx.ModelProto) -> list[onnx.GraphProto]:
    """Return the graph and the bodies in it."""
    found, left = [], [model.graph]
    while left:
        graph = left.pop()
        found.append(graph)
        for node in graph.node:
            for one in node.attribute:
                left += [one.g] if one.HasField("g") else []
                left += one.graphs
    return found


def _nodes(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [node for graph in graphs_of(model) for node in graph.node] + [
        node for function in model.functions for node in function.node
    ]


def _node(model: onnx.ModelProto, rng: Random) -> onnx.NodeProto | None:
    nodes = _nodes(model)
    return rng.choice(nodes) if nodes else None


def _graph(model: onnx.ModelProto, rng: Random) -> onnx.GraphProto:
    return rng.choice(graphs_of(model))


def _tensors(model: onnx.ModelProto) -> list[TensorProto]:
    found = [tensor for graph in graphs_of(model) for tensor in graph.initializer]
    return found + [a.t for node in _nodes(model) for a in node.attribute if a.HasField("t")]


def _names(graph: onnx.GraphProto) -> list[str]:
    made = [name for node in graph.node for name in node.output]
    return ["", "nowhere", *made, *(i.name for i in graph.input), *(i.name for i in graph.initializer)]


@breaks
def dim_of_a_value(model: onnx.ModelProto, rng: Random) -> None:
    graph = _graph(model, rng)
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
    graph = _graph(model, rng)
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
    tensors = _tensors(model)
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
    tensors = _tensors(model)
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
    tensors = _tensors(model)
    if tensors:
        rng.choice(tensors).data_type = rng.choice((0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 14, 16, 17, 22, 23, 99))


@breaks
def external_data(model: onnx.ModelProto, rng: Random) -> None:
    tensors = _tensors(model)
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
    graph = _graph(model, rng)
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
    held = [one for node in _nodes(model) for one in node.attribute]
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
    held = [one for node in _nodes(model) for one in node.attribute]
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
    node = _node(model, rng)
    if node is None:
        return
    numbers = [rng.choice(NUMBERS) for _ in range(rng.randrange(1, 5))]
    value = rng.choice((rng.choice(NUMBERS), numbers, rng.choice(TEXTS), rng.choice(FLOATS)))
    node.attribute.append(helper.make_attribute(rng.choice(ATTRIBUTES), value))


@breaks
def attribute_lost(model: onnx.ModelProto, rng: Random) -> None:
    node = _node(model, rng)
    if node is not None and node.attribute:
        place = rng.randrange(len(node.attribute))
        if rng.random() < 0.2:
            node.attribute.append(node.attribute[place])
        elif rng.random() < 0.2:
            node.attribute[place].ref_attr_name = rng.choice(("axis", "nothing", ""))
        else:
            del node.attribute[place]


OPERATORS = sorted({one.name for one in onnx.defs.get_all_schemas() if one.domain == ""})


@breaks
def operator(model: onnx.ModelProto, rng: Random) -> None:
    node = _node(model, rng)
    if node is None:
        return
    if rng.random() < 0.15:
        node.domain = rng.choice(("", "ai.onnx", "ai.onnx.ml", "com.microsoft", "own", "local"))
    elif rng.random() < 0.1:
        node.op_type = rng.choice(("", "Nothing", "::error::", "Conv\x1b[0m"))
    else:
        node.op_type = rng.choice(OPERATORS)


@breaks
def node_lost(model: onnx.ModelProto, rng: Random) -> None:
    graph = _graph(model, rng)
    if graph.node:
        del graph.node[rng.randrange(len(graph.node))]


@breaks
def node_twice(model: onnx.ModelProto, rng: Random) -> None:
    graph = _graph(model, rng)
    if graph.node:
        made = graph.node.add()
        made.CopyFrom(rng.choice(graph.node[:-1]))
        if rng.random() < 0.7:
            for place, name in enumerate(made.output):
                made.output[place] = f"{name}_again"


@breaks
def nodes_in_other_order(model: onnx.ModelProto, rng: Random) -> None:
    graph = _graph(model, rng)
    if len(graph.node) > 1:
        nodes = list(graph.node)
        one, other = rng.randrange(len(nodes)), rng.randrange(len(nodes))
        nodes[one], nodes[other] = nodes[other], nodes[one]
        copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del graph.node[:]
        graph.node.extend(copies)


@breaks
def edge(model: onnx.ModelProto, rng: Random) -> None:
    graph = _graph(model, rng)
    if not graph.node:
        return
    node, names = rng.choice(graph.node), _names(graph)
    choice = rng.randrange(5)
    if node.input and choice <= 1:
        node.input[rng.randrange(len(node.input))] = rng.choice(names)
    elif choice == 2:
        node.input.append(rng.choice(names))
    elif choice == 3 and node.input:
        node.input.pop()
    elif node.output:
        node.output[rng.randrange(len(node.output))] = rng.choice(names)


@breaks
def more_outputs(model: onnx.ModelProto, rng: Random) -> None:
    graph = _graph(model, rng)
    if graph.node:
        node = rng.choice(graph.node)
        node.output.extend(f"more{number}" for number in range(rng.choice((1, 3, 200))))


@breaks
def outputs_of_the_graph(model: onnx.ModelProto, rng: Random) -> None:
    graph = _graph(model, rng)
    if graph.output and rng.random() < 0.3:
        del graph.output[rng.randrange(len(graph.output))]
    else:
        graph.output.add().name = rng.choice(_names(graph))


@breaks
def inputs_of_the_graph(model: onnx.ModelProto, rng: Random) -> None:
    graph = _graph(model, rng)
    if graph.input and rng.random() < 0.5:
        info = rng.choice(graph.input)
        graph.input.add().CopyFrom(info)
        graph.input[-1].name = rng.choice((info.name, "fresh"))
    elif graph.initializer:
        del graph.initializer[rng.randrange(len(graph.initializer))]


@breaks
def name(model: onnx.ModelProto, rng: Random) -> None:
    graph = _graph(model, rng)
    used = [name for name in _names(graph) if name]
    old, new = rng.choice(used), rng.choice(NAMES)
    for one in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        if one.name == old:
            one.name = new
    for node in graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name == old:
                    names[place] = new
        if rng.random() < 0.2:
            node.name = new


@breaks
def opset(model: onnx.ModelProto, rng: Random) -> None:
    if model.opset_import and rng.random() < 0.8:
        rng.choice(model.opset_import).version = rng.choice((*range(1, 30), 0, -1, 10**6, (1 << 63) - 1))
    elif model.opset_import and rng.random() < 0.5:
        model.opset_import.pop()
    else:
        model.opset_import.add(domain=rng.choice(("", "own", "ai.onnx.ml")), version=rng.randrange(30))


@breaks
def into_a_function(model: onnx.ModelProto, rng: Random) -> None:
    graph = model.graph
    if not graph.node:
        return
    place = rng.randrange(len(graph.node))
    node = graph.node[place]
    inner = onnx.NodeProto.FromString(node.SerializeToString())
    called = f"F{len(model.functions)}"
    if rng.random() < 0.1:
        inner.op_type, inner.domain = called, "own"  # it calls itself
    takes, gives = list(dict.fromkeys(filter(None, node.input))), list(filter(None, node.output))
    model.functions.append(
        helper.make_function("own", called, takes, gives, [inner], list(model.opset_import))
    )
    made = helper.make_node(called, takes, gives, domain="own")
    graph.node[place].CopyFrom(made)
    if not any(one.domain == "own" for one in model.opset_import) and rng.random() < 0.9:
        model.opset_import.append(helper.make_opsetid("own", 1))


@breaks
def into_a_body(model: onnx.ModelProto, rng: Random) -> None:
    graph = _graph(model, rng)
    if not graph.node:
        return
    place = rng.randrange(len(graph.node))
    node = onnx.NodeProto.FromString(graph.node[place].SerializeToString())
    outer = list(node.output)
    for number, name in enumerate(outer):
        node.output[number] = f"{name}_inside" if name else ""
    given = [onnx.ValueInfoProto(name=name) for name in node.output if name]
    body = helper.make_graph([node], "body", [], given)
    condition = rng.choice(_names(graph)) if rng.random() < 0.5 else "condition"
    if condition == "condition" and not any(one.name == condition for one in graph.initializer):
        graph.initializer.append(helper.make_tensor("condition", TensorProto.BOOL, [], [True]))
    gives = [name for name in outer if name]
    for _ in range(rng.choice((1, 1, 1, 5, 70))):
        wrapped = helper.make_node("If", [condition], gives, then_branch=body, else_branch=body)
        if len(wrapped.SerializeToString()) > 1 << 15:
            break
        body = helper.make_graph([wrapped], "body", [], [onnx.ValueInfoProto(name=name) for name in gives])
    graph.node[place].CopyFrom(body.node[0])


@breaks
def into_a_loop(model: onnx.ModelProto, rng: Random) -> None:
    graph = _graph(model, rng)
    nodes = [n for n, node in enumerate(graph.node) if len(node.output) == 1 and node.input]
    if not nodes:
        return
    place = rng.choice(nodes)
    node = onnx.NodeProto.FromString(graph.node[place].SerializeToString())
    count = rng.choice((0, 1, 2, 3, 12, 1 << 40))
    trips = helper.make_tensor(f"trips{rng.randrange(10**9)}", TensorProto.INT64, [], [count])
    graph.initializer.append(trips)
    first, out = node.input[0], node.output[0]
    node.input[0], node.output[0] = "carried", "next"
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_in"], ["go_out"]), node],
        "body",
        [onnx.ValueInfoProto(name=name) for name in ("trip", "go_in", "carried")],
        [onnx.ValueInfoProto(name=name) for name in ("go_out", "next")],
    )
    graph.node[place].CopyFrom(helper.make_node("Loop", [trips.name, "", first], [out], body=body))


def flip(data: bytes, rng: Random) -> bytes:
    """Return bytes with some flipped, cut off, left out, repeated or put in."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        if not changed:
            break
        place = rng.randrange(len(changed))
        far = min(len(changed), place + rng.choice((1, 2, 8, 40)))
        choice = rng.randrange(6)
        if choice == 0:
            changed[place] ^= 1 << rng.randrange(8)
        elif choice == 1:
            changed[place] = rng.randrange(256)
        elif choice == 2:
            del changed[place:far]
        elif choice == 3:
            changed[place:place] = changed[place:far] * rng.choice((1, 3, 100))
        elif choice == 4:
            changed[place:place] = rng.choice((*BAD_BYTES, rng.randbytes(5), b"\xff" * 10 + b"\x01"))
        else:
            del changed[place:]
    return bytes(changed)


def rename(data: bytes, rng: Random) -> bytes:
    """Return bytes in which a name is no text any more, or another one."""
    model = onnx.ModelProto.FromString(data)
    names = [name.encode() for name in _names(model.graph) if 0 < len(name) < 40]
    if not names:
        return data
    old = rng.choice(names)
    new = (rng.choice(BAD_BYTES) * len(old))[: len(old)]
    return data.replace(old, new)


def broken(model: onnx.ModelProto, steps: list[tuple[str, int]]) -> bytes:
    """Return the bytes of a model after some breaks, each a name and a seed; ``flip`` and ``rename`` come last."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for called, seed in steps:
        if called in BREAKS:
            BREAKS[called](changed, Random(seed))
    data = changed.SerializeToString()
    for called, seed in steps:
        if called == "rename":
            try:
                data = rename(data, Random(seed))
            except Exception:  # what was changed before is no model any more
                continue
        elif called == "flip":
            data = flip(data, Random(seed))
    return data


STEPS = (*BREAKS, "rename", "flip")
