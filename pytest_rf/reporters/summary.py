"""The closing line of a run, and what is said of a model as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_rf.findings import Finding
from pytest_rf.reporters.lines import Line, Span, line
from pytest_rf.reporters.text import count
from pytest_rf.results import ModelResult, Run


def closing(run: Run) -> Line:
    """Return the closing line: ``Checked 9 models, 27 requirements: 2 violations.``"""
    requirements = sum(len(result.requirements) - _inapplicable(result) for result in run.models)
    skipped = sum(bool(result.skipped) for result in run.models)
    if skipped == len(run.models):
        left_out = [Span(": "), Span(f"{count(skipped, 'model')} left out", "warn")] if skipped else []
        return line("Checked nothing", *left_out, ".")
    checked = f"Checked {count(len(run.models) - skipped, 'model')}"
    if requirements:
        checked += f", {count(requirements, 'requirement')}"
    parts = _wrong(run.findings)
    errors = sum(not problem.unjudged for problem in run.problems)
    if errors:
        parts.append(Span(count(errors, "error"), "bad"))
    unjudged = sum(result.unjudged for result in run.models)
    if unjudged == len(run.models) - skipped:
        parts.append(Span("nothing was judged", "bad" if run.problems else "warn"))
    else:
        if not parts and not run.problems:
            parts.append(Span("all hold" if requirements else "nothing wrong", "good"))
        if unjudged:
            parts.append(Span(f"{count(unjudged, 'model')} not judged", "bad" if run.problems else "warn"))
    waived = sum(len(result.waived) for result in run.models)
    if waived:
        parts.append(Span(f"{waived:,} waived", "dim"))
    inapplicable = sum(_inapplicable(result) for result in run.models)
    if inapplicable:
        parts.append(Span(f"{inapplicable:,} not applicable", "dim"))
    if skipped:
        parts.append(Span(f"{skipped:,} left out", "warn"))
    spans: list[Span] = [Span(f"{checked}: ")]
    for number, part in enumerate(parts):
        spans += [Span(", "), part] if number else [part]
    return (*spans, Span("."))


def _wrong(findings: Sequence[Finding]) -> list[Span]:
    undecidable = sum(finding.undecidable for finding in findings)
    violations = len(findings) - undecidable
    parts = []
    if violations:
        parts.append(Span(count(violations, "violation"), "bad"))
    if undecidable:
        parts.append(Span(f"{undecidable:,} undecidable", "bad"))
    return parts


def verdict(result: ModelResult) -> Line:
    """Return one line on a model: what was checked and how it came out."""
    wrong: list[Span] = []
    if result.skipped:
        wrong.append(Span(f"left out: {result.skipped}", "warn"))
    elif result.unjudged:
        wrong.append(Span("nothing was judged", "bad" if result.problems else "warn"))
    elif result.problems:
        wrong.append(Span("error", "bad"))
    wrong += _wrong(result.findings)
    spans = [_sign(result), Span(result.model, "bold")]
    if result.file and result.file != result.model:
        spans.append(Span(f" ({result.file})", "dim"))
    spans.append(Span(": "))
    if not wrong:
        held = len(result.requirements) - _inapplicable(result)
        wrong.append(
            Span(
                f"{count(held, 'requirement')} {'holds' if held == 1 else 'hold'}"
                if held
                else "nothing wrong"
            )
        )
    for number, part in enumerate(wrong):
        spans += [Span(", "), part] if number else [part]
    if result.waived:
        spans.append(Span(f", {len(result.waived):,} waived", "dim"))
    if _inapplicable(result):
        spans.append(Span(f", {_inapplicable(result):,} not applicable", "dim"))
    if result.accepted:
        spans.append(Span(f"; accepts context of {', '.join(result.accepted)}", "dim"))
    return tuple(spans)


def _sign(result: ModelResult) -> Span:
    if result.problems or result.findings:
        return Span("✗ ", "bad")
    return Span("✓ ", "good") if result.judged else Span("– ", "warn")


def _inapplicable(result: ModelResult) -> int:
    return sum(one.status == "not applicable" for one in result.requirements)


def more(hidden: int) -> Line:
    """Return the line that stands for findings that are not shown."""
    return line((f"… and {count(hidden, 'more finding')} of this model; --format json lists all", "warn"))
