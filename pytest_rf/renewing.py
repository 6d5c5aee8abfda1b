"""The use cases of ``baseline`` and ``snapshot``: what fails now, and what figures are now, as files that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec.structs import replace

from pytest_rf import check
from pytest_rf.analysis import Analysis
from pytest_rf.baseline import file, renewing
from pytest_rf.baseline.file import Baseline
from pytest_rf.check import Examiner
from pytest_rf.comparing import Comparison
from pytest_rf.config import asked
from pytest_rf.config.asked import Asked
from pytest_rf.config.declared import Config, Model
from pytest_rf.config.records import BASELINE, LOCK, ModelKey, key, refuse_link
from pytest_rf.config.sources import Target
from pytest_rf.errors import ConfigError
from pytest_rf.findings import Finding
from pytest_rf.jobs import Load
from pytest_rf.locks import figures, lockfile
from pytest_rf.locks.compare import paired
from pytest_rf.locks.figures import ModelFigures
from pytest_rf.locks.lockfile import Lock
from pytest_rf.paths import display
from pytest_rf.results import Run
from pytest_rf.targets import analyse

Mode = Literal["write", "update", "prune"]


class Baselined(NamedTuple):
    """A baseline as it should be now.

    Attributes:
        path: its file.
        run: what was found, as if there were no baseline.
        before: the baseline as it is.
        now: the baseline as it should be.
    """

    path: Path
    run: Run
    before: Baseline
    now: Baseline


class Snapshot(NamedTuple):
    """The figures of models now, beside those of the lock.

    Attributes:
        path: the lock.
        run: what was found out about the models: why they cannot be analysed, if so.
        before: the lock as it is; None where there is none.
        now: the figures of the models that were analysed.
        gone: models that the lock has and the configuration has no longer.
    """

    path: Path
    run: Run
    before: Lock | None
    now: Lock
    gone: tuple[ModelKey, ...]

    def renewed(self) -> Lock:
        """Return the lock as it should be: models that were not analysed this time stay as they are."""
        kept = {called: one for called, one in (self.before or {}).items() if called not in self.gone}
        return {**kept, **self.now}

    def comparison(self) -> Comparison:
        """Return what differs from the lock, of the models that were analysed; those that are gone count, too."""
        before = self.before or {}
        looked_at = {*self.now, *self.gone}
        old = [one for called, one in before.items() if called in looked_at]
        now: list[ModelFigures] = list(self.now.values())
        return Comparison(display(self.path), "the models now", paired(old, now) if old or now else [])


def baseline(
    config: Config,
    paths: Sequence[str],
    mode: Mode,
    *,
    allow_code: bool = False,
    examiner: Examiner | None = None,
) -> Baselined:
    """Return the baseline as it should be now.

    Args:
        config: the configuration.
        paths: only these models; what is known of others stays.
        mode: ``write`` a first one, ``update`` what is known of the models, or ``prune`` it: take out what no longer
            fails, tighten what has improved, add nothing.
        allow_code: whether ``package.module:factory`` may run code.
        examiner: who examines the models, as for :func:`pytest_rf.check.run`.

    Raises:
        ConfigError: there is a baseline already, or none where one is to be renewed; or the run has no models.
    """
    path = config.baseline or config.root / BASELINE
    refuse_link(path)
    there = path.exists()
    if there and mode == "write":
        raise ConfigError(
            f"{display(path)}: exists; --prune takes out what no longer fails, --update also adds what fails now"
        )
    if not there and mode == "prune":
        raise ConfigError(
            f"{display(path)}: there is no baseline to prune; write one with pytest-rf baseline"
        )
    before = file.read(path) if there else {}
    items = asked.models(config, paths, ())
    _refuse_twins(items, path.parent)
    bare = replace(config, baseline=None, lock=None, uncovered="ignore")
    run = check.run(bare, paths, allow_code=allow_code, examiner=examiner)
    now = {} if mode == "prune" and not paths else dict(before)
    for item, result in zip(items, run.models, strict=True):
        if item.target is None:
            continue
        called = key(item.target, path.parent)
        found = [finding for finding in result.findings if _is_about_model(finding)]
        known = before.get(called, [])
        now[called] = renewing.tightened(known, found) if mode == "prune" else renewing.taken(found)
    return Baselined(path, run, before, {called: entries for called, entries in now.items() if entries})


def _refuse_twins(items: Sequence[Asked], root: Path) -> None:
    """Refuse models that the file could not tell apart.

    Raises:
        ConfigError: two have one name and one source.
    """
    seen: set[ModelKey] = set()
    for item in items:
        called = None if item.target is None else key(item.target, root)
        if called is not None and called in seen:
            raise ConfigError(
                f"{item.model.file}{f':{item.model.line}' if item.model.line else ''}: a second model is called "
                f'"{called.name}" ({called.source}); give it another name'
            )
        seen |= set() if called is None else {called}


def _is_about_model(finding: Finding) -> bool:
    """Return whether a finding is about a tensor of a model; others are about waivers."""
    return bool(finding.tensor)


def snapshot(
    config: Config | None, paths: Sequence[str], *, allow_code: bool = False, load: Load | None = None
) -> Snapshot:
    """Return the figures of models now, beside those of the lock.

    Args:
        config: the configuration, if there is one.
        paths: only these models.
        allow_code: whether ``package.module:factory`` may run code.
        load: how to turn a target into an analysis.

    Raises:
        ConfigError: the lock is not one, or the run has no models.
    """
    path = lock_of(config)
    refuse_link(path)
    before = lockfile.read(path) if path.exists() else None
    config = config or Config()
    bare = _bare(config)
    items = asked.models(bare, paths, ())
    _refuse_twins(items, path.parent)
    now: Lock = {}

    def taken(target: Target) -> Analysis:
        analysis = (load or analyse)(target)
        called = key(target, path.parent)
        now[called] = figures.of(analysis, called)
        return analysis

    run = check.run(bare, paths, allow_code=allow_code, load=taken)
    there = {key(item.target, path.parent) for item in items if item.target is not None}
    whole = not paths and all(item.target for item in items)
    gone = tuple(called for called in before or () if whole and called not in there)
    return Snapshot(path, run, before, now, gone)


def lock_of(config: Config | None) -> Path:
    """Return where the lock of a configuration lies; without one in the working directory."""
    if config is None:
        return Path.cwd() / LOCK
    return config.lock or config.root / LOCK


def _bare(config: Config) -> Config:
    """Return a configuration that requires nothing: what is wrong then is that a model cannot be analysed."""

    def bare(model: Model) -> Model:
        return replace(model, requires=(), tilings=(), waivers=(), select=(), ignore=())

    return replace(
        config,
        select=(),
        ignore=(),
        requires=(),
        models=tuple(map(bare, config.models)),
        uncovered="ignore",
        baseline=None,
        lock=None,
    )
