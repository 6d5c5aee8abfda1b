"""Explanations for a reader, or as JSON: why figures are what they are."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pytest_rf.analysis import Analysis, Tensor
from pytest_rf.analysis.explaining import EXPLAINED, Along, Explanation, Layer
from pytest_rf.analysis.metrics import METRICS
from pytest_rf.errors import RequirementError
from pytest_rf.figures import Number, said, shown, value
from pytest_rf.reporters.lines import Line, line
from pytest_rf.reporters.wrapping import middle
from pytest_rf.requirements.vocabulary import nearest

#: Branches and nodes that bring context in beyond this many are counted.
MOST = 8

#: Longer descriptions of layers are shortened.
_LAYER = 56


def of(analysis: Analysis, name: str | None, metric: str, towards: str | None) -> list[Explanation]:
    """Return the explanations of a figure: of one tensor, or of the final ones, towards one input or every one.

    Raises:
        RequirementError: there is no such tensor, input or figure, or nothing is known of the tensor.
    """
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
    found = [
        tensor.explain(metric, source)
        for tensor in tensors
        for source in ([towards] if towards is not None else tensor.inputs)
        if analysis.inputs[source].axes
    ]
    if not found:
        raise RequirementError(
            f"{analysis.name}: no input has a spatial axis along which a figure could grow"
        )
    return found


def lines(explanations: Sequence[Explanation]) -> Iterator[Line]:
    """Yield explanations as paragraphs; axes of which the same is true are told once."""
    for number, one in enumerate(explanations):
        if number:
            yield ()
        for axes, along in _together(one.axes):
            yield from _paragraph(one, axes, along)


def as_json(explanations: Sequence[Explanation]) -> str:
    """Return explanations as JSON: numbers are numbers, fractions and the infinite are texts."""
    return json.dumps([_plain(one) for one in explanations], indent=2, ensure_ascii=False) + "\n"


def _together(axes: Sequence[Along]) -> Iterator[tuple[list[str], Along]]:
    groups: dict[Along, list[str]] = {}
    for one in axes:
        groups.setdefault(replace(one, axis=""), []).append(one.axis)
    for along, names in groups.items():
        yield names, along


def _paragraph(one: Explanation, axes: Sequence[str], along: Along) -> Iterator[Line]:
    on = f"on {'axis' if len(axes) == 1 else 'axes'} {' and '.join(axes)}"
    told = "none: its units do not move evenly" if along.figure is None else said(along.figure)
    yield line(
        (one.tensor.name, "bold"),
        f" ({one.tensor.op}): {one.metric} ",
        (told, "figure"),
        f" {on}, ",
        (f"towards {one.input}", "dim"),
    )
    times = METRICS[one.metric].multiplies
    rows = [
        (_growth(step.growth, step.total, times), _total(step.total), step.layer) for step in along.layers
    ]
    first, second = (max((len(row[place]) for row in rows), default=0) for place in (0, 1))
    for grown, total, layer in rows:
        yield line("  ", (f"{grown:>{first}}", "figure"), (f" → {total:>{second}}  ", "dim"), _named(layer))
    if not rows:
        yield line(("  no layer made it grow", "dim"))
    for branch in along.lost[:MOST]:
        other = "the input itself" if branch.layer is None else _named(branch.layer)
        figure = "none" if branch.figure is None else said(branch.figure)
        yield line(
            "  ",
            ("beside it ", "dim"),
            f"at {_named(branch.at)}: {other}, ",
            (f"{one.metric} {figure}", "dim"),
        )
    if len(along.lost) > MOST:
        yield line((f"  … and {len(along.lost) - MOST:,} more beside it", "dim"))
    if along.context:
        more = f" and {len(along.context) - MOST:,} more" if len(along.context) > MOST else ""
        yield line("  ", ("context of the whole axis: ", "warn"), ", ".join(along.context[:MOST]) + more)


def _named(layer: Layer) -> str:
    source = f" ({layer.source})" if layer.source else ""
    return middle(str(layer), _LAYER) + source


def _growth(growth: Number, total: Number, times: bool) -> str:
    if growth == math.inf:
        return "whole axis"
    if times and total != growth:
        return f"×{shown(total / (total - growth))}"
    return f"{'+' if growth >= 0 else ''}{shown(growth)}"


def _total(total: Number) -> str:
    return "all" if total == math.inf else shown(total)


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
                    }
                    for branch in along.lost
                ],
                "context": list(along.context),
            }
            for along in one.axes
        ],
    }
