"""CSV for spreadsheets: one row per tensor, input and axis, or per axis of a unit's region."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from pytest_rf.figures import shown as figure
from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.text import shape
from pytest_rf.view import ModelView, UnitView, View

FIGURES = ("rf", "rf_smallest", "rf_min", "stride", "start", "center", "lookahead", "lookback")


def show(view: View) -> str:
    """Return the rows as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows(_unit(view) if isinstance(view, UnitView) else _model(view))
    return stream.getvalue()


def text(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula and no terminal for an order."""
    value = visible(value)
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "|", "%") else value


def _model(view: ModelView) -> Iterator[list[Any]]:
    yield ["name", "node", "op", "module", "source", "shape", "status", "input", "axis", *FIGURES, "context"]
    for tensor in view.tensors:
        about = [text(x) for x in (tensor.name, tensor.node, tensor.op, tensor.module, tensor.source)]
        about += [shape(tensor.shape), tensor.status]
        if tensor.status == "unknown":
            yield [*about, "", "", *[""] * len(FIGURES), text(tensor.reason or "")]
            continue
        for source in tensor.inputs:
            field = tensor.field(source)
            for axis in map(str, field):
                one = field[axis]
                figures = {
                    "rf_smallest": one.rf_range[0],
                    **{name: getattr(one, name) for name in FIGURES if name != "rf_smallest"},
                }
                cells = [figure(figures[name]) for name in FIGURES]
                yield [*about, text(source), text(axis), *cells, text(" ".join(one.context))]


def _unit(view: UnitView) -> Iterator[list[Any]]:
    yield ["name", "unit", "input", "axis", "first", "last"]
    unit = " ".join(map(str, view.unit))
    for tensor in view.tensors:
        for source, axes in view.regions(tensor).items():
            for axis, (first, last) in axes.items():
                yield [text(tensor.name), unit, text(source), text(axis), first, last]
