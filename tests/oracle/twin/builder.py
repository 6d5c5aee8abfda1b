"""A twin in the making, and the table of rules that make it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from oracle.engines.files import attributes, opset


class NoTwinError(Exception):
    """The model holds an operator that has no linear counterpart here."""


Rule = Callable[["Twin", onnx.NodeProto], "Iterable[onnx.NodeProto]"]
RULES: dict[str, Rule] = {}


def rule(*operators: str) -> Callable[[Rule], Rule]:
    """Enter a rule for some operators: from a node to the nodes that stand for it in the twin."""

    def enter(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(operators, function))
        return function

    return enter


def reads(node: onnx.NodeProto) -> list[str]:
    """Return what a node and the bodies in it read."""
    bodies = [a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]
    return [*node.input, *(name for body in bodies for one in body.node for name in reads(one))]


class Twin:
    """A twin in the making: what the rules may ask about the original and add to the result."""

    def __init__(self, model: onnx.ModelProto, ranks: Mapping[str, int], partial: bool = False) -> None:
        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        self.opset = opset(model)
        self.ranks = ranks
        self.initializers = {i.name: i for i in self.model.graph.initializer}
        self.producers = {name: node for node in model.graph.node for name in node.output}
        self.data = {i.name for i in model.graph.input if i.name not in self.initializers}
        self.consumed = {name for node in model.graph.node for name in reads(node)}
        self.added: list[onnx.NodeProto] = []
        self.left_out: dict[str, str] = {}
        self._partial = partial
        self._depth = 0
        self._positive: dict[str, str] = {}
        self._count = 0

    def comes_from(self, name: str, operator: str) -> bool:
        """Return whether an operator is among those that a tensor is computed by, on any way."""
        waiting, seen = [name], set[str]()
        while waiting:
            one = waiting.pop()
            node = None if one in seen else self.producers.get(one)
            seen.add(one)
            if node is not None and node.op_type == operator:
                return True
            waiting += reads(node) if node is not None else ()
        return False

    def build(self) -> onnx.ModelProto:
        """Return the twin.

        Raises:
            NoTwinError: An operator has no counterpart.
        """
        self.added = self.rebuilt(self.model.graph.node)
        made = {name for node in self.added for name in node.output}
        for node in self.model.graph.node:
            lost = [n for n in node.output[1:] if n in self.consumed and n not in made]
            if lost and not self._partial:
                raise NoTwinError(f"{node.op_type} whose further outputs are used")
        del self.model.graph.node[:]
        self.model.graph.node.extend(self.added)
        return self.model

    def rebuilt(self, nodes: Iterable[onnx.NodeProto]) -> list[onnx.NodeProto]:
        """Return what stands for some nodes, in order."""
        outside, known = self.added, dict(self._positive)
        self.added = []
        self._depth += 1
        try:
            self._rebuild(nodes)
            return self.added
        finally:
            # what a body computes is not known outside of it
            self.added, self._positive = outside, known
            self._depth -= 1

    def _rebuild(self, nodes: Iterable[onnx.NodeProto]) -> None:
        for node in nodes:
            if not any(name in self.data for name in reads(node)):
                self.added.append(node)
                continue
            before = len(self.added)
            try:
                self.added += self._counterparts(node)
            except NoTwinError as error:
                if not self._partial or self._depth > 1:
                    raise
                del self.added[before:]
                self.left_out.update(dict.fromkeys(node.output, str(error)))
            made = {name for one in self.added[before:] for name in one.output}
            self.left_out.update(
                {n: "not made" for n in node.output if n not in made and n not in self.left_out}
            )

    def _counterparts(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        name = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}::{node.op_type}"
        self.data.update(name for name in node.output if name)
        missing = next((one for one in reads(node) if one in self.left_out), None)
        if missing is not None:
            raise NoTwinError(self.left_out[missing])
        if name not in RULES:
            raise NoTwinError(f"no linear twin of {name}")
        return list(RULES[name](self, node))

    def body(self, graph: onnx.GraphProto, given: Iterable[str]) -> onnx.GraphProto:
        """Return the twin of a body, some of whose inputs are data, and so all outputs that are real numbers."""
        self.data.update(given)
        self.producers.update({name: node for node in graph.node for name in node.output})
        self.initializers.update({weights.name: weights for weights in graph.initializer})
        copy = onnx.GraphProto()
        copy.CopyFrom(graph)
        del copy.node[:]
        copy.node.extend(self.rebuilt(graph.node))
        for output in copy.output:
            real = output.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
            if real and output.name not in self.data:
                fill = numpy_helper.from_array(np.zeros(1, np.float32))
                shape, old = self.fresh("Shape"), output.name
                output.name = self.fresh(old)
                copy.node.append(helper.make_node("Shape", [old], [shape]))
                copy.node.append(helper.make_node("ConstantOfShape", [shape], [output.name], value=fill))
        return copy

    def fresh(self, stem: str) -> str:
        """Return a tensor name that the model does not have."""
        self._count += 1
        return f"{stem}//twin{self._count}"

    def constant(self, value: np.ndarray) -> str:
        """Add a constant and return its name."""
        name = self.fresh("constant")
        self.model.graph.initializer.append(numpy_helper.from_array(value, name))
        return name

    def node(self, op: str, inputs: Iterable[str], output: str | None = None, **attrs: Any) -> str:
        """Add a node of one output and return the output's name."""
        output = output or self.fresh(op)
        self.added.append(helper.make_node(op, list(inputs), [output], **attrs))
        return output

    def positive(self, name: str) -> str:
        """Return a tensor shaped as the weights ``name``, with positive values of about their size."""
        if name not in self._positive:
            self._positive[name] = self._make_positive(name)
        return self._positive[name]

    def _make_positive(self, name: str) -> str:
        if name in self.initializers:
            value = np.abs(numpy_helper.to_array(self.initializers[name]))
            return self.constant((value + 0.25).astype(value.dtype))
        source = self.producers[name]
        if source.op_type == "ConstantOfShape":
            # the weights of the light models: many, and positive already
            fill = attributes(source).get("value")
            if fill is not None and numpy_helper.to_array(fill).min() > 0:
                return name
        shape = self.node("Shape", [name])
        half = numpy_helper.from_array(np.full(1, 0.5, np.float32))
        return self.node("ConstantOfShape", [shape], value=half)

    def zero(self, name: str) -> str:
        """Return a tensor of the same shape as the offset ``name`` that holds zeros."""
        return self.filled(name, 0.0)

    def ones(self, name: str) -> str:
        """Return a tensor of the same shape as ``name`` that holds ones."""
        return self.filled(name, 1.0)

    def filled(self, name: str, value: float) -> str:
        """Return a tensor of the same shape as ``name`` that holds one value."""
        fill = numpy_helper.from_array(np.full(1, value, np.float32))
        return self.node("ConstantOfShape", [self.node("Shape", [name])], value=fill)

    def total(self, name: str, axes: Iterable[int]) -> str:
        """Return the sum over some axes, which stay with extent 1."""
        axes = list(axes)
        if self.opset >= 18:
            return self.node("ReduceL1", [name, self.constant(np.array(axes, np.int64))], keepdims=1)
        return self.node("ReduceL1", [name], axes=axes, keepdims=1)

    def unsqueeze(self, name: str, axes: list[int]) -> str:
        """Return the tensor with axes of extent 1 added."""
        if self.opset >= 13:
            return self.node("Unsqueeze", [name, self.constant(np.array(axes, np.int64))])
        return self.node("Unsqueeze", [name], axes=axes)

    def squeeze(self, name: str, axes: list[int]) -> str:
        """Return the tensor without some axes of extent 1."""
        if self.opset >= 13:
            return self.node("Squeeze", [name, self.constant(np.array(axes, np.int64))])
        return self.node("Squeeze", [name], axes=axes)
