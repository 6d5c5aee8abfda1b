"""The use case: check every model that was asked for, and say what was found.

One model's trouble never hides another's result: whatever goes wrong while a model is read or analysed
becomes a problem of that model, and the run goes on. A problem is never a pass.
"""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from pytest_rf import calls, checks, gc_pause, judging, siblings, waivers
from pytest_rf.analysis import Analysis
from pytest_rf.baseline.sorting import sort
from pytest_rf.checks import figures_changed, gathering
from pytest_rf.checks.subject import Subject
from pytest_rf.config import asked, remedies
from pytest_rf.config.asked import Asked
from pytest_rf.config.declared import Config, PlacedRequirement
from pytest_rf.config.sources import Target
from pytest_rf.errors import RFError
from pytest_rf.findings import Finding, Problem
from pytest_rf.recorded import Recorded, unused
from pytest_rf.requirements import Settings, parse
from pytest_rf.results import ModelResult, RequirementResult, Run, chosen, is_judged, status
from pytest_rf.siblings import Missing
from pytest_rf.targets import analyse, leaving_out, refuse_code

#: How a model becomes an analysis.
Load = Callable[[Target], Analysis]


def run(
    config: Config | None = None,
    paths: Sequence[str] = (),
    requires: Sequence[str] = (),
    *,
    call: Mapping[str, Any] | None = None,
    models: Sequence[str] = (),
    allow_code: bool = False,
    skip_code: bool = False,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fail_on: str | None = "error",
    load: Load | None = None,
    today: date | None = None,
    recorded: Recorded | None = None,
) -> Run:
    """Check models and return what was found.

    Args:
        config: the configuration, or None for the built-in defaults.
        paths: check only these: model files (with the config's requirements where a model of the config has
            that file), folders and patterns of them, ``package.module:factory``, names of models of the config, or a
            config file, which stands for all its models. Without paths, every model of the config.
        requires: requirements beside the config's, for every model that is checked.
        call: how models are called, key by key (:data:`pytest_rf.calls.KEYS`), before what the config says.
        models: of the config, only the models with these names.
        allow_code: whether ``package.module:factory`` may run code.
        skip_code: whether it is left out where it may not, which is an error otherwise.
        select: rules to check in place of those that the config selects or ignores: codes, prefixes or names.
        ignore: rules to leave out beside those that are left out anyway.
        fail_on: the least severity of findings that makes the exit status 1; None where none does.
        load: how to turn a target into an analysis; by default :func:`pytest_rf.targets.analyse`.
        today: the day that waivers are held against; by default the machine's.
        recorded: the configurations' baselines and locks, where they have been read already.

    Raises:
        RequirementError: a text in ``requires`` cannot be understood.
        ConfigError: there is nothing to check: ``models`` names none, or the config has none.
        CallError: ``call`` is not understood.
    """
    config = config or Config()
    chosen = checks.Choice(tuple(select), tuple(ignore))
    stated = tuple(PlacedRequirement(parse(text)) for text in requires)
    results: list[ModelResult] = []
    missing: dict[int, Missing] = {}
    items = asked.models(config, paths, models)
    recorded = recorded or Recorded(item.config for item in items)
    for number, item in enumerate(items):
        model, target = item.model, item.target
        if target is None or item.problem is not None:
            problems = (item.problem,) if item.problem else ()
            name, stuck = model.name or model.source, map(judging.failed, (*model.requires, *stated))
            results.append(
                ModelResult(model=name, file=model.source, problems=problems, requirements=tuple(stuck))
            )
            continue
        if results:
            gc_pause.collect()
        whole = dataclasses.replace(calls.stated(model, call or {}), requires=(*model.requires, *stated))
        target = dataclasses.replace(target, model=whole)
        reason = leaving_out(target, item.config, skip_code=skip_code and not allow_code)
        if reason:
            missing[number] = {}
            results.append(ModelResult(model=target.name, file=target.source, skipped=reason))
            continue
        rules = chosen.over(item.config.select, item.config.ignore, (model.select, model.ignore))
        result, missing[number] = _result(
            target, item.config, rules, recorded, allow_code, load or analyse, today or date.today()
        )
        results.append(result)
    _refuse_unmatched(items, results, missing)
    if not paths and not models and all(item.target for item in items):
        told = recorded.gone(config, [item.target for item in items if item.target])
        results[-1] = replace(results[-1], warnings=(*results[-1].warnings, *told))
    return Run.of(results, config.file, fail_on)


def _result(
    target: Target,
    config: Config,
    rules: Sequence[checks.Rule],
    recorded: Recorded,
    allow_code: bool,
    load: Load,
    today: date,
) -> tuple[ModelResult, Missing]:
    """Hold one model against its requirements and the rules; and return what accepted context it misses."""
    model = target.model
    result = ModelResult(model=target.name, file=target.source, accepted=model.accept_context)
    try:
        refuse_code(target, allow_code)
        analysis = load(target)
    except Exception as error:
        problem = _problem(error, target, model.file, model.line)
        stuck = tuple(map(judging.failed, model.requires))
        return replace(result, problems=(problem,), requirements=stuck), {}
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
    for number, one in enumerate(model.requires):
        try:
            outcome, found = judging.hold(analysis, one, settings, number)
        except Exception as error:
            problems.append(_problem(error, target, one.file, one.line))
            outcome, found = judging.failed(one), []
        requirements.append(outcome)
        findings += found
    judging_rules: list[str] = []
    for rule in rules:
        subject = Subject(analysis, settings, tuple(one.requirement for one in model.requires), model.options)
        try:
            findings += rule.findings(subject)
            if rule.judged(subject):
                judging_rules.append(rule.code)
        except Exception as error:
            problems.append(_problem(error, target))
    try:
        findings += recorded.moved(config, target, analysis, settings)
        judging_rules += [figures_changed.RULE.code] if config.lock is not None else []
    except Exception as error:
        problems.append(_problem(error, target))
    kept, waived, about = waivers.apply(findings, model.waivers, target.name, rules, today)
    by_baseline = sort(kept, recorded.known(config, target))
    told = "" if problems else unused(by_baseline.unused, config, [rule.code for rule in rules])
    decided = _decided(requirements, findings, kept, by_baseline.known)
    result = replace(
        result,
        findings=(*gathering.gathered(by_baseline.kept), *about),
        waived=gathering.gathered(waived),
        known=gathering.gathered(by_baseline.known),
        warnings=(told,) if told else (),
        problems=tuple(problems),
        requirements=decided,
        rules=tuple(judging_rules),
        judged=is_judged(decided, judging_rules),
        chosen=chosen(analysis.inputs.values()),
    )
    if result.unjudged:
        result = _unjudged(result, target, config, rules)
    return result, siblings.missing(analysis, target)


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


def _unjudged(
    result: ModelResult, target: Target, config: Config, rules: Sequence[checks.Rule]
) -> ModelResult:
    """Return the result of a model that nothing judged: an error, unless the configuration says otherwise."""
    if config.uncovered == "ignore":
        return result
    inapplicable = [f"{one.text}: {one.reason}" for one in result.requirements]
    selected = [rule.code for rule in rules if rule.judges is not None]
    text = remedies.for_unjudged(target, config, inapplicable, selected)
    if config.uncovered == "warn":
        return replace(result, warnings=(*result.warnings, text))
    model = target.model
    return replace(result, problems=(Problem(message=text, file=model.file, line=model.line, unjudged=True),))


def _refuse_unmatched(
    items: Sequence[Asked], results: list[ModelResult], missing: Mapping[int, Missing]
) -> None:
    """Make a problem of accepted context that no model of an entry has; only a run of all of them can tell."""
    entries: dict[int, list[int]] = {}
    for number, item in enumerate(items):
        if item.target is not None and item.target.siblings > 1:
            entries.setdefault(id(item.model), []).append(number)
    for numbers in entries.values():
        model, target = items[numbers[0]].model, items[numbers[0]].target
        if target is not None and len(numbers) == target.siblings:
            problems = siblings.refused(model, [missing[number] for number in numbers])
            last = results[numbers[-1]]
            results[numbers[-1]] = replace(last, problems=(*last.problems, *problems))


def _problem(error: Exception, target: Target, file: str = "", line: int = 0) -> Problem:
    """Return why the run is wrong: what the user can put right, or a bug of our own with its traceback."""
    if isinstance(error, RFError):
        place = f"{file}{f':{line}' if line else ''}: " if file else ""
        about = "" if target.name in str(error) or target.source in str(error) else f"{target.name}: "
        told = str(error)
        if target.path is not None:
            told = told.replace(str(target.path), target.source)  # as the reader knows the file
        text = told if place and told.startswith(file) else f"{place}{about}{told}"
        return Problem(message=text, detail=getattr(error, "detail", ""), file=file, line=line)
    reason = " ".join(str(error).split())[:500]
    return Problem(
        message=f"{target.source}: internal error: {type(error).__name__}{': ' if reason else ''}{reason}",
        internal=True,
        detail="".join(traceback.format_exception(error)),
        file=file,
        line=line,
    )
