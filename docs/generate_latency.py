"""Writes the grammar of front-ends into docs/latency.md, from the docstring of its parser.

Usage: python docs/generate_latency.py
"""

from __future__ import annotations

import re
from pathlib import Path

from pytest_rf.framing import grammar

PAGE = Path(__file__).parent / "latency.md"

BEGIN = "<!-- grammar: written by docs/generate_latency.py -->\n"
END = "<!-- end of grammar -->\n"


def written() -> str:
    """Return the grammar and its meaning, as the docstring has them."""
    rules, _, meaning = (grammar.__doc__ or "").partition("The grammar is:")[2].partition("Its meaning:")
    plain = re.sub(r"(?m)^ {4}", "", rules).strip("\n")
    return f"```text\n{plain}\n```\n\n{meaning.strip().replace('``', '`')}\n"


def page(text: str) -> str:
    """Return the page with the grammar as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    assert found, "the page has no part for the grammar"
    return f"{before}{BEGIN}\n{written()}\n{END}{after}"


def main() -> None:
    """Write what is generated of the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
