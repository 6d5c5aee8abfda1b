"""Looks for model files below a folder, within limits and without leaving it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pytest_rf.errors import ConfigError
from pytest_rf.paths import display, lies_in

#: What a folder may hold, everything below it counted, before it has to be named more narrowly.
MOST_ENTRIES, MOST_MODELS, DEEPEST = 200_000, 500, 24

#: Folders of what others wrote; hidden folders and virtual environments are left out as well.
_OTHERS = frozenset({"node_modules", "__pycache__", "site-packages", "__pypackages__"})


def models(folder: Path, root: Path) -> list[Path]:
    """Return the .onnx files below a folder, sorted.

    Links to folders are not followed, and links to files only where they stay below the root.

    Args:
        folder: the folder.
        root: the folder that files must stay in.

    Raises:
        ConfigError: there are more files than can be looked at.
    """
    found: list[Path] = []
    for number, entry in enumerate(_below(folder)):
        if number >= MOST_ENTRIES:
            raise _too_many(folder, f"{MOST_ENTRIES:,} files")
        if entry.name.endswith(".onnx") and entry.is_file():
            path = Path(entry.path)
            if not entry.is_symlink() or lies_in(path, root):
                found.append(path)
        if len(found) > MOST_MODELS:
            raise _too_many(folder, f"{MOST_MODELS} models")
    return sorted(found)


def _too_many(folder: Path, most: str) -> ConfigError:
    return ConfigError(f"{display(folder)}: more than {most}; name the folders or files to begin with")


def _below(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield all that lies below a folder, but for what others wrote."""
    folders = [(folder, 0)]
    while folders:
        place, depth = folders.pop()
        try:
            with os.scandir(place) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError:  # not ours to read
            continue
        for entry in entries:
            yield entry
            if depth < DEEPEST and entry.is_dir(follow_symlinks=False) and _is_ours(entry):
                folders.append((Path(entry.path), depth + 1))


def _is_ours(entry: os.DirEntry[str]) -> bool:
    hidden = entry.name.startswith(".") or entry.name in _OTHERS
    return not hidden and not Path(entry.path, "pyvenv.cfg").exists()
