"""What a run is asked to check: the models of configurations, or of paths on the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from pytest_rf.config import sources
from pytest_rf.config.declared import Config, Model
from pytest_rf.config.selection import no_name
from pytest_rf.config.sources import Target
from pytest_rf.errors import ConfigError
from pytest_rf.factories import is_factory, is_there
from pytest_rf.findings import Problem
from pytest_rf.paths import display
from pytest_rf.requirements.vocabulary import nearest

#: How the files begin that Git LFS leaves in place of what has not been fetched.
_LFS = b"version https://git-lfs"


class Asked(Struct, frozen=True):
    """A model to check.

    Attributes:
        config: the configuration whose rules it is held against.
        model: its entry there, or what stands for one.
        target: what to analyse; None where the source is wrong.
        problem: what is wrong with the source, or None.
    """

    config: Config
    model: Model
    target: Target | None
    problem: Problem | None = None


def models(config: Config, paths: Sequence[str], names: Sequence[str]) -> list[Asked]:
    """Return the models to check; one whose source is wrong hides no other.

    Args:
        config: the configuration.
        paths: files, folders, patterns, ``package.module:factory``, names in the configuration or configurations;
            without any, all models of the configuration.
        names: of the configuration, only the models with these names.

    Raises:
        ConfigError: there is nothing to check, or a configuration among the paths is wrong.
    """
    there = [model.name for model in config.models if model.name]
    for name in names:
        if name not in there:
            raise ConfigError(
                f'{config.file or "no configuration"} has no model "{name}"{nearest(name, there)}'
            )
    wanted = tuple(model for model in config.models if not names or model.name in names)
    known = list(_known(replace(config, models=wanted)))
    if not paths:
        if not known:
            raise ConfigError(
                f"{config.file}: has no [[model]]" if config.file else "nothing to check: no model"
            )
        return known
    paths = list(dict.fromkeys(paths))
    given = {path: _configured(path, config, known) for path in paths if path.endswith(".toml")}
    given.update({path: _named(path, known) for path in paths if path not in given and _named(path, known)})
    everything = [item for items in (known, *given.values()) for item in items]
    found: list[Asked] = []
    for path in paths:
        found += given[path] if path in given else _files(path, config, everything)
    if not found and not (config.requires or config.select):  # those would be about files given by path
        raise ConfigError(f"{config.file}: has no [[model]]")
    # A file can be given twice, by its path and by the configuration's.
    return list({id(item): item for item in found}.values())


def _known(config: Config) -> Iterator[Asked]:
    """Yield the models of a configuration."""
    for model in config.models:
        try:
            for target in sources.of(model):
                yield Asked(config, model, target)
        except ConfigError as error:
            problem = Problem(message=str(error), file=model.file, line=model.line)
            yield Asked(config, model, None, problem)


def _configured(path: str, config: Config, known: list[Asked]) -> list[Asked]:
    """Return the models of a configuration on the command line, which is often the very one that was found."""
    if config.path is not None and os.path.realpath(path) == os.path.realpath(config.path):
        return known
    from pytest_rf.config import reading

    other = reading.load(path)
    if not other.models:
        raise ConfigError(f"{other.file}: has no [[model]]")
    return list(_known(other))


def _named(word: str, known: Sequence[Asked]) -> list[Asked]:
    """Return the models that go by a name, all of an entry for several; none where a word is a path that exists."""
    if is_there(word):
        return []
    return [
        item
        for item in known
        if word in (item.model.name, item.target.name if item.target is not None else "")
    ]


def _files(path: str, config: Config, items: Sequence[Asked]) -> list[Asked]:
    """Return the models of a path on the command line: a file, or all that a folder or a pattern stands for."""
    folder = is_there(path) and Path(path).is_dir() and Path(path).suffix != ".onnx"  # which is no model
    if not folder and (not sources.is_pattern(path) or is_there(path)):
        return _given(path, config, items)
    found = sources.files(f"{path.rstrip('/')}/**/*.onnx" if folder else path)
    if not found:
        what = "holds no .onnx file" if folder else "matches no file"
        problem = Problem(message=f"{path}: {what}; check the path")
        return [Asked(config, Model(source=path), None, problem)]
    return [item for file in found for item in _given(file, config, items)]


def _described(path: str, config: Config, items: Sequence[Asked]) -> list[Asked]:
    """Return the model that a bioimage.io description names, with that."""
    from pytest_rf import bioimageio

    try:
        description = bioimageio.read(Path(path))
    except ConfigError as error:
        return [Asked(config, Model(source=path), None, Problem(message=str(error), file=path))]
    found = []
    for item in _given(str(description.source), config, items):
        model = replace(item.model, descriptions=(description,))
        target = None if item.target is None else replace(item.target, model=model)
        found.append(replace(item, model=model, target=target))
    return found


def _given(path: str, config: Config, items: Sequence[Asked]) -> list[Asked]:
    """Return the models of a path on the command line: those of configurations with this source, or its own."""
    if sources.is_description(path):
        return _described(path, config, items)
    known = [(item, item.target) for item in items if item.target is not None]
    made = Model(
        source=path,
        requires=config.requires,
        options=config.options,
        operators=config.operators,
        limits=config.limits,
    )
    if is_factory(path) and not is_there(path):
        same = [item for item, target in known if target.is_code and target.source == path]
        own = Target(name=path.rpartition(":")[2], source=path, path=None, model=made)
    else:
        file = Path(path)
        real = os.path.realpath(file)
        same = [item for item, target in known if target.path and os.path.realpath(target.path) == real]
        own = Target(name=file.stem, source=display(file), path=file, model=made)
        names = [item.model.name or target.name for item, target in known]
        what = "" if same else no_name(path, config, names)
        if what:
            return [Asked(config, made, None, Problem(message=what))]
    return same or [Asked(config, made, own)]


def leaving_out(target: Target, config: Config, skip_code: bool) -> str:
    """Return why a model is left out; empty where it is not.

    Args:
        target: the model.
        config: its configuration, which can leave Git LFS pointers out.
        skip_code: whether what runs code is left out.
    """
    if target.path is None:
        return "runs code, which is left to the hook pytest-rf-system" if skip_code else ""
    if config.lfs != "skip" or target.astray:
        return ""
    try:
        with target.path.open("rb") as file:
            is_pointer = file.read(len(_LFS)) == _LFS
    except OSError:  # which reading the model will tell
        return ""
    return f'a Git LFS pointer, which lfs = "skip" in {config.file} leaves out' if is_pointer else ""
