"""Figures of tensors as short text: what stands in a cell of a table, wherever that is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_rf.analysis.metric import Metric
from pytest_rf.figures import per_axis, shown, span, truth
from pytest_rf.node import beside

if TYPE_CHECKING:
    from pytest_rf.analysis.metrics import AxisField
    from pytest_rf.analysis.tensors import Tensor

IRREGULAR = "*"
"""Marks figures that are the largest over the actual units (SEMANTICS 6)."""

#: Of the nodes that bring in context so many are named.
_MOST = 2


def figures(metric: Metric, fields: Mapping[str, AxisField]) -> str:
    """Return what a cell says of a metric along several axes, by the axes' names: once where all agree."""
    return per_axis({axis: figure(metric, one) for axis, one in fields.items()})


def fields(tensor: Tensor, source: str) -> dict[str, AxisField]:
    """Return a tensor's fields towards an input by the names of its spatial axes."""
    towards = tensor.field(source)
    return {str(axis): towards[axis] for axis in towards}


def operator(tensor: Tensor) -> str:
    """Return a tensor's operator with its geometry: ``Conv 3×3 stride 2``."""
    return f"{tensor.op} {beside(tensor.op, tensor.label)}".rstrip()


def figure(metric: Metric, about: AxisField) -> str:
    """Return what a cell says of a metric along one axis; ``–`` where there is no such figure."""
    reading = metric.read(about)
    if metric.form == "truth":
        return truth(reading)
    if reading is None:
        return "–"
    if metric.form == "sources":
        return _listed(reading)
    sides = " and ".join(dict.fromkeys(map(shown, metric.cells(reading))))  # once where they agree
    text = span(*reading) if metric.ranged else sides
    most = "≤ " if metric.monotone and about.upper_bound else ""
    return f"{most}{text}{IRREGULAR if metric.ranged and about.irregular else ''}"


def _listed(nodes: Sequence[str]) -> str:
    first = ", ".join(nodes[:_MOST])
    return first if len(nodes) <= _MOST else f"{first} and {len(nodes) - _MOST} more"
