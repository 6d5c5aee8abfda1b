"""Globs over names: ``*``, ``?``, ``[abc]``, ``[!a-z]``, matched without ever backtracking over a star.

``fnmatch`` turns a glob into a regular expression whose time can grow with a power of the name's length, and
both the glob and the names may be hostile. Here each piece between two stars is placed at the first position
where it fits, once; a star never gives back what it took. So the time is at most the length of the name times
the length of the pattern, which is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from msgspec import Struct

#: Longer patterns than this are refused.
MAX_LENGTH = 1000


class _Class(Struct, frozen=True):
    """A ``[...]``: ranges of characters, possibly negated."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool

    def matches(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) is not self.negated


class _Any:
    """A ``?``."""

    def matches(self, char: str) -> bool:
        return True


_Piece = tuple["str | _Class | _Any", ...]


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether a name matches; a name equal to the pattern always does.

    The whole name must match. ``*`` also goes across dots and slashes. An unclosed ``[`` stands for itself.

    Raises:
        ValueError: the pattern is longer than ``MAX_LENGTH``.
    """
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"the pattern is longer than {MAX_LENGTH} characters")
    pieces = _pieces(pattern)
    return lambda name: name == pattern or _matches(pieces, name)


def selects(selector: str, op: str, known_as: Iterable[str]) -> bool:
    """Return whether ``op:NAME`` or a glob over names, as in ``accept_context``, means what has these names."""
    kind, _, rest = selector.partition(":")
    if kind.lower() == "op" and rest:
        return any(map(matcher(rest.lower()), operator_names(op)))
    return any(map(matcher(selector), known_as))


def operator_names(op: str) -> tuple[str, ...]:
    """Return the names that ``op:NAME`` is held against: ``aten.conv2d`` is known as ``conv2d`` too."""
    name = op.lower()
    return tuple(dict.fromkeys((name, name.rpartition(".")[2])))


@lru_cache(maxsize=256)
def _pieces(pattern: str) -> tuple[_Piece, ...]:
    """Split a pattern at its stars."""
    pieces: list[list[str | _Class | _Any]] = [[]]
    index = 0
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if char == "*":
            pieces.append([])
        elif char == "?":
            pieces[-1].append(_Any())
        elif char == "[":
            # As in fnmatch, a ] in first place belongs to the class.
            first = index + (pattern[index : index + 1] == "!")
            end = pattern.find("]", first + 1)
            if end == -1:
                pieces[-1].append("[")
                continue
            pieces[-1].append(_class(pattern[first:end], negated=first > index))
            index = end + 1
        else:
            pieces[-1].append(char)
    return tuple(map(tuple, pieces))


def _class(body: str, negated: bool) -> _Class:
    """Return the class that the text between the brackets describes."""
    ranges = []
    index = 0
    while index < len(body):
        if body[index + 1 : index + 2] == "-" and index + 2 < len(body):
            ranges.append((body[index], body[index + 2]))
            index += 3
        else:
            ranges.append((body[index], body[index]))
            index += 1
    return _Class(tuple(ranges), negated)


def _fits(piece: _Piece, name: str, position: int) -> bool:
    """Return whether a piece fits at a position of a name that is long enough for it."""
    return all(
        name[position + index] == element
        if isinstance(element, str)
        else element.matches(name[position + index])
        for index, element in enumerate(piece)
    )


def _matches(pieces: tuple[_Piece, ...], name: str) -> bool:
    """Return whether the pieces, with stars between them, make up the name."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return len(name) == len(first) and _fits(first, name, 0)
    position, end = len(first), len(name) - len(last)
    if position > end or not _fits(first, name, 0) or not _fits(last, name, end):
        return False
    for piece in pieces[1:-1]:
        while position + len(piece) <= end and not _fits(piece, name, position):
            position += 1
        if position + len(piece) > end:
            return False
        position += len(piece)
    return True
