"""What a commit hook is given: files of a commit, each of which belongs to the configuration nearest above it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytest_rf.config.declared import Config
from pytest_rf.config.nearest import groups
from pytest_rf.results import Run


def run_hooked(paths: Iterable[str], check: Callable[[Config | None, list[str]], Run]) -> Run:
    """Return what was found of files, each held against its own configuration.

    Args:
        paths: files of models, and configurations, which stand for all their models.
        check: checks the files that belong to a configuration.

    Raises:
        RFError: a configuration is wrong.
    """
    runs = [check(group.config, group.paths) for group in groups(paths)]
    configs = dict.fromkeys(run.config for run in runs if run.config)
    return Run.of((model for run in runs for model in run.models), ", ".join(configs))
