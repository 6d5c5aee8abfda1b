"""The use case: check every model that was asked for, and say what was found.

One model's trouble never hides another's result: whatever goes wrong while a model is read or analysed
becomes a problem of that model, and the run goes on. A problem is never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pytest_rf import checks, gc_pause
from pytest_rf.config import asked, remedies, waivers
from pytest_rf.config.asked import Asked
from pytest_rf.config.declared import Config, Stated
from pytest_rf.config.targets import Target
from pytest_rf.errors import ModelError, RFError
from pytest_rf.findings import Finding, Problem
from pytest_rf.requirements import Settings, evaluate, parse
from pytest_rf.requirements.syntax import AbsentAxisError
from pytest_rf.sources import accepted_at, analyse

#: How a model becomes an analysis: given what to analyse, return a ``pytest_rf.analysis.Analysis``.
Load = Callable[[Target], Any]

#: What becomes of a requirement that judges a model.
JUDGED = ("holds", "violated", "undecidable", "waived")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementResult:
    """What became of one requirement of one model.

    Attributes:
        text: the requirement as its author wrote it.
        status: ``holds``, ``violated``, ``undecidable``, ``waived``, ``error``, or ``not applicable`` where a pack's
            requirement is about an axis that the model does not have.
        findings: what was found, waived findings included.
        file: the config that holds the requirement, or empty.
        line: its line there, or 0.
        reason: why it is not applicable.
    """

    text: str
    status: str
    findings: tuple[Finding, ...] = ()
    file: str = ""
    line: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResult:
    """What was found out about one model.

    Attributes:
        model: the model's name.
        file: the model's source as a reader knows it: a path below the root, or ``package.module:factory``.
        findings: what is wrong, requirements first, then built-in checks; waived findings are not among them.
        waived: findings that a waiver covers.
        problems: why the run itself is wrong for this model.
        requirements: every requirement with its outcome.
        rules: codes of the selected rules that found in the model what they are about, and so judged it. The
            rules that are always checked (RF0) are not among them.
        accepted: context that the model's authors accept (their patterns).
        unmatched: those of these patterns that match nothing in the model, with what is to be said about each.
        warnings: what the configuration wants to be told, and not to fail for.
    """

    model: str
    file: str = ""
    findings: tuple[Finding, ...] = ()
    waived: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    requirements: tuple[RequirementResult, ...] = ()
    rules: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    unmatched: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def judged(self) -> bool:
        """Return whether a requirement or a selected rule judged the model; if none did, it has not passed."""
        return bool(self.rules) or any(one.status in JUDGED for one in self.requirements)

    @property
    def unjudged(self) -> bool:
        """Return whether nothing judged the model though nothing else is wrong with it."""
        return not self.judged and all(problem.unjudged for problem in self.problems)

    @property
    def error(self) -> str | None:
        """Return the first problem's text, or None."""
        return self.problems[0].message if self.problems else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All results of one run, in the order of the config, then of the paths.

    Attributes:
        results: one result per model.
        config: the config file's path as a reader knows it, or empty.
    """

    results: tuple[ModelResult, ...] = ()
    config: str = ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of all models."""
        return tuple(finding for result in self.results for finding in result.findings)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return the problems of all models."""
        return tuple(problem for result in self.results for problem in result.problems)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return the warnings of all models."""
        return tuple(warning for result in self.results for warning in result.warnings)

    @property
    def exit_code(self) -> int:
        """Return 0 for clean, 1 for findings, 2 where the run itself is wrong, 3 for a bug of our own."""
        if any(problem.internal for problem in self.problems):
            return 3
        if self.problems:
            return 2
        return 1 if self.findings else 0


def run(
    config: Config | None = None,
    paths: Sequence[str] = (),
    requires: Sequence[str] = (),
    *,
    inputs: Mapping[str, Sequence[int]] | None = None,
    models: Sequence[str] = (),
    allow_code: bool = False,
    load: Load | None = None,
    today: date | None = None,
) -> Run:
    """Check models and return what was found.

    Args:
        config: the configuration, or None for the built-in defaults.
        paths: check only these: model files (with the config's requirements where a model of the config has
            that file), ``package.module:factory``, or a config file, which stands for all its models. Without
            paths, every model of the config.
        requires: requirements beside the config's, for every model that is checked.
        inputs: shapes that go before the config's, by input name.
        models: of the config, only the models with these names.
        allow_code: whether ``package.module:factory`` may run code.
        load: how to turn a target into an analysis; by default :func:`pytest_rf.sources.analyse`.
        today: the day that waivers are held against; by default the machine's.

    Raises:
        RequirementError: a text in ``requires`` cannot be understood.
        ConfigError: there is nothing to check: ``models`` names none, or the config has none.
    """
    config = config or Config()
    stated = tuple(Stated(parse(text)) for text in requires)
    shapes = {name: tuple(shape) for name, shape in (inputs or {}).items()}
    results: list[ModelResult] = []
    items = asked.models(config, paths, models)
    for item in items:
        model, target = item.model, item.target
        if target is None or item.problem is not None:
            problems = (item.problem,) if item.problem else ()
            results.append(
                ModelResult(model=model.name or model.source, file=model.source, problems=problems)
            )
            continue
        if results:
            gc_pause.collect()
        whole = replace(model, inputs={**model.inputs, **shapes}, requires=(*model.requires, *stated))
        target = replace(target, model=whole)
        results.append(_result(target, item.config, allow_code, load or analyse, today or date.today()))
    _refuse_unmatched(items, results)
    return Run(results=tuple(results), config=config.file)


def _result(target: Target, config: Config, allow_code: bool, load: Load, today: date) -> ModelResult:
    """Analyse one model and hold it against its requirements and the rules."""
    model = target.model
    result = ModelResult(model=target.name, file=target.source, accepted=model.accept_context)
    try:
        if target.is_code and not allow_code:
            raise ModelError(f"{target.source}: runs code of the project, which needs --allow-code")
        analysis = load(target)
    except Exception as error:
        stuck = tuple(
            RequirementResult(text=one.requirement.text, status="error", file=one.file, line=one.line)
            for one in model.requires
        )
        return replace(
            result, problems=(_problem(error, target, model.file, model.line),), requirements=stuck
        )
    requirements: list[RequirementResult] = []
    problems: list[Problem] = []
    findings: list[Finding] = []
    settings = Settings(model=target.name, file=target.source, spacing=model.spacing, origin=model.origin)
    for one in model.requires:
        at = replace(settings, file=one.file or target.source, line=one.line)
        status, reason = "error", ""
        told: list[Finding] = []
        try:
            status, told, reason = _held(analysis, one, at)
        except Exception as error:
            problems.append(_problem(error, target, one.file, one.line))
        findings += told
        requirements.append(
            RequirementResult(
                text=one.requirement.text,
                status=status,
                findings=tuple(told),
                file=one.file,
                line=one.line,
                reason=reason,
            )
        )
    rules = checks.selected(config.select, config.ignore)
    judging: list[str] = []
    for rule in rules:
        if rule.check is None:
            continue
        try:
            findings += list(rule.check(analysis, settings))
            if rule.subject is not None and rule.subject(analysis):
                judging.append(rule.code)
        except Exception as error:
            problems.append(_problem(error, target))
    kept, waived, about = waivers.apply(findings, model.waivers, target.name, rules, today)
    result = replace(
        result,
        findings=(*kept, *about),
        waived=tuple(waived),
        problems=tuple(problems),
        requirements=tuple(_decided(one, waived) for one in requirements),
        rules=tuple(judging),
        unmatched=_unmatched(analysis, target),
    )
    return _unjudged(result, target, config, rules) if result.unjudged else result


def _held(analysis: Any, one: Stated, settings: Settings) -> tuple[str, list[Finding], str]:
    """Return what becomes of a requirement; a shared one does not apply where the model lacks its axis, and why."""
    if not one.shared:
        return "holds", evaluate(analysis, one.requirement, settings), ""
    found: list[Finding] = []
    status, reason = "not applicable", ""
    for part in one.requirement.parts:
        try:
            found += evaluate(analysis, replace(one.requirement, parts=(part,)), settings)
            status = "holds"
        except AbsentAxisError as error:
            reason = reason or str(error)
    return status, found, "" if status == "holds" else reason


def _unjudged(
    result: ModelResult, target: Target, config: Config, rules: Sequence[checks.Rule]
) -> ModelResult:
    """Return the result of a model that nothing judged: an error, unless the configuration says otherwise."""
    if config.uncovered == "ignore":
        return result
    inapplicable = [one.reason for one in result.requirements]
    selected = [rule.code for rule in rules if rule.subject is not None]
    text = remedies.for_unjudged(target, config, inapplicable, selected)
    if config.uncovered == "warn":
        return replace(result, warnings=(text,))
    model = target.model
    return replace(result, problems=(Problem(message=text, file=model.file, line=model.line, unjudged=True),))


def _unmatched(analysis: Any, target: Target) -> tuple[tuple[str, str], ...]:
    """Return the accepted context that is not in a model, where its entry stands for others as well."""
    if target.siblings == 1 or not target.model.accept_context:
        return ()
    from pytest_rf.analysis.accepting import complaint, unmatched

    models = f"any of the {target.siblings} models of {target.model.source}"
    patterns = unmatched(analysis, target.model.accept_context)
    return tuple((pattern, complaint(pattern, analysis, models)) for pattern in patterns)


def _refuse_unmatched(items: Sequence[Asked], results: list[ModelResult]) -> None:
    """Make a problem of accepted context that no model of an entry has.

    Only who has analysed all of an entry's models can tell; and where one of them is in trouble, the run is wrong
    anyway.
    """
    entries: dict[int, list[int]] = {}
    for number, item in enumerate(items):
        if item.target is not None and item.target.siblings > 1:
            entries.setdefault(id(item.model), []).append(number)
    for numbers in entries.values():
        model, target = items[numbers[0]].model, items[numbers[0]].target
        complete = target is not None and len(numbers) == target.siblings
        if not complete or any(results[number].problems for number in numbers):
            continue
        first, *others = (dict(results[number].unmatched) for number in numbers)
        for pattern, told in first.items():
            if all(pattern in other for other in others):
                problem = Problem(
                    message=f"{accepted_at(model, pattern)}{told}", file=model.file, line=model.line
                )
                last = results[numbers[-1]]
                results[numbers[-1]] = replace(last, problems=(*last.problems, problem))


def _decided(one: RequirementResult, waived: Sequence[Finding]) -> RequirementResult:
    """Return a requirement's result with its status, now that it is known what is waived."""
    if not one.findings:
        return one
    open_ = [finding for finding in one.findings if finding not in waived]
    if not open_:
        return replace(one, status="waived")
    return replace(one, status="undecidable" if all(finding.undecidable for finding in open_) else "violated")


def _problem(error: Exception, target: Target, file: str = "", line: int = 0) -> Problem:
    """Return why the run is wrong: what the user can put right, or a bug of our own with its traceback."""
    if isinstance(error, RFError):
        place = f"{file}{f':{line}' if line else ''}: " if file else ""
        about = "" if target.name in str(error) or target.source in str(error) else f"{target.name}: "
        text = str(error) if place and str(error).startswith(file) else f"{place}{about}{error}"
        return Problem(message=text, detail=getattr(error, "detail", ""), file=file, line=line)
    import traceback

    reason = " ".join(str(error).split())[:500]
    return Problem(
        message=f"{target.source}: internal error: {type(error).__name__}{': ' if reason else ''}{reason}",
        internal=True,
        detail="".join(traceback.format_exception(error)),
        file=file,
        line=line,
    )
