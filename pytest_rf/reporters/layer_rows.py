"""Rows of layers in columns that fit a screen: figures, then the layer, then the line that made it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import PurePosixPath

from pytest_rf.reporters.layer_groups import Row, shortened
from pytest_rf.reporters.lines import SPAN_LIMIT, Line, line
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.text import count
from pytest_rf.reporters.widths import columns, padded
from pytest_rf.reporters.widths import shortened as cut

#: Layers are not shortened further than this to make room for source lines, and for places than half of it.
_LAYER = 36


def lines(
    rows: Sequence[Row],
    growth: Callable[[Row], str],
    total: Callable[[Row], str],
    screen: Screen,
    every: bool,
    indent: str = "  ",
) -> Generator[Line, None, list[Row]]:
    """Yield a line per row, or per group of rows where they are many; return what they are about.

    Args:
        rows: the rows.
        growth: says what a row adds.
        total: says what there is after it.
        screen: what the lines are to fit.
        every: whether rows are told one by one, however many they are.
        indent: what all lines begin with.
    """
    told = list(rows) if every else shortened(rows)
    signs = [growth(row) for row in told]
    totals = [total(row) for row in told]
    first, second = (max(map(len, texts), default=0) for texts in (signs, totals))
    names = [screen.text(_named(row), SPAN_LIMIT) for row in told]
    places = [row.place for row in told]
    sources = [source(row.source) for row in told]
    if len(set(sources)) == 1:  # a line that is the same for all tells nothing
        sources = [""] * len(told)
    widths = _fitted((names, places, sources), len(indent) + first + second + len(" →   "), screen)
    for sign, number, *texts in zip(signs, totals, names, places, sources, strict=True):
        name, place, origin = (
            padded(cut(text, width, screen.cut), width) if width else ""
            for text, width in zip(texts, widths, strict=True)
        )
        yield line(
            indent,
            (f"{sign:>{first}}", "figure"),
            (f" {'→' if number else ' '} {number:>{second}}  ", "dim"),
            name,
            (f"  {place}" if place else "", "place"),
            (f"  {origin}" if origin else "", "dim"),
        )
    if len(told) < len(rows):
        yield line((f"{indent}{count(len(rows), 'layer')}; --all shows each", "dim"))
    return told


def _named(row: Row) -> str:
    return f"{row.name}: {row.kind}" if row.layers > 1 and row.kind else f"{row.name} {row.kind}".rstrip()


def _fitted(texts: Sequence[Sequence[str]], before: int, screen: Screen) -> tuple[int, int, int]:
    """Return the widths of the columns of layers, their places, and their source lines; 0 for what has no room."""
    name, place, origin = (max(map(columns, column), default=0) for column in texts)
    if screen.room is None:
        return name, place, origin
    room = max(screen.room - before, 1)
    gaps = [width + 2 if width else 0 for width in (place, origin)]
    if origin and room - sum(gaps) < min(name, _LAYER):
        origin, gaps[1] = 0, 0
    if place and room - sum(gaps) < min(name, _LAYER // 2):
        place, gaps[0] = 0, 0
    return max(min(name, room - sum(gaps)), 1), place, origin


def source(place: str) -> str:
    """Return a source line short: of a file that lies elsewhere its name alone."""
    path = PurePosixPath(place)
    elsewhere = path.is_absolute() or place.startswith("..") or place[1:3] == ":/"
    return path.name if elsewhere else place
