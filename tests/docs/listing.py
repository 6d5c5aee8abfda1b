"""Runs the Python of the tutorial and the pages on jobs and explanations, and their configurations, as a reader would.

The ``python`` blocks of a page run one after the other, in a folder with the examples; a ``text`` block right behind
one is what it prints. A ``toml`` block is a configuration beside ``examples``, of which everything holds.
``python tests/docs/listing.py [PAGE ...]`` writes what they print now into the pages.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from blocks import ROOT

_DOCS = ROOT / "docs"
PAGES = [
    _DOCS / "first-steps.md",
    *sorted(page for folder in ("jobs", "explanation") for page in (_DOCS / folder).glob("*.md")),
]

_LISTING = re.compile(r"(?ms)^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?")
_TOML = re.compile(r"(?ms)^```toml\n(.*?)^```$")


def needs_torch(text: str) -> bool:
    """Return whether a page's Python is about PyTorch."""
    return any("import torch" in code for code in listings(text))


def listings(text: str) -> list[str]:
    """Return the Python of a page."""
    return [code for code, _ in _LISTING.findall(text)]


def shown(text: str) -> list[str]:
    """Return what the page says that its blocks print."""
    return [said for _, said in _LISTING.findall(text)]


def printed(text: str, name: str) -> Iterator[str]:
    """Run the blocks of a page, as of a file of that name, and yield what each prints."""
    names: dict[str, object] = {"__name__": "page"}
    for code in listings(text):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(code, name, "exec"), names)
        yield out.getvalue()


def configurations(text: str) -> list[str]:
    """Return the configurations of a page."""
    return _TOML.findall(text)


def update(page: Path) -> None:
    """Write what a page's Python prints now into it."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "examples", Path(folder) / "examples")
        os.chdir(folder)
        now = iter(list(printed(text, f"{page.stem}.py")))
        os.chdir(ROOT)

    def block(match: re.Match[str]) -> str:
        said = next(now)
        return f"```python\n{match[1]}```" + (f"\n\n```text\n{said}```" if said else "")

    page.write_text(_LISTING.sub(block, text), encoding="utf-8")


if __name__ == "__main__":
    for path in [path.resolve() for path in map(Path, sys.argv[1:])] or PAGES:
        update(path)
