"""Holds requirements against an analysis, one by one, with what becomes of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_rf.analysis import Analysis
from pytest_rf.checks import Rule
from pytest_rf.config.declared import PlacedRequirement
from pytest_rf.findings import Finding
from pytest_rf.requirements import Requirement, Settings, evaluate, parse, spare
from pytest_rf.requirements.syntax import AbsentError
from pytest_rf.results import ModelResult, RequirementResult, chosen, is_judged, status

if TYPE_CHECKING:
    pass


def judge(analysis: Analysis, requirements: Sequence[str], settings: Settings, asked_by: str) -> ModelResult:
    """Hold requirements against an analysis.

    Args:
        analysis: the model.
        requirements: the requirements.
        settings: who asks, and what the configuration states about the model.
        asked_by: the test, or whatever the result is filed under.

    Raises:
        RequirementError: one cannot be understood, or not be applied to this model.
    """
    file, line, column = settings.file, settings.line, settings.column
    held = [
        hold(analysis, PlacedRequirement(parse(text), file, line, column=column), settings, number)
        for number, text in enumerate(requirements)
    ]
    outcomes = tuple(outcome for outcome, _ in held)
    found = tuple(finding for _, findings in held for finding in findings)
    return ModelResult(
        model=settings.model or analysis.name,
        file=asked_by,
        judged=is_judged(outcomes),
        findings=tuple(
            cured(analysis, [parse(text) for text in requirements], outcomes, settings, (), found, found)
        ),
        requirements=outcomes,
        chosen=() if analysis.stream is not None else chosen(analysis.inputs.values()),
        masks=analysis.graph.counted,
    )


def cured(
    analysis: Analysis,
    requirements: Sequence[Requirement],
    outcomes: Sequence[RequirementResult],
    settings: Settings,
    rules: Sequence[Rule],
    findings: Sequence[Finding],
    told: Sequence[Finding],
) -> Sequence[Finding]:
    """Return the findings that are told with what would cure the first of them, as far as that is found.

    Args:
        analysis: the model.
        requirements: what it was held against.
        outcomes: what became of each.
        settings: who asks, and what the configuration states about the model.
        rules: the rules that were checked.
        findings: all that was found.
        told: those that are told.
    """
    if not told:
        return told
    from pytest_rf import cures  # most models need none

    held = frozenset(number for number, one in enumerate(outcomes) if one.status == "holds")
    judged = cures.Judged(settings, tuple(requirements), held, tuple(rules), tuple(findings))
    return cures.cured(analysis, judged, told)


def hold(
    analysis: Analysis, stated: PlacedRequirement, settings: Settings, number: int
) -> tuple[RequirementResult, list[Finding]]:
    """Return what becomes of a requirement, and what was found.

    A shared one does not apply where the model lacks what it is about: an axis, an input, an operator.

    Args:
        analysis: the model.
        stated: the requirement and its place.
        settings: what its authors state about the model; findings point at its file if the requirement has none.
        number: the requirement's place among those of the model.

    Raises:
        RequirementError: it cannot be applied to this model.
    """
    file = stated.file or settings.file
    settings = replace(settings, file=file, line=stated.line, column=stated.column, pack=stated.pack)
    requirement, found, applies, reason = stated.requirement, [], not stated.shared, ""
    held: list[Finding] = []
    if not stated.shared:
        found = evaluate(analysis, requirement, settings, held)
    for part in requirement.parts if stated.shared else ():
        try:
            found += evaluate(analysis, replace(requirement, parts=(part,)), settings, held)
            applies = True
        except AbsentError as error:
            reason = reason or error.reason
    found = [replace(one, number=number) for one in found]
    outcome = RequirementResult(
        text=requirement.text,
        status=status(found) if applies else "not applicable",
        file=stated.file,
        line=stated.line,
        reason="" if applies else reason,
        column=stated.column,
        held=() if found else spare.least(held),
        pack=stated.pack,
    )
    return outcome, found
