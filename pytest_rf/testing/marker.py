"""The marker ``rf``: requirements that a test declares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_rf.asserting import explain
from pytest_rf.calling import said
from pytest_rf.calls import KEYS, SAID, Call, stated
from pytest_rf.errors import ModelError, RFError
from pytest_rf.judging import judge
from pytest_rf.reporters.lines import visible
from pytest_rf.requirements.vocabulary import nearest
from pytest_rf.testing import listener, places, properties
from pytest_rf.testing.choice import choose
from pytest_rf.testing.failures import NotHeld
from pytest_rf.testing.models import analysed

if TYPE_CHECKING:
    from pytest_rf import Analysis
    from pytest_rf.testing.listener import Listener
    from pytest_rf.testing.state import State

_FIXTURES: pytest.StashKey[dict[str, Any]] = pytest.StashKey()

#: What a marker takes.
KNOWN = ("model", "which", "required", *KEYS)

#: What it can also say of a model that the test calls.
_OF_CALLS = (*SAID, "weights", "mask_below")

#: Longer messages are cut.
_LIMIT = 4000


def validate(item: pytest.Item) -> None:
    """Fail a test whose marker says too little or what is not understood."""
    for mark in item.iter_markers("rf"):
        problem = _problem(mark)
        if problem:
            pytest.fail(f"marker rf of {visible(item.nodeid)}: {problem}", pytrace=False)


def _problem(mark: pytest.Mark) -> str:
    unknown = [name for name in mark.kwargs if name not in KNOWN]
    if unknown:
        hint = nearest(unknown[0], KNOWN) or f"; it takes requirements and {'=, '.join(KNOWN)}="
        return f"does not take {', '.join(unknown)}{hint}"
    if not mark.args or not all(isinstance(one, str) for one in mark.args):
        return 'give requirements as text: @pytest.mark.rf("final rf >= 224", model="net.onnx")'
    described = [key for key in KEYS if key not in _OF_CALLS and mark.kwargs.get(key) is not None]
    if mark.kwargs.get("model") is None and described:
        return f"{described[0]}= goes with model=; a model that the test calls is judged with the call's own inputs"
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
        raise NotHeld("\n\n".join(wrong), pytrace=False)


def _check(item: pytest.Item, mark: pytest.Mark, state: State, heard: Listener | None) -> Iterator[str]:
    model = mark.kwargs.get("model")
    given = {key: mark.kwargs.get(key) for key in KEYS}
    if model is not None:
        fixtures = item.stash.get(_FIXTURES, {})
        analysis = analysed(item, state, model, (), given, fixtures)
        yield from _judged(item, mark, state, analysis, analysis.name)
        return
    about = stated(Call(), {key: given[key] for key in _OF_CALLS})
    assert heard is not None, "somebody listens where a marker names no model"
    fixtures = getattr(item, "funcargs", {})
    for one in choose(heard, mark.kwargs.get("which"), mark.kwargs.get("required", True), fixtures):
        for call, form in one.different():
            wrong: list[str] = []
            try:
                name = call.snapshot.name if len(one.calls) == 1 else f"{call.snapshot.name} at {form}"
                analysis = said(call.analysed(about.weights, about.mask_below), about)
                wrong += _judged(item, mark, state, analysis, name)
            except RFError as error:
                wrong.append(_told(error))
            if wrong:
                yield "\n".join([visible(f"{one} with {form}:", _LIMIT), *wrong])


def _judged(
    item: pytest.Item,
    mark: pytest.Mark,
    state: State,
    analysis: Analysis,
    name: str,
) -> Iterator[str]:
    file, line, _ = item.location
    settings = analysis.settings(Path(file).as_posix(), (line or 0) + 1, name, item.config.rootpath)
    result = judge(analysis, mark.args, settings, item.nodeid)
    if result.findings:
        result = places.of_marker(item, mark, result)
    state.record(result, analysis)
    properties.record(item, name, properties.of(analysis))
    if result.findings:
        yield explain(result)


def _told(error: RFError) -> str:
    """Return an error with the lines that show more of it."""
    detail = getattr(error, "detail", "")
    return "\n".join([visible(str(error), _LIMIT), *map(visible, detail.splitlines())])
