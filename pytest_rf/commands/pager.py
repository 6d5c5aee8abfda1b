"""Shows documents on the reader's screen: as wide as it is, in a pager where they are longer."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Sequence

import click

from pytest_rf.commands.color import wants_color
from pytest_rf.commands.output import emit
from pytest_rf.reporters.lines import Document, write
from pytest_rf.reporters.screen import Screen
from pytest_rf.reporters.signs import fitting


def screen(file: str | None) -> Screen:
    """Return what the reader's screen can show.

    ``COLUMNS`` says how wide it is, else the terminal does. Files and pipes have room for all.
    """
    if file is not None:
        return Screen()
    stated = os.environ.get("COLUMNS", "")
    width = int(stated) if stated.isdecimal() and int(stated) > 0 else None
    if width is None and _is_terminal():
        width = shutil.get_terminal_size().columns
    return Screen(width, getattr(sys.stdout, "encoding", None) or "utf-8")


def page(
    document: Document, file: str | None, color: bool | None, paged: bool, escape: str, kept: Sequence[str]
) -> None:
    """Write a document to a file, to standard output, or on a terminal that it does not fit to the pager.

    Args:
        document: what a reporter returned.
        file: a path, or None for standard output.
        color: whether to colour standard output; None for terminals only.
        paged: whether a pager may be used.
        escape: how signs are written that the screen cannot show.
        kept: files that are never written over.

    Raises:
        OutputError: it cannot be written.
    """
    if file is not None or not paged or not _is_terminal():
        emit(document, file, color, escape, kept)
        return
    lines = document if isinstance(document, str) else list(document)
    height = lines.count("\n") if isinstance(lines, str) else len(lines)
    if height < shutil.get_terminal_size().lines:
        emit(lines, None, color, escape)
        return
    colored = wants_color() if color is None else color
    buffer = io.StringIO()
    write(lines, buffer, colored)
    text = fitting(
        buffer.getvalue().removesuffix("\n"), getattr(sys.stdout, "encoding", None) or "utf-8", escape
    )
    # If it is not told to show colours click asks the pager whether it can.
    click.echo_via_pager(text, color=True if color else None if colored else False)


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()
