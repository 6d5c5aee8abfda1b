"""Shows documents on the reader's screen: as wide as it is, in a pager where they are longer."""

from __future__ import annotations

import io
import os
import shutil
import sys

import click

from pytest_rf.commands.output import emit, wants_color
from pytest_rf.reporters.lines import Document, write
from pytest_rf.reporters.screen import Screen

_BLOCKS = "▁█▒░·"


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
    return Screen(width, _can_show(_BLOCKS))


def page(document: Document, file: str | None, color: bool | None, paged: bool) -> None:
    """Write a document to a file, to standard output, or on a terminal that it does not fit to the pager.

    Args:
        document: what a reporter returned.
        file: a path below the working directory, or None for standard output.
        color: whether to colour standard output; None for terminals only.
        paged: whether a pager may be used.

    Raises:
        OutputError: it cannot be written.
    """
    if file is not None or not paged or not _is_terminal():
        emit(document, file, color)
        return
    lines = document if isinstance(document, str) else list(document)
    height = lines.count("\n") if isinstance(lines, str) else len(lines)
    if height < shutil.get_terminal_size().lines:
        emit(lines, None, color)
        return
    colored = wants_color() if color is None else color
    buffer = io.StringIO()
    write(lines, buffer, colored)
    # If it is not told to show colours click asks the pager whether it can.
    click.echo_via_pager(
        buffer.getvalue().removesuffix("\n"), color=True if color else None if colored else False
    )


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _can_show(signs: str) -> bool:
    try:
        signs.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
