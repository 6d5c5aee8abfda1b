"""Constants of ONNX models: initializers, and nodes whose operands are all constants.

Nothing is computed or copied before a rule asks for the elements, which only the geometry does:
targets of Reshape, bounds of Slice, scales of Resize.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from pytest_rf.graph import Builder, Value

Array = npt.NDArray[Any]

LARGEST = 1 << 22
"""Constants with more elements are not computed: geometry never needs them."""
DEEPEST = 50
"""Chains of constant nodes longer than this are settled as they come, so that none nests deeper."""


def initializer(b: Builder, tensor: onnx.TensorProto) -> Value:
    """Return a constant of the tensor's dims; its elements are decoded on demand."""
    shape = tuple(tensor.dims)
    if any(n < 0 for n in shape):
        return b.constant(None, missing=f"has the impossible shape {list(shape)}")
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        return b.constant(shape, missing="lies in an external data file, which is never opened")
    if prod(shape) > LARGEST:
        return b.constant(shape, missing="is too large to be geometry")
    return b.constant(shape, lambda: decode(tensor))


RAW: dict[int, np.dtype[Any]] = {
    onnx.TensorProto.FLOAT: np.dtype("<f4"),
    onnx.TensorProto.INT64: np.dtype("<i8"),
    onnx.TensorProto.INT32: np.dtype("<i4"),
}
"""Element types whose raw bytes need no conversion: nearly all, and much faster."""


def decode(tensor: onnx.TensorProto) -> Array | None:
    """Return the elements of a tensor; None where they do not fit its dims."""
    try:
        raw = RAW.get(tensor.data_type) if tensor.HasField("raw_data") else None
        if raw is not None:
            return np.frombuffer(tensor.raw_data, raw).reshape(tuple(tensor.dims))
        if tensor.data_type == onnx.TensorProto.INT64:
            return np.array(tensor.int64_data, np.int64).reshape(tuple(tensor.dims))
        return np.asarray(numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError):
        return None


def folded(
    node: onnx.NodeProto, operands: Sequence[Value | None], opset: Mapping[str, int]
) -> Callable[[], Array | None]:
    """Return what computes the only output of a node of constants, when it is needed."""
    small = tuple(operands)

    def compute() -> Array | None:
        arrays: dict[str, Array] = {}
        for name, value in zip(node.input, small, strict=True):
            if value is not None:
                data = value.data
                if data is None:
                    return None
                arrays[name] = data
        return evaluate(node, arrays, opset)

    return compute


def evaluate(node: onnx.NodeProto, arrays: Mapping[str, Array], opset: Mapping[str, int]) -> Array | None:
    """Run one node on real arrays by the reference implementation; None if it cannot."""
    from onnx.reference import ReferenceEvaluator

    if node.op_type == "ConstantOfShape":
        fill = next((decode(a.t) for a in node.attribute if a.name == "value"), None)
        shape = next(iter(arrays.values())).reshape(-1).tolist()
        return None if prod(shape) > LARGEST else np.full(shape, 0.0 if fill is None else fill.reshape(-1)[0])
    if sum(array.size for array in arrays.values()) > LARGEST:
        return None
    graph = onnx.helper.make_graph(
        [node],
        "constant",
        [
            onnx.helper.make_tensor_value_info(name, _type(array), array.shape)
            for name, array in arrays.items()
        ],
        [onnx.ValueInfoProto(name=name) for name in node.output if name],
    )
    imports = [onnx.helper.make_opsetid(domain, version) for domain, version in opset.items()]
    model = onnx.helper.make_model(graph, opset_imports=imports)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(ReferenceEvaluator(model).run(None, dict(arrays))[0])
    except Exception:  # whatever the evaluator cannot do is a constant without known elements
        return None


def _type(array: Array) -> int:
    return int(onnx.helper.np_dtype_to_tensor_dtype(array.dtype))
