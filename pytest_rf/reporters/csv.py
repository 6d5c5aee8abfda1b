"""CSV for spreadsheets: one row per tensor, input and axis, or per axis of a unit's region."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_rf.analysis.metrics import Metric
from pytest_rf.figures import shown
from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.rows import Row, about, rows
from pytest_rf.reporters.text import truth
from pytest_rf.view import Column, ModelView, UnitView, View


def show(view: View) -> str:
    """Return the rows as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows(_unit(view) if isinstance(view, UnitView) else _model(view))
    return stream.getvalue()


def text(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, no terminal and no CI runner for an order."""
    value = visible(value)
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "|", "%") or value.startswith("::") else value


def _model(view: ModelView) -> Iterator[list[Any]]:
    columns = view.columns("csv")
    first = next((place for place, one in enumerate(columns) if one.metric is not None), len(columns))
    before, after = columns[:first], columns[first:]
    # An axis has a row of its own, so it is told, and of which input.
    towards = () if any(column.name == "input" for column in columns) else (Column("input"),)
    before = (*before, *towards)
    yield [*_heads(before), "axis", *_heads(after)]
    for row in rows(view):
        for axis in row.fields or [""]:
            cells = [*_cells(before, row, axis), text(axis), *_cells(after, row, axis)]
            if row.unknown and columns[-1].metric is not None:
                cells[-1] = text(row.entry.tensor.reason or "")
            yield cells


def _heads(columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        yield from (column.name,) if column.metric is None else column.metric.columns()


def _cells(columns: Sequence[Column], row: Row, axis: str) -> Iterator[str]:
    for column in columns:
        metric = column.metric
        if metric is None:
            yield text(_about(row, column.name))
        elif not axis:
            yield from [""] * len(metric.columns())
        else:
            yield from (_cell(metric, one) for one in metric.cells(metric.read(row.fields[axis])))


def _about(row: Row, name: str) -> str:
    """Return what a row is about as programs want it: the bare operator, the whole path of a module or a source."""
    if name == "source":
        return row.entry.tensor.source
    if name == "op":
        return row.entry.tensor.op
    return row.entry.path if name == "module" else about(row.entry, name, row.input)


def _cell(metric: Metric, value: Any) -> str:
    if metric.form == "sources":
        return text(" ".join(value))
    return truth(value) if metric.form == "truth" else shown(value)


def _unit(view: UnitView) -> Iterator[list[Any]]:
    yield ["name", "unit", "input", "axis", "first", "last"]
    unit = " ".join(map(str, view.unit))
    for tensor in view.tensors:
        for source, axes in view.regions(tensor).items():
            for axis, (first, last) in axes.items():
                yield [text(tensor.name), unit, text(source), text(axis), first, last]
