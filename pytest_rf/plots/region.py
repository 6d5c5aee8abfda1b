"""What one unit reads of an input: a time line, a canvas, or three slices."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle

from pytest_rf.analysis import Tensor
from pytest_rf.analysis.along import plain
from pytest_rf.analysis.regions import Reading, Region, region
from pytest_rf.errors import RFError
from pytest_rf.figures import said
from pytest_rf.plots import images, style
from pytest_rf.plots.along import around, cells, effective, reads_nothing, span, told, view, width
from pytest_rf.plots.canvas import Legend, canvas
from pytest_rf.plots.images import Image


def unit(
    tensor: Tensor, unit: Sequence[int], image: Any = None, input: str | None = None, ax: Any = None
) -> Any:
    """Return a figure of what one unit of a tensor reads of an input.

    Args:
        tensor: the tensor.
        unit: the unit's position along the tensor's spatial axes.
        image: what to draw it on, in the shape of the input or of its spatial axes.
        input: the input's name; may be left out where the tensor depends on one only.
        ax: the axes to draw into, of one or two spatial axes; by default a figure of its own.

    Raises:
        IndexError: the position does not fit the tensor.
        RFError: the input has none or too many spatial axes, or the image does not fit it.
    """
    source = tensor.field(input).input
    rank = len(source.axes)
    if not 1 <= rank <= 3:
        raise RFError(f"input {source.name!r} has {rank} spatial axes; what is drawn has one, two or three")
    if ax is not None and rank == 3:
        raise RFError(
            f"input {source.name!r} has three spatial axes, which take a figure of their own; leave out ax"
        )
    found = region(tensor, unit, source.name)
    ground = None if image is None else images.spatial(image, source)
    with style.styled():
        if ax is not None:
            legend = _drawn(ax, found, ground)
            ax.legend(list(legend.values()), list(legend), fontsize=7, loc="best")
            style.plain(ax)
            return ax.figure
        if rank == 3:
            drawing, legend = _slices(found, ground)
        else:
            drawing = style.figure(*((7.2, 2.5) if rank == 1 else (5.0, 5.2)))
            legend = _drawn(drawing.subplots(), found, ground)
        drawing.suptitle(_title(found), x=0.01, ha="left")
        drawing.legend(
            list(legend.values()), list(legend), loc="outside lower left", ncols=3 if rank < 3 else 5
        )
        style.plain(drawing)
        return drawing


def _title(found: Region) -> str:
    place = ", ".join(map(str, found.unit))
    most = " at most" if found.upper_bound else ""
    parts = [f"{axis} {_words(reading)}" for axis, reading in found.axes.items()]
    return (
        f"unit ({place}) of {style.shown(found.tensor, 40)} reads{most}\n{style.shown('; '.join(parts), 90)}"
    )


def _words(reading: Reading) -> str:
    if reads_nothing(reading):
        return "nothing"
    return f"{reading.first} to {reading.last} of {reading.extent}"


def _drawn(ax: Axes, found: Region, image: Image | None) -> Legend:
    if len(found.axes) == 1:
        return _line(ax, found, image)
    down, across = found.axes
    return canvas(ax, found, down, across, image)


def _slices(found: Region, image: Image | None) -> tuple[style.Drawing, Legend]:
    """Draw three planes through the middle of what a unit reads."""
    names = [*found.axes]
    middle = {axis: _middle(found, axis) for axis in names}
    legend: Legend = {}
    planes = [*combinations(names, 2)][::-1]
    tallest = max(found.axes[down].extent / found.axes[across].extent for down, across in planes)
    drawing = style.figure(9.6, 1.6 + 2.9 * min(max(tallest, 0.4), 1.4))
    widths = [found.axes[across].extent for _, across in planes]
    charts = drawing.subplots(1, 3, gridspec_kw={"width_ratios": [max(w, max(widths) / 3) for w in widths]})
    for ax, (down, across) in zip(charts, planes, strict=True):
        (cut,) = {*names} - {down, across}
        plane = None if image is None else image.take(middle[cut], axis=names.index(cut))
        legend.update(canvas(ax, found, down, across, plane))
        ax.set_title(f"{style.shown(cut, 12)} = {middle[cut]}", loc="left")
    return drawing, legend


def _middle(found: Region, axis: str) -> int:
    """Return the position that is read nearest to the middle of what is read along an axis."""
    reading = found.axes[axis]
    if reads_nothing(reading):
        return reading.extent // 2
    middle, _ = found.effective.get(axis, ((reading.first + reading.last) / 2, 0.0))
    read = reading.read or range(reading.first, reading.last + 1)
    return min(sorted(read), key=lambda place: abs(place - middle))


def _line(ax: Axes, found: Region, image: Image | None) -> Legend:
    """Draw what a unit reads along the only axis of an input: a time line with look-back and look-ahead."""
    ((axis, reading),) = found.axes.items()
    legend: Legend = {}
    if image is not None:
        wave = image if image.ndim == 1 else image.mean(axis=-1)
        ax.plot(np.arange(reading.extent), 0.08 + 0.84 * wave, color="black", lw=0.7, zorder=3)
    edges = _box(-0.5, reading.extent - 0.5, fc="none", ec=style.EXTENT, lw=1.0, zorder=4)
    ax.add_patch(edges)
    if not reads_nothing(reading):
        own = cells(found, axis)
        colours = np.zeros((1, len(own.read), 4))
        colours[..., :3] = to_rgb(style.FIELD)
        colours[0, :, 3] = own.read * (0.28 + 0.5 * own.density)
        cover = ax.imshow(
            colours, extent=(*own.span, 0.0, 1.0), interpolation="nearest", aspect="auto", zorder=1
        )
        cover.set_clip_path(edges)
        legend[told(reading)] = Patch(fc=(*to_rgb(style.FIELD), 0.5), ec="none")
        if reading.holes:
            legend["hole in the field"] = Patch(fc="white", ec=style.MUTED)
        low, high = span(reading)
        ax.add_patch(_box(low, high, fc="none", ec=style.FIELD, lw=1.3, zorder=3))
        for start, stop in ((low, -0.5), (reading.extent - 0.5, high)):
            if stop > start:
                ax.add_patch(_box(start, stop, fc="none", ec=style.PADDING, hatch="////", lw=0, zorder=2))
                legend["padding"] = Patch(fc="none", ec=style.PADDING, hatch="////")
    if axis in found.context:
        first, last = found.context[axis]
        ax.add_patch(
            _box(first - 0.5, last + 0.5, fc="none", ec=style.REQUIRED, lw=2.6, ls=(0, (2, 1.2)), zorder=6)
        )
        legend["context"] = Patch(fc="none", ec=style.REQUIRED, lw=2.6, ls=(0, (2, 1.2)))
    if axis in found.stands_for and not reads_nothing(reading):
        _reach(ax, reading, found.stands_for[axis])
    if axis in found.effective:
        mean, deviation = found.effective[axis]
        half = width(deviation) / 2
        ax.plot([mean - half, mean + half], [-0.16, -0.16], color=style.EFFECTIVE, lw=3, zorder=3)
        legend[effective(found)] = Patch(fc=style.EFFECTIVE, ec="none")
    ax.set_xlim(*view(reading, around(reading)))
    ax.set_ylim(-0.32, 1.5)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(style.shown(axis, 20))
    return legend


def _box(start: float, stop: float, **look: Any) -> Rectangle:
    return Rectangle((start, 0.0), stop - start, 1.0, **look)


def _reach(ax: Axes, reading: Reading, stands_for: tuple[Any, Any]) -> None:
    """Draw how far the unit reads before and after what it stands for."""
    begins, ends = stands_for
    ax.axvspan(
        float(begins) - 0.5, float(ends) + 0.5, ymin=0.19, ymax=0.74, color="black", alpha=0.8, lw=0, zorder=5
    )
    low, high = span(reading)
    sides = (
        ("look-back", begins - low - 0.5, float(begins), low + 0.5, "right"),
        ("look-ahead", high - 0.5 - ends, float(ends), high - 0.5, "left"),
    )
    for name, reach, start, stop, side in sides:
        if reach > 0:
            arrow = {"arrowstyle": "->", "color": style.EXTENT, "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", (stop, 1.12), (start, 1.12), arrowprops=arrow)
        shown = f"{name} {said(plain(reach))}"
        offset = -4 if side == "right" else 4
        ax.annotate(shown, (start, 1.12), (offset, 5), textcoords="offset points", ha=side, fontsize=8)
