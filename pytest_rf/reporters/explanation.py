"""Explanations for a reader, or as JSON: why figures are what they are."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from typing import Any

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.explaining import EXPLAINED, Along, Branch, Explanation
from pytest_rf.analysis.layer import Layer
from pytest_rf.analysis.metrics import METRICS
from pytest_rf.analysis.unit_explaining import SIDES, UnitExplanation
from pytest_rf.errors import RequirementError
from pytest_rf.figures import Number, said, shown, value
from pytest_rf.reporters import layer_rows, unit_explanation
from pytest_rf.reporters.layer_groups import Row
from pytest_rf.reporters.lines import Line, line
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.text import count
from pytest_rf.reporters.widths import wrapped
from pytest_rf.reporters.wrapping import wrapped as broken
from pytest_rf.requirements import frames
from pytest_rf.requirements.units import physical
from pytest_rf.requirements.vocabulary import nearest

Told = Explanation | UnitExplanation

#: Merges and layers that bring context in beyond this many are counted, unless all are asked for.
MOST = 4

#: So many of the layers that add most are named.
_HEAVIEST = 3


def of(
    analysis: Analysis,
    name: str | None,
    metric: str,
    towards: str | None,
    unit: tuple[int, ...] | None = None,
    axis: str | None = None,
) -> list[Told]:
    """Return the explanations of a figure: of one tensor, or of the final ones, towards one input or every one.

    Args:
        analysis: the analysis of the model.
        name: the tensor; None for the final ones.
        metric: the figure.
        towards: the input; None for every one.
        unit: the unit that is asked for, by its position along the spatial axes.
        axis: the axis; None for every spatial one.

    Raises:
        RequirementError: there is no such tensor, input, unit, axis or figure, or nothing is known of the tensor.
    """
    if unit is not None and metric not in SIDES:
        raise RequirementError(f"--metric: a unit has no {metric}; with --unit there are {', '.join(SIDES)}")
    if metric not in EXPLAINED:
        hint = nearest(metric, EXPLAINED) or f"; there are {', '.join(EXPLAINED)}"
        raise RequirementError(f'--metric: no figure "{metric}" grows from layer to layer{hint}')
    if towards is not None and towards not in analysis.inputs:
        hint = nearest(towards, analysis.inputs) or f"; there are {', '.join(analysis.inputs)}"
        raise RequirementError(f'--towards: {analysis.name} has no input "{towards}"{hint}')
    try:
        tensors: Sequence[Tensor] = analysis.final if name in (None, "final") else [analysis[str(name)]]
    except KeyError as error:
        hint = f"; a figure is chosen by --metric {name}" if name in EXPLAINED else ""
        raise RequirementError(f"{analysis.name}: {error.args[0]}{hint}") from None
    axes = {axis for source in analysis.inputs.values() for axis in source.axes}
    if axis is not None and axis not in axes:
        raise RequirementError(
            f'--axis: {analysis.name} has no axis "{axis}"; there are {", ".join(sorted(axes))}'
        )
    found = [
        _explained(tensor, metric, unit, axis, source)
        for tensor in tensors
        for source in ([towards] if towards is not None else tensor.inputs)
        if analysis.inputs[source].axes and (axis is None or axis in analysis.inputs[source].axes)
    ]
    if not found:
        raise RequirementError(
            f"{analysis.name}: no input has a spatial axis along which a figure could grow"
        )
    return found


def _explained(
    tensor: Tensor, metric: str, unit: tuple[int, ...] | None, axis: str | None, source: str
) -> Told:
    if unit is None:
        return tensor.explain(metric, axis=axis, input=source)
    try:
        return tensor.explain(metric, unit, axis, source)
    except IndexError as error:
        raise RequirementError(f"--unit: {error}") from None


def lines(explanations: Sequence[Told], screen: Screen, every: bool = False) -> Iterator[Line]:
    """Yield explanations as paragraphs; axes of which the same is true are told once.

    Args:
        explanations: the explanations.
        screen: what they are to fit.
        every: whether all layers are told one by one, and all branches.
    """
    for number, one in enumerate(explanations):
        if number:
            yield ()
        if isinstance(one, UnitExplanation):
            yield from unit_explanation.lines(one, screen, every)
            continue
        for axes, along in _together(one.axes):
            yield from _paragraph(one, axes, along, screen, every)


def as_json(explanations: Sequence[Told]) -> str:
    """Return explanations as JSON: numbers are numbers, fractions and the infinite are texts."""
    told = [
        unit_explanation.plain(one) if isinstance(one, UnitExplanation) else _plain(one)
        for one in explanations
    ]
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _together(axes: Sequence[Along]) -> Iterator[tuple[list[str], Along]]:
    groups: dict[Along, list[str]] = {}
    for one in axes:
        groups.setdefault(replace(one, axis=""), []).append(one.axis)
    for along, names in groups.items():
        yield names, along


def _paragraph(
    one: Explanation, axes: Sequence[str], along: Along, screen: Screen, every: bool
) -> Iterator[Line]:
    on = f"on {'axis' if len(axes) == 1 else 'axes'} {' and '.join(axes)}"
    told = "none: its units do not move evenly" if along.figure is None else said(along.figure)
    head = line(
        (one.tensor.name, "bold"),
        f" ({one.tensor.op}): {one.metric} ",
        (f"{told}{_unit(along)}", "figure"),
        f" {on}, ",
        (f"towards {one.input}", "dim"),
    )
    yield from broken([head], screen.room or 0)
    if along.figure is None:
        return
    times = METRICS[one.metric].multiplies
    rows = [_row(step.layer, step.growth, step.total) for step in along.layers]
    if along.frontend is not None:
        rows.insert(0, Row("front-end", str(along.frontend), along.start, along.start, ""))
    if along.rest:
        rows.append(Row("chunks", f"of {along.chunk} positions", along.rest, along.figure, ""))
    shown_rows = yield from layer_rows.lines(rows, _growth(times), _total, screen, every)
    if not rows:
        yield line(("  no layer made it grow", "dim"))
    if along.instead:
        told = "that is unit 0, and units look to either side here"
        yield from _words(f"  {told}: --metric {along.instead} tells of all", screen, "dim")
    if not times and one.metric != "context":
        yield from _words(_heaviest(shown_rows, along.figure), screen)
    yield from _lost(one.metric, along, screen, every)
    if along.context:
        told_context = along.context if every else along.context[:MOST]
        more = len(along.context) - len(told_context)
        names = ", ".join(map(_placed, told_context)) + (f" and {more:,} more" if more else "")
        yield from _words(f"  context of the whole axis: {names}", screen, "warn")


def _unit(along: Along) -> str:
    """Return what a figure counts where it does not count positions, and how long that is."""
    if along.frontend is None or along.figure is None:
        return ""
    apart = frames.distance(along.frontend, None)
    length = "" if apart is None or math.isinf(along.figure) else physical(Fraction(along.figure), apart)
    return f" samples{f' ({length})' if length else ''}"


def _row(layer: Layer, growth: Number, total: Number) -> Row:
    return Row(layer.called, layer.kind, growth, total, layer.source)


def _heaviest(rows: Sequence[Row], figure: Number) -> str:
    """Return which rows add most, where there are enough of them to ask."""
    known = [row for row in rows if row.growth is not None and row.growth > 0 and not row.folded]
    if len(rows) < _HEAVIEST or not known:
        return ""
    ordered = sorted(known, key=lambda row: -(row.growth or 0))[:_HEAVIEST]
    if ordered[0].growth == math.inf:
        return f"  without end since {ordered[0].name}, which reads the whole axis"
    told = [f"{row.name} ({_share(row.growth or 0, figure)})" for row in ordered]
    return f"  most of it: {', '.join(told)}"


def _share(growth: Number, figure: Number) -> str:
    share = f", {round(100 * growth / figure)}%" if figure > 0 else ""
    return f"+{shown(growth)}{share}"


def _lost(metric: str, along: Along, screen: Screen, every: bool) -> Iterator[Line]:
    """Yield the branches that did not make the figure, merge by merge, where they are many those that came closest.

    Those that would have made the same figure have lost nothing, and are told where everything is.
    """
    lost = [branch for branch in along.lost if every or branch.short != 0]
    merges = [(at, list(branches)) for at, branches in groupby(lost, lambda branch: branch.at)]
    told = merges if every else sorted(merges, key=lambda merge: _shortest(merge[1]))[:MOST]
    for at, branches in merges:
        if any(at is one for one, _ in told):
            for text in _beside(metric, at, branches, every):
                yield from _words(text, screen, "dim")
    if len(told) < len(merges):
        yield line((f"  … and at {count(len(merges) - len(told), 'more merge')}", "dim"))


def _shortest(branches: Sequence[Branch]) -> float:
    """Return by how much the closest of some branches fell short."""
    return min((abs(float(one.short)) for one in branches if one.short is not None), default=math.inf)


def _beside(metric: str, at: Layer, branches: Sequence[Branch], every: bool) -> Iterator[str]:
    told = branches if every or len(branches) == 1 else [min(branches, key=lambda b: _shortest([b]))]
    more = f"{len(branches)} branches, the closest " if len(told) < len(branches) else ""
    for branch in told:
        figure = "none" if branch.figure is None else said(branch.figure)
        yield f"  beside it at {at}: {more}{branch.name}, {metric} {figure}{_lag(branch)}"


def _lag(branch: Branch) -> str:
    if branch.short is None or not math.isfinite(branch.short):
        return ""
    short = Fraction(branch.short)
    return ": as far" if not short else f": {said(abs(short))} {'short' if short > 0 else 'more'}"


def _placed(layer: Layer) -> str:
    source = layer_rows.source(layer.source)
    return f"{layer} ({source})" if source else str(layer)


def _words(text: str, screen: Screen, style: str = "") -> Iterator[Line]:
    if text:
        yield from (line((one, style)) for one in wrapped(text, screen, "      "))


def _growth(times: bool) -> Callable[[Row], str]:
    def told(row: Row) -> str:
        growth, total = row.growth, row.total
        if growth is None or total is None:
            return ""
        if growth == math.inf:
            return "whole axis"
        if times and total != growth:
            return f"×{shown(total / (total - growth))}"
        return f"{'+' if growth >= 0 else ''}{shown(growth)}"

    return told


def _total(row: Row) -> str:
    total = row.total
    return "" if total is None else "all" if total == math.inf else shown(total)


def _plain(one: Explanation) -> dict[str, Any]:
    return {
        "tensor": one.tensor._asdict(),
        "metric": one.metric,
        "input": one.input,
        "axes": [
            {
                "axis": along.axis,
                "figure": None if along.figure is None else value(along.figure),
                "start": value(along.start),
                "layers": [
                    {"layer": step.layer._asdict(), "growth": value(step.growth), "total": value(step.total)}
                    for step in along.layers
                ],
                "lost": [
                    {
                        "at": branch.at._asdict(),
                        "layer": None if branch.layer is None else branch.layer._asdict(),
                        "figure": None if branch.figure is None else value(branch.figure),
                        "short": None if branch.short is None else value(branch.short),
                        "states": branch.states,
                    }
                    for branch in along.lost
                ],
                "context": [layer._asdict() for layer in along.context],
                "rest": value(along.rest),
                "chunk": along.chunk,
                "frontend": None if along.frontend is None else str(along.frontend),
            }
            for along in one.axes
        ],
    }
