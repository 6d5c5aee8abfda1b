"""The columns of ``show`` as headings of a table: how they may be shortened, and which of them stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_rf.reporters.fitting import Cells, Heading, Table
from pytest_rf.reporters.rows import AXES, Row
from pytest_rf.reporters.screen import Screen
from pytest_rf.view import Column, ModelView

#: Where there is no room for all usual columns the last of these are left out first; name, input and rf stay.
_IMPORTANCE = ("stride", "module", "tensors", "op", "halo", "lookahead", "context", "shape", "start")

#: Columns that may be shortened.
_NAMES = ("name", "node", "module", "source", "input")
_WORDS = ("op", "context")

_LEAST = {"name": 16, "module": 24, "op": 12, "source": 16, "input": 8}

#: What a column should have before others are shown: an operator with its kernel and stride.
_WANTS = {"op": 20}


def fitted(view: ModelView, columns: Sequence[Column], rows: Sequence[Row], screen: Screen) -> Table:
    """Return rows as a table, of a tensor one per axis if that spares the width which all its axes in a row take."""
    whole = table(view, columns, rows, screen)
    if screen.room is None or whole.needs <= screen.room:
        return whole
    split = [each for row in rows for each in row.split(columns)]
    if len(split) == len(rows):
        return whole
    narrow = table(view, columns, split, screen)
    return narrow if narrow.needs < whole.needs else whole


def table(
    view: ModelView,
    columns: Sequence[Column],
    rows: Sequence[Row],
    screen: Screen,
    titles: Mapping[str, str] | None = None,
) -> Table:
    """Return rows as a table.

    Args:
        view: what the user asked for.
        columns: the table's columns.
        rows: its rows.
        screen: what it is to fit.
        titles: headings that are not the column's name.
    """
    titles = titles or {}
    named = {one.name for one in view.chosen} | {*view.asked}
    first = next((column.name for column in columns if column.metric is not None), "")
    headings = [
        Heading(
            titles.get(column.name, column.name),
            "name" if column.name in _NAMES else "words" if column.name in _WORDS else "whole",
            rank=0 if place == 0 or column.name in ("input", AXES.name, first) else _rank(view, column),
            least=_LEAST.get(column.name, 10),
            wants=_WANTS.get(column.name, 0),
            yields=column.name == "context" and column.name not in named,
            is_figure=column.metric is not None,
            is_number=column.name == "tensors"
            or (column.metric is not None and column.metric.kind != "truth"),
            style="figure" if column.name == first else "",
        )
        for place, column in enumerate(columns)
    ]
    return Table(headings, [Cells(row.cells(columns), row.unknown) for row in rows], screen)


def filled(view: ModelView, columns: Sequence[Column], rows: Sequence[Row]) -> tuple[Column, ...]:
    """Return columns without one of sources (``context``) in which there is none, unless it was asked for."""
    named = {column.name for column in view.chosen} | {*view.asked}

    def is_empty(column: Column) -> bool:
        metric = column.metric
        return (
            metric is not None
            and metric.form == "sources"
            and not any(metric.read(field) for row in rows for field in row.fields.values())
        )

    return tuple(column for column in columns if column.name in named or not is_empty(column))


def _rank(view: ModelView, column: Column) -> int:
    """Return how soon a column is left out: of chosen ones the last first."""
    if view.chosen:
        names = [one.name for one in view.chosen]
        return names.index(column.name) + 1 if column.name in names else len(names) + 1
    if column.name in view.asked:
        return 1
    return 2 + _IMPORTANCE.index(column.name) if column.name in _IMPORTANCE else 2
