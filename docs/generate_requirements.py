"""Writes the words and the grammar of docs/requirements.md from the table of metrics and the parser's docstring.

Usage: python docs/generate_requirements.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pytest_rf.analysis.metrics import METRICS, PREDICATES, Metric
from pytest_rf.requirements import parser

PAGE = Path(__file__).parent / "requirements.md"

#: What a metric is compared with, by its kind.
COMPARED = {
    "length": "positions, lengths, percentages of the input",
    "place": "positions, lengths, percentages of the input",
    "step": "positions, lengths",
    "ratio": "a share: `0.5`, `50%`",
    "truth": "`yes`, `no`",
}


def words() -> str:
    """Return the tables of metrics and predicates."""
    metrics = "".join(f"| {_link(row)} | {COMPARED[row.kind]} | {_read(row)} |\n" for row in METRICS.values())
    predicates = "".join(f"| {_link(row, 'is ')} | {_about(row)} |\n" for row in PREDICATES.values())
    return (
        f"| metric | is compared with | and is |\n| --- | --- | --- |\n{metrics}\n"
        f"| predicate | is |\n| --- | --- |\n{predicates}"
    )


def _link(row: Metric, before: str = "") -> str:
    return f"[`{before}{row.name}`](figures.md#{row.name})"


def _read(row: Metric) -> str:
    said = ["a guarantee" if row.guarantee else "", "yes or no" if row.kind == "truth" else ""]
    if row.form == "sides":
        said.append("held on either side")
    if row.tiled is not None:
        said.append(f"`{row.name}(align=N)` for tiles on multiples of N")
    if row.ranged:
        said.append("a range: `>=` holds for the smallest unit, `<=` for the largest")
    if row.joint:
        said.append("of all selected tensors together")
    return "; ".join(filter(None, said)) or "one figure"


def _about(row: Metric) -> str:
    about = "about the batch axis" if row.axis == "batch" else "about every spatial axis"
    return f"{'a guarantee, ' if row.guarantee else ''}{about}"


def grammar() -> str:
    """Return the grammar and its meaning, as the parser's docstring has them."""
    rules, _, rest = _lines("The grammar is:").partition("Its meaning:")
    meaning = rest.strip().replace("``", "`")
    return f"```text\n{_dedented(rules)}\n```\n\n{meaning}\n"


def _lines(head: str) -> str:
    return (parser.__doc__ or "").partition(head)[2]


def _dedented(text: str) -> str:
    return re.sub(r"(?m)^ {4}", "", text).strip("\n")


def parts() -> Iterator[tuple[str, str]]:
    """Yield the names of the parts that are written here, and what stands in them."""
    yield "words", words()
    yield "grammar", grammar()


def page(text: str) -> str:
    """Return the page with its written parts as they are now."""
    for name, part in parts():
        begin = f"<!-- {name}: written by docs/generate_requirements.py -->\n"
        end = f"<!-- end of {name} -->\n"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        assert found, f"the page has no part {name}"
        text = f"{before}{begin}\n{part}\n{end}{after}"
    return text


def main() -> None:
    """Write what is generated of the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
