"""Tensors as rows of text, for the tabular formats of ``show``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_rf import paths
from pytest_rf.analysis import cells
from pytest_rf.analysis.cells import IRREGULAR
from pytest_rf.reporters.text import per_axis, shape
from pytest_rf.view import Column, Entry, ModelView

if TYPE_CHECKING:
    from pytest_rf.analysis.metric import Metric
    from pytest_rf.analysis.metrics import AxisField
    from pytest_rf.analysis.tensors import Tensor

__all__ = ["AXES", "IRREGULAR", "Row", "about", "of_final", "rows"]

AXES = Column("axes")
"""Tells which axes of the input a row is about."""


@dataclass(frozen=True, slots=True)
class Row:
    """A tensor, or a module with its last tensor, towards one input; figures that all axes share are told once.

    Attributes:
        entry: what it is about.
        input: the input's name.
        fields: its fields by axis; empty where the tensor is unknown.
        unknown: why it is.
        is_part: whether it is about some axes only, which it tells then, in a column of their own if there is one.
        texts: figures that were read already: by metric, and axis.
    """

    entry: Entry
    input: str = ""
    fields: Mapping[str, AxisField] = field(default_factory=dict)
    unknown: str = ""
    is_part: bool = False
    texts: dict[str, dict[str, str]] = field(default_factory=dict)

    def cells(self, columns: Sequence[Column]) -> list[str]:
        """Return the row's cells; of what is not known ``?``."""
        found = [self._cell(column) for column in columns]
        first = next((place for place, one in enumerate(columns) if one.metric is not None), None)
        if self.is_part and first is not None and AXES not in columns:
            found[first] = f"{', '.join(self.fields)} {found[first]}"
        return found

    def split(self, columns: Sequence[Column]) -> Iterator[Row]:
        """Yield a row per group of axes whose figures agree, which tells its axes; the row itself where all do."""
        groups: dict[tuple[str, ...], dict[str, AxisField]] = {}
        metrics = [column.metric for column in columns if column.metric is not None]
        for axis, one in self.fields.items():
            groups.setdefault(tuple(self._figures(metric)[axis] for metric in metrics), {})[axis] = one
        if len(groups) <= 1:
            yield self
        else:
            for fields in groups.values():
                yield Row(self.entry, self.input, fields, is_part=True)

    def irregular(self, columns: Sequence[Column]) -> bool:
        """Return whether some figure is the largest over the actual units."""
        ranged = any(column.metric is not None and column.metric.ranged for column in columns)
        return ranged and any(one.irregular for one in self.fields.values())

    def _cell(self, column: Column) -> str:
        if column == AXES:
            return ", ".join(self.fields)
        if column.metric is None:
            return about(self.entry, column.name, self.input)
        return "?" if self.unknown else per_axis(self._figures(column.metric))

    def _figures(self, metric: Metric) -> dict[str, str]:
        if metric.name not in self.texts:
            self.texts[metric.name] = {axis: cells.figure(metric, one) for axis, one in self.fields.items()}
        return self.texts[metric.name]


def about(entry: Entry, name: str, source: str = "") -> str:
    """Return what a column that is not a figure says of a row."""
    tensor = entry.tensor
    if name == "op":
        return cells.operator(tensor)
    if name == "shape":
        return shape(tensor.shape)
    if name == "input":
        return source
    if name == "source":
        return paths.line(tensor.source)
    if name == "tensors":
        return str(entry.count)
    if name == "module":
        part = entry.path if entry.level is None else entry.path.rpartition(".")[2] or "(no module)"
        return "  " * (entry.level or 0) + part
    text: str = getattr(tensor, name)
    return text


def rows(view: ModelView) -> Iterator[Row]:
    """Yield a row per tensor, or module, and input that it reads."""
    known: dict[tuple[int, str], Row] = {}
    for entry in view.entries:
        for row in _of_entry(entry):
            # Elementwise operators pass a value on, whose figures are read once.
            same = known.setdefault((entry.tensor.number, row.input), row)
            yield row if same is row else replace(row, fields=same.fields, texts=same.texts)


def _of_entry(entry: Entry) -> Iterator[Row]:
    tensor = entry.tensor
    if tensor.status == "unknown":
        yield Row(entry, unknown=f"unknown: {tensor.reason}")
        return
    for source in tensor.inputs:
        if fields := cells.fields(tensor, source):
            yield Row(entry, source, fields)


def of_final(tensor: Tensor) -> Iterator[Row]:
    """Yield the rows of what is final for an output, which tell their axes in a column ``axes``.

    Axes whose positions end at one tensor share a row.
    """
    if tensor.status == "unknown":
        yield from _of_entry(Entry.of(tensor))
        return
    for source in tensor.inputs:
        ends: dict[int, tuple[Tensor, dict[str, AxisField]]] = {}
        for axis, towards in cells.fields(tensor, source).items():
            own = tensor.at(axis, source)
            ends.setdefault(id(own), (own, {}))[1][axis] = towards
        for own, fields in ends.values():
            yield Row(Entry.of(own), source, fields)
