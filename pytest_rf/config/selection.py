"""Which model a word means: a path, ``package.module:factory``, or the name of a model of the configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_rf.config import sources
from pytest_rf.config.declared import Config, Model
from pytest_rf.config.sources import Target
from pytest_rf.errors import ConfigError
from pytest_rf.paths import display


def find(
    word: str, config: Config | None = None, inputs: Mapping[str, Sequence[int]] | None = None
) -> Target:
    """Return what a word means, with what the configuration declares about it.

    Args:
        word: a path, ``package.module:factory``, or a name.
        config: the configuration, if there is one.
        inputs: shapes that go before the configuration's, by input name.
    """
    target = declared(word, config) or _given(word)
    shapes = {**target.model.inputs, **{name: tuple(shape) for name, shape in (inputs or {}).items()}}
    return replace(target, model=replace(target.model, inputs=shapes))


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


def _given(word: str) -> Target:
    if sources.is_factory(word) and not Path(word).exists():
        return Target(name=word.rpartition(":")[2], source=word, path=None, model=Model(source=word))
    path = Path(word)
    return Target(name=path.stem, source=display(path), path=path, model=Model(source=word))
