"""A Markdown table, for pull requests and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_rf.reporters.headings import filled
from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.rows import rows
from pytest_rf.view import ModelView, UnitView, View

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@:])")


def show(view: View) -> str:
    """Return a table of tensors, or of the positions that a unit reads."""
    table = list(_unit(view) if isinstance(view, UnitView) else _model(view))
    heads, *body = table
    lines = [heads, ["---"] * len(heads), *body]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def text(value: str) -> str:
    """Return text that Markdown shows as it is, be it a pipe, a tag, a link or a mention."""
    return _MARKUP.sub(r"\\\1", visible(value)).replace("@", "&#64;").replace("\\&#64;", "&#64;")


def _model(view: ModelView) -> Iterator[list[str]]:
    body = list(rows(view))
    columns = filled(view, view.columns("table"), body)
    yield [column.name for column in columns]
    for row in body:
        cells = row.cells(columns)
        if (
            row.unknown and columns[-1].metric is not None
        ):  # what is known of it stands before, why the rest is not stands last
            cells[-1] = row.unknown
        yield [text(cell) for cell in cells]


def _unit(view: UnitView) -> Iterator[list[str]]:
    yield ["tensor", "input", "axis", "first", "last"]
    for tensor in view.tensors:
        for source, axes in view.regions(tensor).items():
            for axis, (first, last) in axes.items():
                yield [text(tensor.name), text(source), text(axis), str(first), str(last)]
