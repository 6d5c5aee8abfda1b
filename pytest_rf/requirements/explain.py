"""Says where a figure comes from: how it grew, layer by layer, and the operator that is to blame."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from pytest_rf import paths
from pytest_rf.analysis import Tensor
from pytest_rf.analysis.alignment import misaligned
from pytest_rf.analysis.metrics import METRICS, AxisField, Metric, Origin
from pytest_rf.analysis.paths import Measure
from pytest_rf.analysis.tensors import Contribution, owners
from pytest_rf.figures import Number, value
from pytest_rf.findings import Step
from pytest_rf.node import Node, beside
from pytest_rf.requirements import extent, measure
from pytest_rf.requirements.measure import Undecidable


def reader(
    metric: Metric,
    align: int | None,
    origin: Origin,
    side: str = "",
    smallest: bool = False,
    end: AxisField | None = None,
) -> Measure:
    """Return what reads a metric's figure, in input positions, from any field on the way to the one at the ``end``.

    Args:
        metric: the metric.
        align: the borders that a halo is for; by default those of the field at the end.
        origin: where time is counted from.
        side: a halo's side.
        smallest: whether the smallest of all units counts instead of the largest.
        end: the field at the end.
    """
    metric = METRICS.get(metric.share_of or metric.waits, metric)
    if metric.tiled is not None and align is None:
        # On the way strides are smaller: borders are where those of the tensor at the end are.
        align = None if end is None else end.multiple

    def read(axis_field: AxisField) -> Number | None:
        if end is not None and end.framed:
            axis_field = axis_field.in_samples
        try:
            readings = measure.read(axis_field, metric, align, origin)
        except Undecidable:
            return None
        known = next(reading for reading in readings if reading.side == side)
        return (known.low if smallest else known.high).upper

    return read


def describe(tensor: Tensor) -> str:
    """Return a layer as the path shows it: ``layer3.0.conv2 3×3 stride 2``, ``norm aten.group_norm``."""
    name = named(tensor)
    kind = tensor.label or (tensor.op if not tensor.op.endswith(name) else "")
    return f"{name} {kind}" if kind else name


def steps(path: Iterable[Contribution], metric: Metric) -> tuple[Step, ...]:
    """Return a path as findings hold it."""
    times = metric.multiplies
    return tuple(
        Step(describe(one.tensor), value(one.factor if times else one.growth), value(one.total), times)
        for one in path
    )


def budget(
    path: Sequence[Contribution], read: Measure, metric: Metric, end: AxisField, total: Number
) -> tuple[Step, ...]:
    """Return a path as findings hold it, with what no layer adds: the front-end before it, and chunks after it.

    Args:
        path: how the figure grew.
        read: reads it from any field on the way.
        metric: the metric.
        end: the field at the end.
        total: the figure there.
    """
    parts = [*steps(path, metric)]
    if end.framed and metric.grows:
        begun = framing(end, metric, read)
        parts[:0] = [] if begun is None else [begun]
    reached = read(end) if metric.waits else None
    if reached is not None and math.isfinite(total) and total != reached:
        parts.append(Step(f"chunks of {end.chunk} positions", value(total - reached), value(total)))
    return tuple(parts)


def framing(end: AxisField, metric: Metric, read: Measure) -> Step | None:
    """Return what the front-end alone makes of a figure; None where it is nothing. Arguments as of :func:`budget`."""
    first = dataclasses.replace(end, value=end.runs.graph.inputs[end.input.name], beside=())
    framed, bare = read(first), METRICS.get(metric.waits, metric).read(first.in_positions)
    bare = 0 if metric.form == "sides" else bare[1] if metric.ranged else bare
    if framed is None or framed == bare:
        return None
    growth = Fraction(framed) / Fraction(bare) if metric.multiplies else framed - bare
    return Step(f"front-end {end.framing}", value(growth), value(framed), metric.multiplies)


def named(tensor: Tensor) -> str:
    """Return the name of a layer: that of its module, node or tensor."""
    return tensor.module or tensor.node or tensor.name


def placed(tensor: Tensor) -> str:
    """Return a layer with its operator and the line that made it."""
    name = f"{named(tensor)} {beside(tensor.op, tensor.label)}".rstrip()
    about = [text for text in (tensor.op, paths.line(tensor.source)) if text]
    return f"{name} ({', '.join(about)})" if about else name


def first_of(tensor: Tensor, axis: int, source: str, predicate: str) -> Tensor | None:
    """Return the first tensor on the way of which a predicate does not hold; None where it is not found."""

    def breaks(axis_field: AxisField) -> Number | None:
        holds = getattr(axis_field, predicate)
        return None if holds is None else int(not holds)

    path = tensor.path(axis, source, breaks)
    return path[0].tensor if path else None


def unbounded(tensor: Tensor, axis: int, source: str) -> str:
    """Return the operator that makes a tensor, and by what it has no bound along an axis."""
    at = tensor.field(source)[axis]
    if tensor.node in at.context:
        does = "brings in statistics of the whole axis"
    elif at.upper_bound and not at.rounded:
        does = "lets data choose what is read"
    elif at.rf == math.inf:
        does = "mixes the whole axis"
    else:
        does = extent.doing(at, tensor.node)
    return f"{placed(tensor)} {does}"


def endless(path: Sequence[Contribution], axis: int, source: str) -> str:
    """Return the operator that makes a figure infinite; nothing where it is not."""
    first = next((one.tensor for one in path if one.total == math.inf), None)
    return "" if first is None else unbounded(first, axis, source)


def branches_of(axis_field: AxisField, node: Node) -> list[AxisField]:
    """Return the fields of what a node reads, as far as it has positions of the same input axis."""
    values = [value for value in dict.fromkeys(node.inputs) if value.varies]
    fields = [dataclasses.replace(axis_field, value=value) for value in values]
    return [field for field in fields if field.stride]


def sides(axis_field: AxisField) -> str:
    """Return the first merge whose branches are not aligned, and where each of them stands."""
    nodes = misaligned(axis_field)
    if not nodes:
        return ""
    node, known = nodes[0], owners(axis_field.runs)
    branches = {}
    for field in branches_of(axis_field, node):
        number = field.value.number
        at = field.center
        center = f", centre {Fraction(at)}" if at is not None and math.isfinite(at) else ""
        name = describe(known[number]) if number in known else "the input"
        branches[name] = f"stride {field.stride}{center}"
    merge = f"{node.module or node.name} ({', '.join(text for text in (node.op, paths.line(node.source)) if text)})"
    if len(set(branches.values())) < 2:  # they differ at other units than the first
        return f"it is {merge} where branches meet that do not look at the same place"
    told = " and ".join(f"{name} ({where})" for name, where in branches.items())
    return f"{merge} brings together {told}"
