"""The files that pytest-rf writes beside a configuration and reads again: the baseline and the lock."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_rf.config import discovery
from pytest_rf.config.declared import Config
from pytest_rf.config.sources import Target
from pytest_rf.errors import ConfigError
from pytest_rf.paths import display, lies_in

if TYPE_CHECKING:
    from pytest_rf.config.tomlfile import Document

#: The names that these files have where the configuration gives them no other.
BASELINE = "rf-baseline.toml"
LOCK = "rf.lock"


class ModelKey(NamedTuple):
    """What such a file calls a model: its name, and its source as seen from the file's folder."""

    name: str
    source: str


def key(target: Target, root: Path) -> ModelKey:
    """Return what a file in the folder ``root`` calls a model."""
    if target.path is None:
        return ModelKey(target.name, target.source)
    try:
        return ModelKey(target.name, os.path.relpath(target.path, root).replace(os.sep, "/"))
    except ValueError:  # another drive
        return ModelKey(target.name, target.path.as_posix())


def named(document: Document, name: str, value: str) -> Path | None:
    """Return the file that a key of the configuration names; None where it names none.

    Raises:
        ConfigError: it leads out of the configuration's folder.
    """
    if not value:
        return None
    path = document.path.parent / value
    line = document.line(name)
    try:
        inside = lies_in(path, document.path.parent)
    except (OSError, ValueError):
        raise document.error(f'{name}: "{value}" is not a path', line) from None
    if not inside:
        raise document.error(f'{name}: "{value}" lies outside of the configuration\'s folder', line)
    return path


def command(words: str, config: Config | None) -> str:
    """Return a command about a configuration, which is named where the working directory does not lead to it."""
    told = f"pytest-rf {words}"
    if config is None or config.path is None:
        return told
    with suppress(OSError, ValueError, ConfigError):
        if discovery.discover() == config.path:
            return told
    with suppress(OSError, ValueError):  # another drive, or the working directory is no more
        return f"{told} --config {shlex.quote(os.path.relpath(config.path).replace(os.sep, '/'))}"
    return f"{told} --config {shlex.quote(config.path.as_posix())}"


def beside(config: Path, name: str) -> Path | None:
    """Return the file of a name beside a configuration, if something has that name."""
    path = config.parent / name
    return path if os.path.lexists(path) else None


def refuse_link(path: Path) -> None:
    """Refuse to write where a link leads elsewhere.

    Raises:
        ConfigError: the file is a symbolic link.
    """
    if path.is_symlink():
        raise ConfigError(f"{display(path)}: is a symbolic link, which is not written through; delete it")


def quoted(text: str) -> str:
    r"""Return text as a TOML string that shows no character that steers a screen: ``"layer\u001b"``.

    What is no Unicode text (a lone surrogate, of a name that is not UTF-8) TOML cannot hold; it becomes U+FFFD.
    """
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    number = ord(char)
    if 0xD800 <= number <= 0xDFFF:
        return "\\uFFFD"
    return f"\\u{number:04X}" if number < 0x10000 else f"\\U{number:08X}"
