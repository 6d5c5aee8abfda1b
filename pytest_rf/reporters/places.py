"""Where in the repository a finding is shown, for reports that a CI system lays beside the files."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import NamedTuple

from pytest_rf import paths
from pytest_rf.factories import is_factory
from pytest_rf.findings import Finding, Problem
from pytest_rf.results import ModelResult, Run

#: Variables in which CI systems name the folder that paths in reports are relative to.
_ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")

_LINE = re.compile(r"(?P<file>.+):(?P<line>[0-9]{1,9})", re.DOTALL)


class Place(NamedTuple):
    """A place in a file; line and column are counted from 1, a column of 0 is not known."""

    file: str
    line: int = 1
    column: int = 0


def of_finding(found: Finding, result: ModelResult, run: Run) -> Place:
    """Return where a finding is shown: never nowhere.

    That is the place that it names; without one the model's file, the line that made the module, or the top of
    the configuration or of the module that a factory is in.
    """
    if file := _file(found.file):
        return Place(_in_repository(file), max(found.line, 1), found.column if found.line else 0)
    return of_source(found.source) or _of_model(result, run)


def of_problem(problem: Problem, result: ModelResult, run: Run) -> Place:
    """Return where a problem is shown: the place that it names, or what :func:`of_finding` falls back on."""
    if file := _file(problem.file):
        return Place(_in_repository(file), max(problem.line, 1), problem.column if problem.line else 0)
    return _of_model(result, run)


def of_source(source: str) -> Place | None:
    """Return the place of a source line such as ``models/unet.py:42``; None where there is none."""
    match = _LINE.fullmatch(source)
    return None if match is None else Place(_in_repository(match["file"]), max(int(match["line"]), 1))


def _of_model(result: ModelResult, run: Run) -> Place:
    if file := _file(result.file) or _file(run.config):
        return Place(_in_repository(file))
    if is_factory(result.file):
        return Place(f"{result.file.partition(':')[0].replace('.', '/')}.py")
    return Place(result.model or "model")


def _file(word: str) -> str:
    """Return the file of a path or of the name of a test; empty where there is none."""
    return "" if is_factory(word) else word.partition("::")[0]


def _in_repository(file: str) -> str:
    """Return a path as it is from the root of the repository, where a CI system says what that is."""
    here = paths.root() or Path.cwd()
    for name in _ROOTS:
        root = os.environ.get(name, "")
        if root and here.is_relative_to(root):
            inside = Path(os.path.normpath(here / file))
            return (inside.relative_to(root) if inside.is_relative_to(root) else inside).as_posix()
    return posixpath.normpath(file.replace(os.sep, "/"))
