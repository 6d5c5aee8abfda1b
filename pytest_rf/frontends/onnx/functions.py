"""Bodies of operators that are functions: a model's own, and those by which the standard defines operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx import doubles
from pytest_rf.frontends.onnx.doubles import domain_of, versions
from pytest_rf.frontends.onnx.names import text
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.operators.onnx.call import Element
from pytest_rf.value import Value

Opsets = Mapping[str, int]


class Body(NamedTuple):
    """A function that a node calls.

    Attributes:
        key: what tells it from others, for the recursion check.
        proto: its definition.
        opsets: the operator versions that it is written in.
        own: whether it is the model's, so that its nodes are ones that users know.
    """

    key: tuple[str, str, str]
    proto: onnx.FunctionProto
    opsets: Opsets
    own: bool


class Functions:
    """All functions that a model can call."""

    def __init__(self, model: onnx.ModelProto, name: str) -> None:
        self._own: dict[tuple[str, str, str], Body] = {}
        for proto in model.functions[:]:
            key = (domain_of(proto.domain), proto.name, getattr(proto, "overload", ""))
            place = f"{name}: function {text(proto.name)!r}"
            if key in self._own:
                raise ModelError(f"{place} is there twice; export the model again")
            doubles.in_nodes(proto.node, place)
            self._own[key] = Body(key, proto, versions(proto.opset_import, place), own=True)

    def called(self, node: onnx.NodeProto) -> tuple[str, str, str]:
        """Return what tells the operator of a node from others: type, domain and, among functions, which of a name."""
        return node.op_type, node.domain, getattr(node, "overload", "") if self._own else ""

    def of(self, node: onnx.NodeProto) -> Body | None:
        """Return the model's function that a node calls, if any."""
        if not self._own:
            return None
        domain = domain_of(node.domain)
        return self._own.get((domain, node.op_type, getattr(node, "overload", ""))) or self._own.get(
            (domain, node.op_type, "")
        )


def is_function(op: str, domain: str) -> bool:
    """Whether the standard defines an operator by a function, in its newest version."""
    try:
        schema = onnx.defs.get_schema(op, domain)
    except onnx.defs.SchemaError:
        return False
    return bool(schema.has_function or schema.has_context_dependent_function)


def standard(node: onnx.NodeProto, operands: Sequence[Element | None], version: int) -> Body | None:
    """Return the function by which the standard defines an operator, if it does."""
    domain = domain_of(node.domain)
    try:
        schema = onnx.defs.get_schema(text(node.op_type), version, domain)
    except onnx.defs.SchemaError:
        return None
    if schema.has_function:
        proto = _plain(node.op_type, version, domain)
    elif schema.has_context_dependent_function:
        proto = _in_context(schema, node, operands, version)
    else:
        return None
    if proto is None:
        return None
    opsets = {domain_of(entry.domain): int(entry.version) for entry in proto.opset_import[:]}
    opsets.setdefault("", version if not domain else onnx.defs.onnx_opset_version())
    return Body((domain, node.op_type, "standard"), proto, opsets, own=False)


@lru_cache(maxsize=256)
def _plain(op: str, version: int, domain: str) -> onnx.FunctionProto | None:
    schema = onnx.defs.get_schema(op, version, domain)
    return _newest(schema.function_opset_versions, version, schema.get_function_with_opset_version)


def _in_context(
    schema: onnx.defs.OpSchema, node: onnx.NodeProto, operands: Sequence[Element | None], version: int
) -> onnx.FunctionProto | None:
    # The body depends on which inputs are there; types only choose casts, which read nothing else.
    types = [_type(operand) for operand in operands]
    raw = node.SerializeToString()
    return _newest(
        schema.context_dependent_function_opset_versions,
        version,
        lambda one: schema.get_context_dependent_function_with_opset_version(one, raw, types),
    )


def _newest(versions: Sequence[int], version: int, build: object) -> onnx.FunctionProto | None:
    assert callable(build)
    fitting = sorted(one for one in versions if one <= version)
    if not fitting:
        return None
    try:
        raw = build(fitting[-1])
    except Exception:  # a body cannot be built for this node: whatever the builder raises, there is none
        return None
    if not raw:
        return None
    proto = onnx.FunctionProto()
    proto.ParseFromString(raw)
    return proto


def _type(operand: Element | None) -> bytes:
    kind = onnx.TypeProto()
    if operand is not None:
        kind.tensor_type.elem_type = onnx.TensorProto.FLOAT
        if isinstance(operand, Value) and not operand.varies:
            data = operand.data
            if data is not None:
                with suppress(KeyError, ValueError, TypeError):
                    kind.tensor_type.elem_type = int(onnx.helper.np_dtype_to_tensor_dtype(data.dtype))
        if isinstance(operand, Value) and operand.shape is not None:
            for extent in operand.shape:
                kind.tensor_type.shape.dim.add().dim_value = extent
    return bytes(kind.SerializeToString())
