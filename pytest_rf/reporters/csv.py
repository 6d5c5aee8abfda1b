"""CSV for spreadsheets: one row per tensor, input and axis, or per axis of a unit's region."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from pytest_rf.analysis.metrics import Metric
from pytest_rf.figures import shown
from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.text import shape, truth
from pytest_rf.view import ModelView, UnitView, View

ABOUT = ("name", "node", "op", "module", "source", "shape", "status", "input", "axis")


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
    metrics = view.metrics("csv")
    columns = [name for row in metrics for name in row.columns()]
    yield [*ABOUT, *columns]
    for tensor in view.tensors:
        about = [text(x) for x in (tensor.name, tensor.node, tensor.op, tensor.module, tensor.source)]
        about += [shape(tensor.shape), tensor.status]
        if tensor.status == "unknown":
            yield [*about, "", "", *[""] * (len(columns) - 1), text(tensor.reason or "")]
            continue
        for source in tensor.inputs:
            field = tensor.field(source)
            for axis in map(str, field):
                read = ((row, row.read(field[axis])) for row in metrics)
                cells = [_cell(row, one) for row, reading in read for one in row.cells(reading)]
                yield [*about, text(source), text(axis), *cells]


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
