"""How a field grew on the way to a tensor: sizes over depth, a chart per axis, and the stride below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from matplotlib.axes import Axes

from pytest_rf.analysis.growth import Growth, Level, Station, growths
from pytest_rf.analysis.growth import growth as grown
from pytest_rf.analysis.metrics import AxisField
from pytest_rf.analysis.tensor_field import TensorField
from pytest_rf.errors import RFError
from pytest_rf.figures import Number, said
from pytest_rf.plots import style

#: Ways of no more layers have the name of each below; longer ones those of modules, of no more than so many.
_LAYERS, _MODULES = 18, 28

#: Names stand at least this share of the way apart; those of larger parts come first.
_APART = 0.036

#: An input's extent that is so many times larger than all else is told in words alone.
_FAR = 3

#: What is infinite is drawn so far above all else.
_ABOVE = 1.12


def field(one: AxisField, ax: Any = None) -> Any:
    """Return a figure of how a field grew along one axis, or draw it into axes.

    Raises:
        UnknownError: its tensor is unknown.
    """
    return growth([grown(one)], ax)


def fields(several: TensorField) -> Any:
    """Return a figure of how the fields of a tensor grew, a chart for each axis that differs.

    Raises:
        UnknownError: the tensor is unknown.
        RFError: the input has no spatial axis.
    """
    found = growths(several)
    if not found:
        raise RFError(f"input {several.input.name!r} has no spatial axis along which a field grows")
    return growth(found)


def growth(several: Sequence[Growth], ax: Any = None) -> Any:
    """Return a figure of how fields grew: a chart for each, beside each other.

    Args:
        several: the fields, of one tensor.
        ax: the axes to draw the sizes of a single field into; by default a figure of its own, with strides.
    """
    with style.styled():
        if ax is not None:
            _sizes(ax, several[0])
            _names(ax, several[0])
            style.plain(ax)
            return ax.figure
        # A layer takes some room, up to what fits a page.
        width = min(max(4.2, 1.6 + 0.28 * max(len(one.stations) for one in several)), 7.2)
        drawing = style.figure(width * len(several), 4.4)
        charts = drawing.subplots(
            2, len(several), sharex="col", squeeze=False, gridspec_kw={"height_ratios": [3.4, 1]}
        )
        for place, one in enumerate(several):
            sizes, strides = charts[0][place], charts[1][place]
            _sizes(sizes, one)
            _strides(strides, one)
            _names(strides, one)
        first = several[0]
        drawing.suptitle(_title(first), x=0.01, ha="left")
        handles = {
            text: handle
            for chart in charts[0]
            for handle, text in zip(*chart.get_legend_handles_labels(), strict=True)
        }
        room = sum(0.6 + 0.065 * len(text) for text in handles)
        columns = len(handles) if room < width * len(several) else 2
        drawing.legend(list(handles.values()), list(handles), loc="outside lower left", ncols=columns)
        style.plain(drawing)
        return drawing


def _title(one: Growth) -> str:
    return f"{style.shown(one.model, 40)}: how the field of {style.shown(one.tensor, 40)} grew"


def _sizes(ax: Axes, one: Growth) -> None:
    """Draw sizes from layer to layer, the band that branches leave, and what they are held against."""
    stations = one.stations
    edges = list(range(len(stations) + 1))
    levels = [level for level in one.levels if level.metric in ("rf", "rf_min", "erf")]
    top = _top(stations, [*(level.value for level in levels)])
    infinite = any(math.isinf(s.rf) for s in stations)
    is_near = infinite or one.extent <= _FAR * top
    top = max(top, one.extent) if is_near else top
    rf, shortest = _drawn([s.rf for s in stations], top), _drawn([s.rf_min for s in stations], top)
    for first, last in _beyond(stations, one.extent):
        label = "larger than the input"
        ax.axvspan(first, last, color=style.FAINT, lw=0, label=label, zorder=0)
    if any(low < high for low, high in zip(shortest, rf, strict=True)):
        ax.stairs(
            rf,
            edges,
            baseline=shortest,
            fill=True,
            color=style.FIELD,
            alpha=0.22,
            lw=0,
            label="shortest to longest path",
        )
        ax.stairs(shortest, edges, baseline=None, color=style.FIELD, lw=0.8, ls=(0, (1, 1.5)))
    what = "field" if not one.upper_bound else "field (an upper bound)"
    ax.stairs(rf, edges, baseline=None, color=style.FIELD, lw=1.9, label=what)
    effective = [s.erf for s in stations]
    if any(figure is not None and math.isfinite(figure) for figure in effective):
        known = [math.nan if figure is None or math.isinf(figure) else figure for figure in effective]
        ax.stairs(
            known,
            edges,
            baseline=None,
            color=style.EFFECTIVE,
            lw=1.4,
            ls=(0, (5, 2)),
            label="effective field",
        )
    lines = [_extent(one)] if is_near else []
    lines += [(float(level.value), _required(level), style.REQUIRED, (0, (6, 2, 1, 2))) for level in levels]
    _across(ax, lines, top)
    _last(ax, one, rf[-1])
    ax.set_ylim(0, top * (_ABOVE + 0.06 if infinite else 1.06))
    ax.set_xlim(0, len(stations))
    ax.set_ylabel("input positions")
    far = "" if is_near else f" (of {one.extent:,})"
    ax.set_title(f"along {' and '.join(map(style.shown, one.axes))}{far}", loc="left")


Across = tuple[float, str, str, Any]
"""A line across a chart: its height, its name, its colour and its dashes."""


def _extent(one: Growth) -> Across:
    return float(one.extent), f"input: {one.extent}{', chosen' if one.chosen else ''}", style.EXTENT, "-"


def _required(level: Level) -> str:
    return f"{style.shown(level.text, 40)}{'' if level.holds else ' does not hold'}"


def _across(ax: Axes, lines: Sequence[Across], top: float) -> None:
    """Draw lines across a chart, each with its name; of lines at one height the names stand beside each other."""
    before, shift = -math.inf, 0.0
    for height, name, color, dashes in sorted(lines, key=lambda one: one[0]):
        ax.axhline(height, color=color, lw=1.0, ls=dashes, zorder=1.5)
        shift = shift + 0.38 if height - before < 0.055 * top and shift < 0.7 else 0.0
        before = height
        ax.annotate(
            name,
            (shift, height),
            xycoords=("axes fraction", "data"),
            xytext=(3, 2),
            textcoords="offset points",
            color=color,
            fontsize=8,
        )


def _last(ax: Axes, one: Growth, height: float) -> None:
    """Write the sizes at the end beside the ends of their lines."""
    last = one.stations[-1]
    text = "whole axis" if math.isinf(last.rf) else f"{'≤ ' if one.upper_bound else ''}{said(last.rf)}"
    look: dict[str, Any] = {"textcoords": "offset points", "ha": "right", "color": style.FIELD, "fontsize": 8}
    ax.annotate(text, (len(one.stations), height), xytext=(-2, 3), fontweight="bold", **look)
    if last.rf_min < last.rf and math.isfinite(last.rf_min):
        place = (len(one.stations), float(last.rf_min))
        ax.annotate(f"shortest path {said(last.rf_min)}", place, xytext=(-2, 3), **look)


def _strides(ax: Axes, one: Growth) -> None:
    strides = [s.stride or None for s in one.stations]  # what reads everything does not move
    known = [math.nan if stride is None else float(stride) for stride in strides]
    ax.stairs(known, range(len(known) + 1), baseline=None, color=style.STRIDE, lw=1.6)
    ax.set_yscale("log", base=2)
    finite = [stride for stride in strides if stride is not None]
    low, high = min(finite, default=1), max(finite, default=1)
    ax.set_ylim(float(low) / 1.5, float(high) * 1.8)
    ticks = sorted(set(finite))
    ticks = ticks if len(ticks) <= 4 else [ticks[0], ticks[len(ticks) // 2], ticks[-1]]
    ax.set_yticks([float(tick) for tick in ticks], [said(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set_ylabel("stride")


def _top(stations: Sequence[Station], levels: Sequence[Number]) -> float:
    """Return the largest of all finite sizes."""
    told = (figure for s in stations for figure in (s.rf, s.rf_min, s.erf) if figure is not None)
    sizes = [*told, *levels]
    return max((float(size) for size in sizes if math.isfinite(size)), default=1.0) or 1.0


def _drawn(sizes: Sequence[Number], top: float) -> list[float]:
    """Return how high sizes are drawn: what is infinite above all else."""
    return [float(size) if math.isfinite(size) else top * _ABOVE for size in sizes]


def _beyond(stations: Sequence[Station], extent: int) -> list[tuple[int, int]]:
    """Return the stretches of the way where the field is larger than the input."""
    found, place = [], 0
    for is_larger, run in groupby(stations, lambda one: one.rf > extent):
        length = len(list(run))
        if is_larger:
            found.append((place, place + length))
        place += length
    return found


def _names(ax: Axes, one: Growth) -> None:
    """Write below the chart which layers, or which modules, its parts are."""
    layers = len(one.stations) <= _LAYERS
    parts = _layers(one) if layers else _modules(one)
    if parts is None:
        ax.set_xlabel(f"layers on the way, {len(one.stations) - 1} in all")
        return
    named = sorted(_apart(parts, _APART * len(one.stations)), key=lambda part: part[1])
    ax.set_xticks([(first + last) / 2 for _, first, last in named], [name for name, _, _ in named])
    for label in ax.get_xticklabels():
        label.set(rotation=40, ha="right", rotation_mode="anchor")
    ax.tick_params(axis="x", length=0)
    for chart in ax.get_shared_x_axes().get_siblings(ax):
        for _, first, _ in parts[1:]:
            chart.axvline(first, color=style.FAINT, lw=0.8, zorder=0.5)


Part = tuple[str, int, int]
"""A part of the way: its name, its first station, and that behind its last."""


def _apart(parts: Sequence[Part], least: float) -> list[Part]:
    """Return the parts whose names have room beside each other, the largest first."""
    kept: list[Part] = []
    for part in sorted(parts, key=lambda part: part[1] - part[2]):
        middle = (part[1] + part[2]) / 2
        if all(abs(middle - (first + last) / 2) >= least for _, first, last in kept):
            kept.append(part)
    return kept


def _layers(one: Growth) -> list[Part]:
    return [
        (style.shown(_called(one, station), 24), place, place + 1)
        for place, station in enumerate(one.stations)
    ]


def _called(one: Growth, station: Station) -> str:
    layer = station.layer
    return one.input if layer is None else layer.module or layer.name


def _modules(one: Growth) -> list[Part] | None:
    """Return the modules on the way, as deep as there is room for their names; None where they are too many."""
    paths = [_called(one, station).replace("/", ".").strip(".").split(".") for station in one.stations]
    for depth in (3, 2, 1):
        parts, place = [], 0
        for path, run in groupby([path[:depth] for path in paths]):
            length = len(list(run))
            parts.append((style.shown(".".join(path), 20), place, place + length))
            place += length
        if len(parts) <= _MODULES:
            return parts
    return None
