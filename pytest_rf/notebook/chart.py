"""How a field grew, as a small SVG in the colour of the page's text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from pytest_rf.analysis.growth import Growth
from pytest_rf.figures import Number, said
from pytest_rf.notebook.html import text

#: The chart and the room for words beside it, in pixels.
_WIDTH, _HEIGHT, _BESIDE, _ABOVE = 300, 64, 96, 14

#: Steps beyond so many say nothing in a chart of this width.
_STEPS = 150


def chart(one: Growth) -> str:
    """Return the chart of a field over depth: the longest path as a line, down to the shortest as a band."""
    stations = _thinned(one)
    sizes, shortest = [s[0] for s in stations], [s[1] for s in stations]
    finite = [float(size) for size in (*sizes, *shortest) if math.isfinite(size)]
    top = max(finite, default=1.0)
    top = max(top, one.extent) if one.extent <= 3 * top or len(finite) < 2 * len(sizes) else top
    axes = " and ".join(one.axes)
    last = one.stations[-1].rf
    told = "the whole axis" if math.isinf(last) else said(last)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{_WIDTH + _BESIDE}" '
        f'height="{_HEIGHT + _ABOVE + 4}" style="max-width:100%;overflow:visible;font-size:11px" fill="currentColor" '
        f'aria-label="{text(f"field along {axes}, grown to {told} over {len(one.stations) - 1} tensors")}">',
        f'<g transform="translate(0 {_ABOVE})">',
        f'<path d="M 0 {_HEIGHT} H {_WIDTH}" stroke="currentColor" stroke-opacity=".3"/>',
    ]
    if sizes != shortest:
        parts.append(f'<path d="{_band(sizes, shortest, top)}" fill-opacity=".16"/>')
    parts.append(f'<path d="M 0{_steps(sizes, top)}" fill="none" stroke="currentColor" stroke-width="1.6"/>')
    if one.extent <= top:
        height = _height(one.extent, top)
        parts.append(
            f'<path d="M 0 {height:.1f} H {_WIDTH}" stroke="currentColor" stroke-opacity=".6" '
            f'stroke-dasharray="2 3"/><text x="2" y="{height - 3:.1f}" fill-opacity=".75">'
            f"{text(f'input {one.extent}')}</text>"
        )
    most = "≤ " if one.upper_bound else ""
    at = max(_height(last, top) + 4, 4)
    parts.append(f'<text x="{_WIDTH + 5}" y="{at:.1f}">{text(f"{axes}: {most}{told}")}</text></g></svg>')
    return "".join(parts)


def _thinned(one: Growth) -> list[tuple[Number, Number]]:
    """Return the sizes to draw, longest and shortest path; of very many those at equal distances."""
    found = [(station.rf, station.rf_min) for station in one.stations]
    if len(found) <= _STEPS:
        return found
    return [found[number * (len(found) - 1) // (_STEPS - 1)] for number in range(_STEPS)]


def _height(size: Number, top: float) -> float:
    """Return how far down a size is drawn; what is infinite is drawn at the upper edge."""
    return 0.0 if math.isinf(size) else _HEIGHT * (1 - 0.92 * float(size) / top)


def _steps(sizes: Sequence[Number], top: float) -> str:
    """Return a line of steps, behind the place at which it starts."""
    width, place, path = _WIDTH / len(sizes), 0, ""
    for size, run in groupby(sizes):
        place += len(list(run))
        path += f"{' V' if path else ''} {_height(size, top):.1f} H {place * width:.1f}"
    return path


def _band(sizes: Sequence[Number], shortest: Sequence[Number], top: float) -> str:
    """Return the area between two lines of steps."""
    width, place, back = _WIDTH / len(shortest), len(shortest), ""
    for size, run in groupby(reversed(shortest)):
        place -= len(list(run))
        back += f" V {_height(size, top):.1f} H {place * width:.1f}"
    return f"M 0{_steps(sizes, top)}{back} Z"
