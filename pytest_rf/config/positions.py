"""Where in a TOML file each key and each item of an array stands, as its grammar says and not as a search guesses.

The grammar is loaded when the first place is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from tree_sitter import Node

#: The way to a value: keys of tables and numbers of items, ``("model", 0, "require", 2)``.
Keys: TypeAlias = "tuple[str | int, ...]"

#: Of longer arrays, which no configuration has, the rest of the items stand where the array does.
_MOST = 2000


class Place(NamedTuple):
    """A line and a column, in characters, both counted from 1; 0 where it is not known."""

    line: int = 0
    column: int = 0


class Positions:
    """The places of a file's keys, tables and items; none where the grammar does not understand the text."""

    def __init__(self, text: str) -> None:
        """Read a text, which is TOML."""
        import tree_sitter_toml
        from tree_sitter import Language, Parser

        content = text.encode("utf-8")
        self._lines = content.split(b"\n")
        root = Parser(Language(tree_sitter_toml.language())).parse(content).root_node
        try:
            # A grammar that goes on behind what it does not know may take it for something else.
            self._points = {} if root.has_error else _Reader().read(root)
        except (RecursionError, ValueError):
            self._points = {}

    def at(self, keys: Keys) -> Place:
        """Return where a key, a table's header or an item of an array begins, or what it would stand in.

        What a default stands for is nowhere, and the table that could have it is the place to write it.
        """
        for length in range(len(keys), 0, -1):
            if keys[:length] in self._points:
                row, column = self._points[keys[:length]]
                # The grammar counts bytes.
                return Place(row + 1, len(self._lines[row][:column].decode("utf-8")) + 1)
        return Place()


class _Reader:
    """Goes through the syntax of a file once."""

    def __init__(self) -> None:
        self._found: dict[Keys, tuple[int, int]] = {}
        self._counts: dict[Keys, int] = {}

    def read(self, root: Node) -> dict[Keys, tuple[int, int]]:
        """Return the row and the byte, from 0, of everything in a file."""
        for node in root.named_children:
            if node.type == "pair":
                self._pair(node, ())
            elif node.type in ("table", "table_array_element"):
                self._table(node)
        return self._found

    def _table(self, node: Node) -> None:
        """Take a header and the pairs below it."""
        header, *pairs = (child for child in node.named_children if child.type != "comment")
        keys: Keys = ()
        names = _names(header)
        for number, name in enumerate(names, 1):
            keys = (*keys, name)
            if number == len(names) and node.type == "table_array_element":
                self._keep(keys, node)
                self._counts[keys] = self._counts.get(keys, 0) + 1
            if keys in self._counts:
                keys = (*keys, self._counts[keys] - 1)  # the last of an array of tables
            self._keep(keys, node)
        for pair in pairs:
            self._pair(pair, keys)

    def _pair(self, node: Node, keys: Keys) -> None:
        """Take a key, dotted or not, and its value."""
        name, value = (child for child in node.named_children if child.type != "comment")
        for part in _names(name):
            keys = (*keys, part)
            self._keep(keys, node)
        self._value(value, keys)

    def _value(self, node: Node, keys: Keys) -> None:
        """Take what stands in an array or an inline table."""
        inner = (child for child in node.named_children if child.type != "comment")
        if node.type == "array":
            for number, item in enumerate(islice(inner, _MOST)):
                self._keep((*keys, number), item)
                self._value(item, (*keys, number))
        elif node.type == "inline_table":
            for pair in inner:
                self._pair(pair, keys)

    def _keep(self, keys: Keys, node: Node) -> None:
        """Remember the first place of a key."""
        if keys not in self._found:
            row, column = node.start_point
            self._found[keys] = (row, column)


def _names(node: Node) -> Sequence[str]:
    """Return the parts of a key: ``a."b.c".d``."""
    return [_name(part) for part in _parts(node)]


def _parts(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        one = pending.pop()
        if one.type == "dotted_key":  # it nests to the left
            pending += reversed(one.named_children)
        else:
            yield one


def _name(node: Node) -> str:
    text = (node.text or b"").decode("utf-8")
    if node.type != "quoted_key":
        return text
    from pytest_rf.toml import loads

    value = loads(f"key = {text}")["key"]
    return str(value)
