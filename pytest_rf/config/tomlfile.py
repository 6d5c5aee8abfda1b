"""Reads TOML that may be hostile, and knows the places that errors and findings point at."""

from __future__ import annotations

import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_rf.config.positions import Place, Positions
from pytest_rf.errors import ConfigError, PlacedConfigError
from pytest_rf.paths import display

#: A configuration of this many bytes is none.
MAX_SIZE = 1 << 20

#: Nor does it have a key of this many parts, or as many fractions in one line.
MAX_DOTS = 200

_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))

# A string without an end goes to the end of its line, so that nothing is ever looked at twice.
_STRING = re.compile(r"""\"(?:[^"\\]|\\.)*\\?(?:\"|$)|'[^']*(?:'|$)""")


@dataclass(frozen=True)
class Document:
    """A TOML file that was read.

    Attributes:
        path: where it lies.
        text: what it says.
        data: what it means.
        prefix: the keys of the table that is ours, ``tool`` and ``pytest-rf`` in a ``pyproject.toml``, otherwise none.
    """

    path: Path
    text: str
    data: dict[str, Any]
    prefix: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file as a reader would write it."""
        return display(self.path)

    def error(self, reason: str, line: int = 0, detail: str = "") -> ConfigError:
        """Return the error of a place in the file."""
        return PlacedConfigError(f"{self.name}{f':{line}' if line else ''}: {reason}", detail)

    def value(self, *keys: str | int) -> Any:
        """Return what the file says under keys of ours; an empty table where it says nothing."""
        found: Any = self.data
        for key in keys:
            found = found.get(key, {}) if isinstance(found, dict) else found[key]
        return found

    @cached_property
    def _positions(self) -> Positions:
        return Positions(self.text)

    def place(self, *keys: str | int) -> Place:
        """Return where a key of ours or an item stands: ``place("model", 0, "require", 2)``.

        Where the file does not have it, the table or array that it would stand in; 0 where that is not known.
        """
        return self._positions.at((*self.prefix, *keys))

    def line(self, *keys: str | int) -> int:
        """Return the line of :meth:`place`."""
        return self.place(*keys).line


def read(path: Path, most: int = MAX_SIZE) -> Document:
    """Read a TOML file of at most so many bytes.

    Raises:
        ConfigError: it is not a file, cannot be read, is too large, or is not TOML.
    """
    from pytest_rf.toml import loads

    name = display(path)
    text = _text(path, name, most)
    for number, line in enumerate(text.split("\n"), 1):
        # The parser's time grows with the square of a key's parts.
        if line.count(".") > MAX_DOTS and _STRING.sub("", line).partition("#")[0].count(".") > MAX_DOTS:
            raise ConfigError(f"{name}:{number}: a key of more than {MAX_DOTS} parts")
    try:
        data = loads(text)
    except RecursionError:
        raise ConfigError(f"{name}: nested too deeply") from None
    except ValueError as error:  # also whole numbers of too many digits, which are not a TOMLDecodeError
        match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        # Errors without a place are "at end of document", or about a number that is too long.
        where = f":{match.group(1)}" if match else ""
        if "end of document" in str(error):
            where = f":{text.rstrip().count(chr(10)) + 1}"
        reason = re.sub(r"\s*\(at (line \d+, column \d+|end of document)\)", "", str(error))
        raise ConfigError(f"{name}{where}: not valid TOML: {reason[:200]}") from None
    return Document(path, text, data)


def value(text: str) -> Any:
    """Return what a text means as a value of TOML.

    Raises:
        ValueError: it is not one.
    """
    from pytest_rf.toml import loads

    if "\n" in text or text.count(".") > MAX_DOTS:
        raise ValueError("not one value")
    try:
        return loads(f"value = {text}")["value"]
    except RecursionError:
        raise ValueError("nested too deeply") from None


def refuse_special(path: Path) -> None:
    """Refuse what has a configuration's name but is not a file that can be read.

    Nothing is opened: opening a named pipe would wait for whoever writes to it.

    Raises:
        ConfigError: it is a folder, a pipe, a device, or a link to something that is not there.
    """
    name = display(path)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # a path with a NUL is a ValueError
        with suppress(OSError, ValueError):
            target = str(path.readlink())
            raise ConfigError(
                f"{name}: not a file but a link to {target}, which cannot be read; restore that, or delete the link"
            ) from None
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{name}: cannot be read: {reason}") from None
    if stat.S_ISREG(mode):
        return
    kind = next((word for is_kind, word in _KINDS if is_kind(mode)), "a device")
    raise ConfigError(
        f"{name}: not a file but {kind}; a configuration is a regular file: move this away, or name another"
    )


def _text(path: Path, name: str, most: int) -> str:
    refuse_special(path)
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{name}: cannot be read: {reason}") from None
    if len(content) > most:
        raise ConfigError(f"{name}: larger than {most} bytes, which no configuration is")
    if content.startswith(b"\xef\xbb\xbf"):
        raise ConfigError(f"{name}:1: starts with a byte order mark; save it as UTF-8 without one")
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{name}:{line}: not UTF-8 (byte 0x{content[error.start]:02x})") from None
