"""Lines for a person to read, and the one place where their text is made fit to be shown.

Names come from models and TOML files, which are hostile. Reporters for people therefore never print: they
return lines made of spans, and whatever the spans hold passes through :func:`visible` on its way out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

#: A single span longer than this is cut.
SPAN_LIMIT = 400

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

#: Categories of characters that steer the reader's screen or hide: controls, formats (which hold the
#: bidirectional controls), surrogates, private use, unassigned, line and paragraph separators.
_STEERING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


#: A runner obeys commands of this form wherever they stand in a line, those with colons at its beginning.
_ORDER, _ORDER_AT_START = "##[", "::"


class Span(NamedTuple):
    """A piece of a line with the name of its style, one of ``STYLES``."""

    text: str
    style: str = ""


#: What the styles look like, in rich's words. Many terminals draw what is bold in the bright form of its colour, and
#: bright green, yellow and cyan cannot be read on white, nor can yellow at all.
STYLES = {
    "": "",
    "dim": "dim",
    "bold": "bold",
    "bad": "bold red",
    "good": "green",
    "warn": "bold magenta",
    "place": "cyan",
    "figure": "bold",
    "drawn": "cyan",
}

Line = tuple[Span, ...]

#: What a reporter returns: lines for a person, or the finished text of a data format.
Document = Iterable[Line] | str


def visible(text: str, limit: int = SPAN_LIMIT) -> str:
    r"""Return text that can neither steer a terminal or a CI runner nor flood it.

    Control characters, escape sequences and bidirectional controls are shown escaped (``\x1b``), and so is what
    runners obey anywhere in a line; text longer than ``limit`` is cut, and says how much is missing.
    """
    missing = len(text) - limit
    if missing > 0:
        text = text[:limit]
    if not text.isascii() or not text.isprintable():
        text = "".join(_shown(char) for char in text)
    if _ORDER in text:
        text = text.replace(_ORDER, "##\\x5b")
    return f"{text}… ({missing:,} more characters)" if missing > 0 else text


def _shown(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if unicodedata.category(char) not in _STEERING:
        return char
    number = ord(char)
    return (
        f"\\x{number:02x}"
        if number < 0x100
        else f"\\u{number:04x}"
        if number < 0x10000
        else f"\\U{number:08x}"
    )


def line(*spans: str | Span | tuple[str, str]) -> Line:
    """Return a line of spans; bare strings have no style."""
    return tuple(Span(span) if isinstance(span, str) else Span(*span) for span in spans)


def plain(lines: Iterable[Line]) -> Iterator[str]:
    """Return lines as text without styles."""
    for spans in lines:
        yield "".join(span.text for span in _fit(spans)).rstrip()


def visible_line(text: str, limit: int = SPAN_LIMIT) -> str:
    """Return text as :func:`visible` does that is to stand on a line of its own, at most behind spaces."""
    return "".join(span.text for span in _unordered((Span(visible(text, limit)),)))


def _fit(spans: Line) -> Line:
    """Return a line that is fit to be shown."""
    return _unordered(tuple(Span(visible(span.text), span.style) for span in spans))


def _unordered(shown: Line) -> Line:
    """Return a line that no CI runner takes for a command, without styles if it had to be changed."""
    whole = "".join(span.text for span in shown)
    if whole.lstrip().startswith(_ORDER_AT_START):
        whole = whole.replace(":", "\\x3a", 1)
    elif _ORDER not in whole:
        return shown
    return (Span(whole.replace(_ORDER, "##\\x5b")),)


def text(document: Document) -> str:
    """Return what a reporter returned as text without styles."""
    return document if isinstance(document, str) else "".join(f"{one}\n" for one in plain(document))


def write(document: Document, stream: IO[str], color: bool) -> None:
    """Write what a reporter returned; ``color`` also needs rich, which is imported only then."""
    if isinstance(document, str) or not color:
        stream.write(text(document))
    else:
        from rich.console import Console
        from rich.text import Text

        # Whether to colour is settled by now; rich would look at the environment once more.
        console = Console(
            file=stream,
            force_terminal=True,
            color_system="standard",
            no_color=False,
            legacy_windows=False,
            highlight=False,
            soft_wrap=True,
        )
        for spans in document:
            styled = Text()
            for span in _fit(spans):
                styled.append(span.text, STYLES[span.style] or None)
            console.print(styled, soft_wrap=True)
    stream.flush()
