"""Which files are meant by what a user names, and what tells that one of them has changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from pytest_rf.arrays import Npy
from pytest_rf.calls import KEYS, stated
from pytest_rf.config import sources
from pytest_rf.config.declared import Config, Model
from pytest_rf.config.sources import Target
from pytest_rf.errors import ConfigError
from pytest_rf.factories import is_there
from pytest_rf.paths import display
from pytest_rf.running.keys import content, stamped
from pytest_rf.scanning.extras import imported
from pytest_rf.version import __version__

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?:://|::)")

_CHANGING = ("mtime", "modified", "LastModified", "last_modified", "updated", "ETag", "etag", "generation", "crc32c",
             "md5Hash", "content_md5", "checksum", "sha", "created")  # fmt: skip
"""What file systems tell of a file that changes with what is in it."""


class Source(NamedTuple):
    """A model file.

    Attributes:
        file: how it is named: a path or an URL.
        size: its bytes; None where that is not known.
        key: a digest of what its figures rest on.
    """

    file: str
    size: int | None
    key: str


class Task(NamedTuple):
    """A model file to scan.

    Attributes:
        source: the file.
        target: how it is analysed; its path is that of the file; of an URL, which is fetched, it means nothing.
        is_remote: whether the file is named by an URL.
    """

    source: Source
    target: Target
    is_remote: bool = False


class Asked(NamedTuple):
    """What a scan is asked for.

    Attributes:
        tasks: the files, each once, sorted by name.
        unmatched: what was named and stands for no file, each with the reason.
    """

    tasks: list[Task]
    unmatched: list[str]


class _File(NamedTuple):
    """A file, and what tells that it has changed."""

    size: int | None
    stamp: str


def asked(words: Sequence[str], config: Config, call: Mapping[str, Any]) -> Asked:
    """Return what is meant by words: files, folders, patterns, URLs of these, ``@FILE`` for a list of such.

    Args:
        words: them.
        config: declares how models are called, what they may take, and operators.
        call: how all are called, key by key, before what the configuration says.

    Raises:
        ConfigError: a list cannot be read, or a pattern is too long.
        CallError: ``call`` is not understood.
        ExtraError: an URL is named and fsspec is not installed.
    """
    files: dict[str, _File] = {}
    unmatched = []
    for word in _listed(words):
        try:
            found = dict(_remote(word) if is_url(word) else _local(word))
        except _Nothing as error:
            unmatched.append(str(error))
        else:
            files.update(found)
    known = _declared(config)
    usual = stated(_model(config), call)
    tasks = []
    for file in sorted(files):
        model = known.get(os.path.realpath(file)) if known and not is_url(file) else None
        tasks.append(_task(file, files[file], usual if model is None else stated(model, call)))
    return Asked(tasks, unmatched)


def is_url(word: str) -> bool:
    """Return whether a word is an URL, as ``s3://bucket/model.onnx``."""
    return _URL.match(word) is not None


class _Nothing(Exception):
    """What was named stands for no file."""


def _listed(words: Sequence[str]) -> Iterator[str]:
    """Yield words, and in place of ``@FILE`` the lines of the file but for empty ones and those that begin with #."""
    for word in words:
        if not word.startswith("@") or is_there(word):
            yield word
            continue
        try:
            text = Path(word[1:]).read_text(encoding="utf-8", errors="surrogateescape")
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise ConfigError(f"{word}: the list cannot be read: {reason}; check the path") from None
        yield from (line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#"))


def _local(word: str) -> Iterator[tuple[str, _File]]:
    folder = is_there(word) and Path(word).is_dir()
    if not folder and (is_there(word) or not sources.is_pattern(word)):
        yield Path(word).as_posix(), _stamp(word)
        return
    found = sources.files(f"{word.rstrip('/') or '/'}/**/*.onnx" if folder else word)
    if not found:
        raise _Nothing(f"{word}: {'holds no .onnx file' if folder else 'matches no file'}; check the path")
    for file in found:
        yield file, _stamp(file)


def _stamp(file: str) -> _File:
    """Return what tells that a file has changed; nothing where reading it will fail."""
    with suppress(OSError, ValueError):
        status = Path(file).stat()
        return _File(status.st_size, f"{status.st_size} {status.st_mtime_ns}")
    return _File(None, "")


def _remote(word: str) -> Iterator[tuple[str, _File]]:
    fsspec = imported("fsspec", "scan", f"{word}: an URL")
    try:
        system, path = fsspec.core.url_to_fs(word)
        if sources.is_pattern(path):
            found = system.glob(path, detail=True)
        else:
            about = system.info(path)
            found = {path: about}
            if about.get("type") == "directory":
                found = system.find(path, detail=True)
                found = {name: one for name, one in found.items() if name.endswith(".onnx")}
    except Exception as error:  # of any library that a file system is made with
        reason = " ".join(str(error).split())[:300]
        raise _Nothing(f"{word}: cannot be looked at: {type(error).__name__}: {reason}") from None
    files = {name: about for name, about in found.items() if about.get("type") != "directory"}
    if not files:
        raise _Nothing(f"{word}: matches no file; check the URL")
    for name, about in files.items():
        told = sorted((key, str(about[key])) for key in _CHANGING if about.get(key) is not None)
        size = about.get("size")
        yield system.unstrip_protocol(name), _File(size, f"{size} {told}")


def _declared(config: Config) -> dict[str, Model]:
    """Return the models of a configuration by their files; of several with one file the first."""
    found: dict[str, Model] = {}
    for model in config.models:
        with suppress(ConfigError):  # another model's trouble
            for target in sources.of(model):
                if target.path is not None:
                    found.setdefault(os.path.realpath(target.path), replace(model, name=target.name))
    return found


def _model(config: Config) -> Model:
    """Return how models are analysed that the configuration does not name."""
    return Model(source="", operators=config.operators, limits=config.limits)


def _task(file: str, about: _File, model: Model) -> Task:
    remote = is_url(file)
    path = Path(file) if remote else Path(file).absolute()
    files = [value.path for value in model.values.values() if isinstance(value, Npy)]
    facts = (
        file,
        about.stamp,
        __version__,
        {key: getattr(model, key) for key in KEYS},
        model.operators,
        model.limits,
        list(map(_content, files)),
    )
    source = Source(file, about.size, stamped(facts)[:32])
    named = replace(model, source=file)
    target = Target(
        name=model.name or path.stem, source=file if remote else display(file), path=path, model=named
    )
    return Task(source, target, remote)


def _content(file: Path) -> bytes:
    with suppress(OSError):
        return content(file)
    return b""
