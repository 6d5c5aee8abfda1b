"""The counterparts of quantised and fused operators, and of the models of ai.onnx.ml."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import helper, numpy_helper

from oracle.engines.files import attributes
from oracle.twin.builder import NoTwinError, Twin, rule
from oracle.twin.nested import RULES
from oracle.twin.rules import copied, data_only_first, rank_of, with_statistics

__all__ = ["RULES"]

Nodes = Iterable[onnx.NodeProto]
WINDOW = (
    "auto_pad",
    "ceil_mode",
    "count_include_pad",
    "dilations",
    "group",
    "kernel_shape",
    "pads",
    "strides",
)


def _product(twin: Twin, node: onnx.NodeProto, op: str, x: str, weights: str, others: Iterable[str]) -> Nodes:
    """Yield a product with positive weights and, on top of it, computed scalars."""
    if weights in twin.data:
        raise NoTwinError(f"{node.op_type} with computed weights")
    found = {name: value for name, value in attributes(node).items() if name in WINDOW and op == "Conv"}
    steer = [n for n in others if n in twin.data]
    if any(twin.ranks.get(n) != 0 for n in steer):
        raise NoTwinError(f"{node.op_type} with several computed scales")
    y = twin.node(op, [x, twin.filled(weights, 0.5)], **found)
    yield helper.make_node("Sum", [y, *steer], [node.output[0]])


@rule("MatMulInteger", "com.microsoft::MatMulIntegerToFloat")
def whole_product(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """A product and its zero points."""
    yield from _product(twin, node, "MatMul", node.input[0], node.input[1], node.input[2:])


@rule("ConvInteger")
def whole_convolution(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """A convolution; zero points that data gives would be read in the padding, too."""
    yield from _product(twin, node, "Conv", node.input[0], node.input[1], node.input[2:])


@rule("QLinearMatMul", "com.microsoft::QGemm")
def quantised_product(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """A product between quantisations."""
    if attributes(node).get("transB"):
        turned = twin.node("Transpose", [twin.filled(node.input[3], 0.5)], perm=[1, 0])
        yield helper.make_node("MatMul", [node.input[0], turned], node.output)
        return
    yield from _product(
        twin, node, "MatMul", node.input[0], node.input[3], [*node.input[1:3], *node.input[4:]]
    )


@rule("QLinearConv", "com.microsoft::QLinearConv")
def quantised_convolution(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """A convolution between quantisations."""
    if attributes(node).get("channels_last"):
        raise NoTwinError("channels last")
    yield from _product(twin, node, "Conv", node.input[0], node.input[3], [*node.input[1:3], *node.input[4:]])


@rule("com.microsoft::DynamicQuantizeMatMul")
def dynamic_product(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """A product of what reads all, by way of its scale."""
    whole = twin.node("ReduceL1", [node.input[0]], keepdims=0)
    x = twin.node("Sum", [node.input[0], whole])
    yield from _product(twin, node, "MatMul", x, node.input[1], node.input[2:])


@rule("com.microsoft::MatMulNBits")
def packed_product(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """A product with weights that are packed."""
    data_only_first(twin, node)
    found = attributes(node)
    weights = twin.constant(np.full((found["K"], found["N"]), 0.5, np.float32))
    yield helper.make_node("MatMul", [node.input[0], weights], [node.output[0]])


@rule("com.microsoft::QLinearAdd", "com.microsoft::QLinearMul")
def quantised_elementwise(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The sum of both."""
    yield helper.make_node("Sum", [node.input[0], node.input[3]], node.output)


@rule("com.microsoft::QLinearWhere")
def quantised_choice(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The sum of both."""
    yield helper.make_node("Sum", [twin.zero(node.input[0]), node.input[1], node.input[4]], node.output)


@rule("com.microsoft::QLinearConcat")
def quantised_join(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Side by side."""
    yield helper.make_node("Concat", node.input[2::3], node.output, axis=attributes(node)["axis"])


@rule("com.microsoft::QLinearSoftmax")
def quantised_softmax(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The element and the sum over the axis, or over all from it on."""
    found, rank = attributes(node), rank_of(twin, node)
    axis = found["axis"] % rank
    yield with_statistics(twin, node, [axis] if found["opset"] >= 13 else range(axis, rank))


@rule(
    "com.microsoft::QLinearSigmoid",
    "com.microsoft::QLinearLeakyRelu",
    "com.microsoft::Gelu",
    "com.microsoft::QuickGelu",
)
def activation(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Elementwise."""
    yield helper.make_node("Sign", [node.input[0]], [node.output[0]])


@rule("com.microsoft::BiasGelu", "com.microsoft::FastGelu")
def with_bias(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Elementwise, with a bias that counts for its shape."""
    yield helper.make_node("Sum", [node.input[0], *(twin.zero(n) for n in node.input[1:] if n)], node.output)


@rule("com.microsoft::FusedConv")
def convolution(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """A convolution and an addend."""
    found = {name: value for name, value in attributes(node).items() if name in WINDOW}
    y = twin.node("Conv", [node.input[0], twin.positive(node.input[1])], **found)
    yield helper.make_node("Sum", [y, *node.input[3:]], node.output)


@rule("com.microsoft::FusedMatMul", "com.microsoft::TransposeMatMul", "com.microsoft::FusedGemm")
def turned_product(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """A product with weights, the operands turned by hand."""
    data_only_first(twin, node)
    found, sides = attributes(node), []
    for name, side in zip(node.input, "AB", strict=False):
        order = list(range(twin.ranks[name]))
        if found.get(f"transBatch{side}"):
            order = [*order[1:-1], order[0], order[-1]]
        if found.get(f"trans{side}"):
            order[-2:] = order[:-3:-1]
        sides.append(twin.node("Transpose", [name if side == "A" else twin.positive(name)], perm=order))
    yield helper.make_node("MatMul", sides, node.output)


@rule("com.microsoft::SkipLayerNormalization", "com.microsoft::SkipSimplifiedLayerNormalization")
def skip(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The sum and its sum over the features."""
    total = twin.node("Sum", node.input[:2])
    yield helper.make_node(
        "Sum", [total, twin.total(total, [twin.ranks[node.input[0]] - 1])], [node.output[0]]
    )
    if len(node.output) > 3:
        yield helper.make_node("Identity", [total], [node.output[3]])


@rule("com.microsoft::EmbedLayerNormalization")
def embedding(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The index of the word and of the segment at all features."""
    if any(name in twin.data for name in node.input[2:]):
        raise NoTwinError("computed tables")
    width = numpy_helper.to_array(twin.initializers[node.input[2]]).shape[1]
    index = twin.node("Sum", [n for n in node.input[:2] if n])
    blank = twin.constant(np.zeros(width, np.float32))
    yield helper.make_node("Sum", [twin.unsqueeze(index, [2]), blank], [node.output[0]])


@rule("com.microsoft::Trilu", "com.microsoft::ConvTransposeWithDynamicPads", "com.microsoft::GridSample")
def second_homes(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """What the operator of the standard does."""
    data_only_first(twin, node)
    if node.op_type == "ConvTransposeWithDynamicPads":
        yield copied(node, [node.input[0], twin.positive(node.input[1]), *node.input[2:3]])
    else:
        yield copied(node)


@rule("ai.onnx.ml::Binarizer", "ai.onnx.ml::Imputer", "ai.onnx.ml::LabelEncoder", "ai.onnx.ml::Scaler")
def features(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Elementwise."""
    yield helper.make_node("Identity", node.input, node.output)


@rule("ai.onnx.ml::Normalizer")
def normaliser(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The element and its row."""
    yield with_statistics(twin, node, [rank_of(twin, node) - 1])


@rule("ai.onnx.ml::OneHotEncoder")
def encoder(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The element at all places of the new axis."""
    blank = twin.constant(np.zeros(len(attributes(node)["cats_int64s"]), np.float32))
    yield helper.make_node("Sum", [twin.unsqueeze(node.input[0], [rank_of(twin, node)]), blank], node.output)


@rule("ai.onnx.ml::FeatureVectorizer")
def vectoriser(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Side by side."""
    yield helper.make_node("Concat", node.input, node.output, axis=1)


@rule("ai.onnx.ml::ArrayFeatureExtractor")
def extractor(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Some positions of the last axis; a vector becomes a row."""
    data_only_first(twin, node)
    rank = rank_of(twin, node)
    x = node.input[0] if rank > 1 else twin.unsqueeze(node.input[0], [0])
    yield helper.make_node("Gather", [x, node.input[1]], node.output, axis=max(rank, 2) - 1)


@rule(
    "ai.onnx.ml::LinearRegressor",
    "ai.onnx.ml::SVMRegressor",
    "ai.onnx.ml::LinearClassifier",
    "ai.onnx.ml::SVMClassifier",
)
def model(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """All features of the sample."""
    found = attributes(node)
    targets = len(found.get("classlabels_ints", [])) or found.get("targets", 1)
    total = twin.total(node.input[0], [1])
    blank = twin.constant(np.zeros(targets, np.float32))
    yield helper.make_node("Sum", [total, blank], [node.output[-1]])
