"""Tables that fit a screen: nothing is wrapped, no figure is torn, and what is left out is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_rf.reporters.lines import SPAN_LIMIT, Line, Span
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.widths import columns, padded, shortened, shortened_words

#: Longer cells are cut on any screen, and in files.
CELL_LIMIT = 120

_GAP = "  "

#: Names are not shortened further than this.
_NARROWEST = 4


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a table.

    Attributes:
        text: its heading.
        kind: how cells are shortened: of a ``name`` the middle is left out, of ``words`` the last ones; what is
            ``whole`` is never torn.
        rank: columns of a higher rank are left out first; those of rank 0 stay.
        least: so far names and words are shortened before another column is left out.
        wants: so wide they are, if they need it, before a column of a higher rank is shown.
        yields: whether it is shortened so far before any other column is.
        is_figure: whether it tells what is not known of an unknown tensor.
        is_number: whether its cells stand at the right.
        style: that of its cells.
    """

    text: str
    kind: Literal["name", "words", "whole"] = "whole"
    rank: int = 0
    least: int = 12
    wants: int = 0
    yields: bool = False
    is_figure: bool = False
    is_number: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True)
class Cells:
    """A row of a table: a text per column, and what is said instead of its figures, where they are not known."""

    texts: Sequence[str]
    said: str = ""


class Table:
    """A table that was fitted to a width.

    Attributes:
        needs: the width at which nothing is shortened or left out.
        left_out: the headings of the columns for which there is no room.
        says: whether rows can say something instead of figures, which they can where figures stand last.
    """

    def __init__(self, headings: Sequence[Heading], rows: Sequence[Cells], screen: Screen) -> None:
        """Fit a table.

        Args:
            headings: its columns.
            rows: its rows.
            screen: what it is to fit.
        """
        width = screen.room
        shown = [Cells([screen.text(text, CELL_LIMIT) for text in row.texts], row.said) for row in rows]
        natural = [
            max(columns(text) for text in (one.text, *(row.texts[place] for row in shown)))
            for place, one in enumerate(headings)
        ]
        self.needs = sum(natural) + len(_GAP) * (len(natural) - 1)
        places, widths = _fitted(headings, natural, [row.texts for row in shown], width, screen.cut)
        self._screen = screen
        self._headings = [headings[place] for place in places]
        self._widths = [widths[place] for place in places]
        self._rows = [Cells([row.texts[place] for place in places], row.said) for row in shown]
        self.left_out = [one.text for place, one in enumerate(headings) if place not in places]
        marks = [one.is_figure for one in self._headings]
        self._first = marks.index(True) if True in marks else len(marks)
        self.says = all(marks[self._first :]) and True in marks

    def lines(self) -> Iterator[Line]:
        """Yield the line of headings, then a line per row."""
        heads, cut = zip(self._headings, self._widths, strict=True), self._screen.cut
        yield (
            Span(
                _GAP.join(
                    padded(shortened(one.text, width, cut), width, one.is_number) for one, width in heads
                ),
                "bold",
            ),
        )
        for row in self._rows:
            yield tuple(self._spans(row))

    def _spans(self, row: Cells) -> Iterator[Span]:
        says = bool(row.said) and self.says
        known = self._first if says else len(self._headings)
        over = 0  # how far a cell reaches into the column of the next one
        for place in range(known):
            heading, width = self._headings[place], self._widths[place]
            gap = _GAP if place else ""
            spare = self._spare(row, place + 1) if place + 1 < known else 0
            cell = _cell(row.texts[place], heading, width + spare, self._screen.cut)
            yield Span(gap + padded(cell, width - over, heading.is_number), heading.style)
            over = max(columns(cell) - width, 0)
        if says:
            taken, room = sum(self._widths[:known]) + len(_GAP) * known, self._screen.room
            text = self._screen.text(row.said, SPAN_LIMIT)
            fits = text if room is None else shortened_words(text, room - taken, self._screen.cut)
            yield Span(_GAP + fits if known else fits)

    def _spare(self, row: Cells, place: int) -> int:
        """Return how much of a column a row leaves to what stands before it: a number stands at the right."""
        spare = self._widths[place] - columns(row.texts[place])
        return max(spare, 0) if self._headings[place].is_number else 0


def _fitted(
    headings: Sequence[Heading],
    natural: Sequence[int],
    rows: Sequence[Sequence[str]],
    width: int | None,
    cut: str,
) -> tuple[list[int], dict[int, int]]:
    """Return the places of the columns that fit, and their widths.

    Words that are left out can leave more room than was needed: what remains of the column is its width from then on,
    and whether there is room for other columns is asked once more.
    """
    wide = list(natural)
    while True:
        places = _placed(headings, wide, width)
        taken = _shared([wide[place] for place in places], [headings[place] for place in places], width)
        widths = dict(zip(places, taken, strict=True))
        remaining = {
            place: _remaining(headings[place], [row[place] for row in rows], widths[place], cut)
            for place in places
            if headings[place].kind == "words" and widths[place] < wide[place]
        }
        if all(remaining[place] == widths[place] for place in remaining):
            return places, widths
        for place, remains in remaining.items():
            wide[place] = remains


def _remaining(heading: Heading, texts: Sequence[str], width: int, cut: str) -> int:
    """Return how wide a column of words is after those are left out for which it has no room."""
    needed = max((columns(_cell(text, heading, width, cut)) for text in texts), default=0)
    return min(max(needed, columns(heading.text)), width)


def _placed(headings: Sequence[Heading], natural: Sequence[int], width: int | None) -> list[int]:
    """Return the places of the columns for which there is room, the most important ones first in line."""
    if width is None:
        return list(range(len(headings)))
    room = width + len(_GAP)
    placed = []
    for place in sorted(range(len(headings)), key=lambda place: headings[place].rank):
        needed = _least(headings[place], natural[place]) + len(_GAP)
        if headings[place].rank == 0 or needed <= room:
            placed.append(place)
            room -= max(needed, min(headings[place].wants, natural[place]) + len(_GAP))
    return sorted(placed)


def _least(heading: Heading, natural: int) -> int:
    return natural if heading.kind == "whole" else min(natural, max(heading.least, columns(heading.text)))


def _shared(natural: Sequence[int], headings: Sequence[Heading], width: int | None) -> list[int]:
    """Return the widths of the columns: of the widest names and words so much is taken that all fit."""
    widths = list(natural)
    if width is None:
        return widths
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    for floors in (
        [_least(heading, full) for heading, full in zip(headings, natural, strict=True)],
        [full if one.kind == "whole" else _NARROWEST for one, full in zip(headings, natural, strict=True)],
        [1] * len(widths),
    ):
        while excess > 0:
            spare = [place for place in range(len(widths)) if widths[place] > floors[place]]
            if not spare:
                break
            widths[max(spare, key=lambda place: (headings[place].yields, widths[place]))] -= 1
            excess -= 1
    return widths


def _cell(text: str, heading: Heading, width: int, cut: str) -> str:
    if heading.kind == "name":
        return shortened(text, width, cut)
    if heading.kind == "words":
        return shortened_words(text, width, cut)
    return text if columns(text) <= width else cut[:width]
