"""Runs the Python of the tutorial and the pages on jobs and explanations, and their configurations, as a reader would.

The ``python`` blocks of a page run one after the other, with the checkout as the working directory; a ``text`` block
right behind one is what it prints. A ``toml`` block is a configuration beside ``examples``, of which everything holds.
"""

from __future__ import annotations

import contextlib
import io
import re
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
    now = printed(text, f"{page.stem}.py")

    def block(match: re.Match[str]) -> str:
        said = next(now)
        return f"```python\n{match[1]}```" + (f"\n\n```text\n{said}```" if said else "")

    page.write_text(_LISTING.sub(block, text), encoding="utf-8")


if __name__ == "__main__":
    for path in PAGES:
        update(path)
