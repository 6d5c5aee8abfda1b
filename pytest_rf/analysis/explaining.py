"""Why a figure is what it is: the layers that made it, the branches that did not, and the context that it counts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pytest_rf.analysis.layer import Layer
from pytest_rf.analysis.metrics import METRICS, AxisField
from pytest_rf.analysis.paths import GROWING, Measure, Merge, alone_figure, figure, growths, traced, walk
from pytest_rf.figures import Number, said
from pytest_rf.framing import Framing


@dataclass(frozen=True, slots=True)
class Grown:
    """One layer on the way: what it added to the figure, and what the figure was then.

    Attributes:
        layer: it.
        growth: what it added; infinite from a layer that reads the whole axis.
        total: the figure after it, which is that of its tensor.
    """

    layer: Layer
    growth: Number
    total: Number


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch that joined the way and did not make the figure.

    Attributes:
        at: where it was brought together with the branch that did.
        layer: the branch's last layer; None where it is the input itself, or a state.
        states: of a step model, the states that bring the branch in from the call before.
        figure: its figure, of states the largest; None where it has none.
        short: by how much the figure there would be smaller if this branch alone were read; 0 where it would be the
            same, infinite where only another one reads everything, None where it would not be one.
    """

    at: Layer
    layer: Layer | None
    figure: Number | None
    short: Number | None
    states: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The branch in words: its last layer, the input itself, or ``state cache`` of the call before."""
        if self.states:
            return f"state{'' if len(self.states) == 1 else 's'} {', '.join(self.states)} of the call before"
        return "the input itself" if self.layer is None else str(self.layer)


@dataclass(frozen=True, slots=True)
class Along:
    """Why a figure is what it is along one axis.

    Attributes:
        axis: the axis.
        figure: the figure; of a halo the larger side. None where there is none, and so no path.
        start: what it began with at the input: ``start``, all growths and ``rest`` add up to ``figure``.
        layers: the layers that changed it, from the input on.
        lost: the branches that did not make it, in the order of the graph.
        context: the layers whose statistics come in along the axis.
        rest: what no layer adds: of a latency, chunks that are not full.
        chunk: how many positions come in a call.
        frontend: the front-end in whose samples the figure is counted, and of which it begins with ``start``; None
            where it counts positions.
        instead: the figure of all units that tells more, where this one is that of a single unit; else empty.
    """

    axis: str
    figure: Number | None
    start: Number
    layers: tuple[Grown, ...]
    lost: tuple[Branch, ...]
    context: tuple[Layer, ...]
    rest: Number = 0
    chunk: int = 1
    frontend: Framing | None = None
    instead: str = ""

    @property
    def heaviest(self) -> tuple[Grown, ...]:
        """The layers that made the figure grow, those that added most first: what to change to change it."""
        grown = [one for one in self.layers if one.growth > 0]
        return tuple(sorted(grown, key=lambda one: -one.growth))


class _Named(Protocol):
    @property
    def axis(self) -> str: ...


T = TypeVar("T", bound=_Named)


class ByAxis(Generic[T]):
    """What is told axis by axis: the names of the axes, and what is told of each."""

    axes: tuple[T, ...]

    def __getitem__(self, axis: str) -> T:
        for one in self.axes:
            if one.axis == axis:
                return one
        raise KeyError(f"no axis {axis!r}; there are {', '.join(self)}")

    def __iter__(self) -> Iterator[str]:
        return (one.axis for one in self.axes)


@dataclass(frozen=True)
class Explanation(ByAxis[Along]):
    """Why a figure of a tensor is what it is, axis by axis; as a string it is the text.

    Attributes:
        tensor: the tensor.
        metric: the figure's name.
        input: the input that it is about.
        axes: one for each spatial axis, or for the one that was asked for.
    """

    tensor: Layer
    metric: str
    input: str
    axes: tuple[Along, ...]

    def __str__(self) -> str:
        lines = []
        for one in self.axes:
            told = "none: its units do not move evenly" if one.figure is None else said(one.figure)
            told += " samples" if one.frontend is not None and one.figure is not None else ""
            lines.append(f"{self.metric} of {self.tensor.name} on axis {one.axis} is {told}")
            if one.frontend is not None:
                lines.append(f"  {said(one.start):>6} to {said(one.start):>6}  front-end {one.frontend}")
            lines += [
                f"  {said(step.growth):>6} to {said(step.total):>6}  {step.layer}" for step in one.layers
            ]
            if one.rest and one.figure is not None:
                rest = f"chunks of {one.chunk} positions"
                lines.append(f"  {said(one.rest):>6} to {said(one.figure):>6}  {rest}")
            lines += [f"  beside it at {branch.at}: {branch.name}{_lag(branch)}" for branch in one.lost]
            if one.context:
                lines.append(f"  context of the whole axis: {', '.join(map(str, one.context))}")
        return "\n".join(lines)


def _lag(branch: Branch) -> str:
    if branch.short is None or not math.isfinite(branch.short):
        return ""
    return f", {said(branch.short)} short" if branch.short else ", as far"


def along(field: AxisField, own: Layer, metric: str, known: Mapping[int, Layer]) -> Along:
    """Return why a figure of a field is what it is.

    Args:
        field: the field of a tensor along an axis.
        own: the tensor.
        metric: the figure: ``rf``, ``halo``, ``lookahead`` ...; of ``context`` the layers that bring it in are counted.
        known: the tensors of the model, by the numbers of their values.

    Raises:
        KeyError: there is no such figure, or nothing of it grows from layer to layer.
    """
    if metric == "context":
        sources = _context(field, known)
        steps = tuple(Grown(layer, 1, place) for place, layer in enumerate(sources, 1))
        return Along(field.axis_name, len(sources), 0, steps, (), ())
    waits = bool(METRICS[metric].waits) if metric in METRICS else False
    field = field.in_samples if waits and field.frontend is not None else field
    measure = figure(metric, field)
    reached: Number | None = measure(field)
    total: Number | None = METRICS[metric].read(field) if waits else reached
    way = walk(field.runs, field.value.number, field.input, field.axis, measure)
    start, grown = growths(way.stations)
    lost = [
        Branch(
            known.get(merge.number, own),
            known.get(branch),
            _largest(field, states.values() or (branch,), measure),
            _short(field, merge, branch, measure),
            tuple(states),
        )
        for merge in way.merges
        for branch in merge.others
        if (states := field.runs.states(merge.number, branch)) is not None
    ]
    return Along(
        field.axis_name,
        total,
        start,
        tuple(Grown(known.get(step.number, own), step.growth, step.total) for step in grown),
        tuple(lost),
        _context(field, known),
        0 if total is None or reached is None or math.isinf(total) else total - reached,
        field.chunk if waits else 1,
        field.frontend if field.framed else None,
        "" if traced(METRICS[metric], field).name == metric else traced(METRICS[metric], field).name,
    )


def _largest(field: AxisField, numbers: Iterable[int], measure: Measure) -> Number | None:
    """Return the largest figure that some values have; None where none has one."""
    values = (field.runs.graph.values[number] for number in numbers)
    found = (measure(AxisField(field.runs, value, field.input, field.axis)) for value in values)
    return max((one for one in found if one is not None), default=None)


def _short(field: AxisField, merge: Merge, branch: int, measure: Measure) -> Number | None:
    """Return by how much the figure of a merge would be smaller if it read one of its branches alone."""
    runs, value = field.runs, field.runs.graph.values[merge.number]
    reached = measure(AxisField(runs, value, field.input, field.axis))
    alone = alone_figure(runs, merge.number, branch, field.input, field.axis, measure)
    if reached is None or alone is None:
        return None
    return 0 if reached == alone else reached - alone


def _context(field: AxisField, known: Mapping[int, Layer]) -> tuple[Layer, ...]:
    """Return the layers that bring in context along the axis of a field."""
    by_node = {layer.node: layer for layer in reversed([*known.values()])}
    return tuple(by_node.get(node, Layer(node, node, "", "", "", "")) for node in field.context)


#: The figures that can be explained: those that grow from layer to layer, and context, whose sources are counted.
EXPLAINED = (*GROWING, "context")
