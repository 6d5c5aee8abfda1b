"""Shapes and values of graph inputs: what the file says, what the user gives, and what is missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from pytest_rf import limits
from pytest_rf.errors import ModelError
from pytest_rf.frontends.onnx.names import text
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.given import remedy
from pytest_rf.graph import Builder
from pytest_rf.operators.onnx.call import Element, Items
from pytest_rf.value import Shape

OPEN_BATCH = 2
"""Extent of an open batch axis: with one sample alone nobody could see whether samples mix."""
MOST_AXES = 32 if np.__version__.startswith("1.") else 64
"""A tensor can have no more; numpy's arrays have no more."""


def tensor_type(info: onnx.ValueInfoProto) -> onnx.TypeProto | None:
    """Return the type of an input that is a tensor, an optional one too; None for sequences and maps."""
    kind = info.type
    if kind.WhichOneof("value") == "optional_type":
        kind = kind.optional_type.elem_type
    return kind if kind.WhichOneof("value") in ("tensor_type", None) else None


def input_shape(
    model: str, info: onnx.ValueInfoProto, given: Sequence[int] | None, opened: bool = False
) -> Shape:
    """Return the shape of a tensor input: the given one, else the file's.

    ``opened``: the given one may differ from what the file fixes.

    Raises:
        ModelError: neither says it, they contradict each other, or an extent is impossible.
    """
    name = text(info.name)
    place = f"{model}: input {name!r}"
    kind = tensor_type(info)
    declared = None if kind is None else kind.tensor_type
    dims = declared.shape.dim[:] if declared is not None and declared.HasField("shape") else None
    if given is not None:
        shape = _given(place, given, dims, opened)
    elif dims is None:
        raise ModelError(f"{place}: its shape is not in the file; give it: {remedy(name, (1, 3, 224, 224))}")
    else:
        shape = _declared(place, name, dims)
    if max(shape, default=0) > limits.current().extent:
        smaller = remedy(name, [min(extent, 224) for extent in shape])
        limits.exceeded(
            place, "positions along an axis", "extent", f"give a smaller shape: {smaller}", max(shape)
        )
    if len(shape) > MOST_AXES:
        raise ModelError(f"{place}: {len(shape)} axes are more than the {MOST_AXES} that an array can have")
    return shape


def _given(
    place: str, given: Sequence[int], dims: Sequence[onnx.TensorShapeProto.Dimension] | None, opened: bool
) -> Shape:
    shape = tuple(int(n) for n in given)
    if any(n < 0 for n in shape):
        raise ModelError(f"{place}: shape {shape} has a negative extent")
    if dims is not None and len(dims) != len(shape):
        raise ModelError(f"{place} has {len(dims)} axes, the given shape {shape} has {len(shape)}")
    for axis, dim in enumerate([] if opened else dims or []):
        if axis == 0 and dim.dim_value == 1 and len(shape) > 1 and shape[0] > 1:
            continue  # exported with one sample: whether several would mix is asked of more
        if dim.dim_value > 0 and dim.dim_value != shape[axis]:
            raise ModelError(
                f"{place}: axis {axis} is fixed to {dim.dim_value} in the file, "
                f"the given shape {shape} says {shape[axis]}"
            )
    return shape


def _declared(place: str, name: str, dims: Sequence[onnx.TensorShapeProto.Dimension]) -> Shape:
    extents = [dim.dim_value if dim.HasField("dim_value") and dim.dim_value >= 0 else None for dim in dims]
    if extents and extents[0] is None and len(extents) > 1:
        extents[0] = OPEN_BATCH
    missing = [
        f"{axis} ({text(dim.dim_param)})" if dim.dim_param else str(axis)
        for axis, (dim, extent) in enumerate(zip(dims, extents, strict=True))
        if extent is None
    ]
    if missing:
        example = [224 if extent is None else extent for extent in extents]
        raise ModelError(
            f"{place} leaves axis {', '.join(missing)} open; give its shape: {remedy(name, example)}"
        )
    return tuple(int(extent) for extent in extents if extent is not None)


def bound(b: Builder, model: str, info: onnx.ValueInfoProto, data: Any) -> Element:
    """Return the constant that an input is bound to; a list of arrays is a sequence.

    Raises:
        ModelError: the file declares another type or shape.
    """
    if isinstance(data, list) and any(isinstance(one, np.ndarray) for one in data):
        return Items(tuple(b.array(np.asarray(one)) for one in data))
    place = f"{model}: values of input {text(info.name)!r}"
    try:
        array = np.asarray(data)
    except ValueError:
        raise ModelError(f"{place} must be a number or a regular list of numbers") from None
    kind = tensor_type(info)
    declared = None if kind is None else kind.tensor_type
    if declared is None:
        return b.array(array)
    if declared.HasField("shape"):
        dims = declared.shape.dim[:]
        if array.size == 1 and array.ndim != len(dims):
            array = array.reshape((1,) * len(dims))
        fits = len(dims) == array.ndim and all(
            dim.dim_value in (0, n) for dim, n in zip(dims, array.shape, strict=True)
        )
        if not fits:
            said = ", ".join(str(dim.dim_value or text(dim.dim_param) or "?") for dim in dims)
            raise ModelError(f"{place} have the shape {list(array.shape)}, the file says [{said}]")
    return b.array(_typed(place, array, declared.elem_type))


def _typed(place: str, array: npt.NDArray[Any], elem_type: int) -> npt.NDArray[Any]:
    """Return elements in the type that the file declares: an operator of two types computes nothing."""
    try:
        wanted = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(elem_type))
    except KeyError:  # the file leaves it open
        return array
    if array.dtype == wanted or wanted.kind not in "biuf":
        return array
    if array.dtype.kind not in "biuf":
        raise ModelError(f"{place} are no numbers, as {wanted} in the file demands")
    converted = array.astype(wanted)
    if wanted.kind != "f" and not np.array_equal(converted, array):
        raise ModelError(f"{place} do not fit the type {wanted} of the file")
    return converted


def check_names(model: str, known: Sequence[str], given: Collection[str]) -> None:
    """Raise a ModelError if ``given`` names an input that the model does not have, or two are named alike."""
    for name in given:
        if name not in known:
            _fail(model, f"has no input {name!r}; its inputs are {', '.join(map(repr, known)) or 'none'}")
    if len(set(known)) < len(known):
        twice = next(name for name in known if known.count(name) > 1)
        _fail(model, f"input {twice!r} is declared twice; export the model again")


def _fail(model: str, problem: str) -> NoReturn:
    raise ModelError(f"{model}: {problem}")
