"""What baselines and locks say of the models of a run; every file is read once, before any model is.

What reads and compares them is imported where there is one: most runs have none.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_rf.config.declared import Config
from pytest_rf.config.records import ModelKey, command, key
from pytest_rf.config.sources import Target
from pytest_rf.errors import ConfigError
from pytest_rf.paths import display

if TYPE_CHECKING:
    from pytest_rf.analysis import Analysis
    from pytest_rf.baseline.entries import Entry
    from pytest_rf.baseline.file import Baseline
    from pytest_rf.findings import Finding
    from pytest_rf.locks.lockfile import Lock
    from pytest_rf.requirements import Settings


class Recorded:
    """The baselines and locks of some configurations."""

    def __init__(self, configs: Iterable[Config]) -> None:
        """Read them.

        Raises:
            ConfigError: one is not there though the configuration names it, or is not what it should be.
        """
        self._baselines: dict[Path, Baseline] = {}
        self._locks: dict[Path, Lock] = {}
        for config in configs:
            if config.baseline is not None and config.baseline not in self._baselines:
                from pytest_rf.baseline import file

                self._baselines[config.baseline] = file.read(config.baseline)
            if config.lock is not None and config.lock not in self._locks:
                if not config.lock.exists():
                    raise ConfigError(
                        f"{display(config.lock)}: {config.file} names this lock, and there is none; write it with "
                        f"{command('snapshot', config)}"
                    )
                from pytest_rf.locks import lockfile

                self._locks[config.lock] = lockfile.read(config.lock)

    def known(self, config: Config, target: Target) -> list[Entry]:
        """Return what is known to fail of a model."""
        if config.baseline is None:
            return []
        return self._baselines[config.baseline].get(key(target, config.baseline.parent), [])

    def sort(
        self, config: Config, target: Target, findings: list[Finding], several: bool
    ) -> tuple[list[Finding], list[Finding], list[Entry]]:
        """Return the findings of a model that its baseline does not have, those that it has, and what is left of it.

        Args:
            config: the model's configuration.
            target: the model.
            findings: what was found.
            several: whether the model has several inputs, so that sentences have to name them.
        """
        entries = self.known(config, target)
        if not findings and not entries:
            return [], [], []
        from pytest_rf.baseline.sorting import sort

        found = sort(findings, entries, several)
        return found.kept, found.known, found.unused

    def moved(self, config: Config, target: Target, analysis: Analysis, settings: Settings) -> list[Finding]:
        """Return what has moved of a model since its lock was written."""
        if config.lock is None:
            return []
        from pytest_rf.locks import figures, holding

        called = key(target, config.lock.parent)
        locked = self._locks[config.lock].get(called)
        now = figures.of(analysis, called)
        return holding.held(
            analysis, now, locked, settings, display(config.lock), command("snapshot --update", config)
        )

    def gone(self, config: Config, targets: Iterable[Target]) -> list[str]:
        """Return what to say of models that a baseline or lock has and the configuration has no longer."""
        texts = []
        there = list(targets)
        for path, models, remedy in (
            (config.baseline, self._baselines, "baseline --prune"),
            (config.lock, self._locks, "snapshot --update"),
        ):
            if path is not None:
                left = _left(models[path], [key(target, path.parent) for target in there])
                if left:
                    texts.append(
                        f'{display(path)}: has model "{left[0].name}" ({left[0].source}), which {config.file} does '
                        f"not have{f', and {len(left) - 1} more' if left[1:] else ''}; take it out with "
                        f"{command(remedy, config)}"
                    )
        return texts


def _left(models: Iterable[ModelKey], there: list[ModelKey]) -> list[ModelKey]:
    return [one for one in models if one not in there]


def unused(entries: Iterable[Entry], config: Config, rules: Iterable[str]) -> str:
    """Return what to say of entries that no longer apply; empty where there is nothing.

    Args:
        entries: those that no finding is about.
        config: the configuration.
        rules: codes of the rules that were checked; of others nothing is known.
    """
    if config.baseline is None:
        return ""
    from pytest_rf.baseline import file

    checked = set(rules)
    left = [entry for entry in entries if not file.is_rule(entry.place.of) or entry.place.of in checked]
    if not left:
        return ""
    first = left[0].place
    where = f' at tensor "{first.tensor}"{f" on axis {first.axis}" if first.axis else ""}'
    others = f" and {len(left) - 1:,} more" if left[1:] else ""
    return (
        f"{display(config.baseline)}: {first.of}{where}{others} no longer "
        f"fail{'' if others else 's'}; take {'them' if others else 'it'} out with {command('baseline --prune', config)}"
    )
