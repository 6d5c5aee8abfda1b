"""The code blocks of the documentation, as its pages show them. Every test that runs some takes them from here.

``python tests/docs/blocks.py`` lists all blocks with the tests that take them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


class Block(NamedTuple):
    """A block of code: its page below the checkout, the line that it begins at, its language, and what else is said."""

    page: str
    line: int
    kind: str
    info: str
    code: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line} ({self.kind or 'of no language'})"


def every() -> Iterator[Block]:
    """Yield all blocks of all pages, those within lists and those made by indentation, too."""
    for page in PAGES:
        yield from _within(page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8"))


@cache
def _within(page: str, text: str) -> list[Block]:
    return [
        Block(page, token.map[0] + 1, *token.info.partition(" ")[::2], token.content)
        for token in MarkdownIt("commonmark").parse(text)
        if token.type in ("fence", "code_block") and token.map
    ]


def of(page: str, *kinds: str) -> list[Block]:
    """Return the blocks of a page, or of those that a pattern names, in these languages: there are some."""
    found = [block for block in every() if fnmatchcase(block.page, page) and block.kind in kinds]
    assert found, f"{page} has no blocks of {' or '.join(kinds)}"
    return found


def only(page: str, kind: str) -> str:
    """Return the code of the one block that a page has in a language."""
    (block,) = of(page, kind)
    return block.code


class Taken(NamedTuple):
    """That a test module takes the blocks in some languages of the pages that a pattern names."""

    module: str
    page: str
    kinds: tuple[str, ...]

    def holds(self, block: Block) -> bool:
        """Return whether a block is one of them."""
        return fnmatchcase(block.page, self.page) and block.kind in self.kinds


def taken() -> list[Taken]:
    """Return what the test modules of this folder take, from their calls of ``of`` and ``only``."""
    return [
        Taken(path.name, page, tuple(kinds))
        for path in sorted(Path(__file__).parent.glob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("of", "only")
        for page, *kinds in [[ast.literal_eval(argument) for argument in node.args]]
    ]


if __name__ == "__main__":
    tests = taken()
    for each in every():
        print(each, *dict.fromkeys(one.module for one in tests if one.holds(each)))
