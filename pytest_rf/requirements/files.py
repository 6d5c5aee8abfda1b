"""Numbers in TOML and JSON files beside a model: ``file:docs/model.toml#unet.rf``.

The files may be hostile: they are read below a root only, up to a size, and nothing in them is run.
"""

from __future__ import annotations

import json
import re
import stat
from fractions import Fraction
from pathlib import Path
from typing import Any

from pytest_rf.errors import RequirementError
from pytest_rf.paths import lies_in
from pytest_rf.requirements.vocabulary import nearest

#: A file of more bytes is none that declares figures of models.
MAX_SIZE = 1 << 20

#: The TOML parser's time grows with the square of a key's parts, which a line's dots bound.
_MAX_DOTS = 200

_NUMBER = re.compile(r"[+-]?[0-9_]{1,20}(?:\.[0-9_]{1,20})?(?:[eE][+-]?[0-9]{1,2})?")


def number(name: str, root: Path) -> Fraction:
    """Return the number that a file declares.

    Args:
        name: the file, relative to the root, then ``#`` and the path of the key, with dots between.
        root: the folder that the file must lie in, links followed.

    Raises:
        RequirementError: there is no such file or key below the root, or it is not a number.
    """
    path, _, key = name.partition("#")
    if not path or not key:
        raise RequirementError(f'file:"{name}" needs a file and a key, as in file:docs/model.toml#unet.rf')
    return _at(path, _parsed(path, _text(path, root)), key)


def within(name: str, held: str | list[Fraction], key: str) -> Fraction:
    """Return a number of a list, or of a table that is written as JSON.

    Args:
        name: what errors call it.
        held: the list, or the text of the table.
        key: the path of the key, with dots between.

    Raises:
        RequirementError: it is neither, or holds no such number.
    """
    if isinstance(held, str) and (len(held) > MAX_SIZE or held.lstrip()[:1] not in ("{", "[")):
        raise RequirementError(f"{name} is neither a list of numbers nor JSON, so it has no {key[:60]}")
    return _at(name, held if isinstance(held, list) else _parsed(name, held, json_only=True), key)


def _at(path: str, found: Any, key: str) -> Fraction:
    """Return the number that stands under a key."""
    for place, part in enumerate(parts := key.split(".")):
        found = _inside(found, part, ".".join(parts[: place + 1]), path)
    if not isinstance(found, Fraction):
        kind = {dict: "a table", list: "a list", str: "a text", bool: "a truth"}.get(
            type(found), "something else"
        )
        raise RequirementError(f"{path}: {key} is not a number but {kind}")
    return found


def _text(name: str, root: Path) -> str:
    """Return the text of a file below the root."""
    if Path(name).suffix.lower() not in (".toml", ".json"):
        raise RequirementError(f"{name}: figures are declared in .toml and .json files, no others")
    try:
        path = root / name
        inside = lies_in(path, root)
        mode = path.stat().st_mode if inside else 0
    except FileNotFoundError:
        raise RequirementError(f"{name}: there is no such file below {_shown(root)}") from None
    except (OSError, ValueError) as error:
        raise RequirementError(
            f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    if not inside:
        raise RequirementError(f"{name}: lies outside of {_shown(root)}; copy the file below it")
    if not stat.S_ISREG(mode):  # which is not opened: a named pipe would wait
        raise RequirementError(f"{name}: not a file")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise RequirementError(f"{name}: cannot be read: {error.strerror}") from None
    if len(content) > MAX_SIZE:
        raise RequirementError(f"{name}: larger than {MAX_SIZE} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RequirementError(f"{name}: not UTF-8") from None


def _parsed(name: str, text: str, json_only: bool = False) -> Any:
    """Return what a file says, its numbers as fractions; those that are too long as text."""
    try:
        if json_only or name.lower().endswith(".json"):
            return json.loads(text, parse_float=_exact, parse_int=_exact, parse_constant=str)
        if any(line.count(".") > _MAX_DOTS for line in text.split("\n")):
            raise RequirementError(f"{name}: a line of more than {_MAX_DOTS} dots")
        from pytest_rf.toml import loads

        return loads(text.replace("\r\n", "\n"), parse_float=_exact)
    except RecursionError:
        raise RequirementError(f"{name}: nested too deeply") from None
    except ValueError as error:
        kind = "JSON" if json_only or name.lower().endswith(".json") else "TOML"
        raise RequirementError(f"{name}: not valid {kind}: {str(error)[:200]}") from None


def _exact(text: str) -> Fraction | str:
    return Fraction(text.replace("_", "")) if _NUMBER.fullmatch(text) else text


def _inside(found: Any, part: str, key: str, name: str) -> Any:
    """Return what a table or a list holds under one part of a key."""
    if isinstance(found, dict) and part in found:
        return _plain(found[part])
    if isinstance(found, list) and re.fullmatch("[0-9]{1,6}", part) and int(part) < len(found):
        return _plain(found[int(part)])
    hint = nearest(part, found) if isinstance(found, dict) else ""
    raise RequirementError(f'{name}: has no "{key}"{hint}')


def _plain(found: Any) -> Any:
    """Return a whole number as a fraction, if it is none that nobody writes by hand."""
    whole = isinstance(found, int) and not isinstance(found, bool) and abs(found) < 10**20
    return Fraction(found) if whole else found


def _shown(root: Path) -> str:
    return f'"{root.resolve().name}"'
