"""Breaks of how a model hangs together: operators, nodes, edges, ends, functions and bodies."""

from __future__ import annotations

from random import Random

import onnx
from onnx import TensorProto, helper

from fuzz.parts import NAMES, breaks, names_of, some_graph, some_node

OPERATORS = sorted({one.name for one in onnx.defs.get_all_schemas() if one.domain == ""})


@breaks
def operator(model: onnx.ModelProto, rng: Random) -> None:
    node = some_node(model, rng)
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
    graph = some_graph(model, rng)
    if graph.node:
        del graph.node[rng.randrange(len(graph.node))]


@breaks
def node_twice(model: onnx.ModelProto, rng: Random) -> None:
    graph = some_graph(model, rng)
    if graph.node:
        made = graph.node.add()
        made.CopyFrom(rng.choice(graph.node[:-1]))
        if rng.random() < 0.7:
            for place, name in enumerate(made.output):
                made.output[place] = f"{name}_again"


@breaks
def nodes_in_other_order(model: onnx.ModelProto, rng: Random) -> None:
    graph = some_graph(model, rng)
    if len(graph.node) > 1:
        nodes = list(graph.node)
        one, other = rng.randrange(len(nodes)), rng.randrange(len(nodes))
        nodes[one], nodes[other] = nodes[other], nodes[one]
        copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del graph.node[:]
        graph.node.extend(copies)


@breaks
def edge(model: onnx.ModelProto, rng: Random) -> None:
    graph = some_graph(model, rng)
    if not graph.node:
        return
    node, names = rng.choice(graph.node), names_of(graph)
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
    graph = some_graph(model, rng)
    if graph.node:
        node = rng.choice(graph.node)
        node.output.extend(f"more{number}" for number in range(rng.choice((1, 3, 200))))


@breaks
def outputs_of_the_graph(model: onnx.ModelProto, rng: Random) -> None:
    graph = some_graph(model, rng)
    if graph.output and rng.random() < 0.3:
        del graph.output[rng.randrange(len(graph.output))]
    else:
        graph.output.add().name = rng.choice(names_of(graph))


@breaks
def inputs_of_the_graph(model: onnx.ModelProto, rng: Random) -> None:
    graph = some_graph(model, rng)
    if graph.input and rng.random() < 0.5:
        info = rng.choice(graph.input)
        graph.input.add().CopyFrom(info)
        graph.input[-1].name = rng.choice((info.name, "fresh"))
    elif graph.initializer:
        del graph.initializer[rng.randrange(len(graph.initializer))]


@breaks
def name(model: onnx.ModelProto, rng: Random) -> None:
    graph = some_graph(model, rng)
    used = [name for name in names_of(graph) if name]
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
    graph = some_graph(model, rng)
    if not graph.node:
        return
    place = rng.randrange(len(graph.node))
    node = onnx.NodeProto.FromString(graph.node[place].SerializeToString())
    outer = list(node.output)
    for number, name in enumerate(outer):
        node.output[number] = f"{name}_inside" if name else ""
    given = [onnx.ValueInfoProto(name=name) for name in node.output if name]
    body = helper.make_graph([node], "body", [], given)
    condition = rng.choice(names_of(graph)) if rng.random() < 0.5 else "condition"
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
    graph = some_graph(model, rng)
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
