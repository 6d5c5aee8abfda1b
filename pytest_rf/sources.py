"""From a target to its analysis: reads the file, or runs the code that makes the model."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from pytest_rf.config.targets import Target
from pytest_rf.errors import ModelError


def analyse(target: Target) -> Any:
    """Analyse a target as its model declares it.

    Raises:
        ModelError: the model cannot be read, made or analysed.
    """
    from pytest_rf.loading import analyze

    model, limits = target.model, target.model.limits
    if target.path is not None and limits.file_size is not None and target.path.is_file():
        size = target.path.stat().st_size
        _keep(target, "file_size", size, limits.file_size, "bytes")
    analysis = analyze(
        make(target) if target.path is None else target.path,
        inputs=dict(model.inputs) or None,
        axes=model.axes,
        accept_context=model.accept_context,
        name=target.name,
    )
    _keep(target, "nodes", len(analysis.graph.nodes), limits.nodes, "nodes")
    extents = [extent for source in analysis.inputs.values() for extent in source.shape]
    _keep(target, "extent", max(extents, default=0), limits.extent, "positions along an axis")
    return analysis


def _keep(target: Target, name: str, found: int, limit: int | None, what: str) -> None:
    """Refuse a model that goes beyond a limit."""
    if limit is not None and found > limit:
        raise ModelError(
            f"{target.source}: {found} {what} are more than the limit of {limit} (limits.{name})"
        )


def make(target: Target) -> Any:
    """Return the module that ``package.module:factory`` makes or is; this runs code of the project.

    Raises:
        ModelError: there is no such name, or the code fails or exits.
    """
    return made(target.source, target.model.root)


def made(source: str, root: Path) -> Any:
    """Return what ``package.module:factory``, imported from ``root``, makes or is.

    Raises:
        ModelError: there is no such name, or the code fails or exits.
    """
    place, _, name = source.partition(":")
    folder = str(root)
    sys.path.insert(0, folder)
    try:
        found = getattr(import_module(place), name)
        # A module is used as it is; only what is no module makes one when it is called.
        return found if hasattr(found, "named_modules") and not isinstance(found, type) else found()
    except (Exception, SystemExit) as error:
        raise ModelError(f"{source}: {type(error).__name__}: {error}") from error
    finally:
        if folder in sys.path:
            sys.path.remove(folder)
