"""Extents that a file leaves open and nobody gives: chosen large enough, as theory needs none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_rf import limits
from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx.inputs import OPEN_BATCH, check_names, tensor_type
from pytest_rf.frontends.onnx.lowering import lower
from pytest_rf.frontends.onnx.names import text
from pytest_rf.frontends.onnx.payloads import Given, Model, of
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.given import empty, is_shape, is_typed, option, remedy
from pytest_rf.graph import MASK_BELOW, Graph
from pytest_rf.registry import NONE, Operators
from pytest_rf.value import Shape

CANDIDATES = (256, 512, 1024, 4096, 16384, 65536, 224, 384, 320, 640, 128, 64, 32, 16, 8)
"""Extents that are tried one after the other, until the model runs at one."""

Chosen = dict[str, tuple[int, ...]]
"""Input name -> the axes whose extents are chosen."""


def named(model: Given, name: str, inputs: Any) -> dict[str, Shape]:
    """Return the shapes that are given, by input name.

    Args:
        model: the model.
        name: how errors name it.
        inputs: shapes, shapes with types and examples by name; or those of the first inputs without their names.

    Raises:
        ModelError: there are more than the model has inputs, one is not a shape, or has another type than in the file.
    """
    if inputs is None:
        return {}
    infos = {text(info.name): info for info in of(model).inputs}
    if not isinstance(inputs, Mapping):
        several = inputs if type(inputs) is list else [inputs]
        if len(several) > len(infos):
            listed = ", ".join(map(repr, infos)) or "none"
            raise ModelError(f"{name}: {len(several)} shapes are given; the model's inputs are {listed}")
        if len(several) < len(infos) and type(inputs) is not list:
            listed = ", ".join(map(repr, infos))
            raise ModelError(f"{name}: one bare shape needs a model with one input; its inputs are {listed}")
        inputs = dict(zip(infos, several, strict=False))
    return {key: _shape(name, key, given, infos.get(key)) for key, given in inputs.items()}


def _shape(model: str, name: str, given: Any, info: onnx.ValueInfoProto | None) -> Shape:
    """Return the shape in what is given of an input."""
    if is_typed(given):
        given, wanted = given
        kind = None if info is None else tensor_type(info)
        declared = _type_name(kind.tensor_type.elem_type) if kind is not None else ""
        if declared not in ("", wanted):
            raise ModelError(f"{model}: input {name!r} is of type {declared} in the file, not {wanted}")
    shape = given if isinstance(given, (list, tuple)) else getattr(given, "shape", None)
    if shape is None or (len(shape) and not is_shape(tuple(shape))):
        raise ModelError(
            f"{model}: input {name!r} is given as {type(given).__name__}; give its shape: "
            f"{remedy(name, (1, 3, 224, 224))}"
        )
    extents = tuple(int(extent) for extent in shape)
    if 0 in extents and not _says(info, extents):
        raise empty(name, extents, extents.index(0))
    return extents


def _says(info: onnx.ValueInfoProto | None, extents: Shape) -> bool:
    """Whether the file itself has an input without elements: nobody means one who does not have to."""
    kind = None if info is None else tensor_type(info)
    dims = [] if kind is None else kind.tensor_type.shape.dim
    return [dim.dim_value if dim.HasField("dim_value") else -1 for dim in dims] == list(extents)


def _type_name(elem_type: int) -> str:
    """Return the name of a type in a file; empty where the file leaves it open."""
    try:
        return str(onnx.helper.tensor_dtype_to_np_dtype(elem_type).name)
    except KeyError:
        return ""


def lowered(
    model: Given,
    name: str,
    inputs: Mapping[str, Shape],
    values: Mapping[str, Any] | None = None,
    weights: bool = False,
    operators: Operators = NONE,
    least: int = 0,
    mask_below: float = MASK_BELOW,
) -> tuple[Graph, Chosen]:
    """Return the graph of a model, with extents for what the file leaves open and nobody gives.

    Args:
        model: the model.
        name: how errors name it.
        inputs: the shapes that are given.
        values: elements of inputs that steer the geometry.
        weights: whether exact zeros in weights and masked scores cut dependence.
        operators: what a configuration states of operators.
        least: no smaller extent is chosen.
        mask_below: a constant of this or less that is added before a softmax is a mask then.

    Returns:
        The graph, and the axes whose extents were chosen.

    Raises:
        ModelError: the model does not run at any extent that is tried, or breaks the rules of ONNX.
    """
    model = of(model)
    known = dict.fromkeys(text(info.name) for info in model.inputs)
    check_names(name, list(known), [*inputs, *(values or {})])  # before open extents are blamed for it
    opened = _Opened(model, inputs, values or {})
    if not opened.axes:
        shapes = {**opened.shapes(0), **inputs}
        try:
            return lower(model, name, shapes, values, weights, operators=operators, mask_below=mask_below), {}
        except ModelError as error:
            if held := _one_sample(model, inputs):
                raise ModelError(f"{error}; {held}") from None
            raise
    doubtful: tuple[Graph, int] | None = None
    failure: ModelError | None = None
    tried = [extent for extent in (least, *CANDIDATES) if extent and extent >= least]
    for extent in tried:
        shapes = {**inputs, **opened.shapes(extent)}
        try:
            graph = lower(model, name, shapes, values, weights, operators=operators, mask_below=mask_below)
        except ModelError as error:
            failure = failure or error
            continue
        if all(value.shape is not None and 0 not in value.shape for value in graph.outputs.values()):
            return _noted(graph, opened, extent), opened.axes
        doubtful = doubtful or (graph, extent)
    if doubtful is not None:  # an operator is unknown at any extent, which is told as such
        return _noted(doubtful[0], opened, doubtful[1]), opened.axes
    example = next(iter(opened.shapes(tried[0]).items()))
    raise ModelError(
        f"{name}: the file leaves {opened} open, and the model does not run at {', '.join(map(str, tried))} there "
        f"({_reason(failure, name)}); give its shape: {remedy(*example)}"
    )


def fixed(model: Given) -> Chosen:
    """Return the axes of inputs that a file fixes to one extent larger than 1."""
    found = {}
    for info in of(model).inputs:
        kind = tensor_type(info)
        dims = kind.tensor_type.shape.dim[:] if kind is not None else ()
        axes = tuple(axis for axis, dim in enumerate(dims) if dim.dim_value > 1)
        if axes:
            found[text(info.name)] = axes
    return found


def _one_sample(model: Model, inputs: Mapping[str, Shape]) -> str:
    """Say that the file holds one sample where several are given, which its nodes may have built in."""
    held = []
    for info in model.inputs:
        kind, given = tensor_type(info), inputs.get(text(info.name), ())
        dims = [] if kind is None else kind.tensor_type.shape.dim
        if len(dims) > 1 and dims[0].dim_value == 1 and given[:1] > (1,):
            held.append(repr(text(info.name)))
    return (
        f"the file holds batch 1 of input {', '.join(held)}: export it anew with an open batch (dynamic_shapes of "
        "torch.onnx.export, dynamic_axes of its old form)"
        if held
        else ""
    )


def _reason(failure: ModelError | None, name: str) -> str:
    return str(failure).removeprefix(f"{name}: ")


def _noted(graph: Graph, opened: _Opened, extent: int) -> Graph:
    example = next(iter(opened.shapes(extent).items()))
    graph.notes.append(
        f"the file leaves {opened} open, so {extent} was chosen: figures in theory hold for every large input; what is "
        f"taken on the actual input (coverage, unused, symmetric, comparisons with the input) is taken there; other "
        f"extents are given as inputs ({option(*example)})"
    )
    return graph


class _Opened:
    """What a file leaves open.

    Attributes:
        axes: input name -> the axes that need an extent.
    """

    def __init__(self, model: Model, inputs: Mapping[str, Shape], values: Mapping[str, Any]) -> None:
        self._dims: dict[str, Sequence[onnx.TensorShapeProto.Dimension]] = {}
        self._known: dict[str, int] = {}
        for info in model.inputs:
            kind = tensor_type(info)
            dims = (
                kind.tensor_type.shape.dim[:]
                if kind is not None and kind.tensor_type.HasField("shape")
                else ()
            )
            name = text(info.name)
            if name in inputs:
                for dim, extent in zip(dims, inputs[name], strict=False):
                    if dim.dim_param:
                        self._known.setdefault(text(dim.dim_param), extent)
            elif name not in values:
                self._dims[name] = dims
        for dims in self._dims.values():
            if len(dims) > 1 and _is_open(dims[0]) and dims[0].dim_param:
                self._known.setdefault(text(dims[0].dim_param), OPEN_BATCH)
        self.axes: Chosen = {}
        for name, dims in self._dims.items():
            axes = tuple(
                axis for axis, dim in enumerate(dims) if _is_open(dim) and not self._extent(axis, dims, 0)
            )
            if axes:
                self.axes[name] = axes

    def shapes(self, extent: int) -> dict[str, Shape]:
        """Return the shapes of inputs that are open somewhere, with an extent for what nothing tells."""
        return {
            name: tuple(self._extent(axis, dims, extent) for axis in range(len(dims)))
            for name, dims in self._dims.items()
            if any(map(_is_open, dims))
        }

    def _extent(self, axis: int, dims: Sequence[onnx.TensorShapeProto.Dimension], chosen: int) -> int:
        """Return an extent: the file's, that of the same symbol elsewhere, or the chosen one; 0 where nothing tells."""
        dim = dims[axis]
        if not _is_open(dim):
            return int(dim.dim_value)
        terms = [term.strip() for term in text(dim.dim_param).split("+")] if dim.dim_param else []
        known = [int(term) if _NUMBER.fullmatch(term) else self._known.get(term, chosen) for term in terms]
        if terms and all(known):
            return min(sum(known), limits.current().extent)
        return OPEN_BATCH if axis == 0 and len(dims) > 1 else chosen

    def __str__(self) -> str:
        return ", ".join(
            f"{'axes' if len(axes) > 1 else 'axis'} "
            + ", ".join(f"{axis}{_symbol(self._dims[name][axis])}" for axis in axes)
            + f" of input {name!r}"
            for name, axes in self.axes.items()
        )


_NUMBER = re.compile(r"[0-9]{1,9}")


def _symbol(dim: onnx.TensorShapeProto.Dimension) -> str:
    return f" ({text(dim.dim_param)})" if dim.dim_param else ""


def _is_open(dim: onnx.TensorShapeProto.Dimension) -> bool:
    return not dim.HasField("dim_value") or dim.dim_value < 0
