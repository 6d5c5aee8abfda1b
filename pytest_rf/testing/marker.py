"""The marker ``rf``: requirements that a test declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_rf.asserting import SAID, analyze, explain
from pytest_rf.config.selection import declared
from pytest_rf.config.sources import is_factory
from pytest_rf.errors import ModelError, RFError
from pytest_rf.factories import called, made
from pytest_rf.judging import judge
from pytest_rf.reporters.lines import visible
from pytest_rf.requirements import Settings
from pytest_rf.requirements.vocabulary import nearest
from pytest_rf.targets import analyse
from pytest_rf.testing import listener, places, properties
from pytest_rf.testing.choice import choose

if TYPE_CHECKING:
    from pytest_rf import Analysis
    from pytest_rf.config.sources import Target
    from pytest_rf.testing.listener import Listener
    from pytest_rf.testing.state import State

_FIXTURES: pytest.StashKey[dict[str, Any]] = pytest.StashKey()

_KNOWN = ("model", "inputs", "which", "required", *SAID)

#: Longer messages are cut.
_LIMIT = 4000


def validate(item: pytest.Item) -> None:
    """Fail a test whose marker says too little or what is not understood."""
    for mark in item.iter_markers("rf"):
        problem = _problem(mark)
        if problem:
            pytest.fail(f"marker rf of {visible(item.nodeid)}: {problem}", pytrace=False)


def _problem(mark: pytest.Mark) -> str:
    unknown = [name for name in mark.kwargs if name not in _KNOWN]
    if unknown:
        hint = nearest(unknown[0], _KNOWN) or f"; it takes requirements and {'=, '.join(_KNOWN)}="
        return f"does not take {', '.join(unknown)}{hint}"
    if not mark.args or not all(isinstance(one, str) for one in mark.args):
        return 'give requirements as text: @pytest.mark.rf("final rf >= 224", model="net.onnx")'
    if mark.kwargs.get("model") is None and mark.kwargs.get("inputs") is not None:
        return "inputs= goes with model=; a model that the test calls is judged with the call's own inputs"
    which, required = mark.kwargs.get("which"), mark.kwargs.get("required", True)
    if which is not None and (not isinstance(which, str) or not which):
        return f'which= is a name, "first", "last" or "all", not {which!r}'
    if not isinstance(required, bool):
        return f"required= is True or False, not {required!r}"
    if mark.kwargs.get("model") is not None and (which is not None or not required):
        other = "which=" if which is not None else "required=False"
        return f"{other} is about the modules that the test calls, and model= names another; give one of them"
    return ""


def fetch(item: pytest.Item) -> None:
    """Make the fixtures that markers name as their models, also where the test itself does not ask for them."""
    request = getattr(item, "_request", None)
    for mark in item.iter_markers("rf"):
        name = mark.kwargs.get("model")
        if request is None or not isinstance(name, str) or not name.isidentifier():
            continue
        # No such fixture: it may be a model of the configuration.
        with suppress(pytest.FixtureLookupError):
            item.stash.setdefault(_FIXTURES, {})[name] = request.getfixturevalue(name)


def listen(item: pytest.Item) -> None:
    """Begin to hear what the test itself calls; fail it where there is nothing to hear with."""
    try:
        listener.listen(item).begin_body()
    except ModelError as error:
        pytest.fail(f"marker rf of {visible(item.nodeid)}: {error}", pytrace=False)


def listens(item: pytest.Item) -> bool:
    """Whether a marker leaves it to the test to call the model."""
    return any(mark.kwargs.get("model") is None for mark in item.iter_markers("rf"))


def check(item: pytest.Item, state: State) -> None:
    """Hold the requirements of all of a test's markers; what does not hold fails the test."""
    wrong: list[str] = []
    heard = listener.stop(item)
    for mark in reversed(list(item.iter_markers("rf"))):
        try:
            wrong += _check(item, mark, state, heard)
        except RFError as error:
            wrong.append(_told(error))
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


def _check(item: pytest.Item, mark: pytest.Mark, state: State, heard: Listener | None) -> Iterator[str]:
    model = mark.kwargs.get("model")
    if model is not None:
        analysis, settings = _resolve(item, model, mark.kwargs.get("inputs"), state)
        yield from _judged(item, mark, state, analysis, analysis.name, settings)
        return
    assert heard is not None, "somebody listens where a marker names no model"
    fixtures = getattr(item, "funcargs", {})
    for one in choose(heard, mark.kwargs.get("which"), mark.kwargs.get("required", True), fixtures):
        for call, given in one.different():
            wrong: list[str] = []
            try:
                name = call.snapshot.name if len(one.calls) == 1 else f"{call.snapshot.name} at {given}"
                wrong += _judged(item, mark, state, call.analysis, name, Settings())
            except RFError as error:
                wrong.append(_told(error))
            if wrong:
                yield "\n".join([visible(f"{one} with {given}:", _LIMIT), *wrong])


def _judged(
    item: pytest.Item,
    mark: pytest.Mark,
    state: State,
    analysis: Analysis,
    name: str,
    settings: Settings,
) -> Iterator[str]:
    analysis = analyze(analysis, **{key: mark.kwargs[key] for key in SAID if mark.kwargs.get(key)})
    file, line, _ = item.location
    root = settings.root or item.config.rootpath
    stated = replace(settings, model=name, file=Path(file).as_posix(), line=(line or 0) + 1, root=root)
    result = judge(analysis, mark.args, stated, item.nodeid)
    if result.findings:
        result = places.of_marker(item, mark, result)
    state.record(result)
    properties.record(item, name, properties.of(analysis))
    if result.findings:
        yield explain(result)


def _told(error: RFError) -> str:
    """Return an error with the lines that show more of it."""
    detail = getattr(error, "detail", "")
    return "\n".join([visible(str(error), _LIMIT), *map(visible, detail.splitlines())])


def _resolve(item: pytest.Item, model: Any, inputs: Any, state: State) -> tuple[Analysis, Settings]:
    """Return the model that a marker means, analysed, and the settings that the configuration has for it."""
    if not isinstance(model, str):
        if callable(model) and not hasattr(model, "named_modules"):
            model = called(model, getattr(model, "__name__", type(model).__name__))
        return analyze(model, inputs=inputs), Settings()
    fixtures = item.stash.get(_FIXTURES, {})
    if model in fixtures:
        return analyze(fixtures[model], inputs=inputs), Settings()
    if model.endswith(".onnx"):
        return analyze(_path(item, model), inputs=inputs), Settings()
    target = declared(model, state.settings) if state.path is not None else None
    if target is not None:
        return _declared(target, inputs)
    if is_factory(model):
        return analyze(made(model, item.config.rootpath), inputs=inputs), Settings()
    raise ModelError(
        f"no model {model!r}: it is neither an .onnx path, nor package.module:factory, nor a fixture of the test, "
        f"nor a model of {state.path.name if state.path else 'a configuration (there is none)'}"
    )


def _declared(target: Target, inputs: Any) -> tuple[Analysis, Settings]:
    """Return a model of the configuration, analysed as that says, and what else it says."""
    if isinstance(inputs, Mapping):
        target = replace(target, model=replace(target.model, inputs={**target.model.inputs, **inputs}))
    elif inputs is not None and target.path is not None:
        return analyze(target.path, inputs=inputs, name=target.name), _settings(target)
    return analyse(target), _settings(target)


def _settings(target: Target) -> Settings:
    return Settings(spacing=target.model.spacing, origin=target.model.origin, root=target.model.root)


def _path(item: pytest.Item, model: str) -> str:
    """Return a path relative to the folder of the test's file, else relative to pytest's root folder."""
    beside = item.path.parent / model
    place = beside if beside.exists() else item.config.rootpath / model
    try:
        return str(place.relative_to(Path.cwd()))
    except ValueError:
        return str(place)
