"""The closing line of a run, and what is said of a model as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from pytest_rf.findings import Finding
from pytest_rf.reporters import alike
from pytest_rf.reporters.lines import Line, Span, line
from pytest_rf.reporters.text import count
from pytest_rf.results import Extent, ModelResult, PassedOver, Run

#: Of more models than this, those that came out the same share a line.
MANY = 20


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
            new = any(result.known for result in run.models)
            fine = "nothing new" if new else "all hold" if requirements else "nothing wrong"
            parts.append(Span(fine, "good"))
        if unjudged:
            parts.append(Span(f"{count(unjudged, 'model')} not judged", "bad" if run.problems else "warn"))
    waived = sum(len(result.waived) for result in run.models)
    if waived:
        parts.append(Span(f"{waived:,} waived", "dim"))
    known = sum(len(result.known) for result in run.models)
    if known:
        parts.append(Span(f"{known:,} known to fail", "dim"))
    inapplicable = sum(_inapplicable(result) for result in run.models)
    if inapplicable:
        parts.append(Span(f"{inapplicable:,} not applicable", "dim"))
    if skipped:
        parts.append(Span(f"{skipped:,} left out", "warn"))
    spans: list[Span] = [Span(f"{checked}: ")]
    for number, part in enumerate(parts):
        spans += [Span(", "), part] if number else [part]
    return (*spans, Span("."))


def passed_over(run: Run, told: Callable[[PassedOver], bool]) -> Iterator[Line]:
    """Yield a line per rule that could say nothing of models though they have what it is about, of those to be told.

    ``RF404 (batch-leak) said nothing of net: batch 1; give --input x=2,3,32,32, or export with an open batch``
    """
    found: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for result in run.models:
        for one in filter(told, result.passed_over):
            found.setdefault((one.rule, one.name, one.reason), []).append((result.model, one.help))
    for (code, name, reason), models in found.items():
        about = models[0][0] if len(models) == 1 else f"{len(models):,} of {count(len(run.models), 'model')}"
        helped = f"; of {models[0][0]}: " if len(models) > 1 else "; "
        yield line((f"{code} ({name}) said nothing of {about}: {reason}{helped}{models[0][1]}", "dim"))


def silent(run: Run) -> Line:
    """Return the end of the closing line: which rules that nobody selected could say nothing, and of how many models.

    ``RF404 said nothing of 3 models (-v tells why).``
    """
    models = Counter(one.rule for result in run.models for one in result.passed_over if not one.asked)
    if not models:
        return ()
    told = ", ".join(f"{rule} said nothing of {count(number, 'model')}" for rule, number in models.items())
    return (Span(f" {told} (-v tells why).", "dim"),)


def _wrong(findings: Sequence[Finding]) -> list[Span]:
    undecidable = sum(finding.undecidable for finding in findings)
    violations = len(findings) - undecidable
    parts = []
    if violations:
        parts.append(Span(count(violations, "violation"), "bad"))
    if undecidable:
        parts.append(Span(f"{undecidable:,} undecidable", "bad"))
    return parts


def verdicts(run: Run) -> Iterator[Line]:
    """Yield one line on each model; where there are many, one on all that came out the same."""
    few = len(run.models) if len(run.models) <= MANY else alike.FEW
    for same in alike.outcomes([(result, (_sign(result), _outcome(result))) for result in run.models], few):
        if len(same) == 1:
            yield verdict(same[0])
            continue
        names = Span(f" ({alike.named([one.model for one in same])})", "dim")
        models = Span(count(len(same), "model"), "bold")
        yield (_sign(same[0]), models, names, Span(", each: "), *_outcome(same[0]))


def verdict(result: ModelResult) -> Line:
    """Return one line on a model: what was checked and how it came out."""
    file = [Span(f" ({result.file})", "dim")] if result.file not in ("", result.model) else []
    return (_sign(result), Span(result.model, "bold"), *file, Span(": "), *_outcome(result))


def _outcome(result: ModelResult) -> Line:
    """Return how a model came out."""
    wrong: list[Span] = []
    if result.skipped:
        wrong.append(Span(f"left out: {result.skipped}", "warn"))
    elif result.unjudged:
        wrong.append(Span("nothing was judged", "bad" if result.problems else "warn"))
    elif result.problems:
        wrong.append(Span("error", "bad"))
    wrong += _wrong(result.findings)
    if not wrong:
        known = sum(one.status == "known" for one in result.requirements)
        held = len(result.requirements) - _inapplicable(result) - known
        fine = "nothing new" if result.known else "nothing wrong"
        verb = "holds" if held == 1 else "hold"
        wrong.append(Span(f"{count(held, 'requirement')} {verb}" if held else fine))
    spans: list[Span] = []
    for number, part in enumerate(wrong):
        spans += [Span(", "), part] if number else [part]
    if result.waived:
        spans.append(Span(f", {len(result.waived):,} waived", "dim"))
    if result.known:
        spans.append(Span(f", {len(result.known):,} known to fail", "dim"))
    if _inapplicable(result):
        spans.append(Span(f", {_inapplicable(result):,} not applicable", "dim"))
    if result.accepted:
        spans.append(Span(f"; accepts context of {', '.join(result.accepted)}", "dim"))
    if result.chosen:
        spans.append(Span(f"; {_open(result.chosen)}", "dim"))
    return tuple(spans)


def _open(chosen: Sequence[Extent]) -> str:
    """Say which extents the model leaves open, and at which it was analysed."""
    extents: dict[tuple[str, int], list[str]] = {}
    for one in chosen:
        extents.setdefault((one.input, one.extent), []).append(one.axis)
    told = (f"{' and '.join(axes)} of {name} at {extent}" for (name, extent), axes in extents.items())
    return f"{', '.join(told)}, which the model leaves open"


def _sign(result: ModelResult) -> Span:
    if result.problems or result.findings:
        return Span("✗ ", "bad")
    return Span("✓ ", "good") if result.judged else Span("– ", "warn")


def _inapplicable(result: ModelResult) -> int:
    return sum(one.status == "not applicable" for one in result.requirements)


def more(hidden: int) -> Line:
    """Return the line that stands for findings that are not shown."""
    return line((f"… and {count(hidden, 'more finding')} of this model; --format json lists all", "warn"))
