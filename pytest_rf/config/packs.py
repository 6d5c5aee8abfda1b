"""Where the files lie that a configuration extends: rule packs, and files of its own."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pytest_rf.config.tomlfile import Document, refuse_special
from pytest_rf.errors import ConfigError
from pytest_rf.paths import lies_in

_PACK = re.compile(r"pytest-rf:(?P<name>[a-z0-9-]{1,40})")


def folder() -> Path:
    """Return the folder of the packs: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "rules"
    return installed if installed.is_dir() else package.parent / "rules"


def names() -> list[str]:
    """Return the names of the packs."""
    return sorted(path.stem for path in folder().glob("*.toml"))


def about(name: str) -> str:
    """Return what a pack is for, which its first line says: ``Classification of whole images``."""
    with (folder() / f"{name}.toml").open(encoding="utf-8") as file:
        return file.readline().lstrip("# ").rstrip().removesuffix(f": pytest-rf:{name}")


def locate(text: str, document: Document, root: Path, line: int) -> Path:
    """Return the file that an entry of ``extend`` means, as itself where the entry names a link.

    Args:
        text: ``pytest-rf:NAME``, or a path relative to the file that holds it.
        document: that file.
        root: the folder that paths must stay in.
        line: the line of the entry, for errors.

    Raises:
        ConfigError: there is no such pack, or the path leaves the root or is not a file.
    """
    match = _PACK.fullmatch(text)
    if match is not None:
        if match["name"] not in names():
            import difflib

            near = difflib.get_close_matches(match["name"], names(), n=1)
            hint = f', did you mean "pytest-rf:{near[0]}"?' if near else f"; there are {', '.join(names())}"
            raise document.error(f'no rule pack "{text}"{hint}', line)
        return folder() / f"{match['name']}.toml"
    if text.startswith("pytest-rf:"):
        raise document.error(f'"{text}" is not the name of a rule pack', line)
    try:
        path = document.path.parent / text
        inside = lies_in(path, root)
    except (OSError, ValueError):
        raise document.error(f'"{text}" is not a path', line) from None
    if not inside:
        remedy = "copy the file below it, or name a folder that holds both with --root DIR"
        raise document.error(f'"{text}" lies outside of {root.name or root}; {remedy}', line)
    if not os.path.lexists(path):
        raise document.error(f'"{text}" does not exist', line)
    try:
        refuse_special(path)
    except ConfigError as error:
        raise document.error(f"extend: {error}", line) from None
    return path.resolve()
