"""Reads TOML that may be hostile, and finds the lines that errors and findings point at."""

from __future__ import annotations

import os
import re
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_rf.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

#: A configuration of this many bytes is none.
MAX_SIZE = 1 << 20

#: Nor does it have a key of this many parts, or as many fractions in one line.
MAX_DOTS = 200

_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))

# A string without an end goes to the end of its line, so that nothing is ever looked at twice.
_STRING = re.compile(r"""\"(?:[^"\\]|\\.)*\\?(?:\"|$)|'[^']*(?:'|$)""")


def display(path: Path) -> str:
    """Return a path as a reader in the working directory would write it, with forward slashes."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  (resolve() would follow symlinks)
    try:
        return absolute.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        pass
    try:
        relative = os.path.relpath(absolute)
    except (ValueError, OSError):
        return absolute.as_posix()
    return Path(relative).as_posix() if relative.count("..") <= 3 else absolute.as_posix()


class PlacedConfigError(ConfigError):
    """A configuration is wrong at a known place; ``detail`` shows it to a person, as with a caret."""

    def __init__(self, message: str, detail: str = "") -> None:
        """Keep the detail beside the message."""
        super().__init__(message)
        self.detail = detail


@dataclass(frozen=True)
class Document:
    """A TOML file that was read.

    Attributes:
        path: where it lies.
        text: what it says.
        data: what it means.
        prefix: the table that is ours, ``tool.pytest-rf`` in a ``pyproject.toml``, otherwise empty.
    """

    path: Path
    text: str
    data: dict[str, Any]
    prefix: str = ""

    @property
    def name(self) -> str:
        """The file as a reader would write it."""
        return display(self.path)

    def error(self, reason: str, line: int = 0, detail: str = "") -> ConfigError:
        """Return the error of a place in the file."""
        return PlacedConfigError(f"{self.name}{f':{line}' if line else ''}: {reason}", detail)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file."""
        return self.text.split("\n")

    @cached_property
    def models(self) -> list[int]:
        """The lines, counted from 0, of the headers ``[[model]]``."""
        return self._headers("model")

    @cached_property
    def waivers(self) -> list[int]:
        """The lines, counted from 0, of the headers ``[[model.waiver]]``."""
        return self._headers("model.waiver")

    def _headers(self, name: str) -> list[int]:
        dotted = ".".join(filter(None, (self.prefix, name)))
        wanted = f"[[{dotted}]]"
        return [
            number
            for number, line in enumerate(self.lines)
            if line.lstrip().startswith("[[") and re.sub(r"[\s\"']", "", line.split("#")[0]) == wanted
        ]

    def part(self, model: int | None = None, waiver: int | None = None) -> tuple[int, int]:
        """Return the first line of a model's table, or of the outermost, and the line behind it, from 0."""
        if model is None:
            return 0, self.models[0] if self.models else len(self.lines)
        if model >= len(self.models):
            return 0, len(self.lines)
        start = self.models[model]
        end = self.models[model + 1] if model + 1 < len(self.models) else len(self.lines)
        if waiver is None:
            return start, end
        headers = [line for line in self.waivers if start <= line < end]
        if waiver >= len(headers):
            return start, end
        return headers[waiver], headers[waiver + 1] if waiver + 1 < len(headers) else end

    def line_of_key(self, key: str, part: tuple[int, int]) -> int:
        """Return the line, counted from 1, where a key stands in a part; 0 where it is not seen."""
        if len(key) > 100:
            return 0
        pattern = re.compile(rf"\s*\[{{0,2}}(?:[\w.\"'-]+\.)?[\"']?{re.escape(key)}[\"']?\s*(?:=|\]|\.)")
        inline = re.compile(rf"[{{,]\s*[\"']?{re.escape(key)}[\"']?\s*=")
        for search in (pattern.match, inline.search):
            for number in range(*part):
                if search(self.lines[number]):
                    return number + 1
        return 0

    def line_of_text(self, text: str, part: tuple[int, int], occurrence: int = 0) -> int:
        """Return the line, from 1, where a string stands in a part, or else where the part begins."""
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        places = self.strings.get(text) or self.strings.get(escaped) or []
        inside = [number for number in places if part[0] <= number < part[1]]
        return inside[min(occurrence, len(inside) - 1)] + 1 if inside else part[0] + 1

    @cached_property
    def strings(self) -> dict[str, list[int]]:
        """The lines, from 0, of every string as it is written, without its quotes."""
        found: dict[str, list[int]] = {}
        for number, line in enumerate(self.lines):
            for match in _STRING.finditer(line):
                found.setdefault(match.group()[1:-1], []).append(number)
        return found


def read(path: Path, most: int = MAX_SIZE) -> Document:
    """Read a TOML file of at most so many bytes.

    Raises:
        ConfigError: it is not a file, cannot be read, is too large, or is not TOML.
    """
    name = display(path)
    text = _text(path, name, most)
    for number, line in enumerate(text.split("\n"), 1):
        # The parser's time grows with the square of a key's parts.
        if line.count(".") > MAX_DOTS and _STRING.sub("", line).partition("#")[0].count(".") > MAX_DOTS:
            raise ConfigError(f"{name}:{number}: a key of more than {MAX_DOTS} parts")
    try:
        data = tomllib.loads(text)
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
