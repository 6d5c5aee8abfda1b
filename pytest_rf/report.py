"""The JSON reports as types: what ``--format json`` and ``Analysis.to_dict()`` give, and its JSON Schema.

Figures are exact: whole numbers are numbers, others are text: a fraction (``"1/2"``) or ``"inf"``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_rf import __version__
from pytest_rf.figures import FORMAT, Figure, Text, figure
from pytest_rf.results import Run

if TYPE_CHECKING:
    from pytest_rf.analysis import Analysis
    from pytest_rf.analysis.metrics import AxisField
    from pytest_rf.analysis.tensors import Input, Tensor


class AxisReport(msgspec.Struct, frozen=True, kw_only=True):
    """The field of a tensor along one axis of one input (SEMANTICS 4)."""

    rf: Figure
    rf_smallest: Figure
    rf_min: Figure
    stride: Figure | None
    start: Figure | None
    center: Figure | None
    coverage: float | Text
    lookahead: Figure | None
    lookback: Figure | None
    halo: tuple[Figure, Figure] | None
    bounded: bool | None
    causal: bool | None
    irregular: bool
    upper_bound: bool
    context: tuple[str, ...]


class TensorReport(msgspec.Struct, frozen=True, kw_only=True):
    """One computed tensor; ``fields`` maps input -> axis -> figures and is empty where it is unknown."""

    name: str
    node: str
    op: str
    module: str
    source: str
    label: str
    shape: tuple[int, ...] | None
    status: str
    reason: str | None
    fields: dict[str, dict[str, AxisReport]]


class InputReport(msgspec.Struct, frozen=True, kw_only=True):
    """A graph input with the roles of its axes."""

    name: str
    shape: tuple[int, ...]
    axes: dict[str, int]
    batch: int | None
    channel: int | None


class AnalysisReport(msgspec.Struct, frozen=True, kw_only=True, tag="analysis", tag_field="report"):
    """All figures of one model: ``show --format json``.

    ``final`` names a tensor per output, the latest that has positions; ``final_axes`` the tensor of each axis:
    input -> axis -> name.
    """

    format: int = FORMAT
    version: str = __version__
    model: str
    path: str | None
    capture: str
    inputs: tuple[InputReport, ...]
    outputs: tuple[str, ...]
    final: tuple[str, ...]
    final_axes: tuple[dict[str, dict[str, str]], ...]
    notes: tuple[str, ...]
    tensors: tuple[TensorReport, ...]


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """First and last input position that a unit reads; ``first > last`` where it reads none."""

    first: int
    last: int


class RegionReport(msgspec.Struct, frozen=True, kw_only=True):
    """The region that a unit of one tensor reads; ``fields`` maps input -> axis -> positions."""

    tensor: str
    fields: dict[str, dict[str, Reach]]


class UnitReport(msgspec.Struct, frozen=True, kw_only=True, tag="unit", tag_field="report"):
    """What one unit reads: ``show --unit 12,7 --format json``."""

    format: int = FORMAT
    version: str = __version__
    model: str
    unit: tuple[int, ...]
    regions: tuple[RegionReport, ...]


Report = AnalysisReport | UnitReport | Run


def of_analysis(analysis: Analysis, tensors: Iterable[Tensor] | None = None) -> AnalysisReport:
    """Return the report of a model, with figures of all tensors or of some."""
    return AnalysisReport(
        model=analysis.name,
        path=analysis.path,
        capture=analysis.capture,
        inputs=tuple(_input(source) for source in analysis.inputs.values()),
        outputs=tuple(tensor.name for tensor in analysis.outputs),
        final=tuple(tensor.name for tensor in analysis.final),
        final_axes=tuple(
            {
                name: {axis: tensor.at(axis, name).name for axis in analysis.inputs[name].axes}
                for name in tensor.inputs
            }
            for tensor in analysis.final
        ),
        notes=tuple(analysis.graph.notes),
        tensors=tuple(of_tensor(tensor) for tensor in (analysis if tensors is None else tensors)),
    )


def of_tensor(tensor: Tensor) -> TensorReport:
    """Return the report of one tensor."""
    fields: dict[str, dict[str, AxisReport]] = {}
    if tensor.status != "unknown":
        for name in tensor.inputs:
            field = tensor.field(name)
            fields[name] = {str(axis): _axis(field[axis]) for axis in field}
    return TensorReport(
        name=tensor.name,
        node=tensor.node,
        op=tensor.op,
        module=tensor.module,
        source=tensor.source,
        label=tensor.label,
        shape=tensor.shape,
        status=tensor.status,
        reason=tensor.reason,
        fields=fields,
    )


def _input(source: Input) -> InputReport:
    return InputReport(
        name=source.name,
        shape=source.shape,
        axes=dict(source.axes),
        batch=source.batch,
        channel=source.channel,
    )


def _figure(value: Any) -> Figure | None:
    """Return a figure that there need not be, as where the units do not move evenly."""
    return None if value is None else figure(value)


def _axis(field: AxisField) -> AxisReport:
    smallest, largest = field.rf_range
    halo, coverage = field.halo, field.coverage
    return AxisReport(
        rf=figure(largest),
        rf_smallest=figure(smallest),
        rf_min=figure(field.rf_min),
        stride=_figure(field.stride),
        start=_figure(field.start),
        center=_figure(field.center),
        coverage=round(coverage, 9) if math.isfinite(coverage) else "inf",
        lookahead=_figure(field.lookahead),
        lookback=_figure(field.lookback),
        halo=None if halo is None else (figure(halo[0]), figure(halo[1])),
        bounded=field.bounded,
        causal=field.causal,
        irregular=field.irregular,
        upper_bound=field.upper_bound,
        context=field.context,
    )


#: Characters that steer a screen or hide; JSON can show them all as escapes.
_STEERING = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def to_json(report: Report) -> str:
    """Return a report as indented JSON without a character that could steer a terminal."""
    try:
        text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
    except UnicodeEncodeError:  # A path that is not Unicode: only escapes can write it.
        text = json.dumps(msgspec.to_builtins(report), indent=2)
    # Outside of strings JSON is ASCII, so every hit lies inside of one, where an escape is its equal.
    return _STEERING.sub(lambda match: json.dumps(match[0])[1:-1], text) + "\n"


def to_dict(report: Report) -> dict[str, Any]:
    """Return a report as plain dicts, lists, numbers and text."""
    # to_builtins() alone would leave tuples as they are.
    plain: dict[str, Any] = json.loads(json.dumps(msgspec.to_builtins(report, str_keys=True)))
    return plain


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the reports; ``report`` tells them apart."""
    found = msgspec.json.schema(Report)
    for kind in found["$defs"].values():
        kind["required"] = list(kind["properties"])  # reports are written whole, defaults too
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "pytest-rf report", **found}
