"""Text cut and padded to a number of columns of a terminal, in which a Chinese sign takes two.

Widths are rich's, so that they are those with which rich prints. Text to be measured must be what the screen will show
(:meth:`~pytest_rf.reporters.screen.Screen.text`): escapes are longer than what they escape.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from rich.cells import cell_len as columns

from pytest_rf.reporters.lines import SPAN_LIMIT, Line, line
from pytest_rf.reporters.screen import Screen

__all__ = ["CUT", "columns", "named", "padded", "shortened", "shortened_words", "wrapped"]

#: Stands for what is left out.
CUT = "…"

#: Names in sentences are not shortened further than this.
_NAME = 12


def padded(text: str, width: int, right: bool = False) -> str:
    """Return text with spaces behind it, or before it, up to a width."""
    gap = " " * (width - columns(text))
    return gap + text if right else text + gap


def shortened(text: str, width: int, cut: str = CUT) -> str:
    """Return text without some of its middle where it is wider; rather letters are left out than digits."""
    if columns(text) <= width:
        return text
    kept = width - len(cut)
    if kept <= 0:
        return cut[:width]
    if text.isascii():
        start = _cut(text, len(text) - kept)
        return text[:start] + cut + text[start + len(text) - kept :]
    tail = _tail(text, kept // 2)
    return _head(text, kept - columns(tail)) + cut + tail


def _cut(text: str, missing: int) -> int:
    """Return where so many characters are best left out: near the middle, where there are few digits."""
    digits = [0, *accumulate(char.isdigit() for char in text)]
    middle = (len(text) - missing + 1) // 2
    reach = middle * 2 // 3
    places = range(max(middle - reach, 0), min(middle + reach, len(text) - missing) + 1)
    return min(places, key=lambda place: (digits[place + missing] - digits[place], abs(place - middle)))


def shortened_words(text: str, width: int, cut: str = CUT) -> str:
    """Return text without its last words where it is wider; no word is torn but the first."""
    if columns(text) <= width:
        return text
    kept = ""
    for word in text.split(" "):
        longer = f"{kept} {word}" if kept else word
        if columns(longer) + 1 + len(cut) > width:
            break
        kept = longer
    return f"{kept} {cut}" if kept else shortened(text.split(" ")[0], width, cut)


def wrapped(text: str, screen: Screen, indent: str = "  ") -> Iterator[str]:
    """Yield the lines of a sentence, of which all but the first are indented; words that are too long are cut."""
    text, width = screen.text(text, SPAN_LIMIT), screen.room
    if width is None or columns(text) <= width:
        yield text
        return
    current = text[: len(text) - len(text.lstrip(" "))]
    is_empty = True
    for each in text.split():
        word = screen.text(each, SPAN_LIMIT)  # any can come to stand at the beginning of a line
        if not is_empty and columns(f"{current} {word}") > width:
            yield current
            current, is_empty = indent, True
        current += word if is_empty else f" {word}"
        current, is_empty = shortened(current, width, screen.cut), False
    yield current


def named(before: str, name: str, after: str, screen: Screen) -> Iterator[Line]:
    """Yield a line about something whose name is shortened if need be; if that is not enough it is wrapped."""
    name, after, width = screen.text(name, SPAN_LIMIT), screen.text(after, SPAN_LIMIT), screen.room
    if width is not None:
        name = shortened(name, max(width - columns(before + after), _NAME), screen.cut)
    if width is None or columns(before + name + after) <= width:
        yield line(before, (name, "bold"), after)
    else:
        yield from (line(one) for one in wrapped(before + name + after, screen))


def _head(text: str, width: int) -> str:
    """Return as much of the beginning of a text as fits."""
    end = min(len(text), width)
    while columns(text[:end]) > width:
        end -= 1
    return text[:end]


def _tail(text: str, width: int) -> str:
    """Return as much of the end of a text as fits."""
    start = max(len(text) - width, 0)
    while columns(text[start:]) > width:
        start += 1
    return text[start:]
