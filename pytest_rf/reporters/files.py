"""Writes reports to files: each whole or not at all, and never over what the run is about."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from pytest_rf.errors import RFError

#: Files of these kinds are what runs are about: no report ends so, and a slip must not cost one.
_NOT_REPORTS = frozenset({".onnx", ".toml", ".py", ".pt", ".pth", ".ckpt", ".safetensors"})


class OutputError(RFError):
    """What was found cannot be written."""


def save(content: str | bytes, file: str, root: Path | None = None, kept: Iterable[str | Path] = ()) -> None:
    """Write text, or bytes as they are, to a file, whole or not at all.

    Args:
        content: what to write.
        file: where to, wherever that is; a symbolic link is followed.
        root: the folder that ``file`` is relative to, by default the working directory.
        kept: files that are never written over, relative to ``root``: the models and configurations of the run.

    Raises:
        OutputError: it cannot be written, or must not.
    """
    target = place(file, root, kept)
    draft = target.parent / f".rf-{os.urandom(8).hex()}.tmp"
    try:
        with contextlib.ExitStack() as undo:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            stream = os.fdopen(os.open(draft, flags, 0o666), "wb")
            undo.callback(draft.unlink, missing_ok=True)
            with stream:
                stream.write(
                    content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
                )
            if target.exists():
                draft.chmod(stat.S_IMODE(target.stat().st_mode))
            draft.replace(target)
            undo.pop_all()
    except (OSError, ValueError) as error:
        raise OutputError(f"{file}: cannot be written: {_reason(error)}; choose another file") from None


def place(file: str, root: Path | None = None, kept: Iterable[str | Path] = ()) -> Path:
    """Return where a file really lies, once it is clear that a report can be written there.

    Raises:
        OutputError: its folder is not there, it is something else than a regular file, or one of ``kept``.
    """
    root = root or Path.cwd()
    try:
        target = Path(os.path.realpath(root / file))
        if target.is_dir() or not Path(file).name or file.endswith(("/", os.sep)):
            raise OutputError(f"{file}: is a folder; name a file in it")
        if not target.parent.is_dir():
            raise OutputError(f"{file}: its folder is not there; create it, or choose another")
        if target.is_symlink():
            raise OutputError(f"{file}: is a symbolic link that leads in a circle; choose another")
        if target.exists() and not target.is_file():
            raise OutputError(f"{file}: is not a regular file; choose another")
        if target.exists() and any(_same(target, root / one) for one in kept):
            raise OutputError(f"{file}: belongs to the run and is not written over; choose another file")
        if target.exists() and not os.access(target, os.W_OK):
            raise OutputError(f"{file}: is write-protected; choose another file")
    except (OSError, ValueError) as error:
        raise OutputError(f"{file}: cannot be written: {_reason(error)}; choose another file") from None
    return target


def report_place(file: str, root: Path | None = None, kept: Iterable[str | Path] = ()) -> Path:
    """Return where the file of a report lies, as :func:`place` does; no report ends as a model or code does.

    Raises:
        OutputError: a report cannot be written there.
    """
    target = place(file, root, kept)
    if target.suffix.lower() in _NOT_REPORTS:
        raise OutputError(f"{file}: ends as a model, a configuration or code does; choose another name")
    return target


def _same(target: Path, other: Path) -> bool:
    try:
        return target.samefile(other)
    except (OSError, ValueError):  # What is kept need not be a file: factories and tests have names, too.
        return False


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
