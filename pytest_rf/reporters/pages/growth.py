"""The section of growth: how the field, the effective field and the stride become what they are, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec
from msgspec.structs import replace

from pytest_rf.analysis import Tensor
from pytest_rf.analysis.inputs import Input
from pytest_rf.analysis.metrics import METRICS, AxisField
from pytest_rf.analysis.paths import figure, walk
from pytest_rf.figures import number, said
from pytest_rf.findings import Required
from pytest_rf.reporters.pages.growth_chart import Chart, Curve, Level, drawn
from pytest_rf.reporters.pages.subject import Subject
from pytest_rf.results import ModelResult

CURVES = {"rf": "field", "rf_min": "shortest path", "erf": "effective", "stride": "stride"}
"""The metrics that are drawn, and what the curves are called."""

Figures = dict[str, float]


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
    found: list[Growth] = []
    for tensor in subject.analysis.final:
        if tensor.status == "unknown":
            continue
        for name in tensor.inputs:
            source = subject.analysis.inputs[name]
            for axis in source.axes:
                one = _growth(subject, tensor.at(axis, name), source, axis)
                if one is not None:
                    found.append(one)
    charts = tuple(_together(found))
    return Data(charts=charts) if charts else None


def _together(charts: Sequence[Growth]) -> Iterator[Growth]:
    """Yield charts, one for axes that agree; of several outputs that end in the same tensor the first."""
    known: dict[Growth, list[str]] = {}
    for one in charts:
        axes = known.setdefault(replace(one, axes=()), [])
        if one.axes[0] not in axes:
            axes.append(one.axes[0])
    for one, names in known.items():
        yield replace(one, axes=tuple(names))


def _growth(subject: Subject, tensor: Tensor, source: Input, axis: str) -> Growth | None:
    place = subject.by_value.get(tensor.number)
    end = tensor.field(source.name)[axis]
    way = walk(tensor.runs, tensor.number, source, source.axes[axis], figure("rf", end))
    on_the_way = [subject.by_value[number_] for number_, _ in way.stations if number_ in subject.by_value]
    if place is None or not on_the_way:
        return None
    extent = source.shape[source.axes[axis]]
    known = [(one, _figures(subject.tensors[one].field(source.name)[axis])) for one in on_the_way]
    grouped = [(figures, [one for one, _ in same]) for figures, same in groupby(known, lambda one: one[1])]
    depths = [0]
    for _, same in grouped:
        depths.append(depths[-1] + len(same))
    curves = tuple(
        Curve(
            metric,
            name,
            tuple(
                (float(depth), figures[metric])
                for (figures, same), start, stop in zip(grouped, depths, depths[1:], strict=False)
                for depth in ((start, stop - 1) if len(same) > 1 else (start,))
                if metric in figures
            ),
        )
        for metric, name in CURVES.items()
    )
    levels = (Level("input", f"input {extent}", extent), *_required(subject.result, source.name, axis))
    return Growth(
        input=source.name,
        axes=(axis,),
        tensor=place,
        extent=extent,
        stations=tuple(
            Station(
                tensor=same[0],
                more=len(same) - 1,
                figures=tuple(
                    said(_plain(figures[metric])) if metric in figures else "" for metric in CURVES
                ),
                exceeds=figures.get("rf", 0) > extent,
            )
            for figures, same in grouped
        ),
        chart=drawn(curves, levels, depths, [figures.get("rf", 0) > extent for figures, _ in grouped]),
    )


def _plain(value: float) -> float | int:
    return int(value) if math.isfinite(value) and value == int(value) else value


def _figures(field: AxisField) -> Figures:
    """Return the figures of a field that are drawn, as far as it has them."""
    found: Figures = {}
    for metric in CURVES:
        row = METRICS[metric]
        reading = row.bare(row.read(field))
        if reading is not None:
            found[metric] = round(float(reading), 4)
    return found


def _required(result: ModelResult, input: str, axis: str) -> Iterator[Level]:
    """Yield what requirements want of the figures that are drawn, each once."""
    told: set[Level] = set()
    for status, metric, need, towards, axes, text in _all_required(result):
        about = (not towards or towards == input) and (not axes or axis in axes)
        if need is None or need.value is None or not about or metric not in CURVES:
            continue
        value = float(number(need.value))
        level = Level(status, text, value)
        if math.isfinite(value) and level not in told:
            told.add(level)
            yield level


def _all_required(
    result: ModelResult,
) -> Iterator[tuple[str, str, Required | None, str, tuple[str, ...], str]]:
    for one in result.requirements:
        for part in one.held:
            yield "holds", part.metric, part.required, part.input, part.axes, one.text
    for status, findings in (
        ("violated", result.findings),
        ("accepted", (*result.waived, *result.known)),
    ):
        for found in findings:
            if found.requirement:
                yield status, found.metric, found.required, found.input, found.axes, found.requirement
