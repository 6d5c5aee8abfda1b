"""Where documents go: standard output or a file."""

from __future__ import annotations

import io
import os
import sys

from pytest_rf.reporters.files import OutputError, save
from pytest_rf.reporters.lines import Document, visible, write


def emit(document: Document, file: str | None = None, color: bool | None = None) -> None:
    """Write a document to a file or to standard output.

    Args:
        document: what a reporter returned.
        file: a path below the working directory, or None for standard output.
        color: whether to colour standard output; None for terminals only, and not under ``NO_COLOR``.

    Raises:
        OutputError: it cannot be written.
    """
    buffer = io.StringIO()
    write(document, buffer, file is None and (wants_color() if color is None else color))
    if file is None:
        _print(buffer.getvalue())
    else:
        save(buffer.getvalue(), file)


def wants_color() -> bool:
    """Return whether standard output is coloured where nothing is said."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout is not None and sys.stdout.isatty()


def _print(text: str) -> None:
    stream = sys.stdout
    if stream is None:
        raise OutputError("standard output is closed; write to a file with --output")
    try:
        stream.write(text)
        stream.flush()
    except UnicodeEncodeError as error:
        sign = visible(error.object[error.start])
        raise OutputError(
            f"standard output is {stream.encoding} and cannot show {sign!a}; set PYTHONUTF8=1, "
            "or write to a file with --output"
        ) from None
    except OSError as error:
        _abandon()
        reason = "was closed before all was written" if isinstance(error, BrokenPipeError) else error.strerror
        raise OutputError(f"standard output: {reason}; write to a file with --output") from None


def _abandon() -> None:
    """Keep Python from writing what is left in the buffer when it ends, which would fail once more."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = None
