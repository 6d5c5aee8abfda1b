"""Splits the text of a requirement into words, numbers, strings and signs."""

from __future__ import annotations

import enum
import re
from typing import NoReturn

from msgspec import Struct

from pytest_rf.requirements.expressions import BARE
from pytest_rf.requirements.syntax import RequirementTextError

#: Nobody writes a requirement this long by hand; what is longer is refused before it is read.
MAX_LENGTH = 2000


class Kind(enum.Enum):
    """The kinds of token, with the words that errors use for them."""

    WORD = "a word"
    NUMBER = "a number"
    STRING = "a quoted name"
    REFERENCE = "a reference"
    COMPARATOR = "a comparator"
    SIGN = "a sign"
    END = "the end"


class Token(Struct, frozen=True):
    """A token: its kind, its value (without quotes, signs made plain), where it starts and where it has ended."""

    kind: Kind
    value: str
    position: int
    end: int


_COMPARATORS = {"≥": ">=", "≤": "<=", "≠": "!=", "=>": "?", "=<": "?", "<>": "?"}

# What follows a number directly may be a unit ("25ms"), so the word is not part of the number.
_PATTERN = re.compile(
    r"""(?P<space>\s+)
    | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<reference>(?:op|attr|meta|file):)
    | (?P<word>[^\W\d]\w*)
    | (?P<comparator>>=|<=|==|!=|=>|=<|<>|[<>≥≤≠])
    | (?P<sign>[.%/()=+*×−-])""",
    re.VERBOSE | re.IGNORECASE,
)
#: Signs that are written in several ways.
_SIGNS = {"−": "-", "×": "*"}


def scan(text: str) -> list[Token]:
    """Return the tokens of a requirement, the last one ``END``.

    Raises:
        RequirementTextError: the text is too long or holds something that no requirement does.
    """
    if len(text) > MAX_LENGTH:
        fail(f"longer than {MAX_LENGTH} characters: split it into several requirements", text, MAX_LENGTH)
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        if text[position] in "\"'":
            value, end = _string(text, position)
            tokens.append(Token(Kind.STRING, value, position, end))
            position = end
            continue
        match = _PATTERN.match(text, position)
        if match is None:
            fail(f"unexpected character {text[position]!a}", text, position)
        kind, value, end = str(match.lastgroup), match.group(), match.end()
        if kind == "reference":
            name, end = _reference_name(text, value, end)
            tokens.append(Token(Kind.REFERENCE, value.lower() + name, position, end))
        elif kind == "comparator":
            value = _COMPARATORS.get(value, value)
            if value == "?":
                fail("no such comparator: use >=, <=, >, <, == or !=", text, position)
            tokens.append(Token(Kind.COMPARATOR, value, position, end))
        elif kind != "space":
            tokens.append(Token(Kind[kind.upper()], _SIGNS.get(value, value), position, end))
        position = end
    tokens.append(Token(Kind.END, "", len(text), len(text)))
    return tokens


def fail(reason: str, text: str, position: int) -> NoReturn:
    """Raise the error of a place in a requirement."""
    raise RequirementTextError(reason, text, position)


def _string(text: str, position: int) -> tuple[str, int]:
    """Return the string that starts at a quote, and the position behind it."""
    end = text.find(text[position], position + 1)
    if end == -1:
        fail(f"the closing quote {text[position]} is missing", text, position)
    if end == position + 1:
        fail("an empty name selects nothing", text, position)
    return text[position + 1 : end], end + 1


def _reference_name(text: str, prefix: str, position: int) -> tuple[str, int]:
    """Return the name behind ``op:``, ``attr:``, ``meta:`` or ``file:``, quoted or bare, and the position behind it."""
    if position < len(text) and text[position] in "\"'":
        return _string(text, position)
    match = re.compile(BARE[prefix[:-1].lower()]).match(text, position)
    if match is None and prefix.lower() == "file:":
        fail(
            "a file and a key must follow, as in file:docs/model.toml#unet.rf; other names in quotes",
            text,
            position,
        )
    if match is None:
        fail(f"a name must follow {prefix} without a space", text, position)
    return match.group(), match.end()
