"""The figures of tensors as rows of text, for the tabular formats of ``show``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_rf.figures import shown as figure
from pytest_rf.reporters.text import per_axis, shape, span

if TYPE_CHECKING:
    from pytest_rf.analysis.metrics import AxisField
    from pytest_rf.analysis.tensors import Tensor
    from pytest_rf.view import ModelView, UnitView

IRREGULAR = "*"
"""Marks figures that are the largest over the actual units (SEMANTICS 6)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One tensor towards one input; figures that all axes share are told once."""

    name: str
    op: str
    shape: str
    input: str
    rf: str
    stride: str
    start: str
    context: str

    def cells(self, with_input: bool) -> list[str]:
        """Return the cells, with the input's name where a model has several."""
        source = [self.input] if with_input else []
        return [self.name, self.op, self.shape, *source, self.rf, self.stride, self.start, self.context]


def header(with_input: bool) -> list[str]:
    """Return the headings of :meth:`Row.cells`."""
    return [
        "name",
        "op",
        "output shape",
        *(["input"] if with_input else []),
        "rf",
        "stride",
        "start",
        "context",
    ]


def several_inputs(view: ModelView | UnitView) -> bool:
    """Whether rows must tell inputs apart."""
    return sum(bool(source.axes) for source in view.analysis.inputs.values()) > 1


def rows(view: ModelView) -> Iterator[Row]:
    """Yield a row per tensor and input that it reads."""
    for tensor in view.tensors:
        yield from of_tensor(tensor)


def of_tensor(tensor: Tensor) -> Iterator[Row]:
    """Yield the rows of one tensor."""
    if tensor.status == "unknown":
        op = f"{tensor.op} {tensor.label}" if tensor.label else tensor.op
        yield Row(tensor.name, op, shape(tensor.shape), "", "?", "?", "?", f"unknown: {tensor.reason}")
        return
    for source in tensor.inputs:
        if field := tensor.field(source):
            yield _row(tensor, source, {str(axis): field[axis] for axis in field})


def of_final(tensor: Tensor) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Yield the rows of what is final for an output, each with the axes that it is about: none where that is all.

    Axes whose positions end at one tensor share a row.
    """
    if tensor.status == "unknown":
        yield from ((row, ()) for row in of_tensor(tensor))
        return
    for source in tensor.inputs:
        ends: dict[int, tuple[Tensor, dict[str, AxisField]]] = {}
        field = tensor.field(source)
        for axis in map(str, field):
            own = tensor.at(axis, source)
            ends.setdefault(id(own), (own, {}))[1][axis] = field[axis]
        for own, fields in ends.values():
            yield _row(own, source, fields), () if len(ends) == 1 else tuple(fields)


def _row(tensor: Tensor, source: str, fields: Mapping[str, AxisField]) -> Row:
    op = f"{tensor.op} {tensor.label}" if tensor.label else tensor.op
    rf, stride, start, context = {}, {}, {}, []
    for axis, one in fields.items():
        most = "≤ " if one.upper_bound else ""
        mark = IRREGULAR if one.irregular else ""
        rf[axis] = f"{most}{span(*one.rf_range)}{mark}"
        stride[axis] = "?" if one.stride is None else figure(one.stride)
        start[axis] = figure(one.start)
        context += [node for node in one.context if node not in context]
    return Row(
        tensor.name,
        op,
        shape(tensor.shape),
        source,
        per_axis(rf),
        per_axis(stride),
        per_axis(start),
        _listed(context),
    )


def _listed(nodes: list[str], most: int = 2) -> str:
    shown = ", ".join(nodes[:most])
    return shown if len(nodes) <= most else f"{shown} and {len(nodes) - most} more"
