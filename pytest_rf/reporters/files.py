"""Writes reports to files, and only to files that are where they seem to be."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pytest_rf.errors import RFError


class OutputError(RFError):
    """What was found cannot be written."""


def save(text: str, file: str, root: Path | None = None) -> None:
    """Write text to a file below ``root``, by default the working directory.

    Raises:
        OutputError: it lies elsewhere, is not a regular file, or cannot be written.
    """
    try:
        target = place(file, root or Path.cwd())
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(
            os.open(target, flags, 0o666), "w", encoding="utf-8", errors="backslashreplace"
        ) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise OutputError(f"{file}: is not a regular file; choose another")
            stream.truncate(0)
            stream.write(text)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise OutputError(f"{file}: cannot be written: {reason}; choose another file") from None


def place(file: str, root: Path) -> Path:
    """Return where a file really lies.

    Raises:
        OutputError: that is not below ``root``, or it is something else than a regular file.
    """
    path = root / file
    target = path.parent.resolve() / path.name
    if path.name in ("", "..") or target == root.resolve() or not target.is_relative_to(root.resolve()):
        raise OutputError(f"{file}: lies outside of the working directory; choose a file below it")
    if target.is_symlink():
        raise OutputError(f"{file}: is a symbolic link; choose another file")
    if target.exists() and not target.is_file():
        raise OutputError(f"{file}: is not a regular file; choose another")
    return target
