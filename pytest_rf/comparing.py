"""The use case of ``diff``: two sides, each a model, a lock, or one of these at a git revision, and what differs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from pytest_rf.analysis import Analysis
from pytest_rf.config.declared import Config
from pytest_rf.config.records import ModelKey
from pytest_rf.config.selection import find
from pytest_rf.config.sources import Target
from pytest_rf.errors import ModelError, RFError
from pytest_rf.factories import is_factory
from pytest_rf.locks import figures, lockfile
from pytest_rf.locks.compare import Difference, paired
from pytest_rf.locks.figures import ModelFigures
from pytest_rf.paths import display
from pytest_rf.revisions import content
from pytest_rf.targets import refuse_code

#: How a model becomes an analysis.
Load = Callable[[Target], Analysis]


class Side(NamedTuple):
    """One side of a comparison.

    Attributes:
        word: as it was given.
        models: its models; one, where it is a model itself.
        is_lock: whether it is a lock.
        analysis: the model itself, where it is one.
    """

    word: str
    models: list[ModelFigures]
    is_lock: bool
    analysis: Analysis | None = None


class Comparison(NamedTuple):
    """What differs between two sides, model by model."""

    old: str
    new: str
    models: list[Difference]

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return any(self.models)


def compare(old: Side, new: Side) -> Comparison:
    """Return what differs between two sides.

    Raises:
        ModelError: a lock has not the model that the other side is.
    """
    if not old.is_lock:
        new = _of_model(new, old)
    if not new.is_lock:
        old = _of_model(old, new)
    return Comparison(old.word, new.word, paired(old.models, new.models))


def side(word: str, config: Config | None, allow_code: bool, load: Load) -> Side:
    """Return a side of a comparison.

    Args:
        word: a model file, the name of a model of the configuration, ``package.module:factory``, a lock, or a file
            of either kind at a git revision, as in ``HEAD~1:rf.lock``.
        config: the configuration, if there is one.
        allow_code: whether ``package.module:factory`` may run code.
        load: how to turn a target into an analysis.

    Raises:
        RFError: it cannot be read.
    """
    path = Path(word)
    if path.exists() or path.drive or ":" not in word or is_factory(word):
        if path.is_file() and _begins_as_lock(path):
            return Side(word, list(lockfile.read(path).values()), True)
        return _model(word, find(word, config), allow_code, load)
    found = content(word)
    if lockfile.is_lock(found):
        return Side(word, list(lockfile.parse(found, word).values()), True)
    return _at_revision(word, found, config, load)


def _begins_as_lock(path: Path) -> bool:
    with path.open("rb") as file:
        return lockfile.is_lock(file.read(len(lockfile.HEAD) + 1))


def _model(word: str, target: Target, allow_code: bool, load: Load) -> Side:
    refuse_code(target, allow_code)
    return _side(word, load(target), target)


def _side(word: str, analysis: Analysis, target: Target) -> Side:
    return Side(word, [figures.of(analysis, ModelKey(target.name, target.source))], False, analysis)


def _at_revision(word: str, found: bytes, config: Config | None, load: Load) -> Side:
    """Return a model file as it was, with what the configuration says of the file as it is."""
    name = word.partition(":")[2].removeprefix("./")
    if not name.endswith(".onnx"):
        raise ModelError(f"{word}: neither a lock nor an .onnx file; give one of these at a revision")
    target = find(name, config)
    with tempfile.TemporaryDirectory(prefix="pytest-rf-") as folder:
        file = Path(folder) / Path(name).name
        file.write_bytes(found)
        shown = display(file)
        try:
            return _side(word, load(replace(target, source=shown, path=file)), target)
        except RFError as error:
            raise ModelError(str(error).replace(shown, word).replace(os.fspath(file), word)) from None


def _of_model(side: Side, model: Side) -> Side:
    """Return the one model of a lock that the other side is."""
    if not side.is_lock or len(side.models) == 1:
        return side
    (wanted,) = model.models
    file = wanted.source.rpartition("/")[2]
    same = [one for one in side.models if one.source == wanted.source] or [
        one for one in side.models if one.name == wanted.name
    ]
    same = same or [one for one in side.models if one.source.rpartition("/")[2] == file]
    if len(same) != 1:
        names = ", ".join(f'"{one.name}"' for one in side.models[:10])
        count = "several models that could be" if same else "no model that is"
        raise ModelError(f"{side.word}: has {count} {model.word}; it has {names or 'none'}")
    return side._replace(models=same)
