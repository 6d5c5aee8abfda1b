"""From a target to its analysis: reads the file, or runs the code that makes the model, within its limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from pytest_rf import limits
from pytest_rf.analysis import Analysis as Described
from pytest_rf.analysis.accepting import complaint, unmatched
from pytest_rf.analysis.described import say
from pytest_rf.calling import absent, analysed
from pytest_rf.checkable import Analysis
from pytest_rf.config.declared import Model
from pytest_rf.config.positions import Keys
from pytest_rf.config.sources import Target
from pytest_rf.containment import contained
from pytest_rf.errors import ConfigError, ModelError, PlacedConfigError
from pytest_rf.given import CallError
from pytest_rf.paths import place


def refuse_code(target: Target, allow_code: bool) -> None:
    """Refuse a target that runs code where that is not allowed.

    Raises:
        ModelError: it is a ``package.module:factory`` and code is not allowed.
    """
    if target.is_code and not allow_code:
        raise ModelError(f"{target.source}: runs code of the project, which needs --allow-code")


def analyse(target: Target, example: Sequence[Any] = ()) -> Analysis:
    """Analyse a target as its model declares it; ``example``: the inputs of one call, of a PyTorch model.

    What its entry accepts of context must match something in it, and its spacing must be of axes that it has; where
    the entry stands for several models, in one of them, which only who analyses all of them can tell.

    Raises:
        ModelError: the model cannot be read, made or analysed.
        ConfigError: the entry says something of what the model does not have.
    """
    if target.astray:
        raise ConfigError(target.astray)
    with limits.held(_limits(target.model)):
        if target.path is None:
            with contained(target.source):
                analysis = _analysed(target, target.source, example)
        else:
            _check_file(target, target.path)
            analysis = _analysed(target, target.path, example)
    say(analysis, accept_context=target.model.accept_context)
    if target.siblings == 1:
        for keys, told in missing(analysis, target.model).items():
            raise at(target.model, told, *keys)
    gone = absent(analysis, target.model.spacing)
    analysis.spacing = {axis: one for axis, one in target.model.spacing.items() if axis not in gone}
    return analysis


def missing(analysis: Described, model: Model, models: str = "") -> dict[Keys, str]:
    """Return what is said of a model that it does not have, by key, with what to say about it.

    Args:
        analysis: the model.
        model: its entry.
        models: the models that the entry stands for, in words, if they are several.
    """
    axes = absent(analysis, model.spacing, models)
    found: dict[Keys, str] = {("spacing", axis): f"spacing: {told}" for axis, told in axes.items()}
    patterns = unmatched(analysis, model.accept_context)
    for number, pattern in enumerate(model.accept_context):
        if pattern in patterns:
            found["accept_context", number] = complaint(pattern, analysis, models)
    return found


def at(model: Model, told: str, *keys: str | int) -> ConfigError:
    """Return the error of a key of a model, with its place."""
    line, column = model.place(*keys)
    return PlacedConfigError(f"{place(model.file, line, column)}{told}", line=line, column=column)


def _limits(model: Model) -> limits.Limits:
    """Return what a model may take: the defaults, and what its configuration says instead."""
    keys = limits.Limits.__struct_fields__
    stated = {key: getattr(model.limits, key) for key in keys if getattr(model.limits, key) is not None}
    return replace(limits.current(), **stated)


def _analysed(target: Target, source: Path | str, example: Sequence[Any]) -> Analysis:
    # What is accepted of context, and axes of a spacing, need only be in one of the models of an entry.
    call = replace(target.model, accept_context=(), spacing={})
    try:
        analysis = analysed(source, call, example, name=target.name, root=call.root, operators=call.operators)
    except CallError as error:
        raise at(target.model, str(error), error.key, *error.at) from None
    analysis.root = call.root if call.file else None
    return analysis


def _check_file(target: Target, path: Path) -> None:
    if ":" in target.source and path.suffix != ".onnx" and not path.exists():
        raise ModelError(
            f"{target.source}: there is no such file, and a callable that makes a model is written "
            "package.module:name"
        )
