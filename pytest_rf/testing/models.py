"""The model that a marker or the fixture means, and how it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_rf.analyzing import analyzed

if TYPE_CHECKING:
    from pytest_rf.checkable import Analysis
    from pytest_rf.config.declared import Config
    from pytest_rf.testing.state import State


def analysed(
    item: pytest.Item,
    state: State,
    model: Any,
    example: Sequence[Any],
    given: Mapping[str, Any],
    fixtures: Mapping[str, Any],
) -> Analysis:
    """Return the analysis of a model as a test describes its call.

    Args:
        item: the test; files lie beside its own, or below pytest's root folder.
        state: what the plugin knows.
        model: what :func:`pytest_rf.analyze` takes, or the name of a fixture.
        example: for PyTorch, the inputs of one call.
        given: how it is called, key by key.
        fixtures: the fixtures that can be meant, by name.

    Raises:
        RFError: there is no such model, it cannot be analysed, or is not called like this.
    """
    name = given.get("name")
    given = {key: value for key, value in given.items() if key != "name"}
    if isinstance(model, str):
        if model in fixtures:
            model = fixtures[model]
        elif model.endswith(".onnx"):
            model = _path(item, model)
    if isinstance(given.get("values"), Mapping):
        given["values"] = {key: _file(item, value) for key, value in given["values"].items()}
    return analyzed(
        model,
        example,
        given,
        lambda: _settings(state),
        item.config.rootpath,
        name=name,
        stating=True,
        others=" nor a fixture of the test,",
    )


def _settings(state: State) -> Config | None:
    return state.settings if state.path is not None else None


def _file(item: pytest.Item, value: Any) -> Any:
    return _path(item, value) if isinstance(value, str) and value.lower().endswith(".npy") else value


def _path(item: pytest.Item, file: str) -> str:
    """Return a path relative to the folder of the test's file, else relative to pytest's root folder."""
    beside = item.path.parent / file
    place = beside if beside.exists() else item.config.rootpath / file
    try:
        return str(place.relative_to(Path.cwd()))
    except ValueError:
        return str(place)
