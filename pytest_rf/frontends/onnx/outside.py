"""Tensors whose elements lie in another file. Static mode opens none, wherever in a model they stand.

``onnx`` opens such a file itself whenever it decodes a tensor or runs a node that holds one, so whoever gives
it either asks here first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from pytest_rf.frontends.onnx.names import text
from pytest_rf.frontends.onnx.proto import onnx

Holder: TypeAlias = "onnx.ModelProto | onnx.FunctionProto | onnx.GraphProto | onnx.NodeProto"


def lies_outside(tensor: onnx.TensorProto) -> bool:
    """Whether the elements of a tensor lie in another file."""
    return bool(tensor.data_location == onnx.TensorProto.EXTERNAL)


def missing(name: str) -> str:
    """Return what to say about a constant that rests on the tensor ``name``, which lies outside."""
    return f"rests on {name!r}, which lies in an external data file, which is never opened"


def unrunnable(holder: Holder) -> str:
    """Return why a model cannot be run, and how it is written so that it can; empty where nothing lies outside."""
    unread = first_outside(holder)
    if unread is None:
        return ""
    return (
        f"tensor {unread!r} lies in an external data file, which is never opened; export with external_data=False, or "
        "write one file of both with onnx.save(onnx.load(path), path); in Python give what onnx.load(path) returns"
    )


def first_outside(holder: Holder) -> str | None:
    """Return the name of the first tensor in a model, graph or node that lies outside; None where none does."""
    if isinstance(holder, onnx.NodeProto) and not len(holder.attribute):
        return None
    return next((name for name, tensor in tensors_in(holder) if lies_outside(tensor)), None)


def tensors_in(holder: Holder) -> Iterator[tuple[str, onnx.TensorProto]]:
    """Yield all tensors in a model, graph or node, each with the name that messages call it by."""
    if isinstance(holder, onnx.ModelProto):
        for part in (holder.graph, *holder.functions[:]):
            yield from tensors_in(part)
        return
    if isinstance(holder, onnx.NodeProto):
        yield from _in_attributes(holder)
        return
    if isinstance(holder, onnx.GraphProto):
        yield from ((text(tensor.name), tensor) for tensor in holder.initializer[:])
        for sparse in holder.sparse_initializer[:]:
            yield from _of_sparse(sparse, text(sparse.values.name))
    else:
        for default in holder.attribute_proto[:]:
            yield from _of_attribute(default, text(default.name))
    for node in holder.node[:]:
        yield from _in_attributes(node)


def _in_attributes(node: onnx.NodeProto) -> Iterator[tuple[str, onnx.TensorProto]]:
    attributes = node.attribute[:]
    if attributes:
        name = text(next(iter(node.output), node.name))
        for attribute in attributes:
            yield from _of_attribute(attribute, name)


def _of_attribute(attribute: onnx.AttributeProto, name: str) -> Iterator[tuple[str, onnx.TensorProto]]:
    if attribute.HasField("t"):
        yield text(attribute.t.name) or name, attribute.t
    yield from ((text(tensor.name) or name, tensor) for tensor in attribute.tensors[:])
    if attribute.HasField("sparse_tensor"):
        yield from _of_sparse(attribute.sparse_tensor, name)
    for sparse in attribute.sparse_tensors[:]:
        yield from _of_sparse(sparse, name)
    if attribute.HasField("g"):
        yield from tensors_in(attribute.g)
    for graph in attribute.graphs[:]:
        yield from tensors_in(graph)


def _of_sparse(sparse: onnx.SparseTensorProto, name: str) -> Iterator[tuple[str, onnx.TensorProto]]:
    yield text(sparse.values.name) or name, sparse.values
    yield text(sparse.indices.name) or name, sparse.indices
