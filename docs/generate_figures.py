"""Writes the table of docs/figures.md from the table of metrics that the analysis uses.

Usage: python docs/generate_figures.py
"""

from __future__ import annotations

import re
from pathlib import Path

from pytest_rf.analysis.metrics import TABLE

PAGE = Path(__file__).parent / "figures.md"
HEAD = "| figure | in | meaning |\n| --- | --- | --- |\n"

_TABLE = re.compile(re.escape(HEAD) + r"(?:\|.*\n)*")


def table() -> str:
    """Return the table: one line per metric, with an anchor of its name that other pages link to."""
    return HEAD + "".join(
        f'| <a id="{row.name}"></a>`{row.name}` | {row.unit} | {row.meaning} |\n' for row in TABLE
    )


def page(text: str) -> str:
    """Return the page with the table as it is now."""
    return _TABLE.sub(lambda _: table(), text, count=1)


def main() -> None:
    """Write what is generated of the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
