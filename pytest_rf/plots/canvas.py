"""The picture of two axes of an input: what a unit reads of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Ellipse, Patch, Rectangle

from pytest_rf.analysis.regions import Reading, Region
from pytest_rf.plots import style
from pytest_rf.plots.images import Image

#: Where the field would be smaller than this share of the input, only what lies around it is drawn.
_DOT = 1 / 14

#: What is read is drawn at least so dense, and at most so.
_FAINTEST, _DENSEST = 0.28, 0.9

Legend = dict[str, Patch]
Span = tuple[float, float]


def canvas(ax: Axes, region: Region, down: str, across: str, image: Image | None) -> Legend:
    """Draw what a unit reads along two axes, and return what the picture is made of.

    Args:
        ax: the axes to draw into.
        region: what the unit reads.
        down: the axis of the input that goes down.
        across: the one that goes across.
        image: what to draw it on: rows and columns, and colours.
    """
    rows, columns = region.axes[down], region.axes[across]
    legend: Legend = {}
    frame = (-0.5, columns.extent - 0.5, rows.extent - 0.5, -0.5)
    if image is not None:
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, extent=frame, interpolation="nearest", zorder=0)
    edges = Rectangle((-0.5, -0.5), columns.extent, rows.extent, fc="none", ec=style.EXTENT, lw=1.0, zorder=4)
    ax.add_patch(edges)
    if rows.first <= rows.last and columns.first <= columns.last:
        dense = np.outer(density(region, down), density(region, across))
        read = np.outer(mask(rows), mask(columns))
        ax.imshow(_cells(read, dense, image), extent=frame, interpolation="nearest", zorder=1)
        legend["read"] = Patch(fc=(*to_rgb(style.FIELD), 0.5), ec="none")
        if not read[rows.first : rows.last + 1, columns.first : columns.last + 1].all():
            legend["hole in the field"] = Patch(fc="white" if image is None else "0.4", ec=style.MUTED)
        _outline(ax, rows, columns)
        if _padding(ax, rows, columns):
            legend["padding"] = Patch(fc="none", ec=style.PADDING, hatch="////")
        _effective(ax, region, down, across, legend)
    _context(ax, region, down, across, legend)
    _place(ax, region, down, across)
    ax.set_xlim(*_view(columns, rows))
    ax.set_ylim(*_view(rows, columns)[::-1])
    ratio = np.ptp(ax.get_xlim()) / np.ptp(ax.get_ylim())
    ax.set_aspect("equal" if 1 / 5 < ratio < 5 else "auto")
    ax.set_xlabel(style.shown(across, 20))
    ax.set_ylabel(style.shown(down, 20))
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
    return legend


def mask(reading: Reading) -> npt.NDArray[np.bool_]:
    """Return which positions of an axis are read; all between the ends where holes are not known."""
    found = np.zeros(reading.extent, bool)
    if reading.read is None:
        found[reading.first : reading.last + 1] = True
    else:
        found[sorted(reading.read)] = True
    return found


def effective(region: Region) -> str:
    """Return what a legend says of a unit's effective field: its width along each axis."""
    widths = (region.effective[axis][1] for axis in region.axes if axis in region.effective)
    return f"effective field, {' × '.join(f'{_width(one):.3g}' for one in widths)}"


def _width(deviation: float) -> float:
    """Return the width of an effective field (SEMANTICS 8)."""
    return math.sqrt(1 + 12 * deviation * deviation)


def density(region: Region, axis: str) -> npt.NDArray[np.float64]:
    """Return how dense the effective field is along an axis: 1 at its middle; 0 where it is not known."""
    places = np.arange(region.axes[axis].extent)
    if axis not in region.effective:
        return np.zeros(places.shape)
    mean, deviation = region.effective[axis]
    return np.exp(-(((places - mean) / max(deviation, 0.5)) ** 2) / 2)


def _cells(
    read: npt.NDArray[np.bool_], density: npt.NDArray[np.float64], image: Image | None
) -> npt.NDArray[np.float64]:
    """Return the colours of cells: what is read is blue, or, of an image, all else is veiled."""
    cells = np.zeros((*read.shape, 4))
    if image is None:
        cells[..., :3] = to_rgb(style.FIELD)
        cells[..., 3] = np.where(read, _FAINTEST + (_DENSEST - _FAINTEST) * density, 0)
        return cells
    cells[..., :3] = np.where(read[..., None], to_rgb(style.FIELD), 0.08)
    cells[..., 3] = np.where(read, 0.12 + 0.4 * density, 0.62)
    return cells


def _span(reading: Reading) -> Span:
    """Return the borders of what a unit would read without those of the input."""
    return reading.first - reading.before - 0.5, reading.last + reading.after + 0.5


def _outline(ax: Axes, rows: Reading, columns: Reading) -> None:
    (left, right), (top, bottom) = _span(columns), _span(rows)
    look: dict[str, Any] = {"fc": "none", "ec": style.FIELD, "lw": 1.3, "zorder": 3}
    ax.add_patch(Rectangle((left, top), right - left, bottom - top, path_effects=style.CASED, **look))


def _padding(ax: Axes, rows: Reading, columns: Reading) -> bool:
    """Hatch the part of the field that lies beyond the input, and return whether there is one."""
    (left, right), (top, bottom) = _span(columns), _span(rows)
    inner_top, inner_bottom = max(top, -0.5), min(bottom, rows.extent - 0.5)
    parts = [
        (left, top, right, inner_top),
        (left, inner_bottom, right, bottom),
        (left, inner_top, -0.5, inner_bottom),
        (columns.extent - 0.5, inner_top, right, inner_bottom),
    ]
    drawn = [part for part in parts if part[2] > part[0] and part[3] > part[1]]
    for x, y, end_x, end_y in drawn:
        patch = Rectangle(
            (x, y), end_x - x, end_y - y, fc="none", ec=style.PADDING, hatch="////", lw=0, zorder=2
        )
        ax.add_patch(patch)
    return bool(drawn)


def _effective(ax: Axes, region: Region, down: str, across: str, legend: Legend) -> None:
    if down not in region.effective or across not in region.effective:
        return
    (y, deviation_y), (x, deviation_x) = region.effective[down], region.effective[across]
    height, width = _width(deviation_y), _width(deviation_x)
    ellipse = Ellipse((x, y), width, height, fc="none", ec=style.EFFECTIVE, lw=1.6, zorder=5)
    ellipse.set(linestyle=(0, (4, 2)), path_effects=style.CASED)
    ax.add_patch(ellipse)
    legend[effective(region)] = Patch(fc="none", ec=style.EFFECTIVE, ls=(0, (4, 2)))


def _context(ax: Axes, region: Region, down: str, across: str, legend: Legend) -> None:
    """Frame what is read if context counts, where that is more."""
    spans: Mapping[str, tuple[int, int]] = {
        axis: region.context.get(axis, (region.axes[axis].first, region.axes[axis].last))
        for axis in (down, across)
    }
    if not {down, across} & {*region.context} or any(first > last for first, last in spans.values()):
        return
    (top, bottom), (left, right) = spans[down], spans[across]
    frame = Rectangle(
        (left - 0.5, top - 0.5),
        right - left + 1,
        bottom - top + 1,
        fc="none",
        ec=style.REQUIRED,
        lw=2.6,
        ls=(0, (2, 1.2)),
        zorder=6,
        path_effects=style.CASED,
    )
    ax.add_patch(frame)
    legend["context"] = Patch(fc="none", ec=style.REQUIRED, lw=2.6, ls=(0, (2, 1.2)))


def _place(ax: Axes, region: Region, down: str, across: str) -> None:
    """Mark the middle of what the unit stands for."""
    if down in region.stands_for and across in region.stands_for:
        y, x = (float(sum(region.stands_for[axis])) / 2 for axis in (down, across))
        ax.plot([x], [y], marker="o", ms=4.5, mfc="white", mec="black", mew=1.0, ls="none", zorder=7)


def _view(own: Reading, other: Reading) -> Span:
    """Return the part of an axis that is drawn: all of it and what lies beyond, or the surroundings of the field."""
    if _is_dot(own) and _is_dot(other):
        reach = 1.5 * max(own.last - own.first + 1, other.last - other.first + 1, 3)
        middle = (own.first + own.last) / 2
        return middle - reach, middle + reach
    low, high = _span(own) if own.first <= own.last else (0.0, 0.0)
    margin = 0.03 * own.extent + 0.5
    return min(low, -0.5) - margin, max(high, own.extent - 0.5) + margin


def _is_dot(reading: Reading) -> bool:
    return reading.first <= reading.last and reading.last - reading.first + 1 < _DOT * reading.extent
