"""Draws curves over depth: where what stands, in the units of an SVG of :data:`WIDTH` by :data:`HEIGHT`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

WIDTH, HEIGHT = 860, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 210, 14, 26
"""The margins; the one on the right holds what curves and levels are called."""

APART = 14
"""Names stand so far from each other, at least."""

COLUMN = 1.0
"""Points of a curve closer to each other than this hide each other."""

FAR = 2.5
"""Levels above the highest point of a curve times this are beyond the chart's edge."""

LETTER, SPACE = 6.6, 6.0
"""The width of a letter, about, and how far names below the chart stand from each other."""

LONGEST = 34
"""Longer names are cut."""


class Curve(msgspec.Struct, frozen=True, array_like=True):
    """A figure over depth: the metric, what it is called, and its points."""

    metric: str
    name: str
    points: tuple[tuple[float, float], ...]


class Line(msgspec.Struct, frozen=True, array_like=True):
    """A line across: of the ``input``, or of a requirement that ``holds``, is ``violated``, ``undecidable``."""

    kind: str
    name: str
    value: float


class Label(msgspec.Struct, frozen=True, array_like=True):
    """A name beside the chart: the class of its colour, the text, and where it stands."""

    kind: str
    text: str
    y: float


Outline = list[float]
"""Points behind each other, x and y in turn, as SVG reads them."""


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing.

    Attributes:
        lines: the curves: metric and points.
        band: what lies between the shortest and the longest path; empty where there is nothing.
        levels: the lines across: kind and height.
        labels: the names beside the chart.
        ticks: figures and their heights.
        shaded: from where to where fields exceed the input.
        places: by station where it begins, and behind the last where it ends.
        stages: names of stages of the model, and where they begin.
    """

    lines: tuple[tuple[str, Outline], ...]
    band: Outline
    levels: tuple[tuple[str, float], ...]
    labels: tuple[Label, ...]
    ticks: tuple[tuple[str, float], ...]
    shaded: tuple[tuple[float, float], ...]
    places: tuple[float, ...]
    stages: tuple[tuple[str, float], ...]


def drawn(
    curves: Sequence[Curve],
    levels: Sequence[Line],
    depths: Sequence[int],
    exceeding: Sequence[bool],
    stages: Sequence[tuple[str, int]],
) -> Chart:
    """Return a drawing.

    Args:
        curves: the curves, the longest path first, the shortest second.
        levels: the lines across.
        depths: by station how many layers lie before it, and behind the last how many there are.
        exceeding: by station whether its field exceeds the input.
        stages: names of stages of the model, and how many layers lie before each.
    """
    top = _top(curves, levels)
    last = max(depths[-1] - 1, 1)

    def x(depth: float) -> float:
        return round(LEFT + min(depth, last) / last * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - min(value, top) / top * (HEIGHT - TOP - BOTTOM), 1)

    def path(points: Iterable[tuple[float, float]]) -> Outline:
        return [part for point in _seen([(x(depth), y(value)) for depth, value in points]) for part in point]

    def name(one: Curve) -> Label:
        depth, value = one.points[-1]
        then = "" if depth == depths[-1] - 1 else ", then none"
        return Label(one.metric, f"{one.name} {_written(value)}{then}", y(value))

    longest, shortest = curves[0].points, curves[1].points
    names = [
        *(name(one) for one in curves if one.points),
        *(
            Label(one.kind, f"{'↑ ' if one.value > top else ''}{_cut(one.name)}", y(one.value))
            for one in levels
        ),
    ]
    return Chart(
        lines=tuple((one.metric, path(one.points)) for one in curves if one.points),
        band=path([*longest, *reversed(shortest)]) if longest and shortest and longest != shortest else [],
        levels=tuple((one.kind, y(one.value)) for one in levels),
        labels=tuple(_apart(names)),
        ticks=tuple((_short(value), y(value)) for value in _ticks(top)),
        shaded=tuple((x(depths[first]), x(depths[stop])) for first, stop in _stretches(exceeding)),
        places=tuple(map(x, depths)),
        stages=tuple(_with_room([(_cut(name), x(depth)) for name, depth in stages])),
    )


def _top(curves: Sequence[Curve], levels: Sequence[Line]) -> float:
    """Return the largest figure that the chart has room for: levels far above the curves stand at its edge."""
    highest = max((value for one in curves for _, value in one.points if math.isfinite(value)), default=1.0)
    endless = any(math.isinf(value) for one in curves for _, value in one.points)
    near = [one.value for one in levels if one.value <= FAR * highest or (endless and one.kind == "input")]
    return max([highest, *near, 1.0]) * 1.06


def _ticks(top: float) -> Iterator[float]:
    power = 10 ** math.floor(math.log10(top / 4))
    step = next(factor * power for factor in (1, 2, 5, 10) if top / (factor * power) <= 5)
    value = 0.0
    while value <= top:
        yield value
        value += step


def _seen(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Yield the points that can be seen: of many in one column the first, the lowest, the highest and the last."""
    for _, column in groupby(points, lambda point: point[0] // COLUMN):
        same = list(column)
        heights = [height for _, height in same]
        kept = {0, heights.index(min(heights)), heights.index(max(heights)), len(same) - 1}
        yield from (same[place] for place in sorted(kept))


def _stretches(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    place = 0
    for flag, same in groupby(flags):
        length = len(list(same))
        if flag:
            yield place, place + length
        place += length


def _apart(labels: Sequence[Label]) -> Iterator[Label]:
    """Yield labels from the top down, moved so that none stands on another and all stand beside the chart."""
    ordered = sorted(labels, key=lambda one: one.y)
    below: list[Label] = []
    for one in ordered:
        least = below[-1].y + APART if below else TOP
        below.append(Label(one.kind, one.text, max(one.y, least)))
    limit = float(HEIGHT - BOTTOM)
    for one in reversed(below):
        limit = min(one.y, limit)
        yield Label(one.kind, one.text, limit)
        limit -= APART


def _with_room(stages: Sequence[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    """Yield the stages whose names have room below the chart before the next one begins."""
    ends = [place for _, place in stages[1:]] + [float(WIDTH - RIGHT)]
    for (name, place), end in zip(stages, ends, strict=False):  # no stages, no end
        yield (name if len(name) * LETTER + SPACE <= end - place else ""), place


def _written(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.4g}" if value < 10000 else f"{value:,.0f}"


def _short(value: float) -> str:
    return _written(value) if value < 10000 else f"{value / 1000:g}k"


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
