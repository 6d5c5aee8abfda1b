"""The section of growth: how the field, the effective field and the stride become what they are, layer by layer."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

import msgspec

from pytest_rf.analysis import Tensor, growth
from pytest_rf.analysis.growth import Level
from pytest_rf.figures import Number, number, said
from pytest_rf.findings import Elsewhere, Required
from pytest_rf.reporters.pages.growth_chart import Chart, Curve, Line, drawn
from pytest_rf.reporters.pages.subject import Subject

CURVES = {"rf": "field", "rf_min": "shortest path", "erf": "effective", "stride": "stride"}
"""The metrics that are drawn, and what the curves are called."""


MOST_STAGES = 24
"""More stages have no room below a chart."""


class Station(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Layers on the main path that leave all figures as they are, the first of which changed one.

    Attributes:
        tensor: the place of the first layer's tensor.
        more: how many others follow.
        figures: the figures in words, in the order of :data:`CURVES`; empty where there is none.
        exceeds: the field is larger than the input.
    """

    tensor: int
    more: int = 0
    figures: tuple[str, ...]
    exceeds: bool = False


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """How figures grow on the way to a final tensor, along axes of which the same is true.

    Attributes:
        input: the input.
        axes: the axes.
        tensor: the place of the final tensor.
        extent: that of the input.
        stations: the layers on the way.
        chart: the same as a drawing.
    """

    input: str
    axes: tuple[str, ...]
    tensor: int
    extent: int
    stations: tuple[Station, ...]
    chart: Chart


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """What the section shows: a chart for each input, final tensor and axis; axes that agree have one."""

    charts: tuple[Growth, ...]


def of(subject: Subject) -> Data | None:
    """Return the data of the section; None where nothing grows."""
    found: dict[tuple[str, tuple[str, ...], int], Growth] = {}
    for tensor in subject.analysis.final:
        for name in tensor.inputs if tensor.status != "unknown" else ():
            axes = subject.analysis.inputs[name].axes
            levels = {axis: _levels(subject, tensor.at(axis, name), name, axis) for axis in axes}
            for grown in growth.growths(tensor.field(name), levels) if axes else ():
                end = subject.place(tensor.at(grown.axes[0], name))
                one = None if end is None else _charted(subject, grown, end)
                if one is not None:  # outputs can end in the same tensor
                    found.setdefault((one.input, one.axes, one.tensor), one)
    return Data(charts=tuple(found.values())) if found else None


def _charted(subject: Subject, grown: growth.Growth, end: int) -> Growth | None:
    known = [
        (subject.by_name[one.layer.name], tuple(getattr(one, metric) for metric in CURVES))
        for one in grown.stations
        if one.layer is not None
    ]
    grouped = [
        (figures, [place for place, _ in same]) for figures, same in groupby(known, lambda one: one[1])
    ]
    if not grouped:
        return None
    depths = [0]
    for _, places in grouped:
        depths.append(depths[-1] + len(places))
    curves = tuple(
        Curve(
            metric,
            name,
            tuple(
                (float(depth), float(figures[column]))
                for (figures, _), (start, stop) in zip(grouped, pairwise(depths), strict=True)
                for depth in dict.fromkeys((start, stop - 1))
                if figures[column] is not None
            ),
        )
        for column, (metric, name) in enumerate(CURVES.items())
    )
    lines = (
        Line("input", f"input {grown.extent}", float(grown.extent)),
        *(Line(_kind(subject, one, grown), one.text, float(one.value)) for one in grown.levels),
    )
    exceeding = [figures[0] > grown.extent for figures, _ in grouped]
    return Growth(
        input=grown.input,
        axes=grown.axes,
        tensor=end,
        extent=grown.extent,
        stations=tuple(
            Station(
                tensor=places[0],
                more=len(places) - 1,
                figures=tuple("" if one is None else _said(one) for one in figures),
                exceeds=exceeds,
            )
            for (figures, places), exceeds in zip(grouped, exceeding, strict=True)
        ),
        chart=drawn(curves, lines, depths, exceeding, list(_stages(subject, [place for place, _ in known]))),
    )


def _stages(subject: Subject, way: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Yield the outermost modules on the way, and how many layers lie before each; none where there are too many."""
    modules = [subject.tensors[place].module or subject.tensors[place].name for place in way]
    first = [next((part for part in re.split(r"[./]", name) if part), name) for name in modules]
    starts = [depth for depth, name in enumerate(first) if depth == 0 or first[depth - 1] != name]
    if len(starts) <= MOST_STAGES:
        yield from ((first[depth], depth) for depth in starts)


def _kind(subject: Subject, level: Level, grown: growth.Growth) -> str:
    """Return what became of a requirement along some axes of an input."""
    if level.holds:
        return "holds"
    about = [
        found
        for found in subject.result.findings
        if found.requirement == level.text
        and found.input in ("", grown.input)
        and set(found.axes) & set(grown.axes)
    ]
    return "undecidable" if about and all(found.undecidable for found in about) else "violated"


def _said(figure: Number) -> str:
    if isinstance(figure, float) and math.isfinite(figure):
        figure = round(figure, 4)
    return said(int(figure) if math.isfinite(figure) and figure == int(figure) else figure)


def _levels(subject: Subject, end: Tensor, input: str, axis: str) -> tuple[Level, ...]:
    """Return what requirements want of the figures of a final tensor that are drawn, each once."""
    found: dict[Level, None] = {}
    for text, metric, need, tensors, holds in _required(subject):
        if metric not in CURVES or need is None or need.value is None or not need.comparator:
            continue
        for one in tensors:
            about = one.input in ("", input) and axis in one.axes
            place = subject.by_name.get(one.tensor)
            if about and place is not None and subject.tensors[place].number == end.number:
                found[Level(text, metric, need.comparator, number(need.value), holds)] = None
    return tuple(one for one in found if math.isfinite(one.value))


def _required(
    subject: Subject,
) -> Iterator[tuple[str, str, Required | None, tuple[Elsewhere, ...], bool]]:
    """Yield requirements: text, metric, what is required, of which tensors, and whether it holds."""
    result = subject.result
    for one in result.requirements:
        for part in one.held:
            at = Elsewhere(tensor=part.tensor, axes=part.axes, input=part.input)
            if not part.counted:  # what counts something else than positions has no place on the chart
                yield one.text, part.metric, part.required, (at,), True
    for found in (*result.findings, *result.waived, *result.known):
        if found.requirement and not found.counted:
            yield found.requirement, found.metric, found.required, found.tensors, False
