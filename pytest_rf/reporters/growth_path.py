"""The path along which a figure grew, as a column of contributions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pytest_rf.figures import number, shown, value
from pytest_rf.findings import Finding, Step
from pytest_rf.reporters.lines import Line, Span
from pytest_rf.reporters.text import count
from pytest_rf.reporters.wrapping import middle
from pytest_rf.requirements.vocabulary import METRICS

#: Paths longer than this are folded: the first and the last few layers are shown, the others counted.
LONGEST = 12
_FIRST, _LAST = 4, 6

#: Longer descriptions of layers are shortened.
_LAYER = 56


def growth(finding: Finding, indent: str, above: str = "") -> Iterator[Line]:
    """Yield lines that show layer by layer how a figure came about.

    Args:
        finding: the finding.
        indent: what stands before each line.
        above: where the very same has been told, if it has.
    """
    steps = finding.path
    if not steps:
        return
    along = f" along {' and '.join(finding.axes)}" if finding.axes else ""
    if above:
        yield Span(indent), Span(f"how {_what(finding)}{along}: as told above, of {above}", "dim")
        return
    layers = ", layer by layer" if finding.axes else ""
    layers += f", in {finding.counted}" if finding.counted else ""
    yield Span(indent), Span(f"how {_what(finding)}{along}{layers}:", "dim")
    told = steps if len(steps) <= LONGEST else (*steps[:_FIRST], *steps[-_LAST:])
    added = max(len(grown(step)) for step in told)
    size = max(len(reached(step)) for step in told)
    for place, step in enumerate(told):
        if len(told) < len(steps) and place == _FIRST:
            folded = steps[_FIRST:-_LAST]
            text_folded = f"{count(len(folded), 'layer')} more{_together(folded)}"
            yield Span(f"{indent}  {'⋮':>{added}}   {'':>{size}}  "), Span(text_folded, "dim")
        yield (
            Span(f"{indent}  "),
            Span(f"{grown(step):>{added}}", "figure"),
            Span(f" → {reached(step):>{size}}  ", "dim"),
            Span(middle(step.layer, _LAYER)),
        )


def _what(finding: Finding) -> str:
    """Return what grew, or moved, if it is a place."""
    metric = METRICS.get(finding.figure)
    verb = "moved" if metric is not None and metric.kind == "place" else "grew"
    name = metric.grows if metric is not None else finding.figure
    return " ".join(filter(None, (name, finding.side, verb)))


def grown(step: Step) -> str:
    """Return what a layer added as people write it: ``+32``, ``×2``, ``whole axis``."""
    growth = number(step.growth)
    if growth == math.inf:
        return "whole axis"
    return f"{'×' if step.times else '+' if growth >= 0 else ''}{shown(growth)}"


def reached(step: Step) -> str:
    """Return what a figure was after a layer: ``91``, ``all``."""
    total = number(step.total)
    return "all" if total == math.inf else shown(total)


def _together(steps: Sequence[Step]) -> str:
    """Return what folded layers add together, where all of them add a number."""
    growths = [number(step.growth) for step in steps]
    if not all(map(math.isfinite, growths)):
        return ""
    times = steps[0].times
    return f": {grown(Step('', value(math.prod(growths) if times else sum(growths)), 0, times))}"
