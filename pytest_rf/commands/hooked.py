"""What a commit hook is given: files of a commit, each of which belongs to the configuration nearest above it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytest_rf.config.declared import Config
from pytest_rf.config.nearest import groups
from pytest_rf.results import Run


def run_hooked(
    paths: Iterable[str], check: Callable[[Config | None, list[str]], Run], fail_on: str | None
) -> Run:
    """Return what was found of files, each held against its own configuration.

    Args:
        paths: files of models, and configurations, which stand for all their models.
        check: checks the files that belong to a configuration.
        fail_on: the least severity of findings that makes the exit status 1; None where none does.

    Raises:
        RFError: a configuration is wrong.
    """
    runs = [check(group.config, group.paths) for group in groups(paths)]
    configs = {run.config for run in runs}
    models = (model for run in runs for model in run.models)
    return Run.of(models, configs.pop() if len(configs) == 1 else "", fail_on)
