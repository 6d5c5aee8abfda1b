"""The JSON report of an analysis as types: what ``show --format json`` and ``Analysis.to_dict()`` give.

Figures are exact: whole numbers are numbers, others are text: a fraction (``"1/2"``) or ``"inf"``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from pytest_rf.analysis.grounds import Grounds
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.metrics import TABLE, AxisField, Metric
from pytest_rf.analysis.runs import Runs
from pytest_rf.analysis.tensors import Tensor
from pytest_rf.figures import FORMAT, Figure, Text, figure
from pytest_rf.framing import Framing
from pytest_rf.version import __version__


def _type(row: Metric) -> Any:
    """Return the type of a metric in the report."""
    if row.form == "sides":
        one: Any = tuple[Figure, Figure]
    elif row.form == "sources":
        one = tuple[str, ...]
    else:
        one = bool if row.form == "truth" else Figure if row.exact else float | Text
    return one if row.always else one | None


def fields(row: Metric) -> Iterator[tuple[str, Any] | tuple[str, Any, Any]]:
    """Yield the fields that a metric has in the report; they are left out where it has to be asked for."""
    for name in row.columns() if row.ranged else (row.name,):
        yield (name, _type(row)) if row.is_shown("json") else (name, _type(row) | UnsetType, UNSET)


if TYPE_CHECKING:

    class AxisReport(msgspec.Struct):
        """The field of a tensor along one axis of one input: a field per row of the table of metrics."""

else:
    AxisReport = msgspec.defstruct(
        "AxisReport",
        [
            *(field for row in TABLE if row.form != "sources" for field in fields(row)),
            ("irregular", bool),
            ("upper_bound", bool),
            *(field for row in TABLE if row.form == "sources" for field in fields(row)),
            ("samples", dict[str, Figure | tuple[Figure, Figure] | None] | UnsetType, UNSET),
        ],
        namespace={
            "__doc__": "The field of a tensor along one axis of one input (SEMANTICS 4); ``samples``: what it is in "
            "samples of the axis' front-end, which other axes do not have."
        },
        module=__name__,
        frozen=True,
        kw_only=True,
    )


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


class FrontendReport(msgspec.Struct, frozen=True, kw_only=True):
    """A front-end: position ``i`` was computed from samples ``hop·i - before`` to ``hop·i - before + window - 1``.

    ``rate``: samples a second, where that is said.
    """

    window: int
    hop: int
    before: int
    rate: Figure | None


class InputReport(msgspec.Struct, frozen=True, kw_only=True):
    """A graph input with the roles of its axes; ``chosen``: those that the model leaves open and nobody gave.

    ``frontend``: by axis, what makes its positions of samples outside of the model.
    """

    name: str
    shape: tuple[int, ...]
    axes: dict[str, int]
    batch: int | None
    channel: int | None
    chosen: tuple[int, ...] = ()
    frontend: dict[str, FrontendReport] = {}


class AnalysisReport(msgspec.Struct, frozen=True, kw_only=True, tag="analysis", tag_field="report"):
    """All figures of one model: ``show --format json``.

    ``final`` names a tensor per output, the latest that has positions; ``final_axes`` the tensor of each axis:
    input -> axis -> name. ``chunk``: how many positions of a stream come in a call; 0 where nothing is said of it.
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
    chunk: int = 0
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


class _Alike(NamedTuple):
    """Fields that have the same figures.

    Attributes:
        shared: these figures.
        reports: the reports of such fields, by what each has of its own.
    """

    shared: dict[str, Any]
    reports: dict[tuple[Any, ...], AxisReport]


class Figures:
    """The figures of the tensors of one model, each computed once.

    Args:
        runs: the runs over the graph of the model.
        asked: metrics beside the usual ones.
    """

    def __init__(self, runs: Runs, asked: tuple[str, ...] = ()) -> None:
        shown = [row for row in TABLE if row.is_shown("json", asked)]
        self._shared = [row for row in shown if not row.is_own]
        self._own = [row for row in shown if row.is_own]
        self._grounds = Grounds(runs)
        self._known: dict[tuple[int, str], dict[str, AxisReport]] = {}
        self._alike: dict[Hashable, _Alike] = {}

    def of(self, tensor: Tensor, name: str) -> dict[str, AxisReport]:
        """Return the figures of a tensor towards an input, by axis."""
        place = (tensor.number, name)  # what operators pass on is a tensor of several names
        if place not in self._known:
            field = tensor.field(name)
            self._known[place] = {str(axis): self._axis(field[axis]) for axis in field}
        return self._known[place]

    def _axis(self, field: AxisField) -> AxisReport:
        ground = self._grounds.of(field)
        found = self._alike.get(ground)
        if found is None or ground is None:
            shared: dict[str, Any] = {"irregular": field.irregular, "upper_bound": field.upper_bound}
            shared.update(_read(self._shared, field))
            if field.frontend is not None:
                shared["samples"] = _read(_LENGTHS, field.in_samples)
            found = self._alike[ground] = _Alike(shared, {})
        own = _read(self._own, field)
        place = tuple(own.values())
        if place not in found.reports:
            found.reports[place] = AxisReport(**found.shared, **own)
        return found.reports[place]


#: What is told in samples: what counts positions, and every format of JSON has.
_LENGTHS = [row for row in TABLE if row.is_shown("json") and row.kind in ("length", "place", "step")]


def of_tensor(tensor: Tensor, figures: Figures) -> TensorReport:
    """Return the report of one tensor."""
    names = tensor.inputs if tensor.status != "unknown" else ()
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
        fields={name: figures.of(tensor, name) for name in names},
    )


def of_input(source: Input, frontends: Mapping[str, Framing] = {}) -> InputReport:
    """Return the report of one input; ``frontends``: by axis, those of the model."""
    return InputReport(
        name=source.name,
        shape=source.shape,
        axes=dict(source.axes),
        batch=source.batch,
        channel=source.channel,
        chosen=source.chosen,
        frontend={
            axis: FrontendReport(
                window=one.window,
                hop=one.hop,
                before=one.before,
                rate=None if one.rate is None else figure(one.rate),
            )
            for axis, one in frontends.items()
            if axis in {name.lower() for name in source.axes}
        },
    )


def _read(rows: Sequence[Metric], field: AxisField) -> dict[str, Any]:
    """Return what rows of the table say of a field, as the report writes it."""
    found: dict[str, Any] = {}
    for row in rows:
        reading = row.read(field)
        if row.ranged:
            written = [_written(row, one) for one in row.cells(reading)]
            found.update(zip(row.columns(), written, strict=True))
        else:
            found[row.name] = _written(row, reading)
    return found


def _written(row: Metric, value: Any) -> Any:
    """Return a figure of a metric as the report writes it."""
    if value is None or row.kind == "truth":
        return value
    if row.form == "sides":
        return tuple(figure(side) for side in value)
    if row.exact or not math.isfinite(value):
        return figure(value)
    return round(value, 9)


#: Characters that steer a screen or hide; JSON can show them all as escapes.
_STEERING = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def to_json(report: msgspec.Struct | Sequence[msgspec.Struct]) -> str:
    """Return a report, or a list of them, as indented JSON that steers neither a terminal nor a CI runner."""
    try:
        text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
    except UnicodeEncodeError:  # A path that is not Unicode: only escapes can write it.
        text = json.dumps(msgspec.to_builtins(report), indent=2)
    # Outside of strings JSON is ASCII, so every hit lies inside of one, where an escape is its equal.
    text = text.replace("##[", "##\\u005b")  # a runner obeys such a line wherever this stands in it
    if (
        text.isascii() and "\x7f" not in text
    ):  # as nearly always: the pattern would be tried at every character
        return text + "\n"
    return _STEERING.sub(lambda match: json.dumps(match[0])[1:-1], text) + "\n"


def to_dict(report: msgspec.Struct) -> dict[str, Any]:
    """Return a report as plain dicts, lists, numbers and text."""
    # to_builtins() alone would leave tuples as they are.
    try:
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(report))
    except UnicodeEncodeError:  # a path that is not Unicode: only escapes can write it
        plain = json.loads(json.dumps(msgspec.to_builtins(report)))
    return plain
