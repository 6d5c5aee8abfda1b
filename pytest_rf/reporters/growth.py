"""The path along which a figure grew, as a column of contributions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pytest_rf.figures import shown
from pytest_rf.findings import Finding, Step
from pytest_rf.reporters.lines import Line, Span
from pytest_rf.reporters.words import count

#: Paths longer than this are folded: the first and the last few layers are shown, the others counted.
LONGEST = 12
_FIRST, _LAST = 4, 6

#: What is a place moves, it does not grow.
_PLACES = ("the start", "the centre")


def growth(finding: Finding, indent: str) -> Iterator[Line]:
    """Yield lines that show layer by layer how a figure came about."""
    steps = finding.path
    if not steps:
        return
    axis = finding.axis.replace(", ", " and ")
    what = f"{finding.figure or 'the field'} {'moved' if finding.figure in _PLACES else 'grew'}"
    yield (
        Span(indent),
        Span(f"how {what} along {axis}, layer by layer:" if axis else f"how {what}:", "dim"),
    )
    shown = steps if len(steps) <= LONGEST else (*steps[:_FIRST], *steps[-_LAST:])
    added = max(len(step.text) for step in shown)
    size = max(len(_total(step)) for step in shown)
    for number, step in enumerate(shown):
        if len(shown) < len(steps) and number == _FIRST:
            folded = steps[_FIRST:-_LAST]
            text_folded = f"{count(len(folded), 'layer')} more{_together(folded)}"
            yield Span(f"{indent}  {'⋮':>{added}}    {'':>{size}}  "), Span(text_folded, "dim")
        yield (
            Span(f"{indent}  "),
            Span(f"{step.text:>{added}}", "figure"),
            Span(f" → {_total(step):>{size}}  ", "dim"),
            Span(step.layer),
        )


def _total(step: Step) -> str:
    return "all" if step.total == math.inf else shown(step.total)


def _together(steps: Sequence[Step]) -> str:
    """Return what folded layers add together, where all of them add a number."""
    if any(isinstance(step.growth, float) and math.isinf(step.growth) for step in steps):
        return ""
    if steps[0].times:
        return f": ×{shown(math.prod(step.growth for step in steps))}"
    return f": {Step('', sum(step.growth for step in steps), 0).text}"
