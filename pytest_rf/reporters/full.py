"""Everything about each finding: what was measured and required, where, how it came about, what would help."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rf.findings import Finding
from pytest_rf.reporters.growth_path import growth
from pytest_rf.reporters.lines import Line, Span, line
from pytest_rf.reporters.summary import more
from pytest_rf.requirements.wording import measured
from pytest_rf.results import Run

#: Findings shown per model.
MOST = 100


def findings(run: Run) -> Iterator[Line]:
    """Yield the findings, each as a paragraph."""
    for result in run.models:
        for found in result.findings[:MOST]:
            yield from finding(found)
            yield ()
        if len(result.findings) > MOST:
            yield more(len(result.findings) - MOST)
            yield ()


def finding(found: Finding) -> Iterator[Line]:
    """Yield one finding as a paragraph."""
    yield line((found.code, "bad"), f" {found.message}")
    number = str(found.line) if found.line and found.requirement else ""
    gutter = " " * len(number)
    place = f"{found.file}:{found.line}" if found.line else found.file or "--require"
    yield line((f"{gutter} --> ", "dim"), (place, "place"), f" in model {found.model}")
    if found.requirement:
        yield line((f"{gutter}  |", "dim"))
        yield line((f" {number} | " if number else "  | ", "dim"), found.requirement)
        yield line((f"{gutter}  | ", "dim"), *_mark(found))
    yield line((f"{gutter}  = ", "dim"), *_tensor(found))
    yield from growth(found, f"{gutter}    ")
    if found.accepted:
        yield line((f"{gutter}  = ", "dim"), "accepted context, left out here: " + ", ".join(found.accepted))
    if found.help:
        yield line((f"{gutter}  = ", "dim"), ("help: ", "good"), found.help)


def _mark(found: Finding) -> list[Span]:
    """Underline what is required, or all of the requirement, and say what was measured."""
    start, end = found.span or (0, len(found.requirement))
    text = measured(found)
    said = f"undecidable{text and ': '}{text}" if found.undecidable else f"measured {text}"
    return [Span(" " * start), Span("^" * max(end - start, 1) + f" {said}", "bad")]


def _tensor(found: Finding) -> list[Span]:
    """Say at which tensor, computed where."""
    about = [found.op] if found.op else []
    if found.node and found.node != found.tensor:
        about.append(f"node {found.node}")
    if found.module:
        about.append(f"module {found.module}")
    spans = [Span("at tensor "), Span(found.tensor, "bold")]
    if about:
        spans.append(Span(f" ({', '.join(about)})"))
    if found.source:
        spans += [Span(", made in "), Span(found.source, "place")]
    if found.input:
        spans.append(Span(f", towards input {found.input}"))
    return spans
