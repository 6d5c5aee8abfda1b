"""What a stream that cannot show a sign gets in its place: one table for people, escapes for data formats.

A terminal under ``LANG=C``, a pipe on Windows and a log in ASCII can show no ``≥``, and some no ``×``. Text for
people then says ``>=`` and ``x``; JSON and XML have an escape that means the very same.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable

#: Signs that texts of pytest-rf use, and what stands for them. Columns that they lie in stay columns where one
#: sign becomes one.
SIGNS = {
    "×": "x",
    "·": "*",
    "…": "...",
    "→": "->",
    "←": "<-",
    "↔": "<->",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "≈": "~",
    "∞": "inf",
    "−": "-",
    "–": "-",
    "—": "-",
    "√": "sqrt",
    "²": "^2",
    "µ": "u",
    "μ": "u",
    "Å": "A",
    "σ": "sigma",
    "⌊": "floor(",
    "⌋": ")",
    "⋮": ":",
    "✓": "+",
    "✗": "x",
    "•": "*",
    "\N{REPLACEMENT CHARACTER}": "?",
    "│": "|",
    "─": "-",
    "└": "`",
    "├": "|",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "\u00a0": " ",
    "▒": "+",
    "░": "o",
    **dict(zip("▁▂▃▄▅▆▇█", "_.:-=+*#", strict=True)),
}

#: The error handlers of codecs that :func:`fitting` takes, by what is written.
FOR_PEOPLE, FOR_JSON, FOR_XML = "pytest-rf.signs", "pytest-rf.json", "xmlcharrefreplace"


def fitting(text: str, encoding: str | None, escape: str = FOR_PEOPLE) -> str:
    """Return text that an encoding can hold, unchanged where it can hold all of it.

    Args:
        text: what is to be written.
        encoding: that of the stream; None or an unknown one is taken for ASCII.
        escape: how to write what it lacks: ``FOR_PEOPLE``, ``FOR_JSON`` or ``FOR_XML``.
    """
    try:
        codecs.lookup(encoding or "")
    except LookupError:
        encoding = "ascii"
    encoding = encoding or "ascii"
    return text.encode(encoding, errors=escape).decode(encoding)


def _shown(char: str) -> str:
    return SIGNS.get(char) or char.encode("ascii", errors="backslashreplace").decode("ascii")


def _quoted(char: str) -> str:
    """Return a character as JSON escapes it; those beyond the basic plane are a pair."""
    units = char.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


def _handler(replacement: Callable[[str], str]) -> Callable[[UnicodeError], tuple[str, int]]:
    """Return a handler for :func:`codecs.register_error` that replaces characters one by one."""

    def handle(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        return "".join(map(replacement, error.object[error.start : error.end])), error.end

    return handle


codecs.register_error(FOR_PEOPLE, _handler(_shown))
codecs.register_error(FOR_JSON, _handler(_quoted))
