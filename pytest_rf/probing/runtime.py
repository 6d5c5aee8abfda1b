"""Runs ONNX files for witnesses: with onnxruntime where it is installed, and with weights where they are elsewhere."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx import read
from pytest_rf.frontends.onnx.outside import lies_outside, unrunnable
from pytest_rf.probing.files import Array, Engine, Evaluator, reference
from pytest_rf.probing.search import Attempt, Search

#: Operators whose second operand is a matrix or a kernel of weights.
_WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")


def attempts(
    model: Any, name: str, shapes: Mapping[str, tuple[int, ...]], given: Mapping[str, Any], weights: bool
) -> Callable[[Sequence[str]], list[Attempt]]:
    """Return what gives the ways to run a model that show some of its tensors.

    Args:
        model: the ``ModelProto``.
        name: what messages call it.
        shapes: input name -> the shape that it was analysed with.
        given: input name -> array, for inputs that are to have these elements.
        weights: whether the weights that it has are the ones that are meant.
    """

    def ways(tensors: Sequence[str]) -> list[Attempt]:
        known = {result for node in model.graph.node for result in node.output}
        wanted = [tensor for tensor in tensors if tensor in known]
        engines: list[Callable[[Any], Engine]] = [reference]
        if importlib.util.find_spec("onnxruntime") is not None:
            engines.insert(0, partial(onnxruntime, tensors=wanted))
        return [
            Attempt(*[_maker(model, name, shapes, given, generic, engine) for engine in engines])
            for generic in ((False,) if weights else (False, True))
        ]

    return ways


def _maker(
    model: Any,
    name: str,
    shapes: Mapping[str, tuple[int, ...]],
    given: Mapping[str, Any],
    generic: bool,
    engine: Callable[[Any], Engine],
) -> Callable[[], Search]:
    def make() -> Search:
        whole = with_generic_weights(model) if generic else model
        return Evaluator(whole, name, shapes, given, engine=engine)

    return make


def onnxruntime(model: Any, tensors: Sequence[str]) -> Engine:
    """Return onnxruntime, unoptimised and on one thread, so that what is equal stays equal to the bit."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    there = {output.name for output in shown.graph.output}
    for tensor in dict.fromkeys(tensors):
        if tensor not in there:
            shown.graph.output.add().name = tensor
    session = ort.InferenceSession(shown.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda feeds: dict(zip(names, session.run(None, dict(feeds)), strict=True))


def with_generic_weights(model: Any) -> Any:
    """Return a model with random weights of a size that keeps values near 1; biases, gains and variances above 0.

    What is read is a question of what some weights let through: a gain that is initialised with 0 lets nothing. Other
    constants stay as they are, unless they lie in another file.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    random = np.random.default_rng(0)
    signed = _weights(made.graph)
    filled = {node.output[0]: node for node in made.graph.node if node.op_type == "ConstantOfShape"}
    held = {tensor.name: tensor for tensor in made.graph.initializer}
    for name, tensor in held.items():
        if tensor.data_type in _REAL and (name in signed or lies_outside(tensor)):
            shape = tuple(tensor.dims)
            numbers = _drawn(random, shape, signed.get(name, True) and len(shape) > 1)
            dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
            tensor.CopyFrom(numpy_helper.from_array(numbers.astype(dtype), name))
    for name in signed.keys() & filled.keys():  # the weights of models that are kept without any
        node = filled[name]
        extents = held.get(node.input[0])
        if extents is not None and not lies_outside(extents):
            shape = tuple(int(n) for n in numpy_helper.to_array(extents))
            numbers = _drawn(random, shape, signed[name] and len(shape) > 1)
            made.graph.initializer.append(numpy_helper.from_array(numbers.astype(np.float32), name))
            made.graph.node.remove(node)
    return made


_REAL = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)


def _weights(graph: Any) -> dict[str, bool]:
    """Return the names of the weights in a graph, and whether they may be of either sign."""
    found: dict[str, bool] = {}
    for node in graph.node:
        if node.op_type in _WEIGHTED:
            found.update(dict.fromkeys(node.input[1:2], True))
            found.update(dict.fromkeys(node.input[2:3], False))
        if node.op_type == "BatchNormalization":
            found.update(dict.fromkeys(node.input[1:5], False))
    return found


def _drawn(random: np.random.Generator, shape: tuple[int, ...], signed: bool) -> Array:
    """Return weights of either sign, or above 0."""
    if signed:
        return random.standard_normal(shape) / math.sqrt(max(math.prod(shape[1:]), 1))
    return random.uniform(0.5, 1.5, shape)


def runner(model: Any, name: str, values: Mapping[str, Any] | None) -> Engine:
    """Return what runs an ONNX model, or the file of one, on arrays by name and gives its outputs by name.

    Args:
        model: the ``ModelProto``, or a path.
        name: what messages call it.
        values: input name -> elements of inputs that steer the geometry.

    Raises:
        ModelError: it cannot be run.
    """
    proto = model if hasattr(model, "graph") else read(model)
    if reason := unrunnable(proto):
        raise ModelError(f"{name} cannot be run: {reason}")
    engine: Callable[[Any], Engine] = reference
    if importlib.util.find_spec("onnxruntime") is not None:
        engine = partial(onnxruntime, tensors=())
    types = {
        one.name: np.dtype(onnx.helper.tensor_dtype_to_np_dtype(one.type.tensor_type.elem_type))
        for one in proto.graph.input
    }
    given = {key: np.asarray(value, types[key]) for key, value in (values or {}).items() if key in types}
    outputs = [one.name for one in proto.graph.output]

    def run(feeds: Mapping[str, Array]) -> Mapping[str, Any]:
        try:
            found = made({**given, **{key: as_type(array, types[key]) for key, array in feeds.items()}})
        except Exception as error:  # whatever the implementation of an operator raises
            told = " ".join(str(error).split())[:300]
            raise ModelError(f"{name} does not run: {type(error).__name__}: {told}") from error
        return {key: np.asarray(found[key]) for key in outputs}

    try:
        made = engine(proto)
    except Exception as error:  # an operator of others
        told = " ".join(str(error).split())[:300]
        raise ModelError(f"{name} does not run: {type(error).__name__}: {told}") from error
    return run


def as_type(array: Array, dtype: np.dtype[Any]) -> Array:
    """Return random numbers as elements of a type: those of whole numbers are 0 and 1."""
    return array.astype(dtype) if dtype.kind == "f" or array.dtype.kind != "f" else (array > 0).astype(dtype)
