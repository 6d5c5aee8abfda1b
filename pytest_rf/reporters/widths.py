"""Text cut and padded to a number of columns of a terminal, in which a Chinese sign takes two.

Widths are rich's, so that they are those with which rich prints. Text must have passed through
:func:`~pytest_rf.reporters.lines.visible` before: escapes are longer than what they escape.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from rich.cells import cell_len as columns

from pytest_rf.reporters.lines import Line, line, visible

__all__ = ["columns", "named", "padded", "shortened", "shortened_words", "wrapped"]

_CUT = "…"

#: Names in sentences are not shortened further than this.
_NAME = 12


def padded(text: str, width: int, right: bool = False) -> str:
    """Return text with spaces behind it, or before it, up to a width."""
    gap = " " * (width - columns(text))
    return gap + text if right else text + gap


def shortened(text: str, width: int) -> str:
    """Return text with … for some of its middle where it is wider; rather letters are left out than digits."""
    if columns(text) <= width:
        return text
    if width <= 1:
        return _CUT[:width]
    if text.isascii():
        start = _cut(text, len(text) - width + 1)
        return text[:start] + _CUT + text[start + len(text) - width + 1 :]
    tail = _tail(text, width // 2)
    return _head(text, width - 1 - columns(tail)) + _CUT + tail


def _cut(text: str, missing: int) -> int:
    """Return where so many characters are best left out: near the middle, where there are few digits."""
    digits = [0, *accumulate(char.isdigit() for char in text)]
    middle = (len(text) - missing + 1) // 2
    reach = middle * 2 // 3
    places = range(max(middle - reach, 0), min(middle + reach, len(text) - missing) + 1)
    return min(places, key=lambda place: (digits[place + missing] - digits[place], abs(place - middle)))


def shortened_words(text: str, width: int) -> str:
    """Return text without its last words, and … for them, where it is wider; no word is torn but the first."""
    if columns(text) <= width:
        return text
    kept = ""
    for word in text.split(" "):
        longer = f"{kept} {word}" if kept else word
        if columns(longer) + 2 > width:
            break
        kept = longer
    return f"{kept} {_CUT}" if kept else shortened(text.split(" ")[0], width)


def wrapped(text: str, width: int | None, indent: str = "  ") -> Iterator[str]:
    """Yield the lines of a sentence, of which all but the first are indented; words that are too long are cut."""
    if width is None or columns(text) <= width:
        yield text
        return
    margin = text[: len(text) - len(text.lstrip(" "))]
    current, is_empty = margin, True
    for word in text.split():
        if not is_empty and columns(f"{current} {word}") > width:
            yield current
            current, is_empty = indent, True
        current += word if is_empty else f" {word}"
        current, is_empty = shortened(current, width), False
    yield current


def named(before: str, name: str, after: str, width: int | None) -> Iterator[Line]:
    """Yield a line about something whose name is shortened if need be; if that is not enough it is wrapped."""
    name, after = visible(name), visible(after)
    if width is not None:
        name = shortened(name, max(width - columns(before + after), _NAME))
    if width is None or columns(before + name + after) <= width:
        yield line(before, (name, "bold"), after)
    else:
        yield from (line(one) for one in wrapped(before + name + after, width))


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
