"""One file per output format; each is imported when it is asked for.

A reporter for ``check`` offers ``check(run)``, or, where it is for readers, ``findings(run)``; one for ``show``
offers ``show(view)``, or, where it fits a screen, ``show(view, screen)``. They return a
:data:`~pytest_rf.reporters.lines.Document`: lines for a person, or the text of a data format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_rf.reporters.signs import FOR_JSON, FOR_PEOPLE, FOR_XML

if TYPE_CHECKING:
    from pytest_rf.reporters.lines import Document, Line
    from pytest_rf.reporters.screen import Screen
    from pytest_rf.results import Run
    from pytest_rf.view import View

Drawn = Mapping[tuple[str, str], str]
"""What was drawn of models, by their names and sources."""

NOTHING_DRAWN: Drawn = MappingProxyType({})

#: Formats of ``check`` and their modules; the first is the default.
CHECK = {
    "full": "full",
    "concise": "concise",
    "json": "json",
    "sarif": "sarif",
    "github": "github",
    "gitlab": "gitlab",
    "junit": "junit",
    "markdown": "job_summary",
    "html": "html",
}

#: Formats of ``check`` that show what is drawn of models where their analyses are (:mod:`pytest_rf.reporters.pages`).
DRAWN = ("html",)

#: Formats of ``check`` that are lines for a person, and say more or less as they are asked to.
FOR_READERS = ("full", "concise")

#: Those made of paragraphs; lines of the others stay lines.
PARAGRAPHS = ("full",)

#: Formats of ``show`` and their modules; the first is the default.
SHOW = {
    "table": "table",
    "json": "json",
    "csv": "csv",
    "markdown": "markdown",
    "model-explorer": "model_explorer",
}

#: Those of them that have several files where ``--output`` names a folder.
FILES = ("model-explorer",)

#: Formats of ``show`` that are copies of the model, not text.
COPIES = ("onnx",)

#: Formats of ``show`` that fit a screen.
FITTED = ("table",)

#: How formats write signs that a stream cannot show, where that is not as for people.
_ESCAPES = {
    "json": FOR_JSON,
    "model-explorer": FOR_JSON,
    "sarif": FOR_JSON,
    "gitlab": FOR_JSON,
    "junit": FOR_XML,
    "markdown": FOR_XML,
    "html": FOR_XML,
}


def check(
    run: Run,
    format: str,
    verbosity: int = 0,
    statistics: bool = False,
    width: int = 0,
    drawn: Drawn = NOTHING_DRAWN,
) -> Document:
    """Return a run in one of the formats of ``CHECK``.

    Args:
        run: what was found.
        format: the format.
        verbosity: 0, or below for findings only, above for what holds, too. Data formats are always whole.
        statistics: whether findings are counted instead of listed; not in data formats.
        width: the columns that paragraphs are broken to fit, as on a terminal; 0 leaves them as they are.
        drawn: what was drawn of the models, for the formats of ``DRAWN``.
    """

    def module() -> Any:
        return import_module(f"pytest_rf.reporters.{CHECK[format]}")

    if format not in FOR_READERS:
        document: Document = module().check(run, drawn) if format in DRAWN else module().check(run)
        return document
    from pytest_rf.reporters import reading

    found: Iterable[Line] = ()
    if run.findings:  # most runs have none, and need nothing of what tells them
        found = reading.statistics(run) if statistics else module().findings(run, verbosity)
    told = reading.told(run, found, verbosity, by_model=format == "full" and not statistics)
    if not width or format not in PARAGRAPHS:
        return told
    from pytest_rf.reporters.wrapping import wrapped

    return wrapped(told, width)


def show(view: View, format: str, screen: Screen | None = None) -> Document:
    """Return a view of a model in one of the formats of ``SHOW``; ``screen`` is that of the person who reads it."""
    reporter = import_module(f"pytest_rf.reporters.{SHOW[format]}")
    document: Document = reporter.show(view, screen) if format in FITTED else reporter.show(view)
    return document


def escape(format: str) -> str:
    """Return how a format writes signs that a stream cannot show (:mod:`pytest_rf.reporters.signs`)."""
    return _ESCAPES.get(format, FOR_PEOPLE)
