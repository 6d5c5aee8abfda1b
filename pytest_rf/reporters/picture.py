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
    """An axis divided into parts of ``step`` positions, a mark each; the input begins after ``before`` of them."""

    marks: tuple[Mark, ...]
    step: int
    before: int
    inside: int


def picture(axes: Mapping[str, Reading], screen: Screen) -> Iterator[Line]:
    """Yield the picture of one input: a canvas where it has two axes, else a bar per axis."""
    signs = _BLOCKS if screen.blocks else _ASCII
    yield from _canvas(axes, signs, screen.room) if len(axes) == 2 else _bars(axes, signs, screen.room)


def _bars(axes: Mapping[str, Reading], signs: Mapping[Mark, str], room: int | None) -> Iterator[Line]:
    names = {axis: _name(axis) for axis in axes}
    gutter = max(map(columns, names.values()))
    digits = max(len(str(reading.extent - 1)) for reading in axes.values())
    most = _signs(len(_INDENT) + gutter + digits + 4, room)
    rulers = {axis: _ruler(reading, most) for axis, reading in axes.items()}
    before = max(ruler.before for ruler in rulers.values())
    for axis, ruler in rulers.items():
        bar = " " * (before - ruler.before) + "".join(signs[mark] for mark in ruler.marks)
        last = axes[axis].extent - 1
        yield line(f"{_INDENT}{padded(names[axis], gutter)} 0 ", Span(bar, "figure"), f" {last}")
    steps = ", ".join(f"{names[axis]} {ruler.step}" for axis, ruler in rulers.items())
    told = {mark for ruler in rulers.values() for mark in ruler.marks}
    yield from _legend(told, signs, steps, room)


def _canvas(axes: Mapping[str, Reading], signs: Mapping[Mark, str], room: int | None) -> Iterator[Line]:
    (down, rows), (across, places) = axes.items()
    gutter = max(len(str(rows.extent - 1)), 1)
    vertical = _ruler(rows, _DOWN)
    horizontal = _ruler(places, _signs(len(_INDENT) + gutter + 1, room))
    last = str(places.extent - 1)
    scale = "0" if horizontal.inside < len(last) + 2 else f"0{last:>{horizontal.inside - 1}}"
    yield line((f"{_INDENT}{' ' * (gutter + 1 + horizontal.before)}{scale}", "dim"))
    told: set[Mark] = set()
    for number, mark in enumerate(vertical.marks):
        place = number - vertical.before
        at = "0" if place == 0 else str(rows.extent - 1) if place == vertical.inside - 1 else ""
        row = [_both(mark, other) for other in horizontal.marks]
        told.update(row)
        text = "".join(signs[one] for one in row).rstrip()
        yield line((f"{_INDENT}{at:>{gutter}} ", "dim"), Span(text, "figure"))
    steps = f"{_name(down)} {vertical.step} down, {_name(across)} {horizontal.step} across"
    yield from _legend(told, signs, steps, room)


def _legend(told: Iterable[Mark], signs: Mapping[Mark, str], steps: str, room: int | None) -> Iterator[Line]:
    known = {*told}
    meanings = ", ".join(f"{signs[mark]} {meaning}" for mark, meaning in _MEANINGS.items() if mark in known)
    text = f"{_INDENT}{meanings}; positions a sign: {steps}"
    yield from (line((one, "dim")) for one in wrapped(text, room, _INDENT))


def _ruler(reading: Reading, most: int) -> _Ruler:
    """Divide an axis into at most so many parts, and what lies beyond into a few of the same size."""
    step = -(-reading.extent // most)
    inside = -(-reading.extent // step)
    before, after = (min(-(-beyond // step), _BEYOND) for beyond in (reading.before, reading.after))
    marks = [_mark(reading, n * step, min((n + 1) * step, reading.extent)) for n in range(inside)]
    padding: Mark = "padding"
    return _Ruler((*[padding] * before, *marks, *[padding] * after), step, before, inside)


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
