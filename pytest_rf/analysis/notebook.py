"""An analysis as a notebook shows it: a table of what is final, and below it one of the tensors, folded.

Everything passes through :func:`text` on its way out. There are no scripts and no colours: tables look as the
notebook's own do, be they light or dark.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_rf.analysis import cells
from pytest_rf.analysis.metric import Format, Metric
from pytest_rf.analysis.metrics import TABLE
from pytest_rf.figures import shape

if TYPE_CHECKING:
    from pytest_rf.analysis.inputs import Input
    from pytest_rf.analysis.metrics import AxisField
    from pytest_rf.analysis.tensors import Tensor

#: So many tensors are shown.
MOST = 200

#: Longer texts are cut.
_LIMIT = 200


def page(name: str, inputs: Iterable[Input], finals: Iterable[Tensor], tensors: Sequence[Tensor]) -> str:
    """Return an analysis as HTML that can stand in any page.

    Args:
        name: the model's name.
        inputs: what it takes.
        finals: what its outputs end in.
        tensors: all that it computes, of which the first are shown.
    """
    takes = "; ".join(
        f"{one.name} {shape(one.shape)} ({', '.join(one.axes) or 'no spatial axis'})" for one in inputs
    )
    told = f"{len(tensors):,} tensor{'' if len(tensors) == 1 else 's'}"
    told += f", the first {MOST} of them" if len(tensors) > MOST else ""
    final = (row for tensor in finals for row in _final(tensor))
    every = (row for tensor in tensors[:MOST] for row in _rows(tensor, _metrics("table")))
    return (
        f"<div><p><strong>{text(name)}</strong>: {text(takes)}</p>"
        f"{_table(['final', 'axes', 'input', *(one.name for one in _metrics('final'))], final)}"
        f"<details><summary>{text(told)}</summary>"
        f"{_table(['name', 'module', 'op', 'shape', 'input', *(one.name for one in _metrics('table'))], every)}"
        "</details></div>"
    )


def text(value: str) -> str:
    """Return text that is shown as it is: neither markup nor what steers the order of signs acts."""
    cut = value if len(value) <= _LIMIT else f"{value[:_LIMIT]}…"
    return html.escape("".join(sign if sign.isprintable() else _escaped(sign) for sign in cut))


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def _metrics(format: Format) -> list[Metric]:
    return [row for row in TABLE if row.is_shown(format)]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"<tr>{''.join(f'<td>{text(cell)}</td>' for cell in row)}</tr>" for row in rows]
    head = "".join(f"<th>{text(name)}</th>" for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _final(tensor: Tensor) -> Iterator[list[str]]:
    metrics = _metrics("final")
    if tensor.status == "unknown":
        yield [tensor.name, "", "", f"unknown: {tensor.reason}", *[""] * (len(metrics) - 1)]
        return
    for source in tensor.inputs:
        for axis, field in cells.fields(tensor, source).items():
            yield [tensor.at(axis, source).name, axis, source, *_figures(metrics, {axis: field})]


def _rows(tensor: Tensor, metrics: Sequence[Metric]) -> Iterator[list[str]]:
    about = [tensor.name, tensor.module, cells.operator(tensor), shape(tensor.shape)]
    if tensor.status == "unknown":
        yield [*about, "", f"unknown: {tensor.reason}", *[""] * (len(metrics) - 1)]
        return
    for source in tensor.inputs:
        if fields := cells.fields(tensor, source):
            yield [*about, source, *_figures(metrics, fields)]


def _figures(metrics: Sequence[Metric], fields: Mapping[str, AxisField]) -> list[str]:
    return [cells.figures(metric, fields) for metric in metrics]
