"""The picture of two axes of an input: what a unit reads of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Ellipse, Patch, Rectangle

from pytest_rf.analysis.regions import Reading, Region
from pytest_rf.plots import style
from pytest_rf.plots.along import Cells, around, cells, effective, reads_nothing, span, told, view, width
from pytest_rf.plots.images import Image

#: What is read is drawn at least so dense, and at most so.
_FAINTEST, _DENSEST = 0.28, 0.9
_VEIL = 0.08

Legend = dict[str, Patch]


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
    near = around(rows, columns)
    legend: Legend = {}
    edges = Rectangle((-0.5, -0.5), columns.extent, rows.extent, fc="none", ec=style.EXTENT, lw=1.0, zorder=4)
    ax.add_patch(edges)
    if image is not None:
        frame = (-0.5, columns.extent - 0.5, rows.extent - 0.5, -0.5)
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, extent=frame, interpolation="nearest", zorder=0)
    if not reads_nothing(rows) and not reads_nothing(columns):
        parts = (view(rows, near), view(columns, near)) if image is not None else (None, None)
        vertical, horizontal = cells(region, down, parts[0]), cells(region, across, parts[1])
        cover = ax.imshow(
            _colours(vertical, horizontal, image),
            extent=(*horizontal.span, *vertical.span[::-1]),
            interpolation="nearest",
            zorder=1,
        )
        cover.set_clip_path(edges)
        legend[told(rows, columns)] = Patch(fc=(*to_rgb(style.FIELD), 0.5), ec="none")
        if rows.holes or columns.holes:
            legend["hole in the field"] = Patch(fc="white" if image is None else "0.4", ec=style.MUTED)
        _outline(ax, rows, columns)
        if _padding(ax, rows, columns):
            legend["padding"] = Patch(fc="none", ec=style.PADDING, hatch="////")
        _effective(ax, region, down, across, legend)
    _context(ax, region, down, across, legend)
    _place(ax, region, down, across)
    ax.set_xlim(*view(columns, near))
    ax.set_ylim(*view(rows, near)[::-1])
    ratio = np.ptp(ax.get_xlim()) / np.ptp(ax.get_ylim())
    ax.set_aspect("equal" if 1 / 5 < ratio < 5 else "auto")
    ax.set_xlabel(style.shown(across, 20))
    ax.set_ylabel(style.shown(down, 20))
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
    return legend


def _colours(vertical: Cells, horizontal: Cells, image: Image | None) -> npt.NDArray[np.float64]:
    """Return the colours of cells: what is read is blue, or, of an image, all else is veiled."""
    share = np.outer(vertical.read, horizontal.read)
    dense = np.outer(vertical.density, horizontal.density)
    found = np.zeros((*share.shape, 4))
    if image is None:
        found[..., :3] = to_rgb(style.FIELD)
        found[..., 3] = share * (_FAINTEST + (_DENSEST - _FAINTEST) * dense)
        return found
    found[..., :3] = _VEIL + share[..., None] * (np.array(to_rgb(style.FIELD)) - _VEIL)
    found[..., 3] = 0.62 + share * (0.12 + 0.4 * dense - 0.62)
    return found


def _outline(ax: Axes, rows: Reading, columns: Reading) -> None:
    (left, right), (top, bottom) = span(columns), span(rows)
    look: dict[str, Any] = {"fc": "none", "ec": style.FIELD, "lw": 1.3, "zorder": 3}
    ax.add_patch(Rectangle((left, top), right - left, bottom - top, path_effects=style.CASED, **look))


def _padding(ax: Axes, rows: Reading, columns: Reading) -> bool:
    """Hatch the part of the field that lies beyond the input, and return whether there is one."""
    (left, right), (top, bottom) = span(columns), span(rows)
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
    ellipse = Ellipse(
        (x, y), width(deviation_x), width(deviation_y), fc="none", ec=style.EFFECTIVE, lw=1.6, zorder=5
    )
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
