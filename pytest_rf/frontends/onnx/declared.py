"""Shapes that a file declares of its tensors: those of operators that nothing else is known of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from pytest_rf.frontends.onnx.inputs import tensor_type
from pytest_rf.frontends.onnx.names import text
from pytest_rf.frontends.onnx.proto import onnx
from pytest_rf.value import Shape

Told = tuple[int | None, ...]


class Declared:
    """The shapes in ``value_info`` and of the outputs, at the shapes that the inputs really have.

    A symbol has the extent that it has at an input. Where inputs have other extents than the file fixes (another
    batch, say), what it fixes of other tensors holds for their channels only.
    """

    def __init__(self, graph: onnx.GraphProto, inputs: Mapping[str, Shape]) -> None:
        self._graph = graph
        self._inputs = inputs

    @cached_property
    def _taken(self) -> tuple[Mapping[str, int | None], bool]:
        """What symbols stand for, and whether all inputs have the extents that the file fixes."""
        symbols: dict[str, int | None] = {}
        as_filed = True
        for info in self._graph.input[:]:
            for dim, extent in zip(_dims(info) or (), self._inputs.get(text(info.name), ()), strict=False):
                if dim.dim_param:
                    symbol = text(dim.dim_param)
                    if symbols.setdefault(symbol, extent) != extent:
                        symbols[symbol] = None
                elif dim.dim_value > 0 and dim.dim_value != extent:
                    as_filed = False
        return symbols, as_filed

    @cached_property
    def _told(self) -> Mapping[str, Sequence[onnx.TensorShapeProto.Dimension]]:
        """What the file tells of tensors, by name; few models have an operator that asks for it."""
        infos = (*self._graph.value_info[:], *self._graph.output[:])
        return {text(info.name): dims for info in infos if (dims := _dims(info)) is not None}

    def shape(self, name: str) -> Told | None:
        """Return the declared shape of a tensor, None for extents that are not told; None where there is none."""
        dims = self._told.get(name)
        return None if dims is None else tuple(self._extent(axis, dim) for axis, dim in enumerate(dims))

    def _extent(self, axis: int, dim: onnx.TensorShapeProto.Dimension) -> int | None:
        symbols, as_filed = self._taken
        if dim.dim_param:
            return symbols.get(text(dim.dim_param))
        fixed = dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None
        return fixed if as_filed or axis == 1 else None


def _dims(info: onnx.ValueInfoProto) -> list[onnx.TensorShapeProto.Dimension] | None:
    kind = tensor_type(info)
    if kind is None or not kind.tensor_type.HasField("shape"):
        return None
    found: list[onnx.TensorShapeProto.Dimension] = kind.tensor_type.shape.dim[:]
    return found
