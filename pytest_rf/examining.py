"""One model, held against its requirements and the rules.

Whatever goes wrong while it is read or analysed becomes a problem of this model. A problem is never a pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_rf import checks, judging, siblings, targets, waivers
from pytest_rf.analysis import Analysis, Input
from pytest_rf.checks import FIGURES_CHANGED, gathering
from pytest_rf.checks.subject import Subject
from pytest_rf.config.declared import Config, PlacedRequirement, Tiling
from pytest_rf.config.sources import Target
from pytest_rf.findings import Finding, Problem
from pytest_rf.jobs import Examined, Job, Load, stuck, trouble, unexamined
from pytest_rf.recorded import unused
from pytest_rf.requirements import Settings
from pytest_rf.results import ModelResult, PassedOver, RequirementResult, chosen, is_judged, status

if TYPE_CHECKING:
    from pytest_rf.bioimageio import Description


def examine(job: Job, load: Load | None = None) -> Examined:
    """Hold one model against its requirements and the rules.

    Args:
        job: the model.
        load: how to turn a target into an analysis; by default :func:`pytest_rf.targets.analyse`.
    """
    target, config, _, asked, recorded, allow_code, today, prove, cures, draw = job
    rules = [checks.find(code) for code in job.rules]
    model = target.model
    result = ModelResult(model=target.name, file=target.source, accepted=model.accept_context)
    try:
        targets.refuse_code(target, allow_code)
        analysis = (load or targets.analyse)(target)
    except Exception as error:
        return unexamined(job, trouble(error, target, model.file, model.line))
    requirements: list[RequirementResult] = []
    problems: list[Problem] = []
    findings: list[Finding] = []
    settings = Settings(
        model=target.name,
        file=target.source,
        spacing=model.spacing,
        origin=model.origin,
        root=model.root,
        waived=waivers.covered(model.waivers, today),
    )
    for number, one in enumerate(model.stated):
        try:
            outcome, found = _held(analysis, one, settings, number)
        except Exception as error:
            problem = trouble(error, target, one.file, one.line, one.column)
            outcome, found = stuck(one, problem.line, problem.column), []
            pack = f" (from {outcome.pack})" if outcome.pack else ""
            problems.append(replace(problem, message=problem.message + pack))
        requirements.append(outcome)
        findings += found
    about_it: list[str] = []
    passed_over: list[PassedOver] = []
    stated = [*(one.requirement for one in model.requires), *(one.requirement for one in model.tilings)]
    for rule in rules:
        subject = Subject(analysis, settings, tuple(stated), model.options)
        try:
            findings += rule.findings(subject)
            if rule.judged(subject):
                about_it.append(rule.code)
            reason, help = rule.passed_over(subject)
            if reason:
                selected = rule.code in asked
                passed_over.append(
                    PassedOver(rule=rule.code, name=rule.name, reason=reason, help=help, asked=selected)
                )
        except Exception as error:
            problems.append(trouble(error, target))
    try:
        findings += recorded.moved(config, target, analysis, settings)
        if config.lock is not None:
            about_it.append(FIGURES_CHANGED.code)
    except Exception as error:
        problems.append(trouble(error, target))
    if prove is not None:
        try:
            findings, wrong = prove(target, analysis, findings)
            problems += wrong
        except Exception as error:
            problems.append(trouble(error, target))
    inputs: Mapping[str, Input] = {}
    missing: siblings.Missing = {}
    try:
        inputs, missing = analysis.inputs, siblings.missing(analysis, target)
    except Exception as error:  # it cannot be analysed at all, which whoever asked for a figure has told
        problems += [] if problems else [trouble(error, target)]
    kept, waived, about = waivers.apply(findings, model.waivers, target.name, rules, today)
    new, known, gone = recorded.sort(config, target, kept, len(inputs) > 1)
    left = "" if problems else unused(gone, config, [rule.code for rule in rules])
    decided = _decided(requirements, findings, kept, known)
    shown: Sequence[Finding] = gathering.gathered(new)
    try:
        if cures:
            shown = judging.cured(analysis, stated, requirements, settings, rules, findings, shown)
    except Exception as error:
        problems.append(trouble(error, target))
    result = replace(
        result,
        findings=(*shown, *about),
        waived=gathering.gathered(waived),
        known=gathering.gathered(known),
        warnings=(left,) if left else (),
        problems=tuple(problems),
        requirements=decided,
        rules=tuple(about_it),
        passed_over=tuple(passed_over),
        judged=is_judged(decided, _judging(about_it, asked, findings)),
        chosen=() if analysis.stream is not None else chosen(inputs.values()),
        masks=analysis.graph.counted,
    )
    if result.unjudged:
        spatial = any(source.axes for source in inputs.values())
        result = _unjudged(result, target, config, asked, spatial)
    drawn = ""
    if draw is not None:
        try:
            drawn = draw(analysis, result)
        except Exception as error:
            result = replace(result, problems=(*result.problems, trouble(error, target)))
    return Examined(result, missing, drawn)


def _held(
    analysis: Analysis, stated: PlacedRequirement | Tiling | Description, settings: Settings, number: int
) -> tuple[RequirementResult, list[Finding]]:
    """Return what becomes of a requirement, a tiling or a description, and what was found.

    Raises:
        RFError: it cannot be applied to this model.
    """
    if isinstance(stated, PlacedRequirement):
        return judging.hold(analysis, stated, settings, number)
    if isinstance(stated, Tiling):
        from pytest_rf import tilings

        return tilings.hold(analysis, stated, settings, number)
    from pytest_rf import descriptions

    return descriptions.hold(analysis, stated, settings, number)


def _decided(
    requirements: Sequence[RequirementResult],
    findings: Sequence[Finding],
    kept: Sequence[Finding],
    known: Sequence[Finding],
) -> tuple[RequirementResult, ...]:
    """Return the outcomes of requirements with their status, now that it is clear what is waived or known."""
    waived, familiar = set(findings).difference(kept), set(known)
    own: dict[int | None, list[Finding]] = {}
    for finding in findings:
        own.setdefault(finding.number, []).append(finding)
    return tuple(
        replace(one, status=status(own[number], waived, familiar)) if number in own else one
        for number, one in enumerate(requirements)
    )


def _judging(codes: Sequence[str], asked: Sequence[str], findings: Sequence[Finding]) -> list[str]:
    """Return which rules judged a model: of those that nobody selected the ones that found something."""
    judging = {*asked, FIGURES_CHANGED.code, *(finding.code for finding in findings)}
    return [code for code in codes if code in judging]


def _unjudged(
    result: ModelResult, target: Target, config: Config, asked: Sequence[str], spatial: bool
) -> ModelResult:
    """Return the result of a model that nothing judged: an error, unless the configuration says otherwise."""
    if config.uncovered == "ignore":
        return result
    from pytest_rf.config import remedies

    unable = {one.rule: f"{one.reason}; {one.help}" for one in result.passed_over if one.asked}
    inapplicable = [f"{one.text}: {one.reason}" for one in result.requirements]
    text = remedies.for_unjudged(
        target, config, inapplicable, {**dict.fromkeys(asked, ""), **unable}, spatial
    )
    if config.uncovered == "warn":
        return replace(result, warnings=(*result.warnings, text))
    model = target.model
    return replace(result, problems=(Problem(message=text, file=model.file, line=model.line, unjudged=True),))
