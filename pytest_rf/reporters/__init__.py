"""One file per output format; each is imported when it is asked for.

A reporter for ``check`` offers ``check(run)``, one for ``show`` offers ``show(view)``, and where it is for a person
``show(view, screen)``. They return a
:data:`~pytest_rf.reporters.lines.Document`: lines for a person, or the text of a data format.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_rf.reporters.lines import Document
    from pytest_rf.reporters.screen import Screen
    from pytest_rf.results import Run
    from pytest_rf.view import View

#: Formats of ``check`` and their modules; the first is the default.
CHECK = {"full": "full", "concise": "concise", "json": "json"}

#: Formats of ``show`` and their modules; the first is the default.
SHOW = {"table": "table", "json": "json", "csv": "csv", "markdown": "markdown"}

#: Those that fit a screen.
FOR_A_PERSON = ("table",)


def check(run: Run, format: str) -> Document:
    """Return a run in one of the formats of ``CHECK``."""
    document: Document = import_module(f"pytest_rf.reporters.{CHECK[format]}").check(run)
    return document


def show(view: View, format: str, screen: Screen | None = None) -> Document:
    """Return a view of a model in one of the formats of ``SHOW``; ``screen`` is that of the person who reads it."""
    reporter = import_module(f"pytest_rf.reporters.{SHOW[format]}")
    document: Document = reporter.show(view, screen) if format in FOR_A_PERSON else reporter.show(view)
    return document
