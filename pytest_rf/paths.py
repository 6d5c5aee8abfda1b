"""Files as reports name them: from one root folder, with forward slashes on every platform.

The root is the folder of the configuration, or of the tests; reports are then the same wherever a run was started.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_ROOT: ContextVar[Path | None] = ContextVar("root", default=None)
_REACH: ContextVar[Path | None] = ContextVar("reach", default=None)

#: Files further up than this are named by their whole path.
_FURTHEST = 3

#: Of source lines that lie elsewhere so many parts of the path are told.
_TOLD = 3


def root() -> Path | None:
    """Return the folder that files are named from; None is the working directory."""
    return _ROOT.get()


def name_from(folder: Path | None) -> None:
    """Name files from a folder from now on; None is the working directory."""
    _ROOT.set(folder)


@contextmanager
def named_from(folder: Path | None) -> Iterator[None]:
    """Name files from a folder for as long as the context lasts."""
    before = root()
    name_from(folder)
    try:
        yield
    finally:
        name_from(before)


def reach() -> Path | None:
    """Return the folder that configurations may reach into, as the command line says; None is their own."""
    return _REACH.get()


@contextmanager
def reaching(folder: Path | None) -> Iterator[None]:
    """Let configurations reach into a folder for as long as the context lasts; None is their own."""
    before = _REACH.set(folder)
    try:
        yield
    finally:
        _REACH.reset(before)


def around(folder: Path) -> Path | None:
    """Return the root of a run whose configuration lies in a folder.

    That is the root that is set already; else the folder, where the run was started in it; else the working
    directory.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  (without the .. of "../rf.toml")
    try:
        return root() or (folder if Path.cwd().is_relative_to(folder) else None)
    except OSError:  # the working directory is no more
        return None


def display(path: str | os.PathLike[str]) -> str:
    """Return a path from the root with forward slashes; whole where it lies far away or on another drive."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  (resolve() would follow symlinks)
    try:
        relative = Path(os.path.relpath(absolute, root() or Path.cwd()))
    except (ValueError, OSError):
        return absolute.as_posix()
    return absolute.as_posix() if relative.parts.count("..") > _FURTHEST else relative.as_posix()


def lies_in(path: Path, folder: Path) -> bool:
    """Return whether a path lies in a folder, also where links lead to.

    Links that lead in a circle are no error here on any Python, as ``resolve()`` makes them until 3.12: whoever opens
    the path says what it is.

    Raises:
        ValueError: it is no path, as one with a NUL.
        OSError: the working directory, from which it goes, is no more.
    """
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def place(file: str, line: int = 0, column: int = 0) -> str:
    """Return a place as errors begin with it, ``rf.toml:9:3: ``, as far as it is known."""
    if not file:
        return ""
    numbers = (str(number) for number in ((line, column) if line else ()) if number)
    return ":".join([file, *numbers]) + ": "


def line(source: str) -> str:
    """Return a source line, ``models/unet.py:42``, as people are told it; data keeps it whole.

    Exporters write the whole path, often that of another machine: it is told from the root where it lies below that,
    and otherwise as ``…/proj/models/unet.py:42``.
    """
    path = source.replace("\\", "/")
    if not path.startswith("/") and path[1:3] != ":/":
        return source
    inner = below(source)
    if inner != source.replace(os.sep, "/"):
        return inner
    parts = path.split("/")
    return path if len(parts) <= _TOLD + 1 else "/".join(("…", *parts[-_TOLD:]))


def below(path: str | os.PathLike[str]) -> str:
    """Return a path as it was given, or from the root where that is the beginning of it; with forward slashes."""
    try:
        top = str(root() or Path.cwd())
    except OSError:  # the working directory is no more
        top = ""
    return os.fspath(path).removeprefix(top + os.sep).replace(os.sep, "/")
