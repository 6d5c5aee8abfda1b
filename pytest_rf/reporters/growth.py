"""The path along which a field grew, as a column of contributions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_rf.findings import Finding
from pytest_rf.reporters.lines import Line, Span
from pytest_rf.reporters.words import count

#: Paths longer than this are folded: the first and the last few layers are shown, the others counted.
LONGEST = 12
_FIRST, _LAST = 4, 6

_NUMBER = re.compile(r"[+-]\d+")

Step = tuple[str, str, str]
"""A layer, what it added, and the size of the field behind it."""


def growth(finding: Finding, indent: str) -> Iterator[Line]:
    """Yield lines that show layer by layer how the field came to its size."""
    steps = _steps(finding.path)
    if not steps:
        return
    axis = finding.axis.replace(", ", " and ")
    yield (
        Span(indent),
        Span(f"how the field grew along {axis}, layer by layer:" if axis else "how the field grew:", "dim"),
    )
    shown = steps if len(steps) <= LONGEST else [*steps[:_FIRST], *steps[-_LAST:]]
    added = max(len(step[1]) for step in shown)
    size = max(len(step[2]) for step in shown)
    for number, (layer, text, after) in enumerate(shown):
        if len(shown) < len(steps) and number == _FIRST:
            folded = steps[_FIRST:-_LAST]
            text_folded = f"{count(len(folded), 'layer')} more{_sum(folded)}"
            yield Span(f"{indent}  {'⋮':>{added}}    {'':>{size}}  "), Span(text_folded, "dim")
        yield (
            Span(f"{indent}  "),
            Span(f"{text:>{added}}", "figure"),
            Span(f" → {after:>{size}}  ", "dim"),
            Span(layer),
        )


def _steps(path: Sequence[tuple[str, str]]) -> list[Step]:
    size: int | None = 1
    steps = []
    for layer, text in path:
        if size is not None and _NUMBER.fullmatch(text):
            size += int(text)
        else:
            size = None
        steps.append((layer, text, "all" if size is None else str(size)))
    return steps


def _sum(steps: Sequence[Step]) -> str:
    """Return what folded layers add together, where all of them add a number."""
    if all(_NUMBER.fullmatch(text) for _, text, _ in steps):
        return f": {sum(int(text) for _, text, _ in steps):+d}"
    return ""
