"""A small picture of an input: what a unit reads of it, where it leaves holes, and how far it reads padding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pytest_rf.reporters.lines import Line, Span, line, visible
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.widths import columns, padded, wrapped
from pytest_rf.view.unit import Reading

Mark = Literal["read", "partly", "unread", "padding", "outside"]

_BLOCKS: Mapping[Mark, str] = {"read": "█", "partly": "▒", "unread": "·", "padding": "░", "outside": " "}
_ASCII: Mapping[Mark, str] = {"read": "#", "partly": "+", "unread": ".", "padding": "o", "outside": " "}
_MEANINGS: Mapping[Mark, str] = {
    "read": "read",
    "partly": "partly read",
    "unread": "not read",
    "padding": "padding",
}

#: The input has at most so many signs across and down, and its padding so many on either side.
_ACROSS, _DOWN, _BEYOND = 40, 16, 4

_INDENT = "  "

#: Longer names of axes are not told beside the picture.
_NAME = 12


@dataclass(frozen=True, slots=True)
class _Ruler:
    """An axis divided into parts of ``step`` positions, a mark each.

    Attributes:
        marks: what is read of each part.
        step: the positions of a part.
        before: so many parts stand before the input.
        inside: so many stand for the input.
        first, last: the positions of the input between which it is drawn.
        cut: whether there is more padding than is drawn.
    """

    marks: tuple[Mark, ...]
    step: int
    before: int
    inside: int
    first: int
    last: int
    cut: bool


def picture(axes: Mapping[str, Reading], screen: Screen) -> Iterator[Line]:
    """Yield the picture of one input: a canvas where it has two axes, else a bar per axis.

    The whole input is drawn, scaled, or its part around the unit's field where that would be but a dot.
    """
    signs = _BLOCKS if screen.blocks else _ASCII
    yield from _canvas(axes, signs, screen) if len(axes) == 2 else _bars(axes, signs, screen)


def _bars(axes: Mapping[str, Reading], signs: Mapping[Mark, str], screen: Screen) -> Iterator[Line]:
    names = {axis: _name(axis) for axis in axes}
    gutter = max(map(columns, names.values()))
    digits = max(len(str(reading.extent - 1)) for reading in axes.values())
    most = _signs(len(_INDENT) + gutter + 2 * digits + 3, screen.room)
    near = all(_is_dot(reading, most) for reading in axes.values())
    rulers = {axis: _ruler(reading, most, near) for axis, reading in axes.items()}
    before = max(ruler.before for ruler in rulers.values())
    start = max(len(str(ruler.first)) for ruler in rulers.values())
    for axis, ruler in rulers.items():
        bar = " " * (before - ruler.before) + "".join(signs[mark] for mark in ruler.marks)
        label = f"{_INDENT}{padded(names[axis], gutter)} {ruler.first:>{start}} "
        yield line(label, Span(bar, "drawn"), f" {ruler.last}")
    steps = ", ".join(f"{names[axis]} {ruler.step}" for axis, ruler in rulers.items())
    told = {mark for ruler in rulers.values() for mark in ruler.marks}
    yield from _legend(told, signs, steps, any(ruler.cut for ruler in rulers.values()), screen)


def _canvas(axes: Mapping[str, Reading], signs: Mapping[Mark, str], screen: Screen) -> Iterator[Line]:
    (down, rows), (across, places) = axes.items()
    gutter = len(str(rows.extent - 1))
    most = _signs(len(_INDENT) + gutter + 1, screen.room)
    near = _is_dot(rows, _DOWN) and _is_dot(places, most)
    vertical, horizontal = _ruler(rows, _DOWN, near), _ruler(places, most, near)
    first, last = str(horizontal.first), str(horizontal.last)
    gap = horizontal.inside - len(first) - len(last)
    scale = first if gap < 1 else f"{first}{' ' * gap}{last}"
    yield line((f"{_INDENT}{' ' * (gutter + 1 + horizontal.before)}{scale}", "dim"))
    told: set[Mark] = set()
    for number, mark in enumerate(vertical.marks):
        place = number - vertical.before
        at = vertical.first if place == 0 else vertical.last if place == vertical.inside - 1 else ""
        row = [_both(mark, other) for other in horizontal.marks]
        told.update(row)
        text = "".join(signs[one] for one in row).rstrip()
        yield line((f"{_INDENT}{at:>{gutter}} ", "dim"), Span(text, "drawn"))
    steps = f"{_name(down)} {vertical.step} down, {_name(across)} {horizontal.step} across"
    yield from _legend(told, signs, steps, vertical.cut or horizontal.cut, screen)


def _legend(
    told: Iterable[Mark], signs: Mapping[Mark, str], steps: str, cut: bool, screen: Screen
) -> Iterator[Line]:
    known = {*told}
    meanings = ", ".join(f"{signs[mark]} {meaning}" for mark, meaning in _MEANINGS.items() if mark in known)
    meanings += " (more than is drawn)" if cut else ""  # padding is told last
    text = f"{_INDENT}{meanings}; positions a sign: {steps}"
    yield from (line((one, "dim")) for one in wrapped(text, screen, _INDENT))


def _is_dot(reading: Reading, most: int) -> bool:
    """Whether all that is read would be a sign or two, if the whole axis were drawn with so many."""
    step = -(-reading.extent // most)
    return step == 1 or reading.last - reading.first < min(2 * step, most // 2)


def _ruler(reading: Reading, most: int, near: bool) -> _Ruler:
    """Divide an axis, or its part near what is read, into at most so many parts, and what lies beyond into a few."""
    start, stop = 0, reading.extent
    if near:
        middle = (reading.first + reading.last) // 2
        start = max(min(middle - most // 2, reading.extent - most), 0)
        stop = min(start + most, reading.extent)
    step = -(-(stop - start) // most)
    parts = [(first, min(first + step, stop)) for first in range(start, stop, step)]
    beyond = [
        -(-reading.before // step) if start == 0 else 0,
        -(-reading.after // step) if stop == reading.extent else 0,
    ]
    before, after = (min(signs, _BEYOND) for signs in beyond)
    padding: Mark = "padding"
    marks = [*[padding] * before, *(_mark(reading, *part) for part in parts), *[padding] * after]
    return _Ruler(tuple(marks), step, before, len(parts), start, stop - 1, max(beyond) > _BEYOND)


def _mark(reading: Reading, start: int, stop: int) -> Mark:
    """Return how much is read of the positions from ``start`` on and before ``stop``."""
    if reading.read is None:
        read = min(stop, reading.last + 1) - max(start, reading.first)
    else:
        read = sum(place in reading.read for place in range(start, stop))
    return "unread" if read <= 0 else "read" if read == stop - start else "partly"


def _both(one: Mark, other: Mark) -> Mark:
    """Return what a sign of the canvas says, whose row and column say these."""
    if "padding" in (one, other):
        return "outside" if "unread" in (one, other) else "padding"
    if "unread" in (one, other):
        return "unread"
    return "read" if one == other == "read" else "partly"


def _signs(taken: int, room: int | None) -> int:
    """Return how many signs there may be across."""
    return _ACROSS if room is None else max(min(_ACROSS, room - taken - 2 * _BEYOND), 1)


def _name(axis: str) -> str:
    axis = visible(axis)
    return axis if columns(axis) <= _NAME else "…"
