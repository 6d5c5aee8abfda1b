"""Turns an ONNX model into the program of :mod:`pytest_rf.graph`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_rf import registry
from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx import constants, doubles, names
from pytest_rf.frontends.onnx.declared import Declared
from pytest_rf.frontends.onnx.doubles import domain_of, versions
from pytest_rf.frontends.onnx.elements import tensors_of
from pytest_rf.frontends.onnx.functions import Functions
from pytest_rf.frontends.onnx.inputs import OPEN_BATCH, bound, check_names, input_shape, tensor_type
from pytest_rf.frontends.onnx.nodes import Nodes
from pytest_rf.frontends.onnx.outside import first_outside
from pytest_rf.frontends.onnx.payloads import Given, Model, of
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.frontends.onnx.sites import Frame
from pytest_rf.graph import MASK_BELOW, Builder, Graph
from pytest_rf.operators.onnx.call import Element
from pytest_rf.value import Value

__all__ = ["NEWEST", "OPEN_BATCH", "lower"]

NEWEST = 28
"""The newest opset that the operator tables were written for."""


def lower(
    model: Given,
    name: str,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, Any] | None = None,
    weights: bool = False,
    opened: bool = False,
    operators: registry.Operators = registry.NONE,
    mask_below: float = MASK_BELOW,
) -> Graph:
    """Return the graph of a model.

    Args:
        model: the model; it is not changed.
        name: how errors name it.
        inputs: shapes for the inputs whose shape the file leaves open, or other shapes than the file's.
        values: concrete elements for inputs that steer the geometry; those inputs are constants then.
        weights: whether exact zeros in weights and masked scores cut dependence.
        opened: whether given shapes may differ from extents that the file fixes.
        operators: what a configuration states of operators and functions, ``domain::Operator`` -> statement.
        mask_below: a constant of this or less that is added before a softmax is a mask then.

    Raises:
        ModelError: an input's shape is open, a limit is exceeded, or the model breaks the rules of ONNX.
    """
    b = Builder(weights, mask_below)
    try:
        return _lowered(b, of(model), name, inputs or {}, values or {}, opened, operators)
    finally:
        b.finish()


def _lowered(
    b: Builder,
    whole: Model,
    name: str,
    inputs: Mapping[str, Sequence[int]],
    values: Mapping[str, Any],
    opened: bool,
    operators: registry.Operators,
) -> Graph:
    model, payloads = whole.proto, whole.payloads
    unread = first_outside(model) if b.weights else None
    if unread is not None:
        b.graph.notes.append(
            f"tensor {unread!r} lies in an external data file, which is never opened: weights and masks that lie "
            "outside count as if they had no zeros; load them into the model to have them looked at"
        )
    opsets = _opsets(model, name)
    scope = _scope(b, whole, name, inputs, values, opened)
    owners = names.Owners(model.graph)
    declared = Declared(model.graph, {key: value.extents for key, value in b.graph.inputs.items()})
    nodes = Nodes(b, name, Functions(model, name), owners, operators, declared, payloads)
    nodes.run(model.graph.node, scope, Frame("", opsets))
    nodes.over = True
    for info in model.graph.output[:]:
        element = scope.get(info.name)
        if element is None:
            raise ModelError(
                f"{name}: output {names.text(info.name)!r} is computed by no node; export the model again"
            )
        b.graph.outputs.update(tensors_of(names.text(info.name), element))
    b.graph.constants = {
        name if isinstance(name, str) else names.text(name): value
        for name, value in scope.items()
        if isinstance(value, Value) and not value.varies
    }
    b.graph.metadata.update(
        {names.text(entry.key): names.text(entry.value) for entry in model.metadata_props[:]}
    )
    return b.graph


def _opsets(model: onnx.ModelProto, name: str) -> dict[str, int]:
    opsets = versions(model.opset_import, name)
    if "" not in opsets and any(not domain_of(node.domain) for node in model.graph.node):
        raise ModelError(f"{name}: declares no version of the ONNX operators (opset_import); export it again")
    version = opsets.get("", 1)
    newest = NEWEST if version <= NEWEST else max(NEWEST, onnx.defs.onnx_opset_version())
    if not 1 <= version <= newest:
        raise ModelError(
            f"{name}: opset {version} is not one of 1 to {newest}; export the model for one of these"
        )
    return opsets


def _scope(
    b: Builder,
    whole: Model,
    name: str,
    inputs: Mapping[str, Sequence[int]],
    values: Mapping[str, Any],
    opened: bool,
) -> dict[str, Element | None]:
    """Return what the names of initializers and inputs stand for."""
    graph = whole.proto.graph
    doubles.in_graph(graph, name, [tensor for tensor, _ in whole.initializers])
    scope = constants.initializers(b, graph, whole.payloads, whole.initializers)
    declared = [(names.text(info.name), info) for info in whole.inputs]
    check_names(name, [told for told, _ in declared], [*inputs, *values])
    for told, info in declared:
        if told in values:
            scope[info.name] = bound(b, name, info, values[told])
        elif tensor_type(info) is None:
            reason = f"input {told} is a sequence or map; only a run can tell what it holds"
            scope[info.name] = b.unknown([], reason)
        else:
            scope[info.name] = b.input(told, input_shape(name, info, inputs.get(told), opened))
    return scope
