"""Constants of ONNX models: initializers, and nodes whose operands are all constants.

Nothing is computed or copied before a rule asks for the elements, which only the geometry does:
targets of Reshape, bounds of Slice, scales of Resize.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from struct import unpack
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.access import LARGEST_TABLE
from pytest_rf.frontends.onnx.inputs import MOST_AXES
from pytest_rf.frontends.onnx.names import text
from pytest_rf.frontends.onnx.outside import first_outside, lies_outside, missing
from pytest_rf.frontends.onnx.payloads import NOTHING_LEFT, Payloads
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.graph import Builder
from pytest_rf.operators.onnx.call import UNCOMPUTED, Element
from pytest_rf.value import Shape, Value

Array = npt.NDArray[Any]

LARGEST = 1 << 22
"""Constants with more elements are not computed: geometry never needs them."""
OF_TABLES = frozenset(
    {
        "Add",
        "And",
        "Cast",
        "ConstantOfShape",
        "Equal",
        "Expand",
        "Greater",
        "GreaterOrEqual",
        "Less",
        "LessOrEqual",
    }
    | {
        "Max",
        "Min",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "Reshape",
        "Squeeze",
        "Sub",
        "Trilu",
        "Unsqueeze",
        "Where",
        "Xor",
    }
)
"""Operators that make masks, element by element: what they make may be as large as a table of queries by keys."""
EVALUATED_SINCE = {"DequantizeLinear": 19}
"""Operators that the reference implementation has from a version on only, which does the same as those before it."""
DEEPEST = 20
"""Chains of constant nodes longer than this are settled as they come, so that none nests deeper."""


def dense(b: Builder, tensor: onnx.TensorProto, name: str = "", payloads: Payloads = NOTHING_LEFT) -> Value:
    """Return a constant of the tensor's dims; its elements are decoded on demand, and never where they lie outside.

    ``name`` is what messages call it where the tensor has no name, as in attributes.
    """
    shape = tuple(tensor.dims[:])
    if shape and min(shape) < 0:
        return b.constant(None, missing=f"has the impossible shape {list(shape)}")
    if lies_outside(tensor):
        return b.constant(shape, missing=missing(text(tensor.name) or name))
    if prod(shape) > LARGEST_TABLE:
        return b.constant(
            shape, missing=f"rests on {text(tensor.name) or name!r}, which is too large to be geometry"
        )
    return b.constant(shape, Elements(tensor, payloads))


class Elements:
    """Gives the elements of a tensor that lies in the file."""

    __slots__ = ("_payloads", "_tensor")

    def __init__(self, tensor: onnx.TensorProto, payloads: Payloads) -> None:
        self._tensor = tensor
        self._payloads = payloads

    def __call__(self) -> Array | None:
        """Return the elements; None where they do not fit the tensor's dims."""
        return decode(self._tensor, self._payloads)

    def extents(self, count: int) -> tuple[int, ...] | None:
        """Return so many 64-bit integers, which are the elements; None where these are any others.

        The shapes of all weights are such, in a file without weights, and as arrays they cost more than all else.
        """
        tensor = self._tensor
        if tensor.data_type != onnx.TensorProto.INT64 or tensor.HasField("segment"):
            return None
        if tensor.HasField("raw_data"):
            raw = tensor.raw_data
            return unpack(f"<{count}q", raw) if len(raw) == 8 * count else None
        found = tuple(tensor.int64_data[:])
        return found if len(found) == count else None


def initializers(
    b: Builder,
    graph: onnx.GraphProto,
    payloads: Payloads,
    tensors: Sequence[tuple[str, onnx.TensorProto]] | None = None,
) -> dict[str, Any]:
    """Return the constants that a graph brings with it, by name; ``tensors``: its dense initializers with theirs."""
    if tensors is None:
        tensors = [(tensor.name, tensor) for tensor in graph.initializer[:]]
    scope = {name: dense(b, tensor, "", payloads) for name, tensor in tensors}
    scope.update((one.values.name, sparse(b, one)) for one in graph.sparse_initializer[:])
    return scope


RAW: dict[int, np.dtype[Any]] = {
    onnx.TensorProto.FLOAT: np.dtype("<f4"),
    onnx.TensorProto.INT64: np.dtype("<i8"),
    onnx.TensorProto.INT32: np.dtype("<i4"),
}
"""Element types whose raw bytes need no conversion: nearly all, and much faster."""


def decode(tensor: onnx.TensorProto, payloads: Payloads = NOTHING_LEFT) -> Array | None:
    """Return the elements of a tensor; None where they do not fit its dims or lie outside of the file."""
    whole = None if lies_outside(tensor) else payloads.whole(tensor)
    return None if whole is None else _elements(whole)


def _elements(tensor: onnx.TensorProto) -> Array | None:
    try:
        raw = RAW.get(tensor.data_type) if tensor.HasField("raw_data") else None
        if raw is not None:
            return np.frombuffer(tensor.raw_data, raw).reshape(tuple(tensor.dims[:]))
        if tensor.data_type == onnx.TensorProto.INT64:
            return np.array(tensor.int64_data[:], np.int64).reshape(tuple(tensor.dims[:]))
        return np.asarray(onnx.numpy_helper.to_array(tensor))
    except (ValueError, TypeError, LookupError):  # of elements that do not fit, by the version of onnx
        return None


def sparse(b: Builder, tensor: onnx.SparseTensorProto, name: str = "") -> Value:
    """Return a constant of a sparse tensor's dims; its elements are not decoded."""
    shape = tuple(tensor.dims[:])
    if any(n < 0 for n in shape):
        return b.constant(None, missing=f"has the impossible shape {list(shape)}")
    called = text(tensor.values.name) or name
    if lies_outside(tensor.values) or lies_outside(tensor.indices):
        return b.constant(shape, missing=missing(called))
    return b.constant(shape, missing=f"rests on {called!r}, which is stored as a sparse tensor")


def attribute(b: Builder, node: onnx.NodeProto, name: str, payloads: Payloads) -> Value:
    """Return the tensor in an attribute of a node as a constant; messages call it as the node's output."""
    found = next(one for one in node.attribute[:] if one.name == name)
    called = text(next(iter(node.output), node.name))
    if found.HasField("sparse_tensor"):
        return sparse(b, found.sparse_tensor, called)
    return dense(b, found.t, called, payloads)


def settled(results: Sequence[Any]) -> Sequence[Any]:
    """Compute the elements of constants now, so that none waits for a chain of others; return them."""
    for value in results:
        if isinstance(value, Value) and not value.varies:
            value.data  # noqa: B018 - reading it computes it
    return results


def _of_shape(operands: Sequence[Element | None]) -> Shape | None:
    """Return the shape that the operand of a ConstantOfShape says, if it is a list of extents that is at hand."""
    if len(operands) != 1:
        return None
    (x,) = operands
    if type(x) is not Value or x.shape is None or len(x.shape) != 1 or x.shape[0] > MOST_AXES:
        return None
    load = x.load
    shape = load.extents(x.shape[0]) if isinstance(load, Elements) else None
    return None if shape is None or min(shape, default=0) < 0 else shape


AT_ONCE: Mapping[str, Callable[[Sequence[Element | None]], Shape | None]] = {"ConstantOfShape": _of_shape}
"""Operators of which the shape of what they make is told without a call of their rule, as they are many: every weight
is one where a file is stored without weights. What is not that plain goes the way of all others."""

OPEN_ENDED = frozenset({"NonZero", "Unique", "Compress", "NonMaxSuppression", "StringSplit"})
"""Operators whose output has a shape that its elements tell; no larger than the inputs make it."""


def fold(
    b: Builder,
    node: onnx.NodeProto,
    operands: Sequence[Value | None],
    results: Sequence[Any],
    opset: Mapping[str, int],
    payloads: Payloads = NOTHING_LEFT,
) -> list[Any]:
    """Let the outputs of a node of constants compute their elements when they are needed; return them."""
    if node.op_type == "Identity":
        return list(results)
    # An operator that reads each element at its place makes other elements of them all the same.
    results = [
        b.constant(one.shape, missing=one.missing) if isinstance(one, Value) and one in operands else one
        for one in results
    ]

    lacking = next((x.missing for x in operands if x is not None and x.missing and not x.has_data), None)
    unread = first_outside(node)
    if unread is not None:
        lacking = missing(unread)
    outputs = _Outputs(node, operands, opset, payloads)
    for place, result in enumerate(results):
        if not isinstance(result, Value) or result.varies or result.has_data or result.missing in UNCOMPUTED:
            continue
        shape = result.shape
        if lacking is not None:
            result.missing = result.missing or lacking
        elif shape is not None:
            if prod(shape) <= _largest(node):
                result.load = partial(outputs.element, place, shape)
        elif node.op_type in OPEN_ENDED:
            data = outputs.element(place, None)
            if data is not None:
                results[place] = b.array(data)
    return results


def _largest(node: onnx.NodeProto) -> int:
    return LARGEST_TABLE if node.op_type in OF_TABLES else LARGEST


class _Outputs:
    """What a node of constants computes, once and only if some of it is needed."""

    __slots__ = ("_done", "_node", "_operands", "_opset", "_payloads")

    def __init__(
        self,
        node: onnx.NodeProto,
        operands: Sequence[Value | None],
        opset: Mapping[str, int],
        payloads: Payloads,
    ) -> None:
        self._node, self._operands, self._opset, self._payloads = node, operands, opset, payloads
        self._done: Sequence[Array | None] | None = None

    def element(self, place: int, shape: tuple[int, ...] | None) -> Array | None:
        """Return one output; None where it cannot be computed or has another shape than ``shape``."""
        if self._done is None:
            self._done = self._computed()
        data = self._done[place] if place < len(self._done) else None
        return data if data is None or shape is None or data.shape == shape else None

    def _computed(self) -> Sequence[Array | None]:
        arrays: dict[str, Array] = {}
        for name, value in zip(self._node.input[:], self._operands, strict=True):
            if value is not None:
                data = value.data
                if data is None:
                    return ()
                arrays[name] = data
        node = self._payloads.filled(self._node)
        return () if node is None else evaluate(node, arrays, self._opset)


def evaluate(
    node: onnx.NodeProto, arrays: Mapping[str, Array], opset: Mapping[str, int]
) -> Sequence[Array | None]:
    """Run one node on real arrays by the reference implementation; nothing if it cannot."""
    from onnx.reference import ReferenceEvaluator

    if node.op_type == "ConstantOfShape":
        fill = next((decode(a.t) for a in node.attribute[:] if a.name == "value"), None)
        shape = next(iter(arrays.values())).reshape(-1).tolist()
        if prod(shape) > _largest(node) or (fill is not None and fill.size != 1):
            return ()
        return (np.full(shape, np.float32(0)) if fill is None else np.full(shape, fill.reshape(-1)[0]),)
    if max([array.size for array in arrays.values()], default=0) > _largest(node):
        return ()
    opset = {**opset, "": max(opset.get("", 0), EVALUATED_SINCE.get(node.op_type, 0))}
    graph = onnx.helper.make_graph(
        [node],
        "constant",
        [
            onnx.helper.make_tensor_value_info(name, _type(array), array.shape)
            for name, array in arrays.items()
        ],
        [onnx.ValueInfoProto(name=name) for name in node.output if name],
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = iter(ReferenceEvaluator(graph, opsets=dict(opset)).run(None, dict(arrays)))
    except Exception:  # whatever the evaluator cannot do is a constant without known elements
        return ()
    return tuple(np.asarray(next(found)) if name else None for name in node.output)


def _type(array: Array) -> int:
    return int(onnx.helper.np_dtype_to_tensor_dtype(array.dtype))
