"""The columns of the table, and the rows of a model: one per output, input and axis of the input.

A model that cannot be read has one row with the reason; so has an output of which nothing is known, or that has no
positions. So no model is without a row, and every column has one type.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_rf.analysis import Analysis
from pytest_rf.analysis.metrics import TABLE, AxisField, Metric
from pytest_rf.analysis.tensors import Tensor
from pytest_rf.scanning.sources import Source
from pytest_rf.version import __version__

ERROR = "error"
"""The status of a model that could not be read or analysed."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a row is about.

    Attributes:
        file: the model file, as it was found: a path or an URL.
        model: the file's name without its ending, or the name in the configuration.
        status: ``exact``, ``upper_bound`` or ``unknown`` of the final tensor, or ``error`` of a model without figures.
        reason: why it is unknown, or what the error is.
        nodes: how many nodes the graph has.
        output: the graph output.
        tensor: the tensor that is final for this output and axis: the last one that has positions along it.
        op: the operator that computes it.
        input: the graph input.
        axis: the axis of the input.
        extent: its extent.
        chosen: whether the file leaves the extent open and it was chosen for the analysis.
    """

    file: str
    model: str
    status: str
    reason: str | None = None
    nodes: int | None = None
    output: str | None = None
    tensor: str | None = None
    op: str | None = None
    input: str | None = None
    axis: str | None = None
    extent: int | None = None
    chosen: bool | None = None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a row rests on.

    Attributes:
        irregular: whether units differ otherwise than by their phase, so that figures are those of the actual input.
        upper_bound: whether the field is an upper bound, as data chooses what is read.
        size: the bytes of the file.
        version: the pytest-rf that made the row.
        key: what the row rests on (file, size, time of change, how the model is called, version), as a digest.
    """

    irregular: bool | None = None
    upper_bound: bool | None = None
    size: int | None = None
    version: str = __version__
    key: str = ""


def _columns(row: Metric) -> Iterator[tuple[str, Any, None]]:
    kind: Any = bool if row.form == "truth" else str if row.form == "sources" else float
    for name in row.columns():
        yield name, kind | None, None


_SHOWN = tuple(row for row in TABLE if row.is_shown("json"))

if TYPE_CHECKING:

    class Row(About, Kept, frozen=True, kw_only=True):
        """A row of the table: what it is about, a column or two per metric, what it rests on."""

else:
    Row = msgspec.defstruct(
        "Row",
        [
            *((one.name, one.type, one.default) if not one.required else (one.name, one.type)
              for one in msgspec.structs.fields(About)),
            *(column for row in _SHOWN for column in _columns(row)),
            *((one.name, one.type, one.default) for one in msgspec.structs.fields(Kept)),
        ],
        namespace={"__doc__": "A row of the table: what it is about, a column or two per metric, what it rests on."},
        module=__name__,
        frozen=True,
        kw_only=True,
    )  # fmt: skip

COLUMNS: dict[str, Any] = {one.encode_name: one.type for one in msgspec.structs.fields(Row)}
"""The columns of the table by name, each with its type."""


def of_analysis(analysis: Analysis, source: Source) -> list[Row]:
    """Return the rows of a model."""
    return [
        row
        for output, final in zip(analysis.outputs, analysis.final, strict=True)
        for row in _of_output(analysis, output, final, source)
    ]


def of_error(model: str, reason: str, source: Source) -> list[Row]:
    """Return the row of a model that has no figures."""
    return [Row(model=model, status=ERROR, reason=reason, **_kept(source))]


def written(rows: Sequence[Row]) -> str:
    """Return rows as one line of text: Python's JSON has infinity, and names that are not UTF-8."""
    return json.dumps(msgspec.to_builtins(rows))


def read(text: str | bytes) -> list[Row] | None:
    """Return rows that were written; None where they are none, or none at all."""
    with suppress(ValueError, TypeError, RecursionError, msgspec.ValidationError):
        found: list[Row] = msgspec.convert(json.loads(text), list[Row], strict=True)
        return found or None
    return None


def _of_output(analysis: Analysis, output: Tensor, final: Tensor, source: Source) -> list[Row]:
    about = {
        "model": analysis.name,
        "output": output.name,
        "nodes": len(analysis.graph.nodes),
        **_kept(source),
    }
    if final.status == "unknown":
        return [Row(**_of_tensor(final), **about)]
    found = []
    for name in final.inputs:
        field = final.field(name)
        for axis in field:
            own = final.at(axis, name)
            found.append(Row(**about, **_of_tensor(own), **_of_axis(analysis, name, field[axis])))
    return found or [Row(**_of_tensor(final), **about)]


def _of_tensor(final: Tensor) -> dict[str, Any]:
    return {"tensor": final.name, "op": final.op, "status": final.status, "reason": final.reason}


def _of_axis(analysis: Analysis, name: str, field: AxisField) -> dict[str, Any]:
    source = analysis.inputs[name]
    number = source.axis(field.axis_name)
    found: dict[str, Any] = {
        "input": name,
        "axis": field.axis_name,
        "extent": source.shape[number],
        "chosen": number in source.chosen,
        "irregular": field.irregular,
        "upper_bound": field.upper_bound,
    }
    for row in _SHOWN:
        cells = row.cells(row.read(field))
        found.update(zip(row.columns(), (_cell(row, one) for one in cells), strict=True))
    return found


def _cell(row: Metric, value: Any) -> Any:
    if value is None or row.form == "truth":
        return value
    if row.form == "sources":
        return " ".join(value)
    found = float(value)
    return None if math.isnan(found) else found


def _kept(source: Source) -> dict[str, Any]:
    return {"file": source.file, "size": source.size, "key": source.key, "version": __version__}
