"""The linearised twin: the same graph, tensor for tensor, rebuilt so that nothing can hide an influence.

In a real network max, ReLU, saturation, zero weights, cancellation and plain underflow hide influence, and
a probe then sees less than the structure reads. The twin computes another function over the same
connections:

- everything that is data is 0 or positive, and 0 everywhere when the inputs are 0;
- every weight is positive, every offset is dropped, every activation is ``Sign``, so values stay near 1 at
  any depth;
- sums stand where products, statistics or maxima of several operands stood.

An element of the twin is therefore positive exactly if it reads a positive element of an input, and one run
with 1 on some rows of an input and 0 elsewhere answers for every element of every tensor at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import onnx

from oracle.engines import Engine, first_run
from oracle.engines.files import load
from oracle.influence import Influence
from oracle.twin.builder import NoTwinError, Twin, reads
from oracle.twin.learning import RULES

__all__ = ["RULES", "NoTwinError", "inferred_ranks", "linearised_twin", "probe_twin", "reached"]


FIXED = ("OptionalHasElement", "SequenceLength", "Shape", "Size")
"""What the shapes alone decide."""


def linearised_twin(
    model: onnx.ModelProto, ranks: Mapping[str, int] | None = None, partial: bool = False
) -> onnx.ModelProto:
    """Return the twin of a model.

    Args:
        model: The model.
        ranks: The ranks of its tensors, where onnx's shape inference would not find them.
        partial: Whether an operator that has no linear counterpart, and all behind it, is left out.

    Raises:
        NoTwinError: The model holds an operator that has no linear counterpart.
    """
    if ranks is None:
        ranks = inferred_ranks(model)
    return Twin(model, ranks, partial).build()


def inferred_ranks(model: onnx.ModelProto) -> dict[str, int]:
    """Return the rank of every tensor for which onnx's shape inference finds one."""
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    return {
        info.name: len(info.type.tensor_type.shape.dim)
        for info in (*graph.input, *graph.value_info, *graph.output)
        if info.type.tensor_type.HasField("shape")
    }


def reached(engine: Engine[np.ndarray], inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return which elements of the twin's tensors read a positive element of ``inputs``."""
    return {name: value > 0 for name, value in engine.run(inputs).items() if value.dtype.kind == "f"}


def probe_twin(
    twin: onnx.ModelProto,
    shapes: Mapping[str, Iterable[int]],
    *,
    tensors: Iterable[str] | None = None,
    engine: str | None = None,
) -> Influence:
    """Go along every axis of every input of a twin: which rows does each element read?

    Raises:
        AssertionError: A tensor is not 0 when all inputs are: the twin is wrong.
    """
    if tensors is None:
        tensors = [n for node in twin.graph.node for n in node.output if n and "//twin" not in n]
    session = load(twin, tensors, engine)
    blank = {name: np.zeros(tuple(shape), np.float32) for name, shape in shapes.items()}
    first_run(session, blank)
    silent = reached(session, blank)
    loud = [name for name, values in silent.items() if values.any() and not _constant(twin, name)]
    assert not loud, f"tensors of the twin that are not 0 at 0: {loud}"
    seen = Influence()
    for source, value in blank.items():
        for axis, index in _positions(value.shape):
            lit = value.copy()
            lit[(slice(None),) * axis + (index,)] = 1
            for name, hit in reached(session, {**blank, source: lit}).items():
                seen.add((name, source, axis), index, value.shape[axis], hit & ~silent[name])
    return seen


def _positions(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    return ((axis, index) for axis, extent in enumerate(shape) for index in range(extent))


def _constant(model: onnx.ModelProto, name: str) -> bool:
    """Whether a tensor depends on no input, or on the shape of one alone."""
    given = {i.name for i in model.graph.input} - {i.name for i in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type not in FIXED and any(n in given for n in reads(node)):
            given.update(node.output)
    return name not in given
