"""Where documents go: standard output or a file."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable

from pytest_rf.commands.color import wants_color
from pytest_rf.commands.failures import abandon
from pytest_rf.reporters.files import OutputError, report_place, save
from pytest_rf.reporters.lines import Document, write
from pytest_rf.reporters.signs import FOR_PEOPLE, fitting


def emit(
    document: Document,
    file: str | None = None,
    color: bool | None = None,
    escape: str = FOR_PEOPLE,
    kept: Iterable[str] = (),
) -> None:
    """Write a document to a file or to standard output.

    Args:
        document: what a reporter returned.
        file: a path, or None for standard output.
        color: whether to colour standard output; None for what the environment asks for, see :func:`wants_color`.
        escape: how signs are written that standard output cannot show, see :mod:`pytest_rf.reporters.signs`.
        kept: files that are never written over: the models and configurations of the run.

    Raises:
        OutputError: it cannot be written.
    """
    buffer = io.StringIO()
    write(document, buffer, file is None and (wants_color() if color is None else color))
    if file is None:
        _print(buffer.getvalue(), escape)
    else:
        report_place(file, kept=kept)
        save(buffer.getvalue(), file, kept=kept)


def _print(text: str, escape: str) -> None:
    stream = sys.stdout
    if stream is None:
        raise OutputError("standard output is closed; write to a file with --output")
    try:
        stream.write(fitting(text, stream.encoding or "utf-8", escape))
        stream.flush()
    except OSError as error:
        abandon()
        reason = "was closed before all was written" if isinstance(error, BrokenPipeError) else error.strerror
        raise OutputError(f"standard output: {reason}; write to a file with --output") from None
