"""``--rf-update``: the figures of the models that run, kept until the end and then written to the lock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec.structs import replace

from pytest_rf.config.records import key, refuse_link
from pytest_rf.errors import RFError
from pytest_rf.locks import figures, lockfile
from pytest_rf.locks.figures import ModelFigures
from pytest_rf.reporters.files import save

if TYPE_CHECKING:
    from pytest_rf.analysis import Analysis
    from pytest_rf.config.declared import Config
    from pytest_rf.config.sources import Target

#: The figures of models by their lock.
_KEPT: pytest.StashKey[dict[str, list[ModelFigures]]] = pytest.StashKey()


def is_asked(config: pytest.Config) -> bool:
    """Return whether the lock is renewed in this run."""
    return bool(config.getoption("rf_update"))


def readable(config: pytest.Config, settings: Config) -> Config:
    """Return the configuration without its lock, where that is renewed and need not be there yet."""
    return replace(settings, lock=None) if is_asked(config) else settings


def keep(config: pytest.Config, settings: Config, target: Target, analysis: Analysis) -> None:
    """Keep the figures of a model, where the lock is renewed."""
    if is_asked(config) and settings.lock is not None:
        found = figures.of(analysis, key(target, settings.lock.parent))
        config.stash.setdefault(_KEPT, {}).setdefault(str(settings.lock), []).append(found)


def receive(config: pytest.Config, kept: object) -> None:
    """Take over the figures of a pytest-xdist worker, which come as plain data."""
    for lock, models in msgspec.convert(kept, dict[str, list[ModelFigures]]).items():
        config.stash.setdefault(_KEPT, {}).setdefault(lock, []).extend(models)


def finish(config: pytest.Config) -> None:
    """Write the locks, or hand the figures to the process that does; models that did not run stay as they are."""
    kept = config.stash.get(_KEPT, {})
    if hasattr(config, "workeroutput"):
        config.workeroutput["pytest_rf_lock"] = msgspec.to_builtins(kept)
        return
    for lock, models in kept.items():
        path = Path(lock)
        try:
            refuse_link(path)
            before = lockfile.read(path) if path.exists() else {}
            renewed = {**before, **{model.key: model for model in models}}
            save(lockfile.text(renewed.values()), path.name, path.parent)
        except RFError as error:
            pytest.exit(f"--rf-update: {error}", returncode=2)
