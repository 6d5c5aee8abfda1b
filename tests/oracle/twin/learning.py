"""The counterparts of draws, of steps of optimisers and of what is done to strings."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import helper

from oracle.engines.files import attributes
from oracle.twin.builder import Twin, rule
from oracle.twin.fused import RULES

__all__ = ["RULES"]

Nodes = Iterable[onnx.NodeProto]


@rule("RandomNormalLike", "RandomUniformLike")
def noise(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Nothing but the shape."""
    twin.data.difference_update(node.output)
    yield helper.make_node("Identity", [twin.zero(node.input[0])], node.output)


@rule("Bernoulli", "BitCast", "RegexFullMatch", "StringNormalizer", "ai.onnx.ml::CategoryMapper")
def element(_twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Elementwise in one operand; strings stay numbers."""
    yield helper.make_node("Identity", [node.input[0]], node.output)


@rule("SwiGLU", "StringConcat")
def elements(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """Elementwise in two operands."""
    yield helper.make_node("Sum", [n if n in twin.data else twin.zero(n) for n in node.input], node.output)


@rule("StringSplit")
def parts(_twin: Twin, node: onnx.NodeProto) -> Nodes:
    """The number of parts of each element; the parts themselves have no shape beforehand."""
    yield helper.make_node("Identity", [node.input[0]], [node.output[1]])


@rule("Multinomial", "TfIdfVectorizer")
def rows(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """All of the row."""
    found = attributes(node)
    count = found.get("sample_size", 1) if node.op_type == "Multinomial" else max(found["ngram_indexes"]) + 1
    blank = twin.constant(np.zeros(count, np.float32))
    yield helper.make_node("Sum", [twin.total(node.input[0], [1]), blank], node.output)


@rule(*(f"ai.onnx.preview.training::{name}" for name in ("Adagrad", "Adam", "Momentum")))
def step(twin: Twin, node: onnx.NodeProto) -> Nodes:
    """For one tensor: the new one reads all, an accumulator itself, the tensor and its gradient."""
    steered = [n for n in node.input[:2] if n in twin.data]
    x, gradient, *states = [n if n in twin.data else twin.zero(n) for n in node.input[2:]]
    own = steered if node.op_type == "Momentum" else []
    for state, name in zip(states, node.output[1:], strict=False):
        if name:
            yield helper.make_node("Sum", [x, gradient, state, *own], [name])
    yield helper.make_node("Sum", [x, gradient, *states, *steered], [node.output[0]])
