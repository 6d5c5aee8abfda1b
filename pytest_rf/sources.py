"""From a target to its analysis: reads the file, or runs the code that makes the model."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from pytest_rf.config.declared import Model
from pytest_rf.config.targets import Target
from pytest_rf.containment import contained, told
from pytest_rf.errors import ConfigError, ModelError


def analyse(target: Target) -> Any:
    """Analyse a target as its model declares it.

    What its entry accepts of context must match something in it; where the entry stands for several models, in
    one of them, which only who analyses all of them can tell.

    Raises:
        ModelError: the model cannot be read, made or analysed.
        ConfigError: a pattern of ``accept_context`` matches nothing.
    """
    if target.path is None:
        with contained(target.source):
            analysis = _analysed(target, make(target))
    else:
        _check_file(target, target.path)
        analysis = _analysed(target, target.path)
    limits = target.model.limits
    _keep(target, "nodes", len(analysis.graph.nodes), limits.nodes, "nodes")
    extents = [extent for source in analysis.inputs.values() for extent in source.shape]
    _keep(target, "extent", max(extents, default=0), limits.extent, "positions along an axis")
    analysis.accept_context = target.model.accept_context
    if target.siblings == 1:
        from pytest_rf.analysis.accepting import complaint, unmatched

        for pattern in unmatched(analysis, analysis.accept_context):
            raise ConfigError(f"{accepted_at(target.model, pattern)}{complaint(pattern, analysis)}")
    return analysis


def accepted_at(model: Model, pattern: str) -> str:
    """Return the place of a pattern of ``accept_context`` as errors begin with it."""
    lines = dict(zip(model.accept_context, model.accept_lines, strict=False))
    line = lines.get(pattern, model.line)
    return f"{model.file}{f':{line}' if line else ''}: " if model.file else ""


def _analysed(target: Target, model: Any) -> Any:
    from pytest_rf.loading import analyze

    return analyze(
        model,
        inputs=dict(target.model.inputs) or None,
        values=dict(target.model.values) or None,
        axes=target.model.axes,
        stands_for=target.model.stands_for,
        name=target.name,
    )


def _check_file(target: Target, path: Path) -> None:
    limit = target.model.limits.file_size
    if limit is not None and path.is_file():
        _keep(target, "file_size", path.stat().st_size, limit, "bytes")
    if ":" in target.source and path.suffix != ".onnx" and not path.exists():
        raise ModelError(
            f"{target.source}: there is no such file, and a callable that makes a model is written "
            "package.module:name"
        )


def _keep(target: Target, name: str, found: int, limit: int | None, what: str) -> None:
    """Refuse a model that goes beyond a limit."""
    if limit is not None and found > limit:
        raise ModelError(
            f"{target.source}: {found} {what} are more than the limit of {limit} (limits.{name})"
        )


def make(target: Target) -> Any:
    """Return the module that ``package.module:factory`` makes or is; this runs code of the project.

    Raises:
        ModelError: there is no such name, the code fails or exits, or gives something else.
    """
    return made(target.source, target.model.root)


def made(source: str, root: Path) -> Any:
    """Return what ``package.module:factory``, imported from ``root``, makes or is.

    Raises:
        ModelError: there is no such name, the code fails or exits, or gives something else.
    """
    place, _, name = source.partition(":")
    folder = str(root)
    sys.path.insert(0, folder)
    try:
        try:
            with contained(source):
                found = getattr(import_module(place), name)
        except ModuleNotFoundError as error:
            if place.endswith(".py"):
                raise ModelError(f"{source}: write the module's name, {place[:-3]}:{name}") from error
            raise ModelError(
                f"{source}: {told(error)}; it is looked for below {folder} and in sys.path"
            ) from error
        except ModelError:
            raise
        except Exception as error:  # whatever the import runs
            raise ModelError(f"{source}: {told(error)}") from error
        # A module is used as it is; only what is no module makes one when it is called.
        return found if _is_model(found) else called(found, source)
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def called(factory: Any, source: str) -> Any:
    """Return the module that a callable makes.

    Raises:
        ModelError: it is none, it fails or exits, or it gives something else.
    """
    if not callable(factory):
        raise ModelError(f"{source}: is {_a(factory)}, neither an nn.Module nor a callable that makes one")
    try:
        with contained(source):
            model = factory()
    except ModelError:
        raise
    except Exception as error:  # whatever the code does
        raise ModelError(f"{source}: {told(error)}") from error
    if not _is_model(model):
        raise ModelError(f"{source}: gave {_a(model)} instead of an nn.Module")
    return model


def _is_model(found: Any) -> bool:
    """Whether something is an ``nn.Module`` or an ``ExportedProgram``; torch need not be there to tell."""
    return not isinstance(found, type) and (
        hasattr(found, "named_modules") or type(found).__name__ == "ExportedProgram"
    )


def _a(found: Any) -> str:
    return "None" if found is None else f"{type(found).__name__} {str(found)[:40]!r}"
