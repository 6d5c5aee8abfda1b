"""What a notebook shows of each thing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_rf.analysis import Analysis, Tensor, cells
from pytest_rf.analysis.growth import growth, growths
from pytest_rf.analysis.metric import Format, Metric
from pytest_rf.analysis.metrics import TABLE, AxisField
from pytest_rf.analysis.tensor_field import TensorField
from pytest_rf.figures import shape
from pytest_rf.interpreter import Ignorance
from pytest_rf.notebook.chart import chart
from pytest_rf.notebook.html import folded, heading, table

if TYPE_CHECKING:
    from pytest_rf.streams.comparing import Comparison
    from pytest_rf.tiles import Plan

#: So many tensors are shown.
MOST = 200


def analysis(one: Analysis) -> str:
    """Return what is final, how the first field of it grew, and, folded, a table of the tensors."""
    takes = "; ".join(
        f"{source.name} {shape(source.shape)} ({', '.join(source.axes) or 'no spatial axis'})"
        for source in one.inputs.values()
    )
    tensors = list(one)
    told = f"{len(tensors):,} tensor{'' if len(tensors) == 1 else 's'}"
    told += f", the first {MOST} of them" if len(tensors) > MOST else ""
    metrics = _metrics("final")
    final = (row for tensor in one.final for row in _towards(tensor, metrics, named=True))
    every = (row for tensor in tensors[:MOST] for row in _rows(tensor, _metrics("table")))
    heads = ["name", "module", "op", "shape", "input", *(row.name for row in _metrics("table"))]
    return _framed(
        heading(one.name, takes),
        table(["final", "axes", "input", *(row.name for row in metrics)], final, left=3),
        next((_charts(tensor) for tensor in one.final if _is_known(tensor)), ""),
        folded(told, table(heads, every, left=5)),
    )


def tensor(one: Tensor) -> str:
    """Return what a tensor is, its figures towards each input, and how they grew."""
    metrics = _metrics("final")
    about = [cells.operator(one), shape(one.shape)]
    about += [f"in {one.module}"] if one.module and one.module != one.name else []
    about += [one.source] if one.source else []
    about += (
        [one.status if one.reason is None else f"{one.status}: {one.reason}"] if one.status != "exact" else []
    )
    figures = table(
        ["axes", "input", *(row.name for row in metrics)], (row[1:] for row in _towards(one, metrics)), 2
    )
    return _framed(heading(one.name, ", ".join(about)), figures if _is_known(one) else "", _charts(one))


def field(one: TensorField) -> str:
    """Return the figures along each axis, and how they grew."""
    metrics = _metrics("final")
    towards = {str(axis): one[axis] for axis in one}
    known = {axis: along for axis, along in towards.items() if not _unknown(along)}
    reasons = [reason for along in towards.values() if (reason := _unknown(along))]
    rows = ([", ".join(axes), *figures] for axes, figures in _alike(metrics, known))
    return _framed(
        heading(one.tensor.name, f"towards {one.input.name}{f', unknown: {reasons[0]}' if reasons else ''}"),
        table(["axes", *(row.name for row in metrics)], rows) if known else "",
        "".join(map(chart, growths(one, effective=False))) if known and not reasons else "",
    )


def axis(one: AxisField) -> str:
    """Return every figure along an axis that does not cost much, and how the field grew."""
    about = f"along {one.axis_name} of {one.input.name}"
    if reason := _unknown(one):
        return _framed(heading("field", f"{about}, unknown: {reason}"))
    rows = ([row.name, cells.figure(row, one)] for row in TABLE if row.axis == "spatial" and not row.dear)
    drawn = growth(one, effective=False)
    return _framed(
        heading(drawn.tensor, about),
        chart(drawn),
        table(["figure", "value"], (row for row in rows if row[1])),
    )


def plan(one: Plan) -> str:
    """Return whether tiles make the whole, and how they are laid along each axis."""
    heads = ["axis", "tile", "step", "overlap", "context", "smallest overlap", "smallest context", "multiple"]
    rows = (
        [
            name,
            str(one.tile[name]),
            str(one.step[name]),
            str(one.overlap[name]),
            _sides(one.context[name]),
            _number(one.min_overlap[name]),
            _sides(one.min_context[name]),
            str(one.multiple[name]),
        ]
        for name in one.axes
    )
    verdict, _, why = one.why.partition(": ")
    return _framed(heading(verdict, why), table(heads, rows))


def comparison(one: Comparison) -> str:
    """Return whether two nets are the same stream, and the first unit that differs."""
    verdict = "the same" if one else "not the same"
    about = f"stream: {one.step} and {one.offline}{f': {one.why}' if one.why else ''}"
    rows = {
        "output": one.output,
        "input": one.input,
        "axis": one.axis,
        "unit": "" if one.unit is None else str(one.unit),
        "delay": str(one.delay or ""),
        "start-up left out": str(one.startup or ""),
        "outputs compared": ", ".join(one.outputs),
        "values compared": "yes" if one.ran else "",
    }
    told = [[name, value] for name, value in rows.items() if value]
    return _framed(heading(verdict, about), table(["", ""], told, left=2) if told else "")


def _framed(*parts: str) -> str:
    return f"<div>{''.join(parts)}</div>"


def _metrics(format: Format) -> list[Metric]:
    return [row for row in TABLE if row.is_shown(format)]


def _is_known(tensor: Tensor) -> bool:
    return tensor.status != "unknown" and any(tensor.runs.inputs[name].axes for name in tensor.inputs)


def _unknown(one: AxisField) -> str:
    """Return why nothing is known of a field; empty where it is."""
    outcome = one.runs.structure(one.value)
    return outcome.reason if isinstance(outcome, Ignorance) else ""


def _charts(tensor: Tensor) -> str:
    """Return how the fields of a tensor grew towards each input."""
    if not _is_known(tensor):
        return ""
    return "".join(
        chart(one) for name in tensor.inputs for one in growths(tensor.field(name), effective=False)
    )


def _towards(tensor: Tensor, metrics: Sequence[Metric], named: bool = False) -> Iterator[list[str]]:
    """Yield the figures of a tensor towards each input, axes that agree together.

    ``named``: with the tensor that is final for an axis.
    """
    if tensor.status == "unknown":
        yield [tensor.name, "", "", f"unknown: {tensor.reason}", *[""] * (len(metrics) - 1)]
        return
    for source in tensor.inputs:
        fields = cells.fields(tensor, source)
        for name, axes in groupby(fields, lambda axis, source=source: tensor.at(axis, source).name):  # type: ignore[misc]
            for together, figures in _alike(metrics, {axis: fields[axis] for axis in axes}):
                yield [name if named else tensor.name, ", ".join(together), source, *figures]


def _alike(
    metrics: Sequence[Metric], fields: Mapping[str, AxisField]
) -> Iterable[tuple[list[str], list[str]]]:
    """Return the figures of fields, those of axes that agree once, with the axes."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, along in fields.items():
        found.setdefault(tuple(cells.figure(metric, along) for metric in metrics), []).append(name)
    return [(axes, list(figures)) for figures, axes in found.items()]


def _rows(tensor: Tensor, metrics: Sequence[Metric]) -> Iterator[list[str]]:
    about = [tensor.name, tensor.module, cells.operator(tensor), shape(tensor.shape)]
    if tensor.status == "unknown":
        yield [*about, "", f"unknown: {tensor.reason}", *[""] * (len(metrics) - 1)]
        return
    for source in tensor.inputs:
        if fields := cells.fields(tensor, source):
            yield [*about, source, *(cells.figures(metric, fields) for metric in metrics)]


def _sides(sides: tuple[float, float]) -> str:
    return " and ".join(dict.fromkeys(map(_number, sides)))


def _number(figure: float) -> str:
    return "none" if math.isinf(figure) else f"{figure:g}"
