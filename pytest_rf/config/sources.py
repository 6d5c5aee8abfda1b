"""What the source of a model stands for: files below the root, or a callable that makes the model."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from pytest_rf.config.declared import Model
from pytest_rf.errors import ConfigError
from pytest_rf.factories import is_factory
from pytest_rf.globs import matcher
from pytest_rf.paths import display, lies_in

_MAGIC = re.compile(r"[*?\[]")


class Target(Struct, frozen=True, kw_only=True):
    """One model to analyse.

    Attributes:
        name: what reports call it.
        source: what a reader would write: a path, or ``package.module:factory``.
        path: the file; None for a factory.
        model: what is declared about it.
        siblings: how many models its entry in the configuration stands for, with this one.
        astray: why the file is not opened, one of several that lies elsewhere; empty where it is.
    """

    name: str
    source: str
    path: Path | None
    model: Model
    siblings: int = 1
    astray: str = ""

    @property
    def is_code(self) -> bool:
        """Whether the model comes from running code."""
        return self.path is None


def is_pattern(path: str) -> bool:
    """Return whether a path has signs of a glob."""
    return _MAGIC.search(path) is not None


def is_description(path: str) -> bool:
    """Return whether a path on the command line names a bioimage.io description."""
    return path.endswith((".yaml", ".yml"))


def files(pattern: str) -> list[str]:
    """Return the files that a pattern on the command line matches, sorted.

    Raises:
        ConfigError: the pattern is too long.
    """
    parts = pattern.replace(os.sep, "/").split("/")
    fixed = next(place for place, part in enumerate(parts) if _MAGIC.search(part))
    folder = "/".join(parts[:fixed]) or ("/" if fixed else ".")
    if os.sep != "/" and folder.endswith(":"):  # "C:" alone is wherever one is on that drive
        folder += "/"
    try:
        found = {path.as_posix() for path in _matches(Path(folder), [one for one in parts[fixed:] if one])}
    except ValueError as error:
        raise ConfigError(f"{pattern[:100]}: {error}") from None
    return sorted(found)


def of(model: Model) -> list[Target]:
    """Return what a model of the configuration stands for.

    Raises:
        ConfigError: its glob matches nothing, or it leads out of the root. Where one of the files that a glob matches
            does, that is this file's error alone, which its target tells.
    """
    if is_factory(model.source):
        name = model.name or model.source.rpartition(":")[2]
        return [Target(name=name, source=model.source, path=None, model=model)]
    if not _MAGIC.search(model.source) or _is_file(_inside(model, model.root / model.source)):
        path = _inside(model, model.root / model.source)
        return [Target(name=model.name or path.stem, source=display(path), path=path, model=model)]
    parts = [part for part in model.source.replace(os.sep, "/").split("/") if part != "."]
    up = next((place for place, part in enumerate(parts) if part != ".."), len(parts))
    if model.source.startswith("/") or ".." in parts[up:] or Path(model.source).anchor:
        raise _error(model, _leads_out(model))
    try:
        found = sorted({*_matches(_inside(model, model.root.joinpath(*parts[:up])), parts[up:])})
    except ValueError as error:
        raise _error(model, str(error)) from None
    if not found:
        raise _error(model, "matches no file")
    return [
        Target(
            name=_name(model, path, found),
            source=display(path),
            path=path,
            model=model,
            siblings=len(found),
            astray=_astray(model, path),
        )
        for path in found
    ]


def _is_file(path: Path) -> bool:
    """Return whether a path is that of a file; one that is too long is not."""
    try:
        return path.is_file()
    except OSError:
        return False


def _name(model: Model, path: Path, found: Sequence[Path]) -> str:
    """Return a name for one of several files that one entry finds."""
    if model.name and len(found) == 1:
        return model.name
    alone = sum(other.stem == path.stem for other in found) == 1
    name = path.stem if alone else path.relative_to(model.root).with_suffix("").as_posix()
    return f"{model.name}:{name}" if model.name else name


def _error(model: Model, reason: str) -> ConfigError:
    where = f"{model.file}{f':{model.line}' if model.line else ''}: " if model.file else ""
    return ConfigError(f'{where}source "{model.source}" {reason}')


def _astray(model: Model, path: Path) -> str:
    """Return why a file that a glob matches is not opened; empty where it is."""
    try:
        _inside(model, path)
    except ConfigError:
        told = f"{display(path)} is a link that {_leads_out(model, 'put the file itself there')}"
        return str(_error(model, f"matches what is not checked: {told}"))
    return ""


def _inside(model: Model, path: Path) -> Path:
    """Return the path if it stays where it must, also through symlinks."""
    try:
        inside = lies_in(path, model.within or model.root)
    except (OSError, ValueError):
        raise _error(model, "is not a path") from None
    if not inside:
        raise _error(model, _leads_out(model))
    return path


def _leads_out(model: Model, remedy: str = "") -> str:
    """Return that a source leads out of where it must stay, and what helps."""
    if model.within in (None, model.root):
        wider = "name a folder that holds both with --root DIR"
        return f"leads out of the folder of the configuration; {f'{remedy}, or ' if remedy else ''}{wider}"
    return f"leads out of --root {display(model.within or model.root)}{remedy and f'; {remedy}'}"


def _matches(folder: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Yield the files below a folder that match the parts of a glob; ``**`` is any number of folders.

    Folders that are symlinks are not entered, and neither are hidden ones and virtual environments unless they
    are named. Every folder is looked at once, with all the parts that can be next in it: so the time is at most the
    number of entries times the number of parts, however many ``**`` there are.
    """
    parts = [part for place, part in enumerate(parts) if part != "**" or parts[place - 1 : place] != ["**"]]
    parts += ["*"] if parts[-1:] == ["**"] else []
    matchers = [matcher(part) for part in parts]
    left = [(folder, frozenset({0}))] if parts else []
    while left:
        folder, places = left.pop()
        places |= {place + 1 for place in places if parts[place] == "**"}
        for entry in _entries(folder):
            below = set()
            for place in places:
                part = parts[place]
                if part == "**":
                    below |= {place} if _is_open_folder(entry) else set()
                elif matchers[place](entry.name) and (entry.name[0] != "." or part[0] == "."):
                    if place + 1 < len(parts):
                        below |= {place + 1} if entry.is_dir(follow_symlinks=False) else set()
                    elif not entry.is_dir():
                        yield folder / entry.name
            if below:
                left.append((folder / entry.name, frozenset(below)))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_open_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether ``**`` goes into a folder."""
    if entry.name.startswith(".") or not entry.is_dir(follow_symlinks=False):
        return False
    return not Path(entry.path, "pyvenv.cfg").exists()
