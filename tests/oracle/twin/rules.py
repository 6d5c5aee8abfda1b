"""The counterparts of the operators in a twin, by family."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import helper

from oracle.engines.files import attributes
from oracle.twin.builder import RULES, NoTwinError, Twin, rule

__all__ = ["RULES"]

Nodes = Iterable[onnx.NodeProto]


def copied(
    node: onnx.NodeProto, inputs: Iterable[str] | None = None, drop: Iterable[str] = ()
) -> onnx.NodeProto:
    """Return a node as it is, with other inputs or without some attributes."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    if inputs is not None:
        del copy.input[:]
        copy.input.extend(inputs)
    kept = [a for a in copy.attribute if a.name not in set(drop)]
    del copy.attribute[:]
    copy.attribute.extend(kept)
    return copy


def data_only_first(twin: Twin, node: onnx.NodeProto) -> None:
    """Refuse a node whose parameters are computed."""
    if any(name in twin.data for name in node.input[1:]):
        raise NoTwinError(f"{node.op_type} with a computed parameter")


@rule(
    "AveragePool", "CenterCropPad", "Col2Im", "Compress", "CumSum", "DepthToSpace",
    "Dropout", "Expand", "Flatten", "Gather",
    "GatherElements", "GatherND", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "Identity",
    "LpPool", "MaxPool", "MaxUnpool", "ReverseSequence", "Reshape", "Shape", "Size", "Slice", "SpaceToDepth",
    "Split", "Squeeze", "Tile", "Transpose", "Trilu", "Unsqueeze",
)  # fmt: skip
def keep(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Movement, and sums or maxima of values that are not negative, already do what a twin should."""
    data_only_first(twin, node)
    if node.op_type in ("Shape", "Size"):
        twin.data.difference_update(node.output)
    yield copied(node)


@rule("Pad")
def pad(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Pad with 0, whatever the constant was."""
    data_only_first(twin, node)
    inputs = list(node.input)
    if len(inputs) > 2:
        inputs[2] = ""
    yield copied(node, inputs, drop=["value"])


@rule("Resize", "Upsample")
def resize(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Interpolate with weights that are not negative; cubic ones are, and some are 0."""
    data_only_first(twin, node)
    if attributes(node).get("mode") == "cubic":
        raise NoTwinError("cubic interpolation has negative weights")
    yield copied(node, drop=["extrapolation_value"])


@rule(
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Ceil", "Celu", "Clip", "Cos",
    "Cosh", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "IsInf", "IsNaN", "LeakyRelu",
    "Log", "Mish", "Neg", "Not", "PRelu", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid",
    "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Swish", "Tan", "Tanh", "ThresholdedRelu",
)  # fmt: skip
def activation(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Elementwise in one operand: bring the value back to 0 or 1."""
    data_only_first(twin, node)
    yield helper.make_node("Sign", [node.input[0]], [node.output[0]])


@rule(
    "Add", "And", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "Greater",
    "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min", "Mod", "Mul", "Or", "Pow", "Sub", "Sum", "Xor",
)  # fmt: skip
def elementwise(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Elementwise in several operands: their sum, constants counting for their shape alone.

    A product with a side of a triangle that is 0 reads nothing there, which no sum shows.
    """
    products = node.op_type in ("Mul", "And", "BitwiseAnd") and len(twin.data.intersection(node.input)) > 1
    if products and any(twin.comes_from(name, "Trilu") for name in node.input):
        raise NoTwinError(f"{node.op_type} with a triangle")
    yield helper.make_node("Sum", [n if n in twin.data else twin.zero(n) for n in node.input], node.output)


@rule("Where")
def where(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Read both sides and a computed condition; a constant one chooses."""
    condition, *sides = node.input
    sides = [n if n in twin.data else twin.zero(n) for n in sides]
    if condition in twin.data:
        yield helper.make_node("Sum", [condition, *sides], node.output)
    else:
        yield copied(node, [condition, *sides])


@rule("Concat")
def concat(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Put operands side by side, constants as zeros."""
    yield copied(node, [n if n in twin.data else twin.zero(n) for n in node.input])


@rule("Conv", "ConvTranspose", "Einsum", "Gemm", "MatMul")
def contraction(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Sums of products: one term per computed factor, the others made positive or 1, and no offset."""
    factors = list(node.input) if node.op_type == "Einsum" else list(node.input[:2])
    offset = [n for n in node.input[len(factors) :] if n in twin.data]
    if offset and node.op_type != "Gemm":
        raise NoTwinError(f"{node.op_type} with a computed bias")
    terms = list(offset)
    for place, factor in enumerate(factors):
        if factor in twin.data:
            others = [twin.ones(n) if n in twin.data else twin.positive(n) for n in factors]
            others[place] = factor
            if node.op_type == "Gemm":  # its offset was no option once
                others += [twin.zero(n) for n in node.input[2:]]
            term = copied(node, others, drop=["alpha", "beta"])
            term.name = ""
            term.output[0] = twin.fresh(node.op_type)
            twin.added.append(term)
            terms.append(term.output[0])
    yield helper.make_node("Sum", terms, node.output)


@rule(
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSumSquare",
)  # fmt: skip
def reduction(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Reduce by the one that reads like a sum and has the same parameters in every opset."""
    data_only_first(twin, node)
    copy = copied(node)
    copy.op_type = "ReduceL1"
    yield copy


@rule("CumProd")
def product_so_far(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """A sum of the same elements."""
    data_only_first(twin, node)
    copy = copied(node)
    copy.op_type = "CumSum"
    yield copy


@rule("ReduceSum")
def sum_over(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Stay a sum: its parameters became inputs earlier than those of the other reductions."""
    data_only_first(twin, node)
    yield copied(node)


def with_statistics(twin: Twin, node: onnx.NodeProto, axes: Iterable[int]) -> onnx.NodeProto:
    """Return the element and the sum over some axes."""
    source = node.input[0]
    return helper.make_node("Sum", [source, twin.total(source, axes)], [node.output[0]])


def rank_of(twin: Twin, node: onnx.NodeProto) -> int:
    """Return the number of axes of a node's first input."""
    try:
        return twin.ranks[node.input[0]]
    except KeyError:
        raise NoTwinError(f"{node.op_type} on a tensor of unknown rank") from None


@rule("Softmax", "LogSoftmax", "Hardmax")
def softmax(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The element and the sum that it is divided by; before opset 13 over all axes from ``axis`` on."""
    rank = rank_of(twin, node)
    if twin.opset >= 13:
        axes = [attributes(node).get("axis", -1)]
    else:
        axes = list(range(attributes(node).get("axis", 1) % rank, rank))
    yield with_statistics(twin, node, axes)


@rule(
    "BatchNormalization",
    "InstanceNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "SimplifiedLayerNormalization",
    "MeanVarianceNormalization",
)
def normalisation(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The element and what its statistics are taken over."""
    data_only_first(twin, node)
    found = attributes(node)
    if node.op_type == "BatchNormalization":
        if not found.get("training_mode"):
            yield helper.make_node("Identity", [node.input[0]], [node.output[0]])
            return
        axes = [a for a in range(rank_of(twin, node)) if a != 1]
    elif node.op_type == "InstanceNormalization":
        axes = list(range(2, rank_of(twin, node)))
    elif node.op_type == "MeanVarianceNormalization":
        axes = found.get("axes", [0, 2, 3])
    else:
        rank = rank_of(twin, node)
        axes = list(range(found.get("axis", -1) % rank, rank))
    yield with_statistics(twin, node, axes)


@rule("GroupNormalization")
def group_norm(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The element and the sum over its group of channels and all positions."""
    data_only_first(twin, node)
    groups = attributes(node)["num_groups"]
    shape = twin.node("Shape", [node.input[0]])
    flat = twin.node("Reshape", [node.input[0], twin.constant(np.array([0, groups, -1], np.int64))])
    mixed = twin.node("Sum", [flat, twin.total(flat, [2])])
    yield helper.make_node("Reshape", [mixed, shape], [node.output[0]])


@rule("LRN")
def lrn(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The sum over the neighbouring channels: a pool, for which the channel axis becomes a spatial one."""
    size = attributes(node)["size"]
    spatial = rank_of(twin, node) - 2
    before = (size - 1) // 2
    pooled = twin.node(
        "AveragePool",
        [twin.unsqueeze(node.input[0], [1])],
        kernel_shape=[size] + [1] * spatial,
        pads=[before] + [0] * spatial + [size - 1 - before] + [0] * spatial,
        count_include_pad=1,
    )
    yield helper.make_node("Identity", [twin.squeeze(pooled, [1])], [node.output[0]])
