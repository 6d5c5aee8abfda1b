"""The counterparts of branches, loops, lists and of what data chooses with whole numbers and truths."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import helper, numpy_helper

from oracle.engines.files import attributes
from oracle.twin.builder import RULES, NoTwinError, Twin, rule
from oracle.twin.rules import copied, data_only_first, rank_of, with_statistics

__all__ = ["RULES"]

Nodes = Iterable[onnx.NodeProto]


def with_body(node: onnx.NodeProto, inputs: Iterable[str], **bodies: onnx.GraphProto) -> onnx.NodeProto:
    """Return a node with other bodies."""
    copy = copied(node, inputs, drop=bodies)
    copy.attribute.extend(helper.make_attribute(name, body) for name, body in bodies.items())
    return copy


@rule("If")
def branches(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """One branch, or the sum of both with a computed condition."""
    found = attributes(node)
    condition = node.input[0]
    then, other = (twin.body(found[name], []) for name in ("then_branch", "else_branch"))
    if condition not in twin.data:
        yield with_body(node, node.input, then_branch=then, else_branch=other)
        return
    yield from [*then.node, *other.node]
    steer = twin.node("ReduceL1", [condition], keepdims=0)
    for output, a, b in zip(node.output, then.output, other.output, strict=True):
        yield helper.make_node("Sum", [a.name, b.name, steer], [output])


@rule("Loop")
def loop(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """As many turns as before; states are data, also those that begin as weights."""
    trips, going, *states = node.input
    if trips in twin.data or going in twin.data:
        raise NoTwinError("Loop with a computed number of turns")
    body = attributes(node)["body"]
    real = [
        i
        for i in body.input[2:]
        if i.type.WhichOneof("value") != "tensor_type" or i.type.tensor_type.elem_type == 1
    ]
    copy = twin.body(body, [i.name for i in real])
    if copy.output[0].name in twin.data:
        raise NoTwinError("Loop with a computed condition")
    # a list that begins empty is no tensor that could hold anything
    lists = {i.name for i in body.input if i.type.WhichOneof("value") == "sequence_type"}
    given = [
        n if n in twin.data or i.name in lists else twin.zero(n)
        for n, i in zip(states, body.input[2:], strict=True)
    ]
    yield with_body(node, [trips, going, *given], body=copy)


@rule("Scan")
def scan(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The twin of the body for every position."""
    body = attributes(node)["body"]
    copy = twin.body(body, [i.name for i in body.input])
    yield with_body(node, [n if n in twin.data or not n else twin.zero(n) for n in node.input], body=copy)


@rule("SequenceMap")
def sequence_map(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The twin of the body for every tensor."""
    body = attributes(node)["body"]
    yield with_body(node, node.input, body=twin.body(body, [i.name for i in body.input]))


@rule(
    "ConcatFromSequence", "Optional", "OptionalGetElement", "SequenceAt", "SequenceConstruct",
    "SequenceErase", "SequenceInsert", "SplitToSequence",
)  # fmt: skip
def lists(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Lists and optionals move tensors about."""
    yield copied(node)


@rule("OptionalHasElement", "SequenceLength")
def count(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """What the graph alone decides."""
    twin.data.difference_update(node.output)
    yield copied(node)


@rule(
    "Cast",
    "CastLike",
    "DequantizeLinear",
    "QuantizeLinear",
    "com.microsoft::DequantizeLinear",
    "com.microsoft::QuantizeLinear",
)
def cast(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Stay real numbers, beside a computed scale of all elements."""
    steer = [n for n in node.input[1:] if n in twin.data and node.op_type != "CastLike"]
    if any(twin.ranks.get(n) != 0 for n in steer):
        raise NoTwinError(f"{node.op_type} with several computed scales")
    yield helper.make_node("Sum", [node.input[0], *steer], [node.output[0]])


@rule("DynamicQuantizeLinear")
def dynamic(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The element and the sum of all; the sum alone for scale and zero point."""
    whole = twin.node("ReduceL1", [node.input[0]], keepdims=0)
    yield helper.make_node("Sum", [node.input[0], whole], [node.output[0]])
    for name in node.output[1:]:
        yield helper.make_node("Identity", [whole], [name])


@rule("ArgMax", "ArgMin")
def place(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The sum over the axis."""
    found = attributes(node)
    axis = found.get("axis", 0)
    total = twin.total(node.input[0], [axis])
    total = total if found.get("keepdims", 1) else twin.squeeze(total, [axis])
    yield helper.make_node("Identity", [total], [node.output[0]])


@rule("OneHot")
def one_hot(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The index at all places of the new axis."""
    if any(name in twin.data for name in node.input[1:]):
        raise NoTwinError("OneHot with computed values")
    rank = rank_of(twin, node) + 1
    axis = attributes(node).get("axis", -1) % rank
    depth = int(numpy_helper.to_array(twin.initializers[node.input[1]]).reshape(-1)[0])
    blank = twin.constant(np.zeros([depth, *[1] * (rank - 1 - axis)], np.float32))
    yield helper.make_node("Sum", [twin.unsqueeze(node.input[0], [axis]), blank], [node.output[0]])


@rule("ScatterElements", "Scatter", "ScatterND", "TensorScatter")
def scatter(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Write, or add, at constant places; weights are zeros."""
    places = 2 if node.op_type == "TensorScatter" else 1
    if len(node.input) > places and node.input[places] in twin.data:
        raise NoTwinError(f"{node.op_type} at computed places")
    inputs = [n if i == places or n in twin.data else twin.zero(n) for i, n in enumerate(node.input)]
    copy = copied(node, inputs)
    for attribute in copy.attribute:
        if attribute.name == "reduction" and attribute.s != b"none":
            attribute.s = b"add"
    yield copy


@rule("GridSample")
def grid_sample(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Interpolate at constant places with weights that are not negative."""
    data_only_first(twin, node)
    if "cubic" in attributes(node).get("mode", ""):
        raise NoTwinError("cubic interpolation has negative weights")
    yield copied(node)


@rule("LpNormalization")
def divided_by_norm(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The element and the sum over the axis."""
    yield with_statistics(twin, node, [attributes(node).get("axis", -1)])


@rule("Det")
def determinant(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The sum over the matrix."""
    rank = rank_of(twin, node)
    axes = [rank - 2, rank - 1]
    yield helper.make_node(
        "Identity", [twin.squeeze(twin.total(node.input[0], axes), axes)], [node.output[0]]
    )
