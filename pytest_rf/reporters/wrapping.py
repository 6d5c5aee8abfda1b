"""Lines that fit a terminal: broken between words, so that no figure is torn, and names shortened in their middle."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO

from pytest_rf.reporters.lines import Line, Span, visible

#: Narrower terminals are taken as wide as this.
_NARROWEST = 40

_WORD = r" *[^ ]+"
#: A layer of a path: what it added, and to what.
_LAYER = r" *(?:whole axis|[^ ]+) +→ "

#: What a line can begin with: ``RF001``, ``=``, ``help:``, but no plain word of a sentence.
_LABEL = r" *(?![a-z]+ )\S+ +"

#: What stands between two figures, and never at the end of a line.
_BETWEEN = r"\(?[<>=!≤≥≠]+|→"

#: Units have no more letters than this.
_UNIT = 4


def terminal_width(stream: IO[str] | None = None) -> int:
    """Return the columns of a stream, or what ``COLUMNS`` says; 0 where that is not a terminal.

    Args:
        stream: the stream; None for standard output.
    """
    told = os.environ.get("COLUMNS", "")
    columns = int(told) if told.isdecimal() else 0
    if not columns:
        with suppress(AttributeError, OSError, ValueError):  # closed, or not a file
            columns = os.get_terminal_size((stream or sys.stdout).fileno()).columns
    return max(columns, _NARROWEST) if columns else 0


def wrapped(lines: Iterable[Line], width: int) -> Iterator[Line]:
    """Yield lines of at most ``width`` columns where words allow it; 0 leaves them as they are."""
    for line in lines:
        # What is cut for its length is cut before it is broken.
        spans = tuple(Span(visible(span.text), span.style) for span in line)
        text = "".join(span.text for span in spans)
        if not width or len(text) <= width or _is_drawing(text):
            yield line
        else:
            yield from _broken(spans, text, width)


def middle(name: str, most: int) -> str:
    """Return a name of at most ``most`` characters: ``encoder.stages.0.…ctivation_12.conv``."""
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end]}…{name[-end:]}"


def _is_drawing(text: str) -> bool:
    """Return whether a line stands in columns with its neighbours: a requirement, and what is marked below it."""
    return " | " in text[:12] or re.match(_LAYER, text) is not None


def _broken(spans: Line, text: str, width: int) -> Iterator[Line]:
    """Yield a line in pieces; the second and later begin below what is behind its label, or two columns further in."""
    label = re.match(_LABEL, text)
    indent = min(label.end() if label else len(text) - len(text.lstrip(" ")) + 2, width // 2)
    piece: list[Span] = []
    used = 0
    for words in _together(spans):
        length = sum(len(word.text) for word in words)
        if piece and used + length > width:
            yield tuple(piece)
            stripped = words[0].text.lstrip(" ")
            length -= len(words[0].text) - len(stripped)
            words[0] = words[0]._replace(text=stripped)
            piece, used = [Span(" " * indent)], indent
        piece += words
        used += length
    yield tuple(piece)


def _together(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Yield words, each with the spaces before it, that stay on one line.

    They are a figure and its unit, its comparator, or what becomes of it.
    """
    found: list[Span] = []
    for word in _words(spans):
        before = found[-1].text.strip(" ") if found else ""
        bare = word.text.strip(" ,;:.)")
        holds = (
            re.fullmatch(_BETWEEN, before)
            or (bare == "→" and before.strip("(+-×").isdigit())
            or (bare == "=" and before.isidentifier())
            or (before[-1:].isdigit() and bare.isalpha() and len(bare) <= _UNIT)
        )
        if found and word.text.startswith(" ") and not holds:
            yield found
            found = []
        found.append(word)
    if found:
        yield found


def _words(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield the words of spans, each with the spaces before it."""
    space = ""
    for span in spans:
        end = 0
        for match in re.finditer(_WORD, span.text):
            yield Span(space + match.group(), span.style)
            space, end = "", match.end()
        space += span.text[end:]
