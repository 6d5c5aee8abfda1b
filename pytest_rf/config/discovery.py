"""Which file is the configuration, and which part of it is ours.

What looks like a configuration and is not read as one would turn its requirements off without a word. So a
configuration's name on something that is not a file is an error, and so is a table or a file whose name is nearly
ours.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_rf.errors import ConfigError
from pytest_rf.paths import display

if TYPE_CHECKING:
    from pytest_rf.config.tomlfile import Document

#: Names of configuration files, in the order in which a folder is searched.
NAMES = ("rf.toml", ".rf.toml", "pyproject.toml")

#: Names that people give to what they mean to be ``rf.toml``.
_NEARLY = (
    "rf.tml",
    ".rf.tml",
    "RF.toml",
    "rf.toml.txt",
    "pytest-rf.toml",
    ".pytest-rf.toml",
    "pytest_rf.toml",
)

#: The configuration that is other tools' as well.
PYPROJECT = "pyproject.toml"
_OURS = "pytest-rf"
_BARE = "pytestrf"
_KEYS = ("tool", _OURS)
_PREFIX = ".".join(_KEYS)

_WORD = r"[\w-]{7,10}"
_SPLIT = r"(?mi)pytest\W{0,2}rf|\b(?:tool|pytest)\W{1,8}rf\b|^\s*\[+\s*[\"']?rf\b"
_BARE_KEY = r"[\w-]+"


def discover(directory: Path | str | None = None) -> Path | None:
    """Return the nearest configuration file in ``directory`` (default: the working directory) or above it.

    A ``pyproject.toml`` counts if it has a table ``[tool.pytest-rf]``.

    Raises:
        ConfigError: something on the way has the name of a configuration and is not a file, nearly has such a
            name, or is a ``pyproject.toml`` that speaks of pytest-rf but is not TOML or nearly has the table.
    """
    start = Path.cwd() if directory is None else Path(directory).absolute()
    for folder in (start, *start.parents):
        found = next(_in(folder), None)
        if found is not None:
            return found
        for name in _NEARLY:
            if os.path.lexists(folder / name):
                raise ConfigError(
                    f"{display(folder / name)}: a configuration is not looked for under this name; rename it to "
                    "rf.toml, or give it with --config"
                )
    return None


def unread(path: Path) -> str:
    """Return what to say about a configuration that lies beside the one that is read; mostly nothing.

    Raises:
        ConfigError: what lies there is wrong, as in :func:`discover`.
    """
    if path.name not in NAMES:
        return ""
    others = [display(other) for other in _in(path.parent) if other.name != path.name]
    if not others:
        return ""
    return f"{' and '.join(others)} is not read, because {display(path)} lies beside it; keep one of them"


def refuse_existing(path: Path) -> None:
    """Refuse to begin a configuration where there is one, or something of its name.

    Raises:
        ConfigError: the file exists, or the folder has another configuration.
    """
    others = [] if path.name not in NAMES else list(_in(path.absolute().parent))
    for there in (*([path] if os.path.lexists(path) else []), *others):
        raise ConfigError(
            f"{display(there)}: exists, and a configuration is never overwritten; add to it by hand, or write "
            "another with --output"
        )


def ours(document: Document) -> Document:
    """Return a document with our table as its data: all of it, but for a ``pyproject.toml``.

    Raises:
        ConfigError: there is no such table, or one that nearly has its name.
    """
    if document.path.name != PYPROJECT:
        return document
    table = _table(document)
    if table is None:
        raise document.error(f"has no table [{_PREFIX}]")
    if not isinstance(table, dict):
        raise document.error(f"{_PREFIX} is not a table")
    from pytest_rf.config.tomlfile import Document

    return Document(document.path, document.text, table, _KEYS)


def is_nearly_ours(key: str) -> bool:
    """Return whether a table of this name is meant for us: ``pytest_rf``, ``pytestrf``, ``pytset-rf``, ``rf``."""
    bare = re.sub(r"[^a-z0-9]", "", key.lower()[:20])
    if bare in (_BARE, "rf"):
        return True
    from difflib import SequenceMatcher

    # Not pytest itself, nor its plugins whose names begin like ours.
    return abs(len(bare) - len(_BARE)) <= 1 and SequenceMatcher(None, bare, _BARE).ratio() > 0.87


def dotted(*keys: str) -> str:
    """Return the name of a table as TOML writes it."""
    return ".".join(key if re.fullmatch(_BARE_KEY, key, re.ASCII) else json.dumps(key) for key in keys)


def _in(folder: Path) -> Iterator[Path]:
    """Yield the configurations of a folder, the one that counts first."""
    for name in NAMES:
        candidate = folder / name
        if os.path.lexists(candidate):
            from pytest_rf.config import tomlfile

            tomlfile.refuse_special(candidate)
            if name != PYPROJECT or is_about_us(candidate):
                yield candidate


def is_about_us(path: Path) -> bool:
    """Return whether a ``pyproject.toml`` has our table; most have not, and need not be parsed."""
    from pytest_rf.config import tomlfile

    try:
        with path.open("rb") as file:
            text = file.read(tomlfile.MAX_SIZE).decode("utf-8", "replace")
    except OSError as error:
        raise ConfigError(f"{display(path)}: cannot be read: {error.strerror}") from None
    if re.search(_SPLIT, text) or any(map(is_nearly_ours, set(re.findall(_WORD, text)))):
        return _table(tomlfile.read(path)) is not None
    return False


def _table(document: Document) -> Any:
    """Return the table ``[tool.pytest-rf]``, or None.

    Raises:
        ConfigError: a table has nearly this name.
    """
    for keys in _misnamed(document.data):
        reason = f"unknown table [{dotted(*keys)}], did you mean [{_PREFIX}]?"
        raise document.error(reason, document.line(*keys))
    tool = document.data.get("tool")
    return tool.get(_OURS) if isinstance(tool, dict) else None


def _misnamed(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the keys of tables that should be ``tool.pytest-rf``."""
    from difflib import get_close_matches

    for key, value in data.items():
        if is_nearly_ours(key):
            yield (key,)
        elif isinstance(value, dict) and get_close_matches(key.lower(), ("tool",), cutoff=0.8):
            for name in value:
                if (name != _OURS or key != "tool") and is_nearly_ours(name):
                    yield key, name
            inner = value.get("pytest")
            for name in inner if isinstance(inner, dict) else ():
                if is_nearly_ours(name):
                    yield key, "pytest", name
