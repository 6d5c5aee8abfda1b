"""Everything about each finding: what was measured and required, where, how it came about, what would help."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby
from typing import TypeAlias

from pytest_rf import paths
from pytest_rf.findings import Elsewhere, Finding
from pytest_rf.reporters import alike
from pytest_rf.reporters.alike import Group
from pytest_rf.reporters.cures import helps
from pytest_rf.reporters.growth_path import growth
from pytest_rf.reporters.lines import Line, Span, line
from pytest_rf.reporters.summary import more
from pytest_rf.reporters.witness import witness
from pytest_rf.reporters.wrapping import middle
from pytest_rf.requirements.vocabulary import PREDICATES
from pytest_rf.requirements.wording import TILINGS, elsewhere, located, measured, on_axes
from pytest_rf.results import Run

#: Findings shown per model.
MOST = 100

#: Further tensors shown per finding.
OTHERS = 6

#: Shorter paths are told again.
_SHORT = 3

#: How a figure of a model grew, and the finding that has told it.
Told: TypeAlias = "dict[Hashable, tuple[str, Finding]]"

#: Longer names are shortened where they stand beside others.
_NAME = 44


def findings(run: Run, verbosity: int = 0) -> Iterator[Line]:
    """Yield the findings, each as a paragraph; what many models have in common once.

    Witnesses are told where a run was held against them, and with Python that shows it where ``verbosity`` is above 0.
    """
    told: Told = {}
    files = {result.model: result.file for result in run.models}
    for one in alike.findings(run, MOST):
        if isinstance(one, Group):
            yield from finding(one.finding, one.models, told)
            if verbosity > 0:
                yield from _blame(one.finding)
            if verbosity > 0 or (one.finding.witness is not None and one.finding.witness.verified):
                file = files.get(one.finding.model, "")
                yield from witness(one.finding, file, f"{gutter(one.finding)}  ", verbosity > 0)
        else:
            yield more(len(one.findings) - MOST)
        yield ()


def finding(found: Finding, models: Sequence[str] = (), told: Told | None = None) -> Iterator[Line]:
    """Yield one finding as a paragraph.

    Args:
        found: the finding.
        models: those that have it, if they are several.
        told: the paths that have been told, which are told once; takes this one's.
    """
    short = middle(found.tensor, _NAME)
    # Where it is, a line of its own says.
    message = found.message.replace(located(found.tensor, found.op), "").replace(
        f'"{found.tensor}"', f'"{short}"'
    )
    yield line((found.code, "bad"), f" {message}")
    number, margin = _number(found), gutter(found)
    yield line((f"{margin} --> ", "dim"), (place(found) or "--require", "place"), *_models(found, models))
    if found.requirement:
        yield line((f"{margin}  |", "dim"))
        yield line((f" {number} | " if number else "  | ", "dim"), found.requirement)
        yield line((f"{margin}  | ", "dim"), *_mark(found))
    if found.tensor:
        yield line((f"{margin}  = ", "dim"), *_tensor(found))
    if any(one.tensor != found.tensor for one in found.others):  # the message has those of the same tensor
        yield line((f"{margin}  = ", "dim"), "also: " + _others(found))
    yield from growth(found, f"{margin}    ", _above(found, {} if told is None else told))
    if found.accepted:
        yield line((f"{margin}  = ", "dim"), "accepted context, left out here: " + ", ".join(found.accepted))
    for text in helps(found):
        first, *others = text.split("\n")
        yield line((f"{margin}  = ", "dim"), ("help: ", "good"), first)
        yield from (line(f"{margin}      {other}") for other in others)


def _blame(found: Finding) -> Iterator[Line]:
    """Yield every operator that is to blame, where they are several: the message has the first."""
    from pytest_rf.requirements.blaming import does, operator, step

    for one in found.blame if len(found.blame) > 1 else ():
        yield line((f"{gutter(found)}  = ", "dim"), f"blame: {operator(one)} {does(one)}{step(one)}")


def gutter(found: Finding) -> str:
    """Return the margin of a finding's paragraph, as wide as the number of its line."""
    return " " * len(_number(found))


def _number(found: Finding) -> str:
    return str(found.line) if found.line and found.requirement else ""


def _above(found: Finding, told: Told) -> str:
    """Return which finding has told the same path; empty where none has, or where it is as short as saying so."""
    if len(found.path) < _SHORT:
        return ""
    by = f"{found.code} at {place(found)}" if found.requirement and found.line else found.code
    first = told.setdefault((found.model, found.figure, found.side, found.axes, found.path), (by, found))
    return "" if first[1] is found else first[0]


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
    if found.metric not in PREDICATES and all(isinstance(one.low, bool) for one in other.measured):
        return axes.strip()  # that the same is true there the message has said
    if found.metric in PREDICATES:
        return f"{elsewhere(found, other)}{axes}" if axes else ""
    return f"{elsewhere(found, other)}{axes}"


def _mark(found: Finding) -> list[Span]:
    """Underline what is required, or all of the requirement, and say what was measured."""
    start, end = found.span or (0, len(found.requirement))
    text = measured(found)
    told = text if found.metric in TILINGS else f"measured {text}"
    said = f"undecidable{text and ': '}{text}" if found.undecidable else told
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
        spans += [Span(", made in "), Span(paths.line(found.source), "place")]
    if found.input:
        spans.append(Span(f", towards input {found.input}"))
    return spans
