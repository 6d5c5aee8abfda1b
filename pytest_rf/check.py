"""The use case: check every model that was asked for, and say what was found.

One model's trouble never hides another's result: whatever goes wrong while a model is read or analysed
becomes a problem of that model, and the run goes on. A problem is never a pass.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pytest_rf import checks, garbage
from pytest_rf import config as configuration
from pytest_rf.config import targets, waivers
from pytest_rf.config.declared import Config, Model, Stated
from pytest_rf.config.targets import Target
from pytest_rf.config.tomlfile import display
from pytest_rf.errors import ConfigError, ModelError, RFError
from pytest_rf.findings import Finding, Problem
from pytest_rf.requirements import Settings, evaluate, parse
from pytest_rf.requirements.vocabulary import nearest
from pytest_rf.sources import analyse

#: How a model becomes an analysis: given what to analyse, return a ``pytest_rf.analysis.Analysis``.
Load = Callable[[Target], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementResult:
    """What became of one requirement of one model.

    Attributes:
        text: the requirement as its author wrote it.
        status: ``holds``, ``violated``, ``undecidable``, ``waived`` or ``error``.
        findings: what was found, waived findings included.
        file: the config that holds the requirement, or empty.
        line: its line there, or 0.
    """

    text: str
    status: str
    findings: tuple[Finding, ...] = ()
    file: str = ""
    line: int = 0


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
        accepted: context that the model's authors accept (their patterns).
    """

    model: str
    file: str = ""
    findings: tuple[Finding, ...] = ()
    waived: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    requirements: tuple[RequirementResult, ...] = ()
    accepted: tuple[str, ...] = ()

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
    rules = checks.selected(config.select, config.ignore)
    results = []
    for item in _items(config, paths, models):
        if isinstance(item, ModelResult):
            results.append(item)
            continue
        if results:
            garbage.search()
        asked = replace(
            item.model, inputs={**item.model.inputs, **shapes}, requires=(*item.model.requires, *stated)
        )
        target = replace(item, model=asked)
        results.append(_result(target, rules, allow_code, load or analyse, today or date.today()))
    return Run(results=tuple(results), config=config.file)


def _items(config: Config, paths: Sequence[str], models: Sequence[str]) -> list[Target | ModelResult]:
    """Return what to analyse, and a result in place of each model of the config whose source is wrong."""
    wanted = [model for model in config.models if not models or model.name in models]
    names = [model.name for model in config.models if model.name]
    for name in models:
        if name not in names:
            raise ConfigError(
                f'{config.file or "no configuration"} has no model "{name}"{nearest(name, names)}'
            )
    known = [item for model in wanted for item in _expanded(model)]
    if not paths:
        if not known:
            raise ConfigError(
                f"{config.file}: has no [[model]]" if config.file else "nothing to check: no model"
            )
        return known
    found: list[Target | ModelResult] = []
    for path in dict.fromkeys(paths):
        if not path.endswith(".toml"):
            found += _given(path, config, known)
        elif config.path is not None and Path(path).absolute() == config.path:
            found += known
        else:
            found += [item for model in configuration.load(path).models for item in _expanded(model)]
    # A file can be given twice, by its path and by the config's.
    return list({id(item): item for item in found}.values())


def _expanded(model: Model) -> Sequence[Target | ModelResult]:
    """Return what the source of a model stands for; a source that is wrong hides no other."""
    try:
        return targets.of(model)
    except ConfigError as error:
        problem = Problem(message=str(error), file=model.file, line=model.line)
        return [ModelResult(model=model.name or model.source, file=model.source, problems=(problem,))]


def _given(path: str, config: Config, items: Sequence[Target | ModelResult]) -> list[Target]:
    """Return the targets of a path on the command line: the config's with this source, or one of its own."""
    known = [item for item in items if isinstance(item, Target)]
    if targets.is_factory(path) and not Path(path).exists():
        same = [target for target in known if target.is_code and target.source == path]
        made = Model(source=path, requires=config.requires)
        return same or [Target(name=path.rpartition(":")[2], source=path, path=None, model=made)]
    file = Path(path)
    real = os.path.realpath(file)
    same = [target for target in known if target.path is not None and os.path.realpath(target.path) == real]
    made = Model(source=path, requires=config.requires)
    return same or [Target(name=file.stem, source=display(file), path=file, model=made)]


def _result(
    target: Target, rules: Sequence[checks.Rule], allow_code: bool, load: Load, today: date
) -> ModelResult:
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
        status, told = "error", []
        try:
            told = evaluate(analysis, one.requirement, at)
            status = "holds"
        except Exception as error:
            problems.append(_problem(error, target, one.file, one.line))
        findings += told
        requirements.append(
            RequirementResult(
                text=one.requirement.text, status=status, findings=tuple(told), file=one.file, line=one.line
            )
        )
    for rule in rules:
        if rule.check is None:
            continue
        try:
            findings += list(rule.check(analysis, settings))
        except Exception as error:
            problems.append(_problem(error, target))
    kept, waived, about = waivers.apply(findings, model.waivers, target.name, rules, today)
    return replace(
        result,
        findings=(*kept, *about),
        waived=tuple(waived),
        problems=tuple(problems),
        requirements=tuple(_decided(one, waived) for one in requirements),
    )


def _decided(one: RequirementResult, waived: Sequence[Finding]) -> RequirementResult:
    """Return a requirement's result with its status, now that it is known what is waived."""
    if one.status == "error" or not one.findings:
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
