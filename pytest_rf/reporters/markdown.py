"""A Markdown table, for pull requests and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_rf.reporters.lines import visible
from pytest_rf.reporters.rows import header, rows, several_inputs
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
    with_input, metrics = several_inputs(view), view.metrics("table")
    yield header(metrics, with_input)
    for row in rows(view):
        yield [text(cell) for cell in row.cells(metrics, with_input)]


def _unit(view: UnitView) -> Iterator[list[str]]:
    yield ["tensor", "input", "axis", "first", "last"]
    for tensor in view.tensors:
        for source, axes in view.regions(tensor).items():
            for axis, (first, last) in axes.items():
                yield [text(tensor.name), text(source), text(axis), str(first), str(last)]
