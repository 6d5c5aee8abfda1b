"""The figures of a model as locks and comparisons hold them: tensor by tensor, as exact text."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from msgspec import Struct

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.metrics import TABLE, AxisField, Metric
from pytest_rf.config.records import ModelKey

#: Figures that follow from others that are there, and are left out.
_FOLLOWING = ("center", "offset", "coverage", "causal", "latency")

#: What is told only where it is so: of a figure that is an upper bound, and of one without a period.
FLAGS = ("upper_bound", "irregular")

HELD: tuple[Metric, ...] = tuple(
    row for row in TABLE if row.axis == "spatial" and not row.dear and row.name not in _FOLLOWING
)
"""The metrics that are held."""

Figures = dict[str, str]
"""Metric -> its figure: ``3``, ``1/2``, ``36..40`` for a range, ``18,18`` for two sides, ``inf``, ``yes``, ``-``."""


class Towards(Struct, frozen=True, kw_only=True):
    """What a tensor reads of one input, along axes of which the same is true."""

    input: str
    axes: tuple[str, ...]
    figures: Figures


class TensorFigures(Struct, frozen=True, kw_only=True):
    """A tensor: what it is called, which is how two states of a model are matched, and its figures.

    Attributes:
        name: its name.
        op: the operator that computes it.
        module: the path of that operator's module; empty where it is not known, or the name itself.
        known: whether its figures are known.
        fields: its figures, by input and axes.
        line: the line of a lock that it stands in; 0 where it does not come from one.
    """

    name: str
    op: str
    module: str = ""
    known: bool = True
    fields: tuple[Towards, ...] = ()
    line: int = 0

    def along(self) -> dict[tuple[str, str], Figures]:
        """Return the figures of each input and axis."""
        return {(one.input, axis): one.figures for one in self.fields for axis in one.axes}


class ModelFigures(Struct, frozen=True, kw_only=True):
    """All figures of a model.

    Attributes:
        name: the model's name.
        source: its source, as seen from the lock's folder.
        inputs: input -> axis -> extent, of the spatial axes.
        finals: names of the tensors that are final for an axis.
        tensors: its tensors; in the order of the graph where ``ordered``.
        ordered: whether that is their order.
        line: the line of a lock that it stands in; 0 where it does not come from one.
    """

    name: str
    source: str
    inputs: dict[str, dict[str, int]]
    finals: tuple[str, ...]
    tensors: tuple[TensorFigures, ...]
    ordered: bool = False
    line: int = 0

    @property
    def key(self) -> ModelKey:
        """What the lock calls it."""
        return ModelKey(self.name, self.source)


def of(analysis: Analysis, key: ModelKey | None = None) -> ModelFigures:
    """Return the figures of a model, in the order of its graph."""
    known: dict[tuple[int, tuple[str, ...]], tuple[Towards, ...]] = {}
    tensors = []
    for tensor in analysis:
        # Elementwise operators pass values on, and the figures belong to the value.
        about = (tensor.number, tuple(tensor.inputs))
        if about not in known:
            known[about] = _fields(tensor)
        tensors.append(
            TensorFigures(
                name=tensor.name,
                op=tensor.op,
                module="" if tensor.module == tensor.name else tensor.module,
                known=tensor.status != "unknown",
                fields=known[about],
            )
        )
    return ModelFigures(
        name=key.name if key else analysis.name,
        source=key.source if key else analysis.path or analysis.name,
        inputs={
            name: {axis: source.shape[number] for axis, number in source.axes.items()}
            for name, source in analysis.inputs.items()
        },
        finals=_finals(analysis),
        tensors=tuple(tensors),
        ordered=True,
    )


def _finals(analysis: Analysis) -> tuple[str, ...]:
    """Return the names of the tensors that are final for a spatial axis."""
    named = {tensor.number: tensor.name for tensor in analysis}
    finals = [
        tensor.at(axis, source)
        for tensor in analysis.final
        for source in tensor.inputs
        for axis in analysis.inputs[source].axes
    ]
    # In PyTorch an output has a name of its own beside that of the tensor that it is.
    names = [one.name if one.name in analysis.tensors else named.get(one.number, one.name) for one in finals]
    return tuple(dict.fromkeys(names))


def _fields(tensor: Tensor) -> tuple[Towards, ...]:
    """Return the figures of a tensor, once where the axes of an input agree."""
    found = []
    for source in tensor.inputs if tensor.status != "unknown" else ():
        field = tensor.field(source)
        groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for axis in map(str, field):
            groups.setdefault(tuple(_figures(field[axis]).items()), []).append(axis)
        found += [Towards(input=source, axes=tuple(axes), figures=dict(one)) for one, axes in groups.items()]
    return tuple(found)


def _figures(field: AxisField) -> Figures:
    found = {row.name: _written(row, row.read(field)) for row in HELD}
    return found | {flag: "yes" for flag in FLAGS if getattr(field, flag)}


def _written(row: Metric, reading: Any) -> str:
    """Return a figure exactly, without a space."""
    if reading is None:
        return "-"
    if row.form == "sources" or row.kind == "truth":
        return "yes" if reading else "no"
    if row.ranged:
        low, high = map(_exact, reading)
        return high if low == high else f"{low}..{high}"
    return ",".join(map(_exact, row.cells(reading)))


def _exact(number: int | float | Fraction) -> str:
    if isinstance(number, float) and math.isfinite(number) and number % 1:
        return f"{number:.6g}"
    return str(number if isinstance(number, float) and math.isinf(number) else Fraction(number))
