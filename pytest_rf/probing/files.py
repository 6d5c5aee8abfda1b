"""Runs an ONNX model with the reference implementation of its operators, or another engine."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_rf.analysis import Analysis
from pytest_rf.analyzing import analyze
from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx import read
from pytest_rf.frontends.onnx.outside import unrunnable
from pytest_rf.probing.search import Call, Part, Search

Array = npt.NDArray[Any]
Engine = Callable[[Mapping[str, Array]], Mapping[str, Any]]
"""From inputs to tensors."""


def reference(model: Any) -> Engine:
    """Return the reference implementation, which comes with ``onnx`` and shows every tensor of the main graph."""
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(model)
    return lambda feeds: dict(evaluator.run(None, dict(feeds), intermediate=True))


class Evaluator(Search):
    """A model of a file, and the inputs that it is run on, in the precision of the file.

    Args:
        model: the ``ModelProto``.
        name: what messages call it.
        shapes: input name -> the shape that it was analysed with.
        given: input name -> array, for inputs that are to have these elements.
        seed: of the other inputs, and of the changes.
        engine: what runs it.

    Raises:
        ModelError: the model does not run.
    """

    def __init__(
        self,
        model: Any,
        name: str,
        shapes: Mapping[str, tuple[int, ...]],
        given: Mapping[str, Any],
        seed: int = 0,
        engine: Callable[[Any], Engine] = reference,
    ) -> None:
        from onnx.helper import tensor_dtype_to_np_dtype

        self._name = name
        self._random = np.random.default_rng(seed)
        if reason := unrunnable(model):
            raise ModelError(f"{name} cannot be run, so it cannot be verified: {reason}")
        try:
            self._engine = engine(model)
        except Exception as error:  # an operator of others
            raise self._failed(error) from error
        types = {
            one.name: np.dtype(tensor_dtype_to_np_dtype(one.type.tensor_type.elem_type))
            for one in model.graph.input
        }
        feeds = {
            key: np.asarray(given[key], types[key]) if key in given else self._some(shape, types[key])
            for key, shape in shapes.items()
        }
        self._rest = {key: np.asarray(value, types[key]) for key, value in given.items() if key in types}
        self.inputs: dict[str, Array] = {key: x for key, x in feeds.items() if x.dtype.kind == "f"}
        self._rest.update({key: x for key, x in feeds.items() if key not in self.inputs})
        self.bases = [
            self.inputs,
            {key: self._noise(x.shape).astype(x.dtype) for key, x in self.inputs.items()},
        ]
        self.plain = [self.run(base) for base in self.bases]

    def _failed(self, error: Exception) -> ModelError:
        reason = " ".join(str(error).split())[:300]
        return ModelError(
            f"{self._name} cannot be run, so it cannot be verified: {type(error).__name__}: {reason}; "
            "the bounds of the analysis need no run"
        )

    def _noise(self, shape: tuple[int, ...]) -> Array:
        return self._random.standard_normal(shape)

    def _some(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        if dtype.kind == "f":
            return self._random.random(shape).astype(dtype)
        return np.zeros(shape, dtype)

    def run(self, tensors: Mapping[str, Array]) -> dict[str, Array]:
        """Run the model on these inputs and return all tensors by name."""
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                found = self._engine({**self._rest, **tensors})
        except Exception as error:  # whatever the implementation of an operator raises
            raise self._failed(error) from error
        return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}

    def changed(
        self, base: Mapping[str, Array], source: str, part: Part, magnitude: float
    ) -> dict[str, Array]:
        """Return the tensors after a random change of a part of an input."""
        tensor = base[source].copy()
        tensor[part] += (magnitude * self._noise(tensor[part].shape)).astype(tensor.dtype)
        return self.run({**base, source: tensor})

    def drawn(self, source: str, shape: Sequence[int]) -> Array:
        """Return random numbers as an input of another shape."""
        return self._noise(tuple(shape)).astype(self.inputs[source].dtype)

    def array(self, value: Array) -> Array:
        """Return a result as an array of numpy."""
        return value

    def same(self, one: Array, other: Array) -> bool:
        """Whether two results are the same, element by element; what is no number equals itself."""
        return one.shape == other.shape and bool(((one == other) | ((one != one) & (other != other))).all())


def call(
    model: Any, example: Any, inputs: Any, kwargs: Mapping[str, Any] | None, values: Any, seed: int
) -> Call:
    """Return the call of an .onnx file; the arguments are those of ``verify``, and it has none by keyword.

    Raises:
        ModelError: the file cannot be read, or its inputs are not named.
    """
    proto, name = (model, model.graph.name) if hasattr(model, "graph") else (read(model), str(model))
    if not all(isinstance(given, (Mapping, NoneType)) for given in (example, inputs)):
        raise ModelError(f"{name}: name the inputs, as in {{'image': (1, 3, 224, 224)}}")
    arrays = {**_arrays_in(example or {}), **dict(values or {})}
    shapes = {**_shapes_of(example or {}), **dict(inputs or {})} or None

    def search(analysis: Analysis, watched: Sequence[str]) -> Search:
        found = {key: source.shape for key, source in analysis.inputs.items()}
        return Evaluator(proto, name, found, arrays, seed)

    return Call(
        analyse=lambda: analyze(model, inputs=shapes, values=values),
        search=search,
        named=lambda tensor, asked: tensor.name,
    )


def _shapes_of(example: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shapes that an example for a file stands for: arrays, or shapes themselves."""
    return {name: getattr(value, "shape", value) for name, value in example.items()}


def _arrays_in(example: Mapping[str, Any]) -> dict[str, Array]:
    """Return the arrays of an example."""
    return {name: np.asarray(value) for name, value in example.items() if hasattr(value, "shape")}
