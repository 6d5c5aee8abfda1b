"""Which model a word means: a path, ``package.module:factory``, or the name of a model of the configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from pytest_rf.calls import stated
from pytest_rf.config import sources
from pytest_rf.config.declared import Config, Model
from pytest_rf.config.sources import Target
from pytest_rf.errors import ConfigError
from pytest_rf.factories import is_factory, is_there
from pytest_rf.paths import display
from pytest_rf.requirements.vocabulary import nearest


def find(word: str, config: Config | None = None, call: Mapping[str, Any] | None = None) -> Target:
    """Return what a word means, with what the configuration declares about it.

    Args:
        word: a path, ``package.module:factory``, or a name.
        config: the configuration, if there is one.
        call: how the model is called, key by key, before what the configuration says.

    Raises:
        CallError: ``call`` is not understood.
        ConfigError: the word is a name that the configuration does not have.
    """
    target = declared(word, config) or _given(word, config or Config())
    return replace(target, model=stated(target.model, call or {}))


def declared(word: str, config: Config | None) -> Target | None:
    """Return the model of the configuration that a word means: by its source or its name; None if none is."""
    known = list(_known(config))
    real = os.path.realpath(word)
    for target in known:
        if target.source == word or (target.path is not None and os.path.realpath(target.path) == real):
            return target
    return next((target for target in known if target.name == word), None)


def _known(config: Config | None) -> Iterator[Target]:
    for model in config.models if config is not None else ():
        try:
            yield from sources.of(model)
        except ConfigError:  # Another model's trouble; who asks for that one is told.
            continue


def _given(word: str, config: Config) -> Target:
    model = Model(source=word, options=config.options, operators=config.operators)
    if is_factory(word) and not is_there(word):
        return Target(name=word.rpartition(":")[2], source=word, path=None, model=model)
    path = Path(word)
    what = no_name(word, config, [target.name for target in _known(config)])
    if what:
        raise ConfigError(what)
    return Target(name=path.stem, source=display(path), path=path, model=model)


def no_name(word: str, config: Config, names: Sequence[str]) -> str:
    """Return what to say of a word that looks like the name of a model and is none; empty of any other.

    Args:
        word: what was given.
        config: the configuration.
        names: those of its models.
    """
    if not (config.file and names) or ":" in word or Path(word).suffix or is_there(word):
        return ""
    return f"{word}: no such file, and {config.file} has no model of this name{nearest(word, names)}"
