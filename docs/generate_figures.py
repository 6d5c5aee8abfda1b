"""Writes the table of docs/figures.md from the table of metrics that the analysis uses.

Usage: python docs/generate_figures.py [--check]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pytest_rf.analysis.metrics import TABLE

PAGE = Path(__file__).parent / "figures.md"
HEAD = "| figure | in | meaning |\n| --- | --- | --- |\n"

_TABLE = re.compile(re.escape(HEAD) + r"(?:\|.*\n)*")


def table() -> str:
    """Return the table: one line per metric."""
    return HEAD + "".join(f"| `{row.name}` | {row.unit} | {row.meaning} |\n" for row in TABLE)


def page(text: str) -> str:
    """Return the page with the table as it is now."""
    return _TABLE.sub(lambda _: table(), text, count=1)


def main() -> int:
    """Write the page, or say whether it is up to date."""
    current = PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        if current != page(current):
            print(f"{PAGE.name} is out of date: run python docs/generate_figures.py")
            return 1
        return 0
    PAGE.write_text(page(current), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
