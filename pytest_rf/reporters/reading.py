"""What readers are told around the findings: models and their requirements, counts, the closing line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from pytest_rf.reporters.lines import Line, line
from pytest_rf.reporters.summary import closing, passed_over, silent, verdict, verdicts
from pytest_rf.results import ModelResult, Run

#: Requirements and waived findings told per model.
MOST = 1000

#: What is told of requirements beside the findings, each in its style.
_TOLD = {"holds": "good", "not applicable": "dim", "error": "bad"}


def told(run: Run, findings: Iterable[Line], verbosity: int, by_model: bool) -> Iterator[Line]:
    """Yield the findings and what is told around them.

    Args:
        run: what was found.
        findings: the findings as they are to be told.
        verbosity: below 0 nothing is told around them; above 0, what became of every requirement.
        by_model: whether every model has its line also where nothing more is asked for.
    """
    yield from findings
    if verbosity < 0:
        return
    if run.models and (by_model or verbosity > 0):
        if verbosity > 0:
            for result in run.models:
                yield verdict(result)
                yield from _details(result)
        else:
            yield from verdicts(run)
        yield ()
    if verbosity > 0:
        yield from passed_over(run, lambda one: True)
        yield closing(run)
        return
    # What fails anyway is taken for no proof; rules that nobody selected are counted, and told where more is asked for.
    wrong = run.findings or not all(problem.unjudged for problem in run.problems)
    if by_model and not wrong:
        yield from passed_over(run, lambda one: one.asked)
    passes = not run.findings and not run.problems and any(result.judged for result in run.models)
    yield (*closing(run), *(silent(run) if by_model and passes else ()))


def statistics(run: Run) -> Iterator[Line]:
    """Yield how many findings there are of each rule and of each requirement, the most frequent first."""
    rules = Counter((found.code, found.rule) for found in run.findings)
    requirements = Counter(found.requirement for found in run.findings if found.requirement)
    yield from _counts({"  ".join(rule): number for rule, number in rules.items()})
    yield from _counts(requirements)


def _counts(numbers: Mapping[str, int]) -> Iterator[Line]:
    if not numbers:
        return
    width = max(len(f"{number:,}") for number in numbers.values())
    for text, number in sorted(numbers.items(), key=lambda item: (-item[1], item[0]))[:MOST]:
        yield line((f"{number:>{width},}", "figure"), f"  {text}")
    yield ()


def _details(result: ModelResult) -> Iterator[Line]:
    """Yield what became of requirements that no finding is about, what is waived or known, what judged the model."""
    from pytest_rf.requirements.wording import held  # which is asked for

    told = [one for one in result.requirements if one.status in _TOLD]
    width = max((len(one.status) for one in told), default=0)
    for one in told[:MOST]:
        pack = f", from {one.pack}" if one.pack else ""
        place = f" ({one.file}{f':{one.line}' if one.line else ''}{pack})" if one.file else ""
        inputs = {at.input for each in told for at in each.held} - {""}
        measured = held(one.held, len(inputs) > 1)
        reason = f": {one.reason or measured}" if one.reason or measured else ""
        status = (f"{one.status:<{width}}", _TOLD[one.status])
        yield line("    ", status, f"  {one.text}{reason}", (place, "dim"))
    for found in result.waived[:MOST]:
        yield line("    ", ("waived", "dim"), f"  {found.code} {found.message}: {found.waived}")
    for found in result.known[:MOST]:
        yield line("    ", ("known", "dim"), f"  {found.code} {found.message}: in the baseline")
    if result.masks:
        yield line("    ", (result.masks, "dim"))
    if result.rules:
        yield line("    ", ("checked by", "dim"), f" {', '.join(result.rules)}")
