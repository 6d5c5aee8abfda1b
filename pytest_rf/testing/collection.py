"""``--rf``: the configuration's models as test items, ``rf.toml::unet::final rf >= 180``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from pytest_rf import targets
from pytest_rf.asserting import explain
from pytest_rf.check import run
from pytest_rf.checks import FIGURES_CHANGED
from pytest_rf.config import sources, unread
from pytest_rf.config.tomlfile import refuse_special
from pytest_rf.errors import RFError
from pytest_rf.findings import Finding, Problem
from pytest_rf.recorded import Recorded
from pytest_rf.reporters.lines import visible
from pytest_rf.results import ModelResult, RequirementResult, severity
from pytest_rf.severity import SEVERITIES
from pytest_rf.testing import locking, properties
from pytest_rf.testing.entries import Entry
from pytest_rf.testing.failures import RequirementFailed

if TYPE_CHECKING:
    from pytest_rf.checkable import Analysis
    from pytest_rf.config.declared import Config, Model
    from pytest_rf.config.sources import Target
    from pytest_rf.testing.state import State

#: The item that stands for the built-in rules.
RULES = "rules"

#: The item that holds the figures to the lock.
LOCK = "lock"

#: The rule that the lock is held by.

#: Longer names of items are cut.
_NAME_LIMIT = 200

#: Longer reasons, too.
_REASON_LIMIT = 500


def ask(config: pytest.Config, state: State) -> None:
    """Have pytest collect the configuration, unless its arguments name that or a folder above it."""
    try:
        path = state.path
        named = config.getoption("rf_config") or config.getini("rf_config")
        beside = "" if path is None or named else unread(path)
    except RFError as error:
        raise pytest.UsageError(f"--rf: {error}") from None
    if path is None:
        raise pytest.UsageError("--rf: no configuration found: write rf.toml, or give one with --rf-config")
    if beside:
        config.issue_config_time_warning(pytest.PytestConfigWarning(f"--rf: {beside}"), stacklevel=2)
    if not os.path.lexists(path):
        raise pytest.UsageError(
            f"--rf: no configuration {path}: check --rf-config or the ini setting rf_config"
        )
    try:
        refuse_special(path)
    except RFError as error:
        raise pytest.UsageError(f"--rf: {error}") from None
    given = {argument: _place(argument, config.invocation_params.dir) for argument in config.args}
    if not any(path.is_relative_to(place) for place in given.values()):
        config.args.append(str(path))
    elif any(path.is_relative_to(place) and path != place for place in given.values()):
        # pytest 8 leaves all else out of a folder of which it is also given a file.
        config.args[:] = [argument for argument in config.args if "::" in argument or given[argument] != path]


def _place(argument: str, folder: Path) -> Path:
    """Return the path that an argument of pytest names."""
    return Path(os.path.abspath(folder / argument.partition("::")[0]))  # noqa: PTH100 (links stay links)


def missed(session: pytest.Session, state: State) -> Iterator[pytest.Item]:
    """Yield the items of a configuration that pytest has not come upon, in a folder that it does not enter."""
    if state.path is not None and not state.collected:
        file = collect(state.path, session, state)
        assert file is not None, "it is the configuration"
        yield from session.genitems(file)


def collect(path: Path, parent: pytest.Collector, state: State) -> pytest.Collector | None:
    """Return the collector of the configuration, if the path is that."""
    if state.path is None or path != state.path:
        return None
    state.collected = True
    file: ConfigFile = ConfigFile.from_parent(parent, path=path)
    file.state = state
    return file


def without_repeats(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield items, those of the configuration once even where two arguments named them."""
    seen = set()
    for item in items:
        if isinstance(item, RequirementItem):
            if item.nodeid in seen:
                continue
            seen.add(item.nodeid)
        yield item


def lead(items: Iterable[pytest.Item]) -> None:
    """Have the first of a model's items that are to run tell what is wrong with the model as a whole."""
    led: set[ModelCollector] = set()
    for item in items:
        if isinstance(item, RequirementItem):
            assert isinstance(item.parent, ModelCollector)
            item.leads = item.parent not in led
            led.add(item.parent)
            if item.parent.target is not None:
                item.parent.entry.chosen.add(item.parent.target.source)


class ConfigFile(pytest.File):
    """The configuration."""

    state: State

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield its models; a source that is wrong is a model that fails."""
        try:
            settings = locking.readable(self.config, self.state.settings)
            recorded = Recorded([settings])
        except RFError as error:
            raise self.CollectError(
                "\n".join(filter(None, (str(error), getattr(error, "detail", ""))))
            ) from None
        if not settings.models:
            raise self.CollectError(f"{settings.file}: has no [[model]]")
        names = _Names()
        everything = [(model, _targets(model)) for model in settings.models]
        there = [target for _, found in everything for target in found if target is not None]
        if len(there) == sum(len(found) for _, found in everything):  # a wrong source may be what is missing
            for told in recorded.gone(settings, there):
                self.warn(pytest.PytestWarning(visible(told, _REASON_LIMIT)))
        for model, found in everything:
            entry = Entry(settings, model, [target for target in found if target is not None])
            for target in found:
                collector: ModelCollector = ModelCollector.from_parent(
                    self, name=names.unique(target.name if target else model.name or model.source)
                )
                collector.settings, collector.model, collector.target = settings, model, target
                collector.state, collector.recorded, collector.entry = self.state, recorded, entry
                yield collector


def _targets(model: Model) -> list[Target] | list[None]:
    try:
        return sources.of(model)
    except RFError:
        return [None]


class ModelCollector(pytest.Collector):
    """A model, which is analysed once, when the first of its items runs."""

    settings: Config
    model: Model
    target: Target | None
    state: State
    figures: tuple[properties.Property, ...] = ()
    analysis: Analysis | None = None
    recorded: Recorded
    entry: Entry

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item per requirement, one for the built-in rules, and one for the lock if there is one."""
        names = _Names()
        for number, stated in enumerate(self.model.stated):
            item: RequirementItem = RequirementItem.from_parent(self, name=names.unique(stated.text))
            item.number, item.place = number, (stated.file, stated.line)
            yield item
        rules: RequirementItem = RequirementItem.from_parent(self, name=names.unique(RULES))
        rules.number, rules.place = None, (self.model.file, self.model.line)
        yield rules
        if self.state.settings.lock is not None and self.target is not None:
            lock: LockItem = LockItem.from_parent(self, name=names.unique(LOCK))
            lock.number, lock.place = None, (self.model.file, self.model.line)
            yield lock

    @cached_property
    def result(self) -> ModelResult:
        """What was found out about the model."""
        settings = replace(self.settings, models=(self.model,))
        paths = [] if self.target is None else [str(self.target.path or self.target.source)]
        # pytest runs the project's code anyway, so a factory needs no further leave.
        models = run(settings, paths, allow_code=True, load=self._analysed, recorded=self.recorded).models
        result = next(one for one in models if self.target is None or one.model == self.target.name)
        if self.target is not None:
            of_all = self.entry.problems(self.target)
            result = replace(result, problems=(*result.problems, *of_all)) if of_all else result
        self.state.record(result, self.analysis)
        self.analysis = None  # which is large
        return result

    def _analysed(self, target: Target) -> Analysis:
        """Analyse the model, and keep the figures that reports of pytest show, and all where the lock is renewed."""
        analysis = targets.analyse(target)
        self.entry.note(target, analysis)
        if self.target is None or target.name == self.target.name:
            self.figures = properties.of(analysis)
            self.analysis = analysis
        locking.keep(self.config, self.state.settings, target, analysis)
        return analysis


class RequirementItem(pytest.Item):
    """One requirement of a model, or the built-in rules (``number`` is None)."""

    number: int | None
    place: tuple[str, int]
    leads = True
    """Whether it tells what is wrong with the model as a whole; others of the same model are skipped then."""

    def runtest(self) -> None:
        """Fail where the requirement does not hold, where it cannot be decided, and where the model is in trouble.

        What rules find that is less than an error is a warning, as it does not fail ``pytest-rf check`` either.
        """
        assert isinstance(self.parent, ModelCollector)
        result = self.parent.result
        properties.record(self, result.model, self.parent.figures)
        if result.skipped:
            pytest.skip(f"left out: {visible(result.skipped)}")
        whole = _of_the_model(result)
        if whole and result.requirements and all(one.status == "error" for one in result.requirements):
            if self.leads:
                raise RequirementFailed(explain(replace(result, findings=(), problems=whole)))
            pytest.skip(f"not checked: {visible(whole[0].message)}")
        if self.number is None:
            own = [finding for finding in _of_rules(result) if finding.code != FIGURES_CHANGED.code]
            grave = tuple(finding for finding in own if severity(finding) == SEVERITIES[0])
            for finding in own:
                if finding not in grave:
                    told = visible(f"{finding.code} {finding.model}: {finding.message}", _REASON_LIMIT)
                    self.warn(pytest.PytestWarning(told))
            for told in () if result.unjudged else result.warnings:  # that nothing judged it, its skip tells
                self.warn(pytest.PytestWarning(visible(told, _REASON_LIMIT)))
            # Rules that could not run have not passed.
            self._judge(replace(result, findings=grave, problems=whole))
            if result.unjudged:
                pytest.skip("nothing was judged, and uncovered in the configuration lets that be")
            return
        one = result.requirements[self.number]
        if one.status == "not applicable":
            pytest.skip(visible(f"not applicable: {one.reason}", _REASON_LIMIT))
        if one.status == "waived":
            pytest.xfail("waived in the configuration")
        if one.status == "known":
            pytest.xfail("known in the baseline")
        problems = _own(result, one)
        findings = tuple(finding for finding in result.findings if finding.number == self.number)
        self._judge(replace(result, findings=findings, problems=problems), one.status != "holds")

    def _judge(self, result: ModelResult, wrong: bool = False) -> None:
        if wrong or result.findings or result.problems:
            raise RequirementFailed(explain(result) or "not checked")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the finding as ``pytest-rf check`` shows it, without a traceback."""
        if isinstance(excinfo.value, RequirementFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the requirement is stated."""
        _, line = self.place
        assert self.parent is not None
        return self.path, line - 1 if line else None, f"{self.parent.name}: {self.name}"


class LockItem(RequirementItem):
    """All figures of a model, held to the lock; or written to it, under ``--rf-update``."""

    def runtest(self) -> None:
        """Fail where figures are not those of the lock; a model that cannot be analysed fails elsewhere."""
        assert isinstance(self.parent, ModelCollector)
        result = self.parent.result
        own = tuple(finding for finding in _of_rules(result) if finding.code == FIGURES_CHANGED.code)
        if own:
            self._judge(replace(result, findings=own, problems=()))
        elif self.leads and result.problems:  # none of the other items runs
            self._judge(replace(result, findings=()))
        elif FIGURES_CHANGED.code not in result.rules and not locking.is_asked(self.config):
            pytest.skip(f"left out: {visible(result.skipped)}" if result.skipped else "not analysed")


def _of_rules(result: ModelResult) -> Iterator[Finding]:
    """Yield the findings that are no requirement's."""
    return (finding for finding in result.findings if finding.number is None)


def _own(result: ModelResult, one: RequirementResult) -> tuple[Problem, ...]:
    """Return the problems of a requirement itself."""
    if one.status != "error":
        return ()
    return tuple(
        p
        for p in result.problems
        if p.file and (p.file, p.line, p.column) == (one.file, one.line, one.column)
    )


def _of_the_model(result: ModelResult) -> tuple[Problem, ...]:
    """Return the problems that are no requirement's own: a file that cannot be read, a rule that could not run."""
    own = [problem for one in result.requirements for problem in _own(result, one)]
    return tuple(problem for problem in result.problems if problem not in own)


class _Names:
    """Gives each of several siblings a name of its own that can be shown."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def unique(self, text: str) -> str:
        name = visible(text, _NAME_LIMIT)
        self._seen[name] = number = self._seen.get(name, 0) + 1
        return name if number == 1 else f"{name} ({number})"
