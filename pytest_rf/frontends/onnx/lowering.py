"""Turns an ONNX graph into the program of :mod:`pytest_rf.graph`, node by node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
import onnx

from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx import constants, names
from pytest_rf.graph import Builder, Graph, Node, Shape, Undetermined, Value
from pytest_rf.operators.onnx import table
from pytest_rf.operators.onnx.call import Call, Rule

OPEN_BATCH = 2
"""Extent of an open batch axis: with one sample alone nobody could see whether samples mix."""
NESTING = 64
"""Functions and subgraphs may nest this deep."""

ATTRIBUTE = onnx.AttributeProto
Scope = dict[str, Value | None]


@cache
def _rules() -> dict[str, Rule]:
    return table()


def lower(
    model: onnx.ModelProto,
    name: str,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Graph:
    """Return the graph of a model.

    Args:
        model: the model; it is not changed.
        name: how errors name it.
        inputs: shapes for the inputs whose shape the file leaves open, or other shapes than the file's.
        values: concrete elements for inputs that steer the geometry; those inputs are constants then.

    Raises:
        ModelError: an input's shape is open, or the model breaks the rules of ONNX.
    """
    return _Lowering(model, name).lower(dict(inputs or {}), dict(values or {}))


class _Lowering:
    """One model on its way into a builder."""

    def __init__(self, model: onnx.ModelProto, name: str) -> None:
        self.model = model
        self.name = name
        self.b = Builder()
        self.opsets = {_domain(entry.domain): int(entry.version) for entry in model.opset_import}
        self.functions = {(_domain(f.domain), f.name): f for f in model.functions}
        self.owners = names.parameter_owners([tensor.name for tensor in model.graph.initializer])
        self.depth = 0

    def lower(self, inputs: dict[str, Sequence[int]], values: dict[str, Any]) -> Graph:
        graph = self.model.graph
        if "" not in self.opsets and any(not node.domain for node in graph.node):
            raise ModelError(
                f"{self.name}: declares no version of the ONNX operators (opset_import); export it again"
            )
        scope: Scope = {tensor.name: constants.initializer(self.b, tensor) for tensor in graph.initializer}
        for sparse in graph.sparse_initializer:
            scope[sparse.values.name] = self.b.constant(
                tuple(sparse.dims), missing="is stored as a sparse tensor"
            )
        declared = [info for info in graph.input if info.name not in scope]
        self._check_names(inputs, values, [info.name for info in declared])
        for info in declared:
            if info.name in values:
                scope[info.name] = self.b.array(np.asarray(values[info.name]))
            else:
                shape = self._input_shape(info, inputs.get(info.name))
                scope[info.name] = None if shape is None else self.b.input(info.name, shape)
        self.run(graph.node, scope, "")
        for info in graph.output:
            value = scope.get(info.name)
            if value is None:
                raise ModelError(
                    f"{self.name}: output {info.name!r} is computed by no node; export the model again"
                )
            self.b.graph.outputs[info.name] = value
        self.b.graph.constants = {name: value for name, value in scope.items() if value and not value.varies}
        self.b.graph.metadata.update({entry.key: entry.value for entry in self.model.metadata_props})
        return self.b.graph

    def _check_names(
        self, inputs: dict[str, Sequence[int]], values: dict[str, Any], known: list[str]
    ) -> None:
        for given in (*inputs, *values):
            if given not in known:
                raise ModelError(
                    f"{self.name}: has no input {given!r}; its inputs are {', '.join(map(repr, known)) or 'none'}"
                )

    def _input_shape(self, info: onnx.ValueInfoProto, given: Sequence[int] | None) -> Shape | None:
        """Return an input's shape: the given one, else the file's; None for what is no tensor."""
        kind = info.type.WhichOneof("value")
        if kind not in ("tensor_type", None):
            return None
        declared = info.type.tensor_type
        has_shape = kind is not None and declared.HasField("shape")
        dims = list(declared.shape.dim) if has_shape else None
        if given is not None:
            shape = tuple(int(n) for n in given)
            if any(n < 0 for n in shape):
                raise ModelError(f"{self.name}: input {info.name!r}: shape {shape} has a negative extent")
            if dims is not None and len(dims) != len(shape):
                raise ModelError(
                    f"{self.name}: input {info.name!r} has {len(dims)} axes, "
                    f"the given shape {shape} has {len(shape)}"
                )
            for place, dim in enumerate(dims or []):
                if dim.dim_value > 0 and dim.dim_value != shape[place]:
                    raise ModelError(
                        f"{self.name}: axis {place} of input {info.name!r} is fixed to {dim.dim_value} "
                        f"in the file, the given shape {shape} says {shape[place]}"
                    )
            return shape
        if dims is None:
            raise ModelError(
                f"{self.name}: the shape of input {info.name!r} is not in the file; "
                f"give it with --input {info.name}=... or inputs in the config"
            )
        extents = [
            dim.dim_value if dim.HasField("dim_value") and dim.dim_value >= 0 else None for dim in dims
        ]
        if extents and extents[0] is None and len(extents) > 1:
            extents[0] = OPEN_BATCH
        missing = [
            f"{place} ({dim.dim_param})" if dim.dim_param else str(place)
            for place, (dim, extent) in enumerate(zip(dims, extents, strict=True))
            if extent is None
        ]
        if missing:
            example = ",".join("?" if extent is None else str(extent) for extent in extents)
            raise ModelError(
                f"{self.name}: input {info.name!r} leaves axis {', '.join(missing)} open; "
                f"give its shape with --input {info.name}={example} or inputs in the config"
            )
        return tuple(int(extent) for extent in extents if extent is not None)

    def run(self, nodes: Sequence[onnx.NodeProto], scope: Scope, prefix: str) -> None:
        """Lower nodes in order; ``scope`` maps the names of tensors to values and takes theirs."""
        for node in nodes:
            self._node(node, scope, prefix)

    def _node(self, node: onnx.NodeProto, scope: Scope, prefix: str) -> None:
        operands: list[Value | None] = []
        for name in node.input:
            if name and name not in scope:
                raise ModelError(
                    f"{self._place(node)}: input {name!r} is computed by no node before it; export again"
                )
            operands.append(scope[name] if name else None)
        results = self._results(node, operands, prefix)
        for name, value in zip(node.output, results, strict=False):
            if name:
                if name in scope:
                    raise ModelError(
                        f"{self._place(node)}: output {name!r} is already computed by another node"
                    )
                scope[name] = value

    def _place(self, node: onnx.NodeProto) -> str:
        return f"{self.name}: node {_called(node)!r} ({node.op_type})"

    def _results(self, node: onnx.NodeProto, operands: list[Value | None], prefix: str) -> Sequence[Value]:
        given = [value for value in operands if value is not None]
        if not any(value.varies for value in given):
            nesting = max((value.nesting for value in given), default=0) + 1
            if len(node.output) > 1 or nesting > constants.DEEPEST:
                return self._constants(node, operands, given)
            return (self.b.deferred(lambda: self._constants(node, operands, given)[0], nesting),)
        entry = Node(
            name=prefix + _called(node),
            op=node.op_type,
            module=names.module_of(node, self.owners),
            source=names.source_of(node),
            inputs=tuple(given),
        )
        self.b.begin(entry)
        results = self._apply(node, operands, given)
        entry.outputs = {
            prefix + name: value for name, value in zip(node.output, results, strict=False) if name
        }
        return results

    def _constants(
        self, node: onnx.NodeProto, operands: list[Value | None], given: Sequence[Value]
    ) -> Sequence[Value]:
        """Lower a node of constants: its shape by the rule, its elements by running it when they are needed."""
        before, self.b.node = self.b.node, Node("", node.op_type)
        try:
            results = self._apply(node, operands, given)
        finally:
            self.b.node = before
        result = results[0]
        if len(results) == 1 and not result.has_data and not _has_body(node):
            result.load = constants.folded(node, operands, self.opsets)
            if result.shape is None:
                data = result.data
                return (result,) if data is None else (self.b.array(data),)
        return results

    def _apply(
        self, node: onnx.NodeProto, operands: list[Value | None], given: Sequence[Value]
    ) -> Sequence[Value]:
        count = len(node.output)
        domain = _domain(node.domain)
        key = f"{domain}::{node.op_type}" if domain else node.op_type
        rule = _rules().get(key)
        if rule is None:
            return self._unknown(given, f"operator {key} has no rule", count)
        if any(value.varies and value.shape is None for value in given):
            return self._unknown(given, f"the shape of an input of {key} is not known", count)
        if domain not in self.opsets:
            raise ModelError(
                f"{self._place(node)}: its domain {domain!r} has no version (opset_import); export again"
            )
        call = Call(
            self.b,
            node.op_type,
            operands,
            _Attributes(node),
            self.opsets[domain],
            lambda: self._place(node),
            count,
        )
        try:
            result = rule(call)
        except Undetermined as problem:
            return self._unknown(given, str(problem), count)
        return result if isinstance(result, tuple) else (result,)

    def _unknown(self, operands: Sequence[Value], reason: str, count: int) -> Sequence[Value]:
        live = [value for value in operands if value.varies]
        if live:
            return [self.b.unknown(live, reason) for _ in range(count)]
        return [self.b.constant(None, missing=f"is not known: {reason}") for _ in range(count)]


def _has_body(node: onnx.NodeProto) -> bool:
    return any(attribute.type in (ATTRIBUTE.GRAPH, ATTRIBUTE.GRAPHS) for attribute in node.attribute)


def _called(node: onnx.NodeProto) -> str:
    return str(node.name or next((name for name in node.output if name), node.op_type))


def _domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain


class _Attributes(Mapping[str, Any]):
    """A node's attributes, decoded when they are read: most of a model's are never looked at."""

    def __init__(self, node: onnx.NodeProto) -> None:
        self._node = node

    @cached_property
    def _raw(self) -> dict[str, onnx.AttributeProto]:
        return {attribute.name: attribute for attribute in self._node.attribute}

    def __getitem__(self, name: str) -> Any:
        return _decoded(self._raw[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


def _decoded(attribute: onnx.AttributeProto) -> Any:
    """Return an attribute as int, float, str, list or array; graphs as they are."""
    kind = attribute.type
    if kind == ATTRIBUTE.INT:
        return int(attribute.i)
    if kind == ATTRIBUTE.INTS:
        return [int(n) for n in attribute.ints]
    if kind == ATTRIBUTE.FLOAT:
        return float(attribute.f)
    if kind == ATTRIBUTE.FLOATS:
        return [float(n) for n in attribute.floats]
    if kind == ATTRIBUTE.STRING:
        return attribute.s.decode("utf-8", "replace")
    if kind == ATTRIBUTE.STRINGS:
        return [text.decode("utf-8", "replace") for text in attribute.strings]
    if kind == ATTRIBUTE.TENSOR:
        return constants.decode(attribute.t)
    return onnx.helper.get_attribute_value(attribute)
