"""One file per output format; each is imported when it is asked for.

A reporter for ``check`` offers ``check(run)``, one for ``show`` offers ``show(view)``. Both return a
:data:`~pytest_rf.reporters.lines.Document`: lines for a person, or the text of a data format.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_rf.reporters.lines import Document
    from pytest_rf.results import Run
    from pytest_rf.view import View

#: Formats of ``check`` and their modules; the first is the default.
CHECK = {"full": "full", "concise": "concise", "json": "json"}

#: Those made of paragraphs; lines of the others stay lines.
PARAGRAPHS = ("full",)

#: Formats of ``show`` and their modules; the first is the default.
SHOW = {"table": "table", "json": "json", "csv": "csv", "markdown": "markdown"}


def check(run: Run, format: str, width: int = 0) -> Document:
    """Return a run in one of the formats of ``CHECK``.

    Args:
        run: what was found.
        format: the format.
        width: the columns that paragraphs are broken to fit, as on a terminal; 0 leaves them as they are.
    """
    document: Document = import_module(f"pytest_rf.reporters.{CHECK[format]}").check(run)
    if not width or format not in PARAGRAPHS or isinstance(document, str):
        return document
    from pytest_rf.reporters.wrapping import wrapped

    return wrapped(document, width)


def show(view: View, format: str) -> Document:
    """Return a view of a model in one of the formats of ``SHOW``."""
    document: Document = import_module(f"pytest_rf.reporters.{SHOW[format]}").show(view)
    return document
