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


class Span(NamedTuple):
    """A piece of a line with the name of its style, one of ``STYLES``."""

    text: str
    style: str = ""


#: What the styles look like, in rich's words.
STYLES = {
    "": "",
    "dim": "dim",
    "bold": "bold",
    "bad": "bold red",
    "good": "bold green",
    "warn": "bold yellow",
    "place": "cyan",
    "figure": "bold cyan",
}

Line = tuple[Span, ...]

#: What a reporter returns: lines for a person, or the finished text of a data format.
Document = Iterable[Line] | str


def visible(text: str, limit: int = SPAN_LIMIT) -> str:
    r"""Return text that can neither steer a terminal nor flood it.

    Control characters, escape sequences and bidirectional controls are shown escaped (``\x1b``); text longer
    than ``limit`` is cut, and says how much is missing.
    """
    missing = len(text) - limit
    if missing > 0:
        text = text[:limit]
    if not text.isascii() or not text.isprintable():
        text = "".join(_shown(char) for char in text)
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
        yield "".join(visible(span.text) for span in spans).rstrip()


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
            for span in spans:
                styled.append(visible(span.text), STYLES[span.style] or None)
            console.print(styled, soft_wrap=True)
    stream.flush()
