"""Everything about each finding: what was measured and required, where, how it came about, what would help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from pytest_rf.cures.wording import helps
from pytest_rf.findings import Elsewhere, Finding
from pytest_rf.reporters import alike
from pytest_rf.reporters.alike import Group
from pytest_rf.reporters.growth_path import growth
from pytest_rf.reporters.lines import Line, Span, line
from pytest_rf.reporters.summary import more
from pytest_rf.reporters.wrapping import middle
from pytest_rf.requirements.vocabulary import PREDICATES
from pytest_rf.requirements.wording import elsewhere, measured, on_axes
from pytest_rf.results import Run

#: Findings shown per model.
MOST = 100

#: Further tensors shown per finding.
OTHERS = 6

#: Longer names are shortened where they stand beside others.
_NAME = 44


def findings(run: Run) -> Iterator[Line]:
    """Yield the findings, each as a paragraph; what many models have in common once."""
    for one in alike.findings(run, MOST):
        if isinstance(one, Group):
            yield from finding(one.finding, one.models)
        else:
            yield more(len(one.findings) - MOST)
        yield ()


def finding(found: Finding, models: Sequence[str] = ()) -> Iterator[Line]:
    """Yield one finding as a paragraph; ``models`` are those that have it, if they are several."""
    short = middle(found.tensor, _NAME)
    message = found.message.replace(f'"{found.tensor}"', f'"{short}"')
    yield line((found.code, "bad"), f" {message}")
    number = str(found.line) if found.line and found.requirement else ""
    gutter = " " * len(number)
    yield line((f"{gutter} --> ", "dim"), (place(found) or "--require", "place"), *_models(found, models))
    if found.requirement:
        yield line((f"{gutter}  |", "dim"))
        yield line((f" {number} | " if number else "  | ", "dim"), found.requirement)
        yield line((f"{gutter}  | ", "dim"), *_mark(found))
    if found.tensor:
        yield line((f"{gutter}  = ", "dim"), *_tensor(found))
    if found.others:
        yield line((f"{gutter}  = ", "dim"), "also: " + _others(found))
    yield from growth(found, f"{gutter}    ")
    if found.accepted:
        yield line((f"{gutter}  = ", "dim"), "accepted context, left out here: " + ", ".join(found.accepted))
    for text in helps(found):
        yield line((f"{gutter}  = ", "dim"), ("help: ", "good"), text)


def place(found: Finding) -> str:
    """Return a finding's place as editors open it: ``rf.toml:9:3``."""
    return ":".join([found.file, *(str(number) for number in (found.line, found.column) if number)])


def _models(found: Finding, models: Sequence[str]) -> list[Span]:
    """Name the model, or the first of many."""
    if len(models) < 2:
        return [Span(f" in model {found.model}")]
    return [Span(f" in {len(models):,} models: "), Span(alike.named(models)), Span("; of the first:")]


def _others(found: Finding) -> str:
    """Say what was measured at the next few tensors: ``24 at up2, up3; 20 at up4; and 5 more``."""
    told = found.others[:OTHERS]
    parts = []
    for said, same in groupby(told, lambda other: _other(found, other)):
        names = ", ".join(middle(other.tensor, _NAME) for other in same)
        parts.append(f"{said} at {names}" if said else names)
    if len(found.others) > len(told):
        parts.append(f"and {len(found.others) - len(told):,} more")
    return "; ".join(parts)


def _other(found: Finding, other: Elsewhere) -> str:
    """Return what is worth telling of a further tensor: its figure, its axes if they are others, why it is open."""
    axes = "" if other.axes == found.axes else on_axes(other.axes)
    if other.undecidable:
        why = f" ({other.reason})" if other.reason not in ("", found.reason) else ""
        return "" if found.undecidable and not why else f"undecidable{axes}{why}"
    if found.metric in PREDICATES:
        return f"{elsewhere(found, other)}{axes}" if axes else ""
    return f"{elsewhere(found, other)}{axes}"


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
        about.append(f"node {middle(found.node, _NAME)}")
    if found.module and found.module != found.tensor:
        about.append(f"module {middle(found.module, _NAME)}")
    spans = [Span("at tensor "), Span(found.tensor, "bold")]
    if about:
        spans.append(Span(f" ({', '.join(about)})"))
    if found.source:
        spans += [Span(", made in "), Span(found.source, "place")]
    if found.input:
        spans.append(Span(f", towards input {found.input}"))
    return spans
