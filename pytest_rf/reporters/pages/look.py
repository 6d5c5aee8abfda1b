"""The section in which people point at a unit and see what it reads of the input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from pytest_rf.analysis import Tensor
from pytest_rf.analysis.metrics import METRICS, AxisField
from pytest_rf.domains.layout import Key
from pytest_rf.domains.structure import Structure
from pytest_rf.errors import UnknownError
from pytest_rf.figures import figure, value
from pytest_rf.reporters.pages.reads import Patterns, Steps, Table, table
from pytest_rf.reporters.pages.subject import Subject

MOST_SOURCES = 4
"""So many of the nodes that bring in context are named."""

GUARANTEES = ("lookback", "lookahead", "latency", "halo", "multiple")
"""What is told of final tensors beside their regions; the first three of what has one axis, which is time."""

_OF_TIME = frozenset(GUARANTEES[:3])
Kept = TypeVar("Kept")


class UnitAxis(msgspec.Struct, frozen=True, array_like=True):
    """An axis of a tensor along which units lie: its number, and which axes of inputs it has positions of."""

    axis: int
    label: str


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """What brings context of a whole axis in: the first nodes, how many more, whether all of it is accepted."""

    nodes: tuple[str, ...]
    more: int = 0
    accepted: bool = False


class Guarantee(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a final tensor along an axis, by name; of a halo before and after."""

    tensor: int
    input: str
    axis: str
    figures: dict[str, object]


Columns = dict[str, dict[str, list[int]]]
"""Input -> axis -> for each tensor a number, -1 for none."""


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """What the section shows.

    Attributes:
        patterns: what sets of positions look like (:class:`~pytest_rf.reporters.pages.reads.Patterns`).
        tables: what units read, each table once.
        fields: the numbers of tables.
        units: the kinds of units that there are: the axes along which they lie.
        kinds: by tensor the number of the kind of its units; -1 where it is unknown.
        contexts: what brings context in, each once.
        context: the numbers of contexts.
        upper: input -> axis -> tensors of which data chooses what is read: their tables are upper bounds.
        guarantees: the figures of final tensors.
        first: the tensor that is looked at first.
        images: pictures to show inputs with.
    """

    patterns: list[list[int]]
    tables: list[Table]
    fields: Columns
    units: list[tuple[UnitAxis, ...]]
    kinds: list[int]
    contexts: list[Context]
    context: Columns
    upper: dict[str, dict[str, list[int]]]
    guarantees: list[Guarantee]
    first: int
    images: Mapping[str, str]


@dataclass
class _Collected:
    """What is collected tensor by tensor; equal things are kept once and numbered."""

    patterns: Patterns = field(default_factory=Patterns)
    tables: dict[Table, int] = field(default_factory=dict)
    units: dict[tuple[UnitAxis, ...], int] = field(default_factory=dict)
    contexts: dict[Context, int] = field(default_factory=dict)


def of(subject: Subject) -> Data | None:
    """Return the data of the section; None where no input has a spatial axis."""
    analysis = subject.analysis
    if not subject.tensors or not any(one.axes for one in analysis.inputs.values()):
        return None
    kept = _Collected()
    kinds = [_kind(tensor, kept) for tensor in subject.tensors]
    context = _columns(subject, lambda tensor, key: _context(subject, tensor, key, kept))
    fields = _columns(subject, lambda tensor, key: _field(tensor, key, kept))
    return Data(
        patterns=kept.patterns.written(),
        tables=list(kept.tables),
        fields=fields,
        units=list(kept.units),
        kinds=kinds,
        contexts=list(kept.contexts),
        context=context,
        upper={
            name: {
                axis: [place for place, one in enumerate(subject.tensors) if _is_open(one, (name, number))]
                for axis, number in source.axes.items()
            }
            for name, source in analysis.inputs.items()
        },
        guarantees=list(_guarantees(subject)),
        first=_first(subject),
        images=subject.images,
    )


def _columns(subject: Subject, read: Callable[[Tensor, Key], int]) -> Columns:
    """Return a number for every tensor along every axis; what is told is told of values, of which some have names."""
    values = {one.number: one for one in subject.tensors}
    found: Columns = {}
    for name, source in subject.analysis.inputs.items():
        for axis, number in source.axes.items():
            numbers = {place: read(one, (name, number)) for place, one in values.items()}
            found.setdefault(name, {})[axis] = [numbers[one.number] for one in subject.tensors]
    return found


def _number(known: dict[Kept, int], one: Kept) -> int:
    return known.setdefault(one, len(known))


def _structure(tensor: Tensor) -> Structure | None:
    known = tensor.runs.structure(tensor.value)
    return known if isinstance(known, Structure) and tensor.shape is not None else None


def _kind(tensor: Tensor, kept: _Collected) -> int:
    known = _structure(tensor)
    if known is None:
        return -1
    inputs = tensor.runs.inputs
    found: list[UnitAxis] = []
    for number, axis in enumerate(known.layout):
        carried = [key for factor in axis for key in sorted(factor.carries) if key in tensor.runs.spatial]
        names = [name for key in carried for name, place in inputs[key[0]].axes.items() if place == key[1]]
        if names:
            found.append(UnitAxis(number, "·".join(dict.fromkeys(names))))
    labels = [one.label for one in found]
    if len(set(labels)) < len(labels):  # windows that hold positions of both, say
        found = [UnitAxis(one.axis, f"{one.label}, axis {one.axis}") for one in found]
    return _number(kept.units, tuple(found))


def _axes(tensor: Tensor, known: Structure, name: str) -> list[int]:
    """Return the axes of a tensor along which its units lie towards an input, as ``Tensor.reads`` takes them."""
    keys = {(name, number) for number in tensor.runs.inputs[name].axes.values()}
    return [
        number for number, axis in enumerate(known.layout) if any(factor.carries & keys for factor in axis)
    ]


def _field(tensor: Tensor, key: Key, kept: _Collected) -> int:
    known = _structure(tensor)
    if known is None:
        return -1
    along = AxisField(tensor.runs, tensor.value, tensor.runs.inputs[key[0]], key[1])
    try:
        found = table(
            tensor.runs, tensor.value, key, _axes(tensor, known, key[0]), _steps(along), kept.patterns
        )
    except UnknownError:
        return -1
    return -1 if found is None else _number(kept.tables, found)


def _steps(along: AxisField) -> Steps | None:
    found = along.steps
    return None if found is None else Steps(*map(figure, (found.rate, found.first, found.last)))


def _context(subject: Subject, tensor: Tensor, key: Key, kept: _Collected) -> int:
    known = _structure(tensor)
    numbers = sorted(known.context.get(key, ())) if known is not None else []
    if not numbers:
        return -1
    nodes = [tensor.runs.graph.nodes[number] for number in numbers]
    names = tuple(node.name or node.op for node in nodes[:MOST_SOURCES])
    accepted = all(map(subject.analysis.accepts, nodes))
    return _number(kept.contexts, Context(names, len(nodes) - len(names), accepted))


def _is_open(tensor: Tensor, key: Key) -> bool:
    known = _structure(tensor)
    return known is not None and key in known.uncertain | known.rounded


def _guarantees(subject: Subject) -> Sequence[Guarantee]:
    found: list[Guarantee] = []
    analysis = subject.analysis
    for tensor in analysis.final:
        if tensor.status == "unknown":
            continue
        for name in tensor.inputs:
            for axis in analysis.inputs[name].axes:
                place = subject.place(tensor.at(axis, name))
                along = tensor.field(name)[axis]
                figures: dict[str, object] = {}
                timed = len(analysis.inputs[name].axes) == 1
                for row in (METRICS[one] for one in GUARANTEES if timed or one not in _OF_TIME):
                    reading = row.read(along)
                    if reading is not None:
                        sides = row.form == "sides"
                        figures[row.name] = [value(one) for one in reading] if sides else value(reading)
                if place is not None:
                    found.append(Guarantee(tensor=place, input=name, axis=axis, figures=figures))
    return found


def _first(subject: Subject) -> int:
    """Return the tensor that is looked at first: the last that has positions, of the first output."""
    for tensor in subject.analysis.final:
        for name in tensor.inputs:
            for axis in subject.analysis.inputs[name].axes:
                place = subject.place(tensor.at(axis, name))
                if place is not None and tensor.status != "unknown":
                    return place
    return len(subject.tensors) - 1
