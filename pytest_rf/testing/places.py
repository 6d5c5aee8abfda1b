"""Where the requirements of a test are written: in its marker, wherever that stands, or in a call of the fixture."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_rf import written
from pytest_rf.paths import display
from pytest_rf.written import Spot, placed

if TYPE_CHECKING:
    from pytest_rf.results import ModelResult


def of_marker(item: pytest.Item, mark: pytest.Mark, result: ModelResult) -> ModelResult:
    """Return what a marker's requirements came to, at the lines that state them."""
    for file, names, parts in _marked(item, mark):
        spots = written.in_marker(file, names, mark.args, parts)
        if spots is not None:
            return placed(result, display(file), spots)
    return placed(result, *_test(item, len(mark.args)))


def _test(item: pytest.Item, count: int) -> tuple[str, Sequence[Spot]]:
    """Return the place of the test itself, for as many requirements."""
    file, line, _ = item.location
    return Path(file).as_posix(), [Spot((line or 0) + 1)] * count


def _marked(item: pytest.Item, mark: pytest.Mark) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield what may bear a marker: a file, the names of class and function, and what to look at there."""
    owner = next((node for node, one in item.iter_markers_with_node("rf") if one is mark), item)
    if isinstance(owner, pytest.Module):
        yield str(owner.path), [], ["pytestmark"]
    elif isinstance(owner, pytest.Class):
        for base in inspect.getmro(owner.obj)[:-1]:  # markers are inherited
            file = getattr(sys.modules.get(base.__module__), "__file__", None)
            if file:
                yield file, base.__qualname__.split("."), ["decorators", "pytestmark"]
    elif isinstance(owner, pytest.Function):
        function = inspect.unwrap(owner.function)
        code = getattr(function, "__code__", None)
        if code is not None:
            names = [name for name in function.__qualname__.split(".") if name != "<locals>"]
            yield code.co_filename, names, ["decorators"]
