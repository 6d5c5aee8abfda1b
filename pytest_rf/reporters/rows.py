"""The figures of tensors as rows of text, for the tabular formats of ``show``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_rf.analysis.metrics import Metric
from pytest_rf.figures import shown
from pytest_rf.reporters.text import per_axis, shape, span, truth

if TYPE_CHECKING:
    from pytest_rf.analysis.metrics import AxisField
    from pytest_rf.analysis.tensors import Tensor
    from pytest_rf.view import ModelView, UnitView

IRREGULAR = "*"
"""Marks figures that are the largest over the actual units (SEMANTICS 6)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One tensor towards one input; figures that all axes share are shown once.

    Attributes:
        name: the tensor.
        op: its operator, with its geometry.
        shape: its extents.
        input: the input's name.
        figures: metric -> its figures; empty where the tensor is unknown.
        unknown: why it is.
    """

    name: str
    op: str
    shape: str
    input: str = ""
    figures: Mapping[Metric, str] = field(default_factory=dict)
    unknown: str = ""

    def cells(self, metrics: Sequence[Metric], with_input: bool) -> list[str]:
        """Return the cells, with the input's name where a model has several; why it is unknown stands last."""
        source = [self.input] if with_input else []
        figures = [self.figures.get(metric, "?") for metric in metrics]
        return [
            self.name,
            self.op,
            self.shape,
            *source,
            *([*figures[:-1], self.unknown] if self.unknown else figures),
        ]


def header(metrics: Sequence[Metric], with_input: bool) -> list[str]:
    """Return the headings of :meth:`Row.cells`."""
    return ["name", "op", "output shape", *(["input"] if with_input else []), *(one.name for one in metrics)]


def several_inputs(view: ModelView | UnitView) -> bool:
    """Whether rows must tell inputs apart."""
    return sum(bool(source.axes) for source in view.analysis.inputs.values()) > 1


def rows(view: ModelView) -> Iterator[Row]:
    """Yield a row per tensor and input that it reads."""
    metrics = view.metrics("table")
    for tensor in view.tensors:
        yield from _of_tensor(tensor, metrics)


def _of_tensor(tensor: Tensor, metrics: Sequence[Metric]) -> Iterator[Row]:
    """Yield the rows of one tensor."""
    if tensor.status == "unknown":
        yield Row(tensor.name, _op(tensor), shape(tensor.shape), unknown=f"unknown: {tensor.reason}")
        return
    for source in tensor.inputs:
        if fields := tensor.field(source):
            yield _row(tensor, source, {str(axis): fields[axis] for axis in fields}, metrics)


def of_final(tensor: Tensor, metrics: Sequence[Metric]) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Yield the rows of what is final for an output, each with the axes that it is about: none where that is all.

    Axes whose positions end at one tensor share a row.
    """
    if tensor.status == "unknown":
        yield from ((row, ()) for row in _of_tensor(tensor, metrics))
        return
    for source in tensor.inputs:
        ends: dict[int, tuple[Tensor, dict[str, AxisField]]] = {}
        towards = tensor.field(source)
        for axis in map(str, towards):
            own = tensor.at(axis, source)
            ends.setdefault(id(own), (own, {}))[1][axis] = towards[axis]
        for own, fields in ends.values():
            yield _row(own, source, fields, metrics), () if len(ends) == 1 else tuple(fields)


def _row(tensor: Tensor, source: str, fields: Mapping[str, AxisField], metrics: Sequence[Metric]) -> Row:
    figures = {metric: _figures(metric, fields) for metric in metrics}
    return Row(tensor.name, _op(tensor), shape(tensor.shape), source, figures)


def _op(tensor: Tensor) -> str:
    return f"{tensor.op} {tensor.label}" if tensor.label else tensor.op


def _figures(metric: Metric, fields: Mapping[str, AxisField]) -> str:
    """Return what a cell says of a metric along several axes."""
    if metric.form == "sources":
        return _listed(list(dict.fromkeys(node for one in fields.values() for node in metric.read(one))))
    return per_axis({axis: _figure(metric, one) for axis, one in fields.items()})


def _figure(metric: Metric, about: AxisField) -> str:
    reading = metric.read(about)
    if metric.form == "truth":
        return truth(reading)
    if reading is None:
        return "–"
    text = span(*reading) if metric.ranged else " and ".join(map(shown, metric.cells(reading)))
    most = "≤ " if metric.monotone and about.upper_bound else ""
    return f"{most}{text}{IRREGULAR if metric.ranged and about.irregular else ''}"


def _listed(nodes: Sequence[str], most: int = 2) -> str:
    first = ", ".join(nodes[:most])
    return first if len(nodes) <= most else f"{first} and {len(nodes) - most} more"
