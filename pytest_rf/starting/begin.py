"""A first configuration from models: each is analysed, and what is written of it has been held against it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from pytest_rf import calls, check, results
from pytest_rf.analysis import Analysis
from pytest_rf.config import sources
from pytest_rf.config.declared import Config, Model, PlacedRequirement
from pytest_rf.config.sources import Target
from pytest_rf.errors import ConfigError, RFError
from pytest_rf.factories import is_factory
from pytest_rf.paths import display, lies_in
from pytest_rf.requirements import parse
from pytest_rf.results import Extent
from pytest_rf.starting import search, today
from pytest_rf.starting.today import Stated
from pytest_rf.targets import analyse, refuse_code

#: How a model becomes an analysis.
Load = Callable[[Target], Analysis]

#: Names are cut to what a configuration takes.
_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model of a first configuration.

    Attributes:
        name: what it is called.
        source: its source, from the configuration's folder.
        inputs: shapes of inputs that have to be stated.
        tensors: how many tensors it has.
        shapes: the shapes of its inputs.
        axes: the names of its spatial axes.
        chosen: the extents that the file leaves open, and that were chosen.
        stated: what holds of it.
        wrong: why nothing can be checked of it; empty where something can.
    """

    name: str
    source: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    tensors: int = 0
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    axes: tuple[str, ...] = ()
    chosen: tuple[Extent, ...] = ()
    stated: tuple[Stated, ...] = ()
    wrong: str = ""


def entries(
    root: Path,
    words: Sequence[str] = (),
    *,
    inputs: Mapping[str, Any] | None = None,
    allow_code: bool = False,
    load: Load | None = None,
) -> list[Entry]:
    """Return an entry of a configuration for every model, with what holds of it today.

    Args:
        root: the folder that the configuration will lie in.
        words: .onnx files, folders or ``package.module:factory``; by default all files below the root.
        inputs: shapes of inputs of the models that are given, perhaps with types.
        allow_code: whether ``package.module:factory`` may run code.
        load: how to turn a target into an analysis.

    Raises:
        ConfigError: there is no model, or one lies outside of the root.
        ModelError: code is not allowed.
    """
    found = list(dict.fromkeys(source for word in words or [str(root)] for source in _sources(word, root)))
    if not found:
        below = " or ".join(words) or display(root)
        raise ConfigError(
            f"{below}: no .onnx file; export a model, or give package.module:factory with --allow-code"
        )
    stems = Counter(map(_stem, found))
    made = []
    for source in found:
        name = _stem(source) if stems[_stem(source)] == 1 else source.removesuffix(".onnx")
        model = calls.stated(Model(source=source, name=name[:_NAME], root=root), {"inputs": inputs or None})
        (target,) = sources.of(model)
        refuse_code(target, allow_code)
        made.append(_entry(target, load or analyse))
    return made


def _sources(word: str, root: Path) -> Iterator[str]:
    """Yield the sources that a word stands for, as the configuration will have them."""
    path = Path(word)
    if is_factory(word) and not path.exists():
        yield word
        return
    if not path.exists():
        raise ConfigError(f"{word}: no such file or folder")
    for file in search.models(path, root) if path.is_dir() else [path]:
        if not lies_in(file, root):
            raise ConfigError(
                f"{word}: leads out of the folder of the configuration; "
                f"{'put the file itself there, or ' if file.is_symlink() else ''}"
                "write the configuration into a folder that holds both, with -o DIR/rf.toml"
            )
        try:
            yield os.path.relpath(file.absolute(), root.absolute()).replace(os.sep, "/")
        except ValueError:  # another drive, which is refused as all that lies elsewhere is
            yield file.absolute().as_posix()


def _stem(source: str) -> str:
    return source.rpartition(":")[2] if is_factory(source) else Path(source).stem


def _entry(target: Target, load: Load) -> Entry:
    """Return the entry of a model; one of which nothing can be checked has the reason instead."""
    model = target.model
    entry = Entry(name=target.name, source=model.source, inputs=model.inputs or {})
    try:
        analysis = load(target)
    except RFError as error:
        # The configuration goes to others, who have the file elsewhere.
        text = str(error).replace(os.fspath(target.path or target.source), model.source)
        return changed(entry, wrong=text.removeprefix(f"{model.source}: "))
    stated = today.holding(analysis)
    entry = changed(
        entry,
        tensors=len(analysis),
        shapes={name: source.shape for name, source in analysis.inputs.items()},
        axes=tuple(dict.fromkeys(axis for source in analysis.inputs.values() for axis in source.axes)),
        chosen=results.chosen(analysis.inputs.values()),
        stated=tuple(stated),
    )
    requires = tuple(PlacedRequirement(parse(one.text)) for one in stated)
    own = Config(root=model.root, models=(replace(model, requires=requires),))
    result = check.run(own, load=lambda _: analysis, allow_code=True).models[0]
    for finding in result.findings:
        return changed(entry, wrong=finding.message)
    if not stated:
        return changed(
            entry, wrong="nothing can be said of it: it has no spatial axis, or none that is known"
        )
    return changed(entry, wrong=result.error or "")
