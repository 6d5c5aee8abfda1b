"""Why a figure is what it is: the layers that made it, the branches that did not, and the context that it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pytest_rf.analysis.metrics import METRICS, AxisField
from pytest_rf.analysis.paths import figure, walk
from pytest_rf.figures import Number, said


class Layer(NamedTuple):
    """A tensor as an explanation names it.

    Attributes:
        name: its name.
        node: the name of the node that computes it.
        op: that node's operator.
        module: the path of the module that the node belongs to.
        source: the source line, where known.
        label: the node's geometry in words.
    """

    name: str
    node: str
    op: str
    module: str
    source: str
    label: str

    def __str__(self) -> str:
        called = self.module or self.node or self.name
        kind = self.label or ("" if self.op.endswith(called) else self.op)
        return f"{called} {kind}".rstrip()


@dataclass(frozen=True, slots=True)
class Grown:
    """One layer on the way: what it added to the figure, and what the figure was then.

    Attributes:
        layer: it.
        growth: what it added; infinite from a layer that reads the whole axis.
        total: the figure after it.
    """

    layer: Layer
    growth: Number
    total: Number


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch that joined the way and did not make the figure.

    Attributes:
        at: where it was brought together with the branch that did.
        layer: the branch's last layer; None where it is the input itself.
        figure: its figure; None where it has none.
    """

    at: Layer
    layer: Layer | None
    figure: Number | None


@dataclass(frozen=True, slots=True)
class Along:
    """Why a figure is what it is along one axis.

    Attributes:
        axis: the axis.
        figure: the figure; of a halo the larger side. None where there is none.
        start: what it began with at the input: ``start`` and all growths add up to ``figure``.
        layers: the layers that made it grow, from the input on.
        lost: the branches that did not, in the order of the graph.
        context: the nodes whose statistics come in along the axis.
    """

    axis: str
    figure: Number | None
    start: Number
    layers: tuple[Grown, ...]
    lost: tuple[Branch, ...]
    context: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a figure of a tensor is what it is, axis by axis.

    Attributes:
        tensor: the tensor.
        metric: the figure's name.
        input: the input that it is about.
        axes: one for each spatial axis.
    """

    tensor: Layer
    metric: str
    input: str
    axes: tuple[Along, ...]

    def __getitem__(self, axis: str) -> Along:
        for one in self.axes:
            if one.axis == axis:
                return one
        raise KeyError(f"no axis {axis!r}; there are {', '.join(one.axis for one in self.axes)}")

    def __str__(self) -> str:
        lines = []
        for one in self.axes:
            told = "none" if one.figure is None else said(one.figure)
            lines.append(f"{self.metric} of {self.tensor.name} on axis {one.axis} is {told}")
            lines += [
                f"  {said(step.growth):>6} to {said(step.total):>6}  {step.layer}" for step in one.layers
            ]
        return "\n".join(lines)


def along(field: AxisField, own: Layer, metric: str, known: Mapping[int, Layer]) -> Along:
    """Return why a figure of a field is what it is.

    Args:
        field: the field of a tensor along an axis.
        own: the tensor.
        metric: the figure: ``rf``, ``halo``, ``lookahead`` ...
        known: the tensors of the model, by the numbers of their values.

    Raises:
        KeyError: there is no such figure, or nothing of it grows from layer to layer.
    """
    measure = figure(metric, field)
    way = walk(field.runs, field.value.number, field.input, field.axis, measure)
    return Along(
        field.axis_name,
        measure(field),
        way.start,
        tuple(Grown(known.get(step.number, own), step.growth, step.total) for step in way.steps),
        tuple(
            Branch(known.get(merge.number, own), known.get(branch), found)
            for merge in way.merges
            for branch, found in merge.left
        ),
        field.context,
    )


#: The figures that can be explained.
EXPLAINED = tuple(row.name for row in METRICS.values() if row.grows)
